/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/authorities.h"

#include "format/sshkey.h"
#include <string.h>

#define DAY ((time_t)86400)

const char *authority_name(enum authority a) {
  static const char *const names[N_AUTHORITIES] = {
      [AUTHORITY_KUBERNETES] = "kubernetes",
      [AUTHORITY_ETCD] = "etcd",
      [AUTHORITY_FRONT_PROXY] = "frontProxy",
      [AUTHORITY_SERVICE_ACCOUNTS] = "serviceAccounts",
      [AUTHORITY_SSH] = "ssh",
  };
  return names[a];
}

bool authority_is_ca(enum authority a) {
  return a != AUTHORITY_SERVICE_ACCOUNTS && a != AUTHORITY_SSH;
}

enum key_algorithm authority_algorithm(const struct spec *s,
                                       const struct key *key) {
  const struct version *v = &s->kubernetes.version;
  bool rsa = key_is_rsa(key);
  switch (key_kind(key)) {
  case KEY_KIND_P256:
    return KEY_ECDSA_P256;
  case KEY_KIND_RSA2048:
    return KEY_RSA_2048;
  case KEY_KIND_P384:
    if (version_has_p384(v))
      return KEY_ECDSA_P384;
    break;
  case KEY_KIND_RSA3072:
    if (version_has_key_sizes(v))
      return KEY_RSA_3072;
    break;
  case KEY_KIND_RSA4096:
    if (version_has_key_sizes(v))
      return KEY_RSA_4096;
    break;
  case KEY_KIND_OTHER:
    break;
  }
  enum key_algorithm said = s->pki.algorithm;
  bool said_rsa = said != KEY_ECDSA_P256 && said != KEY_ECDSA_P384;
  if (rsa == said_rsa)
    return said;
  return rsa ? KEY_RSA_2048 : KEY_ECDSA_P256;
}

/* ---- Keys ---- */

/* kubeadm and the API server read RSA and ECDSA keys alone (client-go
 * util/keyutil; kubeadm util/pkiutil TryLoadKeyFromDisk). */
static int check_key(const struct spec *s, const struct key *key,
                     struct error *err) {
  const char *wrong = key_unfit(key);
  if (wrong)
    return error_set(err, 0, "the key %s", wrong);
  if (!key_is_rsa(key) && !version_has_ecdsa(&s->kubernetes.version))
    return error_set(
        err, 0, "kubeadm before 1.19 takes no ECDSA keys, and this is one");
  return 0;
}

/* With the key of a CA all others are made alike. */
static int check_algorithm(const struct spec *s, const struct key *key,
                           struct error *err) {
  enum key_algorithm is = authority_algorithm(s, key);
  if (is == s->pki.algorithm)
    return 0;
  return error_set(err, 0,
                   "the key is of '%s', and pki.algorithm '%s' for those that "
                   "are made; write `algorithm: %s`",
                   key_algorithm_name(is), key_algorithm_name(s->pki.algorithm),
                   key_algorithm_name(is));
}

static int take_ssh(struct spec_authority *own, const struct buf *key,
                    struct error *err) {
  _cleanup_ssh_key_ struct ssh_key pair = {0};
  if (sshkey_parse(key->data, key->len, &pair, err) < 0)
    return -1;
  sshkey_private(&pair, "ca", &own->key_pem);
  return 0;
}

/* ---- Certificates ---- */

static const char BEGIN[] = "-----BEGIN CERTIFICATE-----";

/* The certificate behind the first one of a text; NULL when there is none. */
static const char *next_cert(const char *text) {
  const char *first = strstr(text, BEGIN);
  return first ? strstr(first + 1, BEGIN) : NULL;
}

/* Behind a CA may stand who signed it, each signed by the next one. */
static int check_chain(const char *text, time_t now, struct error *err) {
  for (const char *next; (next = next_cert(text)); text = next) {
    _cleanup_cert_ struct cert *below = NULL;
    _cleanup_cert_ struct cert *above = NULL;
    if (cert_parse(text, strlen(text), &below, err) < 0 ||
        cert_parse(next, strlen(next), &above, err) < 0)
      return -1;
    if (cert_verify(below, above, now, err) < 0)
      return error_prefix(err, "the chain must begin with the CA, and each be "
                               "signed by the next");
  }
  return 0;
}

static char *date_of(time_t t) {
  struct tm tm;
  if (!gmtime_r(&t, &tm))
    return xstrdup("?");
  return xasprintf("%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                   tm.tm_mday);
}

static int check_time(const struct cert *cert, time_t now, struct error *err) {
  time_t begin, end;
  if (cert_not_before(cert, &begin, err) < 0 ||
      cert_not_after(cert, &end, err) < 0)
    return -1;
  _cleanup_free_ char *date = date_of(begin > now ? begin : end);
  if (begin > now)
    return error_set(err, 0, "the certificate begins on %s", date);
  if (end <= now)
    return error_set(err, 0, "the certificate ended on %s", date);
  return 0;
}

/* A CA may be for some names only, or for no more CAs and leaves: the proof is
 * a certificate as nodes get them. */
static int check_signing(const struct spec *s, const struct cert *cert,
                         const struct key *key, time_t now, struct error *err) {
  _cleanup_strv_ struct strv dns = {0};
  _cleanup_strv_ struct strv ips = {0};
  _cleanup_buf_ struct buf pem = {0};
  _cleanup_cert_ struct cert *leaf = NULL;
  char address[NET_TEXT];
  strv_push_all(&dns, "kubernetes.default.svc", "localhost", NULL);
  for (size_t i = 0; i < s->nodes.n; i++) {
    strv_push(&dns, s->nodes.v[i].name);
    strv_push(&ips, ip_format(s->nodes.v[i].address, address));
  }
  const struct cert_profile profile = {.common_name = "kubeseed",
                                       .server = true,
                                       .client = true,
                                       .dns = &dns,
                                       .ips = &ips,
                                       .not_before = now,
                                       .not_after = now + DAY};
  if (cert_issue(&profile, key, cert, key, &pem, err) < 0 ||
      cert_parse(pem.data, pem.len, &leaf, err) < 0)
    return -1;
  if (cert_verify(leaf, cert, now, err) < 0)
    return error_prefix(err, "it may not sign for this cluster's nodes");
  return 0;
}

/* key is NULL for one that is elsewhere: what it may sign is seen when it has.
 */
static int take_cert(const struct spec *s, struct spec_authority *own,
                     const struct buf *text, const struct key *key, time_t now,
                     struct error *err) {
  _cleanup_cert_ struct cert *cert = NULL;
  if (cert_parse(text->data, text->len, &cert, err) < 0)
    return -1;
  if (!cert_is_ca(cert))
    return error_set(err, 0,
                     "the certificate is not a CA's (basicConstraints CA:TRUE, "
                     "keyUsage keyCertSign)");
  if (key && !cert_has_key(cert, key))
    return error_set(err, 0,
                     "the key does not fit the certificate, which must be the "
                     "first of its file");
  if (check_time(cert, now, err) < 0 || check_chain(text->data, now, err) < 0 ||
      (key && check_signing(s, cert, key, now, err) < 0))
    return -1;
  return cert_pem(cert, &own->cert_pem, err);
}

/* ---- Both ---- */

int authority_take(struct spec *s, enum authority a, const struct buf *cert,
                   const struct buf *key, time_t now, struct error *err) {
  struct spec_authority *own = &s->pki.authorities[a];
  _cleanup_key_ struct key *pair = NULL;
  if (a == AUTHORITY_SSH)
    return take_ssh(own, key, err);
  if (!own->key)
    return take_cert(s, own, cert, NULL, now, err);
  if (key_parse(key->data, key->len, &pair, err) < 0 ||
      check_key(s, pair, err) < 0 ||
      (a == AUTHORITY_KUBERNETES && check_algorithm(s, pair, err) < 0) ||
      (authority_is_ca(a) && take_cert(s, own, cert, pair, now, err) < 0))
    return -1;
  return key_pem(pair, &own->key_pem, err);
}

static bool same_text(const struct buf *a, const struct buf *b) {
  return a->len > 0 && a->len == b->len &&
         memcmp(a->data, b->data, a->len) == 0;
}

/* By their certificates: a key may be elsewhere. */
static bool same_ca(const struct spec_authority *a,
                    const struct spec_authority *b) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_cert_ struct cert *x = NULL;
  _cleanup_cert_ struct cert *y = NULL;
  char hx[CERT_HASH_TEXT], hy[CERT_HASH_TEXT];
  return a->cert_pem.len > 0 && b->cert_pem.len > 0 &&
         cert_parse(a->cert_pem.data, a->cert_pem.len, &x, &ignored) == 0 &&
         cert_parse(b->cert_pem.data, b->cert_pem.len, &y, &ignored) == 0 &&
         cert_key_hash(x, hx, &ignored) == 0 &&
         cert_key_hash(y, hy, &ignored) == 0 && strcmp(hx, hy) == 0;
}

void authorities_check(const struct spec *s, struct error *err) {
  const struct spec_authority *l = s->pki.authorities;
  for (int a = 0; a < N_AUTHORITIES; a++)
    for (int b = 0; b < a; b++)
      if (same_text(&l[a].key_pem, &l[b].key_pem) || same_ca(&l[a], &l[b]))
        error_at(err, l[a].where,
                 "pki.authorities.%s has the key of %s: each must have "
                 "its own, or who is let in by the one is by the other",
                 authority_name(a), authority_name(b));
}
