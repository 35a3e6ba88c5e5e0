/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/entry.h"

#include <string.h>

/* --- what exists ---------------------------------------------------------- */

const struct pair PAIR_KUBERNETES = {PAIR_CA, "ca.key", "ca.crt", NULL};
const struct pair PAIR_ETCD = {PAIR_CA, "etcd/ca.key", "etcd/ca.crt", NULL};
const struct pair PAIR_FRONT_PROXY = {PAIR_CA, "front-proxy-ca.key",
                                      "front-proxy-ca.crt", NULL};
const struct pair PAIR_SA = {PAIR_RAW, "sa.key", "sa.pub", NULL};
const struct pair PAIR_ADMIN = {PAIR_CERT, "admin.key", "admin.crt",
                                &PAIR_KUBERNETES};
const struct pair PAIR_SSH_USER = {PAIR_SSH, "ssh-user/id_ed25519",
                                   "ssh-user/id_ed25519.pub", NULL};
const struct pair PAIR_SSH_CA = {PAIR_SSH, "ssh-ca/ca", "ssh-ca/ca.pub", NULL};
#define LEAF(name, signer)                                                     \
  { PAIR_CERT, "node/" name ".key", "node/" name ".crt", signer }
const struct pair PAIR_ETCD_SERVER = LEAF("etcd-server", &PAIR_ETCD);
const struct pair PAIR_ETCD_PEER = LEAF("etcd-peer", &PAIR_ETCD);
const struct pair PAIR_ETCD_CLIENT = LEAF("apiserver-etcd-client", &PAIR_ETCD);

const struct pair PAIR_FLANNEL = LEAF("flannel", &PAIR_ETCD);

const struct pair PAIR_KUBELET = LEAF("kubelet", &PAIR_KUBERNETES);
const struct pair PAIR_KUBELET_SERVER =
    LEAF("kubelet-server", &PAIR_KUBERNETES);
const struct pair PAIR_KUBE_PROXY = LEAF("kube-proxy", &PAIR_KUBERNETES);
const struct pair PAIR_API_SERVER = LEAF("apiserver", &PAIR_KUBERNETES);
const struct pair PAIR_API_KUBELET =
    LEAF("apiserver-kubelet-client", &PAIR_KUBERNETES);
const struct pair PAIR_FRONT_CLIENT =
    LEAF("front-proxy-client", &PAIR_FRONT_PROXY);
const struct pair PAIR_CONTROLLER =
    LEAF("controller-manager", &PAIR_KUBERNETES);
const struct pair PAIR_SCHEDULER = LEAF("scheduler", &PAIR_KUBERNETES);
const struct pair PAIR_NODE_ADMIN = LEAF("admin", &PAIR_KUBERNETES);
const struct pair PAIR_SUPER_ADMIN = LEAF("super-admin", &PAIR_KUBERNETES);

const struct pair *const pairs_of_cluster[] = {
    &PAIR_KUBERNETES, &PAIR_ETCD,     &PAIR_FRONT_PROXY, &PAIR_SA,
    &PAIR_ADMIN,      &PAIR_SSH_USER, &PAIR_SSH_CA,      NULL};

const struct pair *const pairs_of_node[] = {
    &PAIR_ETCD_SERVER, &PAIR_ETCD_PEER,      &PAIR_ETCD_CLIENT,
    &PAIR_KUBELET,     &PAIR_KUBELET_SERVER, &PAIR_KUBE_PROXY,
    &PAIR_API_SERVER,  &PAIR_API_KUBELET,    &PAIR_FRONT_CLIENT,
    &PAIR_CONTROLLER,  &PAIR_SCHEDULER,      &PAIR_NODE_ADMIN,
    &PAIR_SUPER_ADMIN, &PAIR_FLANNEL,        NULL};

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8

const struct text pki_texts[] = {
    {"token", LOWER DIGITS, "xxxxxx." X8 X8},
    /* keepalived uses no more than 8 characters (auth_pass). */
    {"vrrp.secret", LOWER UPPER DIGITS, X8},
    {"stats.secret", LOWER UPPER DIGITS, X8 X8 X8},
    /* Bytes of a key of corosync (corosync-keygen(8)); at least 128 are wanted,
     * and these are worth more than 1500 bits. */
    {COROSYNC_KEY, LOWER UPPER DIGITS, X64 X64 X64 X64},
    {"ssh-host.secret", "0123456789abcdef", X64},
    {NULL, NULL, NULL},
};

/* --- lists of entries ----------------------------------------------------- */

struct pki_entry *entry_find(const struct pki_entry_vec *l, const char *name) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->v[i].name, name) == 0)
      return &l->v[i];
  return NULL;
}

const char *entry_file(const char *name) {
  const char prefix[] = "node/";
  size_t len = strlen(prefix);
  return strncmp(name, prefix, len) == 0 ? name + len : name;
}

struct pki_entry *entry_add(struct pki_entry_vec *l, const char *name,
                            bool secret) {
  struct pki_entry *e = pki_entry_vec_add(l);
  e->name = name;
  e->secret = secret;
  return e;
}

void entry_drop(struct pki_entry_vec *l, const char *name) {
  struct pki_entry *e = entry_find(l, name);
  if (!e)
    return;
  buf_done(&e->data);
  cert_free(e->cert);
  l->n--;
  memmove(e, e + 1, (size_t)(l->v + l->n - e) * sizeof(*e));
}

void entries_done(struct pki_entry_vec *l) {
  for (size_t i = 0; i < l->n; i++) {
    buf_done(&l->v[i].data);
    cert_free(l->v[i].cert);
  }
  free(l->v);
  *l = (struct pki_entry_vec){0};
}

bool entry_keep(const struct pki_entry_vec *old, const char *name,
                struct pki_entry_vec *out) {
  const struct pki_entry *from = entry_find(old, name);
  if (!from)
    return false;
  struct pki_entry *to = entry_add(out, from->name, from->secret);
  to->unsaved = from->unsaved;
  buf_add(&to->data, from->data.data, from->data.len);
  to->cert = from->cert ? cert_share(from->cert) : NULL;
  return true;
}

bool entry_keep_pair(const struct pki_entry_vec *old, const struct pair *pair,
                     struct pki_entry_vec *out) {
  return entry_find(old, pair->public) && entry_keep(old, pair->secret, out) &&
         entry_keep(old, pair->public, out);
}

int entry_key(const struct pki_entry_vec *l, const char *name, struct key **ret,
              struct error *err) {
  const struct pki_entry *e = entry_find(l, name);
  if (!e)
    return error_set(err, 0, "there is no '%s'", name);
  return key_parse(e->data.data, e->data.len, ret, err);
}

int entry_cert(const struct pki_entry_vec *l, const char *name,
               struct cert **ret, struct error *err) {
  const struct pki_entry *e = entry_find(l, name);
  if (!e)
    return error_set(err, 0, "there is no '%s'", name);
  if (e->cert) {
    *ret = cert_share(e->cert);
    return 0;
  }
  return cert_parse(e->data.data, e->data.len, ret, err);
}
