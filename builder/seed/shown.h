/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A seed taken apart for people: what each file on the node will hold, and
 * secrets only by their digest. Of files that kubeseed makes itself and that
 * hold a secret among other things, as kubeadm's configuration holds the token,
 * all is shown but that.
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/vec.h"
#include "medium/medium.h"
#include "plan/plan.h"

struct shown {
  char *path; /* on the node, or of the seed: "cloud-config", "meta-data" */
  char *head; /* "0644 root:root"; "" for what is of the seed */
  size_t len;
  char digest[SHA256_HEX];
  const char *why; /* text is empty: "secret", "binary"; NULL: it is not */
  bool opaque;     /* a certificate: its lines say nothing of what differs */
  bool cut;        /* secrets have been taken out of text */
  char *text;
};
DEFINE_VEC(shown_vec, struct shown);

/*
 * Takes a seed's files (meta-data, network-config, user-data; more are passed
 * over) apart; node tells which of them kubeseed makes itself, NULL: none is
 * known. The end of meta-data's instance-id, which is a digest of all else, is
 * left out. Error: a file that cannot be read, in words without its content.
 */
int shown_read(const struct medium_file *files, size_t n,
               const struct plan_node *node, struct shown_vec *ret,
               struct error *err) _must_check_;

const struct shown *shown_find(const struct shown_vec *v, const char *path);

void shown_done(struct shown_vec *v);
#define _cleanup_shown_ _cleanup_(shown_done)
