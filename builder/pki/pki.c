/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/pki.h"

#include "base/mem.h"
#include "format/crypto.h"
#include "pki/leaves.h"
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
  free(n->dir);
}

/* --- making ------------------------------------------------------------------
 */

/* What every maker of entries needs. */
struct making {
  const struct plan *plan;
  const struct pki_entry_vec *old;
  const char *dir; /* where the old ones' files are, or NULL */
  time_t now;
  struct pki_entry_vec *out;
  time_t *made; /* see pki_node; NULL for the cluster's */
};

static enum key_kind kind_for(enum key_algorithm a) {
  static const enum key_kind kinds[] = {
      [KEY_ECDSA_P256] = KEY_KIND_P256,  [KEY_ECDSA_P384] = KEY_KIND_P384,
      [KEY_RSA_2048] = KEY_KIND_RSA2048, [KEY_RSA_3072] = KEY_KIND_RSA3072,
      [KEY_RSA_4096] = KEY_KIND_RSA4096,
  };
  return kinds[a];
}

static enum key_kind kind_of(const struct making *m) {
  return kind_for(m->plan->spec->pki.algorithm);
}

/* Whether only the private half is there, see pki_load. */
static bool is_half(const struct making *m, const struct pair *pair) {
  return entry_find(m->old, pair->secret) && !entry_find(m->old, pair->public);
}

static int half_or_new_key(const struct making *m, const struct pair *pair,
                           struct key **ret, struct error *err) {
  if (is_half(m, pair))
    return entry_key(m->old, pair->secret, ret, err);
  return key_generate(kind_of(m), ret, err);
}

/* New entries for a pair; a private half that is there stays as it is. */
static void add_pair(const struct making *m, const struct pair *pair,
                     struct buf *secret, struct buf *public) {
  struct pki_entry *e = NULL;
  if (is_half(m, pair)) {
    (void)entry_keep(m->old, pair->secret, m->out);
  } else {
    e = entry_add(m->out, pair->secret, true);
    e->unsaved = true;
    e->data = *secret;
    *secret = (struct buf){0};
  }
  e = entry_add(m->out, pair->public, false);
  e->unsaved = true;
  e->data = *public;
  *public = (struct buf){0};
}

/* The certificate of a key; ca is NULL for one that signs itself. */
static int add_cert_pair(const struct making *m, const struct pair *pair,
                         const struct cert_profile *profile,
                         const struct key *key, const struct cert *ca,
                         const struct key *ca_key, struct error *err) {
  _cleanup_buf_ struct buf secret = {0};
  _cleanup_buf_ struct buf public = {0};
  if (key_pem(key, &secret, err) < 0 ||
      cert_issue(profile, key, ca, ca_key, &public, err) < 0)
    return -1;
  add_pair(m, pair, &secret, &public);
  return 0;
}

/* "YYYY-MM-DD" of a moment. */
struct day {
  char text[sizeof("YYYY-MM-DD")];
};

static struct day day_of(time_t t) {
  struct day day = {""};
  struct tm tm;
  if (gmtime_r(&t, &tm))
    (void)strftime(day.text, sizeof(day.text), "%Y-%m-%d", &tm);
  return day;
}

/* Where an old entry is, as far as is known; the caller frees. */
static char *place_of(const struct making *m, const char *name) {
  return m->dir ? xasprintf("%s/%s", m->dir, entry_file(name)) : xstrdup(name);
}

/*
 * A certificate that is not valid yet tells that the clock is wrong: to make
 * it anew would replace one that is good by one that ended before the other
 * began.
 */
static int check_begin(const struct making *m, const struct pair *pair,
                       const struct cert *cert, struct error *err) {
  time_t begin;
  if (cert_not_before(cert, &begin, err) < 0)
    return error_prefix(err, "%s", pair->public);
  if (begin <= m->now)
    return 0;
  _cleanup_free_ char *place = place_of(m, pair->public);
  return error_set(err, 0,
                   "this machine's clock says %s, but the certificate '%s' "
                   "begins on %s: set the clock; if it was wrong when that was "
                   "made, remove '%s' and '%s' there%s",
                   day_of(m->now).text, place, day_of(begin).text,
                   entry_file(pair->secret), entry_file(pair->public),
                   pair->kind == PAIR_CA ? " and make the cluster anew" : "");
}

static int check_ca_time(const struct making *m, const struct pair *pair,
                         struct error *err) {
  _cleanup_cert_ struct cert *cert = NULL;
  time_t end;
  if (entry_cert(m->out, pair->public, &cert, err) < 0 ||
      cert_not_after(cert, &end, err) < 0)
    return error_prefix(err, "%s", pair->public);
  if (end > m->now)
    return check_begin(m, pair, cert, err);
  _cleanup_free_ char *place = place_of(m, pair->public);
  return error_set(err, 0,
                   "the CA '%s' ended on %s; put a renewed certificate of the "
                   "same key in its place, or remove '%s' and '%s' there and "
                   "make the cluster anew",
                   place, day_of(end).text, pair->secret, pair->public);
}

/* The author's own for a pair; NULL where there is none. */
static const struct spec_authority *
own_of(const struct making *m, const struct pair *pair, enum authority *ret) {
  static const struct {
    const struct pair *pair;
    enum authority authority;
  } rows[] = {{&PAIR_KUBERNETES, AUTHORITY_KUBERNETES},
              {&PAIR_ETCD, AUTHORITY_ETCD},
              {&PAIR_FRONT_PROXY, AUTHORITY_FRONT_PROXY},
              {&PAIR_SA, AUTHORITY_SERVICE_ACCOUNTS},
              {&PAIR_SSH_CA, AUTHORITY_SSH}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const struct spec_authority *own =
        &m->plan->spec->pki.authorities[rows[i].authority];
    *ret = rows[i].authority;
    if (rows[i].pair == pair && own->key_pem.len > 0)
      return own;
  }
  return NULL;
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
  if (secret && !has_same_key(secret, pair, &own->key_pem))
    return error_usage(err,
                       "pki.authorities.%s is not the key that this cluster "
                       "has, and a cluster keeps what signs in it; take it out "
                       "of the spec, or run `kubeseed destroy --all` with it "
                       "to make another cluster",
                       authority_name(a));
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
  if (entry_keep_pair(m->old, pair, m->out))
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

static time_t earlier(time_t a, time_t b) {
  return a < b ? a : b;
}

/* How long what we sign is valid. */
static time_t leaf_life(const struct plan *plan) {
  int hours = plan->spec->pki.leaf_hours;
  return hours ? hours * HOUR : PKI_LEAF_DAYS * DAY;
}

/* Whether the old certificate serves on; see pki_node_make. */
static bool leaf_fits(const struct making *m, const struct cert *cert,
                      const struct cert_profile *profile, const struct cert *ca,
                      time_t ca_end) {
  _cleanup_error_ struct error ignored = {0};
  time_t until = earlier(m->now + PKI_RENEW_DAYS * DAY, ca_end);
  time_t longest = m->now + leaf_life(m->plan) + DAY;
  time_t end;
  return cert_matches(cert, profile) &&
         cert_verify(cert, ca, m->now, &ignored) == 0 &&
         cert_not_after(cert, &end, &ignored) == 0 && end >= until &&
         end <= longest;
}

/* When a certificate that goes into a seed was made. */
static void note_time(const struct making *m, time_t begin) {
  begin += PKI_BACKDATE_HOURS * HOUR;
  if (m->made && begin > *m->made)
    *m->made = begin;
}

/* profile's times are set here. */
static int make_leaf(const struct making *m, const struct pair *pair,
                     struct cert_profile profile, const struct cert *ca,
                     const struct key *ca_key, struct error *err) {
  _cleanup_cert_ struct cert *old = NULL;
  time_t ca_end;
  if (cert_not_after(ca, &ca_end, err) < 0)
    return -1;
  if (entry_find(m->old, pair->public) &&
      (entry_cert(m->old, pair->public, &old, err) < 0 ||
       check_begin(m, pair, old, err) < 0))
    return -1;
  if (old && leaf_fits(m, old, &profile, ca, ca_end) &&
      entry_keep_pair(m->old, pair, m->out)) {
    if (cert_not_before(old, &profile.not_before, err) < 0)
      return -1;
    note_time(m, profile.not_before);
    return 0;
  }
  profile.not_before = m->now - PKI_BACKDATE_HOURS * HOUR;
  profile.not_after = earlier(m->now + leaf_life(m->plan), ca_end);
  note_time(m, profile.not_before);
  _cleanup_key_ struct key *key = NULL;
  if (key_generate(kind_of(m), &key, err) < 0)
    return -1;
  return add_cert_pair(m, pair, &profile, key, ca, ca_key, err);
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
      entry_key(m->out, PAIR_KUBERNETES.secret, &ca_key, err) < 0)
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

static int make_text(const struct making *m, const struct text *t,
                     struct error *err) {
  if (entry_keep(m->old, t->name, m->out))
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
                        entry_find(m->old, pairs_of_cluster[i]->secret));
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
                     .out = &pki.entries};
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
      make_ssh(&m, &PAIR_SSH_CA, "ca", err) < 0 || make_encryption(&m, err) < 0)
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

/* --- one node
 * ----------------------------------------------------------------- */

/* kubeadm's names for an etcd member, plus its full name. */
static int make_member(const struct making *m, const struct pki *pki,
                       const struct plan_node *node, struct error *err) {
  _cleanup_strv_ struct strv dns = {0};
  _cleanup_strv_ struct strv ips = {0};
  char address[NET_TEXT];
  strv_push_all(&dns, node->name, node->fqdn, "localhost", NULL);
  strv_push_all(&ips, ip_format(node->spec->address, address), "127.0.0.1",
                "::1", NULL);
  /* A member is also a client: of its peers, and of itself by the gateway. */
  const struct cert_profile profile = {.common_name = node->name,
                                       .server = true,
                                       .client = true,
                                       .dns = &dns,
                                       .ips = &ips};
  if (make_leaf(m, &PAIR_ETCD_SERVER, profile, pki->etcd_ca, pki->etcd_ca_key,
                err) < 0)
    return -1;
  return make_leaf(m, &PAIR_ETCD_PEER, profile, pki->etcd_ca, pki->etcd_ca_key,
                   err);
}

static int make_etcd_client(const struct making *m, const struct pki *pki,
                            struct error *err) {
  _cleanup_strv_ struct strv groups = {0};
  strv_push(&groups, "system:masters");
  const struct cert_profile profile = {.common_name =
                                           "kube-apiserver-etcd-client",
                                       .organizations = &groups,
                                       .client = true};
  return make_leaf(m, &PAIR_ETCD_CLIENT, profile, pki->etcd_ca,
                   pki->etcd_ca_key, err);
}

static int make_leaf_of(const struct making *m, const struct pki *pki,
                        const struct plan_node *node, const struct leaf *leaf,
                        struct error *err) {
  _cleanup_leaf_names_ struct leaf_names names;
  leaf_names(leaf, m->plan, node, &names);
  const struct cert_profile profile = {.common_name = names.common_name,
                                       .organizations = &names.groups,
                                       .server = leaf->server,
                                       .client = leaf->client,
                                       .dns = &names.dns,
                                       .ips = &names.ips};
  bool front = leaf->ca == &PAIR_FRONT_PROXY;
  return make_leaf(
      m, leaf->pair, profile, front ? pki->front_proxy_ca : pki->kubernetes_ca,
      front ? pki->front_proxy_ca_key : pki->kubernetes_ca_key, err);
}

/* What kubeadm and the kubelet would make on the node. */
static int make_leaves(const struct making *m, const struct pki *pki,
                       const struct plan_node *node, struct error *err) {
  if (!leaf_wanted(&pki_leaves[0], m->plan, node))
    return 0;
  for (const struct leaf *l = pki_leaves; l->pair; l++)
    if (leaf_wanted(l, m->plan, node) && make_leaf_of(m, pki, node, l, err) < 0)
      return -1;
  /* As the kubelet keeps its own: both in one file. */
  struct buf pem = {0};
  const char *const halves[] = {PAIR_KUBELET.secret, PAIR_KUBELET.public};
  for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
    const struct buf *half = &entry_find(m->out, halves[i])->data;
    buf_add(&pem, half->data, half->len);
  }
  entry_add(m->out, "node/kubelet.pem", true)->data = pem;
  return 0;
}

/* The node's SSH key for a purpose, derived as pki.h tells. */
static int derive_ssh_key(const struct pki *pki, const struct making *m,
                          const char *purpose, const struct plan_node *node,
                          struct ssh_key *ret, struct error *err) {
  uint8_t seed[ED25519_KEY];
  _cleanup_free_ char *info = xasprintf("kubeseed ssh %s key %s/%s", purpose,
                                        m->plan->spec->name, node->name);
  if (hkdf_sha256(pki->ssh_host_secret, sizeof(pki->ssh_host_secret), info,
                  strlen(info), seed, sizeof(seed), err) < 0)
    return -1;
  int r = sshkey_from_seed(seed, ret, err);
  explicit_bzero(seed, sizeof(seed));
  return r;
}

static int make_host_cert(const struct making *m, const struct pki *pki,
                          const struct plan_node *node,
                          const struct ssh_key *key, struct error *err) {
  _cleanup_strv_ struct strv names = {0};
  char address[NET_TEXT];
  strv_push_all(&names, node->name, node->fqdn,
                ip_format(node->spec->address, address), NULL);
  _cleanup_free_ char *id = xasprintf("%s/%s", m->plan->spec->name, node->name);
  const struct ssh_cert cert = {.host = true,
                                .key_id = id,
                                .principals = &names,
                                .valid_before = SSH_FOREVER};
  struct pki_entry *e =
      entry_add(m->out, "node/ssh_host_ed25519_key-cert.pub", false);
  return sshkey_certify(&cert, key->public, &pki->ssh_ca, &e->data, err);
}

static int make_host_key(const struct making *m, const struct pki *pki,
                         const struct plan_node *node, struct error *err) {
  _cleanup_ssh_key_ struct ssh_key key = {0};
  if (derive_ssh_key(pki, m, "host", node, &key, err) < 0)
    return -1;
  struct pki_entry *e = entry_add(m->out, "node/ssh_host_ed25519_key", true);
  sshkey_private(&key, node->name, &e->data);
  e = entry_add(m->out, "node/ssh_host_ed25519_key.pub", false);
  sshkey_public_line(key.public, node->name, &e->data);
  return make_host_cert(m, pki, node, &key, err);
}

/*
 * With pki.mode copied a control-plane node hands the CAs to the others: it may
 * log in to them as root, and there do nothing but that.
 */
static int make_copy_key(const struct making *m, const struct pki *pki,
                         const struct plan_node *node, struct error *err) {
  _cleanup_ssh_key_ struct ssh_key key = {0};
  _cleanup_strv_ struct strv logins = {0};
  if (derive_ssh_key(pki, m, "copy", node, &key, err) < 0)
    return -1;
  sshkey_private(&key, node->name,
                 &entry_add(m->out, "node/copy_key", true)->data);
  _cleanup_free_ char *id =
      xasprintf("%s/%s copies certificates", m->plan->spec->name, node->name);
  strv_push(&logins, "root");
  const struct ssh_cert cert = {.key_id = id,
                                .principals = &logins,
                                .valid_before = SSH_FOREVER,
                                .force_command =
                                    "/usr/lib/kubeseed/receive-certificates"};
  struct pki_entry *e = entry_add(m->out, "node/copy_key-cert.pub", false);
  return sshkey_certify(&cert, key.public, &pki->ssh_ca, &e->data, err);
}

bool pki_node_wants(const struct plan *plan, const struct plan_node *node,
                    const struct pair *pair) {
  if (plan->spec->pki.mode != PKI_OFFLINE)
    return false;
  for (const struct leaf *l = pki_leaves; l->pair; l++)
    if (l->pair == pair)
      return leaf_wanted(l, plan, node);
  /* Of a stacked etcd kubeadm makes the client certificate itself. */
  if (pair == &PAIR_ETCD_CLIENT)
    return node->spec->role == ROLE_CONTROL_PLANE &&
           plan->spec->etcd.mode != ETCD_STACKED;
  return node->runs_etcd;
}

int pki_node_make(const struct pki *pki, const struct plan *plan,
                  const struct plan_node *node, const struct pki_node *old,
                  time_t now, struct pki_node *ret, struct error *err) {
  static const struct pki_entry_vec none;
  _cleanup_pki_node_ struct pki_node n = {0};
  const struct making m = {.plan = plan,
                           .old = old ? &old->entries : &none,
                           .dir = old ? old->dir : NULL,
                           .now = now,
                           .out = &n.entries,
                           .made = &n.made};
  if (pki_node_wants(plan, node, &PAIR_ETCD_SERVER) &&
      make_member(&m, pki, node, err) < 0)
    return -1;
  if (pki_node_wants(plan, node, &PAIR_ETCD_CLIENT) &&
      make_etcd_client(&m, pki, err) < 0)
    return -1;
  if (make_leaves(&m, pki, node, err) < 0)
    return -1;
  if (make_host_key(&m, pki, node, err) < 0)
    return -1;
  if (plan->spec->pki.mode == PKI_COPIED &&
      node->spec->role == ROLE_CONTROL_PLANE &&
      make_copy_key(&m, pki, node, err) < 0)
    return -1;
  *ret = n;
  n = (struct pki_node){0};
  return 0;
}
