/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What those who make a cluster's keys (pki.c) and a node's (node.c) do alike:
 * a pair of a key and its certificate, kept where the old one serves on.
 */
#pragma once

#include "format/x509.h"
#include "pki/entry.h"
#include "pki/request.h"
#include "plan/plan.h"
#include <time.h>

/* What every maker of entries needs. */
struct making {
  const struct plan *plan;
  const struct pki_entry_vec *old;
  const char *dir; /* where the old ones' files are, or NULL */
  time_t now;
  struct pki_entry_vec *out;
  time_t *made;                     /* see pki_node; NULL for the cluster's */
  const char *node;                 /* whose they are; NULL: the cluster's */
  struct pki_request_vec *requests; /* of certificates signed elsewhere */
};

/* Whether only the private half is there, see pki_load. */
bool is_half(const struct making *m, const struct pair *pair);

/* The private half that is there, or a new one; the caller key_free's ret. */
int half_or_new_key(const struct making *m, const struct pair *pair,
                    struct key **ret, struct error *err) _must_check_;

/* New entries for a pair, which take what is in the buffers; a private half
 * that is there stays as it is. */
void add_pair(const struct making *m, const struct pair *pair,
              struct buf *secret, struct buf *public);

/* The certificate of a key; ca is NULL for one that signs itself. */
int add_cert_pair(const struct making *m, const struct pair *pair,
                  const struct cert_profile *profile, const struct key *key,
                  const struct cert *ca, const struct key *ca_key,
                  struct error *err) _must_check_;

/* Fails for a CA of m->out that has ended, or whose time has not begun. */
int check_ca_time(const struct making *m, const struct pair *pair,
                  struct error *err) _must_check_;

/* How many seconds what we sign is valid. */
time_t leaf_life(const struct plan *plan);

/* Keeps the old pair where it serves on, see pki_node_make, or makes it; the
 * profile's times are set here. With ca_key NULL, which is elsewhere, it is
 * asked for (m->requests), and of a pair that lacks it only the key is there.
 */
int make_leaf(const struct making *m, const struct pair *pair,
              struct cert_profile profile, const struct cert *ca,
              const struct key *ca_key, struct error *err) _must_check_;
