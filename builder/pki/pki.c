/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/pki.h"

#include "base/mem.h"
#include "format/crypto.h"
#include "pki/making.h"
#include "pki/tokens.h"
#include "spec/authorities.h"
#include "spec/encryption.h"
#include <stdio.h>
#include <string.h>

#define DAY ((time_t)86400)
#define HOUR ((time_t)3600)

const struct pki_entry *pki_get(const struct pki *pki, const char *name) {
  return entry_find(&pki->entries, name);
}

const struct pki_entry *pki_node_get(const struct pki_node *n,
                                     const char *name) {
  return entry_find(&n->entries, name);
}

void pki_done(struct pki *pki) {
  entries_done(&pki->entries);
  strv_done(&pki->mended);
  pki_requests_done(&pki->requests);
  free(pki->dir);
  cert_free(pki->etcd_ca);
  key_free(pki->etcd_ca_key);
  cert_free(pki->kubernetes_ca);
  key_free(pki->kubernetes_ca_key);
  cert_free(pki->front_proxy_ca);
  key_free(pki->front_proxy_ca_key);
  ssh_ca_done(&pki->ssh_ca);
  explicit_bzero(pki->ssh_host_secret, sizeof(pki->ssh_host_secret));
  *pki = (struct pki){0};
}

void pki_node_done(struct pki_node *n) {
  entries_done(&n->entries);
  strv_done(&n->mended);
  pki_requests_done(&n->requests);
  free(n->dir);
}

/* --- making ------------------------------------------------------------------
 */

/* The author's own for a pair; NULL where there is none. */
static const struct spec_authority *
own_of(const struct making *m, const struct pair *pair, enum authority *ret) {
  if (!pki_authority(pair, ret))
    return NULL;
  const struct spec_authority *own = &m->plan->spec->pki.authorities[*ret];
  return own->key_pem.len > 0 || own->cert_pem.len > 0 ? own : NULL;
}

/* Whether the old key is the author's: a cluster keeps what signs in it. */
static bool has_same_key(const struct pki_entry *old, const struct pair *pair,
                         const struct buf *pem) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_key_ struct key *a = NULL;
  _cleanup_key_ struct key *b = NULL;
  _cleanup_ssh_key_ struct ssh_key x = {0};
  _cleanup_ssh_key_ struct ssh_key y = {0};
  if (pair->kind == PAIR_SSH)
    return sshkey_parse(old->data.data, old->data.len, &x, &ignored) == 0 &&
           sshkey_parse(pem->data, pem->len, &y, &ignored) == 0 &&
           memcmp(x.public, y.public, sizeof(x.public)) == 0;
  return key_parse(old->data.data, old->data.len, &a, &ignored) == 0 &&
         key_parse(pem->data, pem->len, &b, &ignored) == 0 && key_equal(a, b);
}

static int other_key(enum authority a, struct error *err) {
  return error_usage(err,
                     "pki.authorities.%s is not the key that this cluster "
                     "has, and a cluster keeps what signs in it; take it out "
                     "of the spec, or run `kubeseed destroy --all` with it "
                     "to make another cluster",
                     authority_name(a));
}

/* Whether both are certificates of one key. */
static bool same_ca(const struct buf *a, const struct buf *b) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_cert_ struct cert *x = NULL;
  _cleanup_cert_ struct cert *y = NULL;
  char hx[CERT_HASH_TEXT], hy[CERT_HASH_TEXT];
  return cert_parse(a->data, a->len, &x, &ignored) == 0 &&
         cert_parse(b->data, b->len, &y, &ignored) == 0 &&
         cert_key_hash(x, hx, &ignored) == 0 &&
         cert_key_hash(y, hy, &ignored) == 0 && strcmp(hx, hy) == 0;
}

/* A CA whose key is elsewhere: only its certificate is among the entries. */
static int take_elsewhere(const struct making *m, const struct pair *pair,
                          const struct spec_authority *own, enum authority a,
                          struct pki_entry_vec *old, struct error *err) {
  const struct pki_entry *public = entry_find(old, pair->public);
  if (public && !same_ca(&public->data, &own->cert_pem))
    return other_key(a, err);
  if (entry_find(old, pair->secret))
    return error_usage(err,
                       "pki.authorities.%s has no key, but '%s/%s' is one: if "
                       "it is to be elsewhere from now on, keep it there and "
                       "remove that file; otherwise name it as `key`",
                       authority_name(a), m->dir ? m->dir : "pki",
                       pair->secret);
  if (public && public->data.len == own->cert_pem.len &&
      memcmp(public->data.data, own->cert_pem.data, own->cert_pem.len) == 0)
    return 0;
  entry_drop(old, pair->public);
  struct pki_entry *e = entry_add(old, pair->public, false);
  e->unsaved = true;
  buf_add(&e->data, own->cert_pem.data, own->cert_pem.len);
  return 0;
}

/* What the old entries are to be in place of those that are there: the author's
 * own, where the spec names them. A certificate of the same key may be another
 * one, renewed. */
static int take_own(const struct making *m, const struct pair *pair,
                    struct pki_entry_vec *old, struct error *err) {
  enum authority a;
  const struct spec_authority *own = own_of(m, pair, &a);
  const struct pki_entry *secret = entry_find(old, pair->secret);
  const struct pki_entry *public = entry_find(old, pair->public);
  if (!own)
    return 0;
  if (pki_is_elsewhere(m->plan, pair))
    return take_elsewhere(m, pair, own, a, old, err);
  if ((secret && !has_same_key(secret, pair, &own->key_pem)) ||
      (!secret && public && pair->kind == PAIR_CA &&
       !same_ca(&public->data, &own->cert_pem)))
    return other_key(a, err);
  if (secret && public &&
      (pair->kind != PAIR_CA ||
       (public->data.len == own->cert_pem.len &&
        memcmp(public->data.data, own->cert_pem.data, own->cert_pem.len) == 0)))
    return 0;
  entry_drop(old, pair->public);
  struct pki_entry *e = NULL;
  if (!entry_find(old, pair->secret)) {
    e = entry_add(old, pair->secret, true);
    e->unsaved = true;
    buf_add(&e->data, own->key_pem.data, own->key_pem.len);
  }
  if (pair->kind != PAIR_CA)
    return 0; /* the other half follows from it */
  e = entry_add(old, pair->public, false);
  e->unsaved = true;
  buf_add(&e->data, own->cert_pem.data, own->cert_pem.len);
  return 0;
}

static int make_ca(const struct making *m, const struct pair *pair,
                   const char *common_name, struct error *err) {
  if (entry_keep_pair(m->old, pair, m->out) ||
      (pki_is_elsewhere(m->plan, pair) &&
       entry_keep(m->old, pair->public, m->out)))
    return check_ca_time(m, pair, err);
  /* kubeadm gives its CAs their own name as DNS name. */
  _cleanup_strv_ struct strv dns = {0};
  strv_push(&dns, common_name);
  const struct cert_profile profile = {
      .common_name = common_name,
      .is_ca = true,
      .dns = &dns,
      .not_before = m->now - PKI_BACKDATE_HOURS * HOUR,
      .not_after = m->now + m->plan->spec->pki.ca_hours * HOUR,
  };
  _cleanup_key_ struct key *key = NULL;
  if (half_or_new_key(m, pair, &key, err) < 0)
    return -1;
  return add_cert_pair(m, pair, &profile, key, NULL, NULL, err);
}

static int make_sa(const struct making *m, struct error *err) {
  if (entry_keep_pair(m->old, &PAIR_SA, m->out))
    return 0;
  _cleanup_key_ struct key *key = NULL;
  _cleanup_buf_ struct buf secret = {0};
  _cleanup_buf_ struct buf public = {0};
  if (half_or_new_key(m, &PAIR_SA, &key, err) < 0 ||
      key_pem(key, &secret, err) < 0 || key_public_pem(key, &public, err) < 0)
    return -1;
  add_pair(m, &PAIR_SA, &secret, &public);
  return 0;
}

static int make_admin(const struct making *m, struct error *err) {
  _cleanup_strv_ struct strv groups = {0};
  strv_push(&groups, version_admin_group(&m->plan->spec->kubernetes.version));
  const struct cert_profile profile = {.common_name = "kubernetes-admin",
                                       .organizations = &groups,
                                       .client = true};
  _cleanup_cert_ struct cert *ca = NULL;
  _cleanup_key_ struct key *ca_key = NULL;
  if (entry_cert(m->out, PAIR_KUBERNETES.public, &ca, err) < 0 ||
      (!pki_is_elsewhere(m->plan, &PAIR_KUBERNETES) &&
       entry_key(m->out, PAIR_KUBERNETES.secret, &ca_key, err) < 0))
    return -1;
  return make_leaf(m, &PAIR_ADMIN, profile, ca, ca_key, err);
}

static int make_ca_hash(const struct making *m, struct error *err) {
  _cleanup_cert_ struct cert *ca = NULL;
  char hash[CERT_HASH_TEXT];
  if (entry_cert(m->out, PAIR_KUBERNETES.public, &ca, err) < 0 ||
      cert_key_hash(ca, hash, err) < 0)
    return -1;
  buf_adds(&entry_add(m->out, "ca.hash", false)->data, hash);
  return 0;
}

static int make_kubernetes(const struct making *m, struct error *err) {
  if (make_ca(m, &PAIR_KUBERNETES, "kubernetes", err) < 0 ||
      make_ca(m, &PAIR_ETCD, "etcd-ca", err) < 0 ||
      make_ca(m, &PAIR_FRONT_PROXY, "front-proxy-ca", err) < 0 ||
      make_sa(m, err) < 0 || make_admin(m, err) < 0)
    return -1;
  return make_ca_hash(m, err);
}

static int make_ssh(const struct making *m, const struct pair *pair,
                    const char *what, struct error *err) {
  if (entry_keep_pair(m->old, pair, m->out))
    return 0;
  _cleanup_ssh_key_ struct ssh_key key = {0};
  const struct pki_entry *half =
      is_half(m, pair) ? entry_find(m->old, pair->secret) : NULL;
  if (half ? sshkey_parse(half->data.data, half->data.len, &key, err) < 0
           : sshkey_generate(&key, err) < 0)
    return -1;
  _cleanup_buf_ struct buf secret = {0};
  _cleanup_buf_ struct buf public = {0};
  _cleanup_free_ char *comment =
      xasprintf("kubeseed-%s@%s", what, m->plan->spec->name);
  sshkey_private(&key, comment, &secret);
  sshkey_public_line(key.public, comment, &public);
  add_pair(m, pair, &secret, &public);
  return 0;
}

/* One of n characters, all equally likely: the bytes at the end of the range
 * that do not fill a whole n are thrown away. */
static int random_char(const char *alphabet, char *ret, struct error *err) {
  unsigned n = (unsigned)strlen(alphabet);
  unsigned limit = 256 - 256 % n;
  uint8_t byte;
  do {
    if (random_bytes(&byte, sizeof(byte), err) < 0)
      return -1;
  } while (byte >= limit);
  *ret = alphabet[byte % n];
  return 0;
}

static bool text_wanted(const struct spec *s, const struct text *t) {
  return strcmp(t->name, COROSYNC_KEY) != 0 ||
         s->endpoint.provider == PROVIDER_PACEMAKER;
}

static int make_text(const struct making *m, const struct text *t,
                     struct error *err) {
  if (entry_keep(m->old, t->name, m->out) || !text_wanted(m->plan->spec, t))
    return 0;
  _cleanup_buf_ struct buf data = {0};
  for (const char *s = t->shape; *s; s++) {
    char c = *s;
    if (c == 'x' && random_char(t->alphabet, &c, err) < 0)
      return -1;
    buf_add(&data, &c, 1);
  }
  struct pki_entry *e = entry_add(m->out, t->name, true);
  e->unsaved = true;
  e->data = data;
  data = (struct buf){0};
  return 0;
}

/* What is there is kept, keys that somebody added among it. */
static int make_encryption(const struct making *m, struct error *err) {
  enum encryption provider = m->plan->spec->kubernetes.encryption;
  uint8_t bytes[ENCRYPTION_KEY_BYTES];
  if (provider == ENCRYPTION_NONE ||
      entry_keep(m->old, ENCRYPTION_KEYS, m->out))
    return 0;
  if (random_bytes(bytes, sizeof(bytes), err) < 0)
    return -1;
  struct pki_entry *e = entry_add(m->out, ENCRYPTION_KEYS, true);
  e->unsaved = true;
  encryption_line(provider, bytes, &e->data);
  explicit_bzero(bytes, sizeof(bytes));
  return 0;
}

static uint8_t hex_digit(char c) {
  return (uint8_t)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

static int open_ca(const struct pki *pki, const struct pair *pair,
                   struct cert **ret, struct key **ret_key, struct error *err) {
  if (entry_cert(&pki->entries, pair->public, ret, err) < 0)
    return error_prefix(err, "%s", pair->public);
  if (!pki_get(pki, pair->secret))
    return 0; /* it is elsewhere, or pki_make had made it */
  if (entry_key(&pki->entries, pair->secret, ret_key, err) < 0)
    return error_prefix(err, "%s", pair->secret);
  return 0;
}

/* Fills the parts of pki that nodes are made from. */
static int open_for_nodes(struct pki *pki, const struct plan *plan,
                          struct error *err) {
  const struct pki_entry *ssh_ca = pki_get(pki, PAIR_SSH_CA.secret);
  const char *hex = pki_get(pki, "ssh-host.secret")->data.data;
  _cleanup_ssh_key_ struct ssh_key key = {0};
  if (sshkey_parse(ssh_ca->data.data, ssh_ca->data.len, &key, err) < 0 ||
      ssh_ca_open(&key, &pki->ssh_ca, err) < 0)
    return error_prefix(err, "%s", PAIR_SSH_CA.secret);
  for (size_t i = 0; i < sizeof(pki->ssh_host_secret); i++)
    pki->ssh_host_secret[i] =
        (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
  if (!pki_get(pki, PAIR_ETCD.public))
    return 0;
  if (open_ca(pki, &PAIR_ETCD, &pki->etcd_ca, &pki->etcd_ca_key, err) < 0)
    return -1;
  if (plan->spec->kubernetes.bootstrapper == BOOTSTRAPPER_KUBEADM)
    return 0;
  if (open_ca(pki, &PAIR_KUBERNETES, &pki->kubernetes_ca,
              &pki->kubernetes_ca_key, err) < 0)
    return -1;
  return open_ca(pki, &PAIR_FRONT_PROXY, &pki->front_proxy_ca,
                 &pki->front_proxy_ca_key, err);
}

/* --- what keys that are there allow ----------------------------------------
 */

/* What is made with CAs that are ours, and with nothing else. */
static bool has_others_of_offline(const struct making *m) {
  return entry_find(m->old, PAIR_SA.secret) ||
         entry_find(m->old, PAIR_ADMIN.secret);
}

static int check_mode(const struct making *m, struct error *err) {
  bool has_ca = false;
  for (size_t i = 0; pairs_of_cluster[i]; i++)
    has_ca = has_ca || (pairs_of_cluster[i]->kind == PAIR_CA &&
                        (entry_find(m->old, pairs_of_cluster[i]->secret) ||
                         (pki_is_elsewhere(m->plan, pairs_of_cluster[i]) &&
                          entry_find(m->old, pairs_of_cluster[i]->public))));
  bool ours = has_ca || has_others_of_offline(m);
  bool offline = m->plan->spec->pki.mode == PKI_OFFLINE;
  /* Made in one go with the CAs where these are ours, and always there. */
  bool has_ssh = entry_find(m->old, PAIR_SSH_CA.secret);
  if (offline && ours && !has_ca && has_ssh)
    return error_set(err, 0,
                     "none of the cluster's CAs is in '%s', where other keys "
                     "of it are: put 'ca.key', 'ca.crt', 'front-proxy-ca.key', "
                     "'front-proxy-ca.crt' and the folder 'etcd' back from "
                     "your copy; without one, `kubeseed destroy --all` is the "
                     "way to another cluster",
                     m->dir ? m->dir : "pki");
  if (offline ? ours || !has_ssh : !ours)
    return 0;
  /* With nothing else left it may be of either, and one guess loses the CAs. */
  if (offline)
    return error_usage(err,
                       "none of the cluster's CAs is in '%s': made with "
                       "pki.mode 'copied' they never were, and that is to be "
                       "written into the spec again; made with 'offline' they "
                       "are gone, and all of that folder is to be put back "
                       "from your copy. `kubeseed destroy --all` is the way to "
                       "another cluster",
                       m->dir ? m->dir : "pki");
  return error_usage(err,
                     "pki.mode is 'copied', but this cluster's keys were made "
                     "with 'offline', and a cluster keeps its CAs; write "
                     "'offline' into the spec again, or run `kubeseed destroy "
                     "--all` with it to make another cluster");
}

static int check_algorithm(const struct making *m, struct error *err) {
  const struct spec *s = m->plan->spec;
  _cleanup_error_ struct error ignored = {0};
  _cleanup_key_ struct key *key = NULL;
  if (entry_key(m->old, PAIR_KUBERNETES.secret, &key, &ignored) < 0)
    return 0;
  enum key_algorithm is = authority_algorithm(s, key);
  if (is == s->pki.algorithm)
    return 0;
  return error_usage(err,
                     "pki.algorithm is '%s', but this cluster's keys are of "
                     "'%s', and a cluster keeps its CAs; write '%s' into the "
                     "spec again, or run `kubeseed destroy --all` with it to "
                     "make another cluster",
                     key_algorithm_name(s->pki.algorithm),
                     key_algorithm_name(is), key_algorithm_name(is));
}

/* By what the old keys encrypt; NONE when there are none. */
static enum encryption encryption_of(const struct pki_entry_vec *old) {
  struct encryption_key_vec keys = {0};
  const struct pki_entry *e = entry_find(old, ENCRYPTION_KEYS);
  enum encryption is = e && !encryption_read(e->data.data, &keys)
                           ? keys.v[0].provider
                           : ENCRYPTION_NONE;
  free(keys.v);
  return is;
}

/* Control planes that run cannot read what a new one with another key writes.
 */
static int check_encryption(const struct making *m, struct error *err) {
  enum encryption said = m->plan->spec->kubernetes.encryption;
  enum encryption is = encryption_of(m->old);
  /* All keys are made in one go. */
  if (is == said || !entry_find(m->old, PAIR_SSH_CA.secret))
    return 0;
  return error_usage(
      err,
      "kubernetes.encryptionAtRest is '%s', but this cluster's keys were made "
      "with '%s'%s; write '%s' into the spec again, change it in the running "
      "cluster and in '%s/" ENCRYPTION_KEYS "' as the manual tells (ENCRYPTION "
      "AT REST), or run `kubeseed destroy --all` to make another cluster",
      word_of(encryption_words, (int)said), word_of(encryption_words, (int)is),
      is == ENCRYPTION_NONE ? ", or '" ENCRYPTION_KEYS "' is gone and is to be "
                              "put back from your copy"
                            : "",
      word_of(encryption_words, (int)is), m->dir ? m->dir : "pki");
}

time_t pki_seed_time(const struct plan *plan, time_t created, time_t now) {
  const time_t life = leaf_life(plan) - PKI_RENEW_DAYS * DAY;
  return now > created ? created + (now - created) / life * life : created;
}

/* The old entries, with the author's own among them. */
static int old_and_own(const struct making *m, struct pki_entry_vec *ret,
                       struct error *err) {
  for (size_t i = 0; i < m->old->n; i++)
    (void)entry_keep(m->old, m->old->v[i].name, ret);
  for (size_t i = 0; pairs_of_cluster[i]; i++)
    if (take_own(m, pairs_of_cluster[i], ret, err) < 0)
      return -1;
  return 0;
}

int pki_make(const struct plan *plan, const struct pki *old, time_t now,
             struct pki *ret, struct error *err) {
  static const struct pki_entry_vec none;
  _cleanup_pki_ struct pki pki = {0};
  _cleanup_(entries_done) struct pki_entry_vec all = {0};
  struct making m = {.plan = plan,
                     .old = old ? &old->entries : &none,
                     .dir = old ? old->dir : NULL,
                     .now = now,
                     .out = &pki.entries,
                     .requests = &pki.requests};
  /* By what is there: the author's own are no sign of an earlier run. */
  if (check_mode(&m, err) < 0 || check_encryption(&m, err) < 0 ||
      old_and_own(&m, &all, err) < 0)
    return -1;
  m.old = &all;
  if (check_algorithm(&m, err) < 0)
    return -1;
  if (plan->spec->pki.mode == PKI_OFFLINE && make_kubernetes(&m, err) < 0)
    return -1;
  if (make_ssh(&m, &PAIR_SSH_USER, "user", err) < 0 ||
      make_ssh(&m, &PAIR_SSH_CA, "ca", err) < 0 ||
      make_encryption(&m, err) < 0 || make_tokens(&m, err) < 0)
    return -1;
  for (size_t i = 0; pki_texts[i].name; i++)
    if (make_text(&m, &pki_texts[i], err) < 0)
      return -1;
  if (open_for_nodes(&pki, plan, err) < 0)
    return -1;
  *ret = pki;
  pki = (struct pki){0};
  return 0;
}
