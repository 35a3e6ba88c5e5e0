/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificates of a CA whose key is elsewhere (pki.authorities with a cert and
 * no key; kubeadm's docs call it external CA mode). Whoever has the key signs
 * requests, PKCS#10 (RFC 2986), and puts the certificates beside them:
 *
 *   pki/requests/CA/NODE.LEAF.csr   "etcd/m1.etcd-peer.csr"; of the cluster's
 *   pki/requests/CA/NODE.LEAF.crt   administrator "kubernetes/admin.csr"
 *
 * CA is kubernetes, etcd or front-proxy. The next run takes a certificate that
 * serves, and both files go. The private key is in pki/ from the first run on.
 */
#pragma once

#include "pki/entry.h"
#include "plan/plan.h"

struct pki_request {
  char *name;     /* below pki/requests, without its end */
  struct buf pem; /* empty: there is nothing to ask for any more */
  bool needed;    /* else the old certificate serves on, but not for long */
};
DEFINE_VEC(pki_request_vec, struct pki_request);

/* Whether a pair of a CA is the author's, without its key. */
bool pki_is_elsewhere(const struct plan *plan, const struct pair *ca);

/* The authority that a cluster's pair is; false when it can be nobody's. */
bool pki_authority(const struct pair *pair, enum authority *ret);

/* The name of a leaf's request; node is NULL for the cluster's. The caller
 * frees. */
char *pki_request_name(const struct pair *pair, const char *node);

/*
 * Puts the certificate that lies beside the request in dir, which is pki/, in
 * the place of the pair's old one, as unsaved; none there is fine. An error: it
 * cannot be read, or is not for the pair's key.
 */
int pki_request_take(const char *dir, const struct pair *pair, const char *node,
                     struct pki_entry_vec *l, struct error *err) _must_check_;

/* Writes those that ask, where they are not there yet, and removes the files of
 * the others. */
int pki_requests_write(const char *dir, const struct pki_request_vec *l,
                       struct error *err) _must_check_;

void pki_requests_done(struct pki_request_vec *l);
