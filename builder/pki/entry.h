/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys, certificates and pass words as entries with names, and which of them
 * belong together: what pki.c makes and store.c keeps in files.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include "format/x509.h"
#include <stdbool.h>

struct pki_entry {
  const char *name; /* a constant, see pki.h */
  bool secret;      /* must not be shown */
  bool unsaved;     /* new in this run: to be written */
  struct buf data;  /* PEM or text; secrets like token end without newline */
  struct cert
      *cert; /* the same as an object, where it has been read; or NULL */
};
DEFINE_VEC(pki_entry_vec, struct pki_entry);

/* How the two halves of a pair are read and compared. */
enum pair_kind {
  PAIR_CERT, /* private key and certificate */
  PAIR_CA,   /* the same, and the certificate must be a CA's */
  PAIR_RAW,  /* private and public key */
  PAIR_SSH,  /* OpenSSH private key file and public line */
};

struct pair {
  enum pair_kind kind;
  const char *secret; /* entry names */
  const char *public;
  const struct pair *signer; /* whose key signs a PAIR_CERT, a CA's */
};

extern const struct pair PAIR_KUBERNETES, PAIR_ETCD, PAIR_FRONT_PROXY, PAIR_SA,
    PAIR_ADMIN, PAIR_SSH_USER, PAIR_SSH_CA, PAIR_ETCD_SERVER, PAIR_ETCD_PEER,
    PAIR_ETCD_CLIENT, PAIR_FLANNEL;

/* What a node has where the workstation makes all of it (leaves.h). */
extern const struct pair PAIR_KUBELET, PAIR_KUBELET_SERVER, PAIR_KUBE_PROXY,
    PAIR_API_SERVER, PAIR_API_KUBELET, PAIR_FRONT_CLIENT, PAIR_CONTROLLER,
    PAIR_SCHEDULER, PAIR_NODE_ADMIN, PAIR_SUPER_ADMIN;

/* All of the cluster's, and all that a node may have; NULL after the last. */
extern const struct pair *const pairs_of_cluster[];
extern const struct pair *const pairs_of_node[];

/* The one that only clusters with pacemaker have. */
#define COROSYNC_KEY "corosync.secret"

/* A secret text: every 'x' of shape is a random character of the alphabet. */
struct text {
  const char *name; /* NULL after the last */
  const char *alphabet;
  const char *shape;
};

extern const struct text pki_texts[];

/* The entry of that name, or NULL. Borrowed. */
struct pki_entry *entry_find(const struct pki_entry_vec *l, const char *name);

/* Its file's name in the folder of the cluster's or of the node's entries.
 * Borrowed from name. */
const char *entry_file(const char *name);

/* An empty new entry; name must be a constant. */
struct pki_entry *entry_add(struct pki_entry_vec *l, const char *name,
                            bool secret);

/* Removes the entry of that name, if there is one. */
void entry_drop(struct pki_entry_vec *l, const char *name);

/* Copies an entry of old; false when there is none. */
bool entry_keep(const struct pki_entry_vec *old, const char *name,
                struct pki_entry_vec *out);

/* Copies both halves of a pair; nothing and false unless both are there. */
bool entry_keep_pair(const struct pki_entry_vec *old, const struct pair *pair,
                     struct pki_entry_vec *out);

void entries_done(struct pki_entry_vec *l);

/* The entry of that name, read; an error when there is none. The caller
 * key_free's and cert_free's. */
int entry_key(const struct pki_entry_vec *l, const char *name, struct key **ret,
              struct error *err) _must_check_;
int entry_cert(const struct pki_entry_vec *l, const char *name,
               struct cert **ret, struct error *err) _must_check_;
