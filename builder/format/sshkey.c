/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/sshkey.h"

#include "base/codec.h"
#include "base/digest.h"
#include <string.h>

static const char KEY_TYPE[] = "ssh-ed25519";
static const char CERT_TYPE[] = "ssh-ed25519-cert-v01@openssh.com";
static const char MAGIC[] = "openssh-key-v1"; /* written with its NUL */
static const char BEGIN[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
static const char END[] = "-----END OPENSSH PRIVATE KEY-----\n";

/* --- RFC 4251 section 5: data types on the wire -------------------------- */

static void put_u32(struct buf *b, uint32_t n) {
  uint8_t raw[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                    (uint8_t)n};
  buf_add(b, raw, sizeof(raw));
}

static void put_u64(struct buf *b, uint64_t n) {
  put_u32(b, (uint32_t)(n >> 32));
  put_u32(b, (uint32_t)n);
}

static void put_bytes(struct buf *b, const void *data, size_t len) {
  put_u32(b, (uint32_t)len);
  buf_add(b, data, len);
}

static void put_text(struct buf *b, const char *s) {
  put_bytes(b, s, strlen(s));
}

static void put_buf(struct buf *b, const struct buf *inner) {
  put_bytes(b, inner->data, inner->len);
}

/* What is left to read; every take fails once one has failed. */
struct wire {
  const uint8_t *p;
  size_t left;
};

static bool take(struct wire *w, size_t len, const uint8_t **ret) {
  if (len > w->left)
    return false;
  *ret = w->p;
  w->p += len;
  w->left -= len;
  return true;
}

static bool take_u32(struct wire *w, uint32_t *ret) {
  const uint8_t *p;
  if (!take(w, 4, &p))
    return false;
  *ret =
      (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  return true;
}

static bool take_string(struct wire *w, struct wire *ret) {
  uint32_t len;
  if (!take_u32(w, &len) || !take(w, len, &ret->p))
    return false;
  ret->left = len;
  return true;
}

/* Reads a string that must be this one. */
static bool expect(struct wire *w, const char *text) {
  struct wire s;
  return take_string(w, &s) && s.left == strlen(text) &&
         memcmp(s.p, text, s.left) == 0;
}

/* Reads a string that must be len bytes long. */
static bool take_fixed(struct wire *w, size_t len, const uint8_t **ret) {
  struct wire s;
  if (!take_string(w, &s) || s.left != len)
    return false;
  *ret = s.p;
  return true;
}

/* --- keys ---------------------------------------------------------------- */

int sshkey_generate(struct ssh_key *ret, struct error *err) {
  _cleanup_ssh_key_ struct ssh_key key = {0};
  if (random_bytes(key.seed, sizeof(key.seed), err) < 0)
    return -1;
  return sshkey_from_seed(key.seed, ret, err);
}

int sshkey_from_seed(const uint8_t seed[static ED25519_KEY],
                     struct ssh_key *ret, struct error *err) {
  _cleanup_ssh_key_ struct ssh_key key = {0};
  memcpy(key.seed, seed, sizeof(key.seed));
  if (ed25519_public(key.seed, key.public, err) < 0)
    return -1;
  *ret = key;
  return 0;
}

void sshkey_done(struct ssh_key *key) {
  explicit_bzero(key, sizeof(*key));
}

/* RFC 8709 section 4: the public key as others see it. */
static void put_blob(struct buf *b, const uint8_t public[static ED25519_KEY]) {
  put_text(b, KEY_TYPE);
  put_bytes(b, public, ED25519_KEY);
}

static void put_public(struct buf *b,
                       const uint8_t public[static ED25519_KEY]) {
  _cleanup_buf_ struct buf blob = {0};
  put_blob(&blob, public);
  put_buf(b, &blob);
}

/* PROTOCOL.key section 3, before encryption with cipher "none" (block 8). */
static void put_private(struct buf *b, const struct ssh_key *key,
                        const char *comment) {
  /* Two equal numbers tell a right pass phrase; random there, fixed here. */
  uint8_t digest[SHA256_BYTES];
  sha256_raw(key->public, sizeof(key->public), digest);
  buf_add(b, digest, 4);
  buf_add(b, digest, 4);
  put_text(b, KEY_TYPE);
  put_bytes(b, key->public, sizeof(key->public));
  put_u32(b, sizeof(key->seed) + sizeof(key->public));
  buf_add(b, key->seed, sizeof(key->seed));
  buf_add(b, key->public, sizeof(key->public));
  put_text(b, comment);
  for (uint8_t pad = 1; b->len % 8 != 0; pad++)
    buf_add(b, &pad, 1);
}

void sshkey_private(const struct ssh_key *key, const char *comment,
                    struct buf *out) {
  _cleanup_buf_ struct buf secret = {0};
  put_private(&secret, key, comment);
  _cleanup_buf_ struct buf file = {0};
  buf_add(&file, MAGIC, sizeof(MAGIC));
  put_text(&file, "none"); /* cipher */
  put_text(&file, "none"); /* key derivation */
  put_text(&file, "");     /* its options */
  put_u32(&file, 1);       /* number of keys */
  put_public(&file, key->public);
  put_buf(&file, &secret);
  buf_adds(out, BEGIN);
  base64_encode(file.data, file.len, 70, out);
  buf_adds(out, END);
}

/* The base64 between the BEGIN and END lines. */
static bool unwrap(const char *text, size_t len, struct buf *out) {
  const char *from = memmem(text, len, BEGIN, strlen(BEGIN));
  if (!from)
    return false;
  from += strlen(BEGIN);
  size_t left = len - (size_t)(from - text);
  const char *to = memmem(from, left, END, strlen(END) - 1);
  return to && base64_decode(from, (size_t)(to - from), out);
}

static bool read_secret(struct wire *w, const uint8_t **ret_seed,
                        const uint8_t **ret_public) {
  uint32_t check[2];
  if (!take_u32(w, &check[0]) || !take_u32(w, &check[1]) ||
      check[0] != check[1] || !expect(w, KEY_TYPE) ||
      !take_fixed(w, ED25519_KEY, ret_public) ||
      !take_fixed(w, (size_t)2 * ED25519_KEY, ret_seed))
    return false;
  return memcmp(*ret_seed + ED25519_KEY, *ret_public, ED25519_KEY) == 0;
}

int sshkey_parse(const char *text, size_t len, struct ssh_key *ret,
                 struct error *err) {
  _cleanup_buf_ struct buf file = {0};
  if (!unwrap(text, len, &file))
    return error_set(err, 0, "not an OpenSSH private key file");
  struct wire w = {(const uint8_t *)file.data, file.len};
  struct wire blob, secret;
  const uint8_t *magic, *seed, *public;
  uint32_t n;
  if (!take(&w, sizeof(MAGIC), &magic) ||
      memcmp(magic, MAGIC, sizeof(MAGIC)) != 0)
    return error_set(err, 0, "not an OpenSSH private key file");
  bool cipher = expect(&w, "none"), kdf = expect(&w, "none");
  if (!cipher || !kdf || !expect(&w, ""))
    return error_set(err, 0, "the SSH key has a pass phrase");
  if (!take_u32(&w, &n) || n != 1 || !take_string(&w, &blob) ||
      !take_string(&w, &secret) || !read_secret(&secret, &seed, &public))
    return error_set(err, 0, "the SSH key is damaged or not of type %s",
                     KEY_TYPE);
  _cleanup_ssh_key_ struct ssh_key key = {0};
  if (sshkey_from_seed(seed, &key, err) < 0)
    return -1;
  if (memcmp(key.public, public, ED25519_KEY) != 0)
    return error_set(err, 0, "the SSH key's halves do not belong together");
  *ret = key;
  return 0;
}

int sshkey_parse_public(const char *line, uint8_t ret[static ED25519_KEY],
                        struct error *err) {
  size_t type_len = strlen(KEY_TYPE);
  _cleanup_buf_ struct buf blob = {0};
  const uint8_t *public = NULL;
  bool ok = strncmp(line, KEY_TYPE, type_len) == 0 && line[type_len] == ' ';
  if (ok) {
    const char *text = line + type_len + 1;
    ok = base64_decode(text, strcspn(text, " \t\r\n"), &blob);
  }
  if (ok) {
    struct wire w = {(const uint8_t *)blob.data, blob.len};
    ok = expect(&w, KEY_TYPE) && take_fixed(&w, ED25519_KEY, &public) &&
         w.left == 0;
  }
  if (!ok)
    return error_set(err, 0, "not an '%s AAAA...' public key line", KEY_TYPE);
  memcpy(ret, public, ED25519_KEY);
  return 0;
}

void sshkey_public_line(const uint8_t public[static ED25519_KEY],
                        const char *comment, struct buf *out) {
  _cleanup_buf_ struct buf blob = {0};
  put_blob(&blob, public);
  buf_addf(out, "%s ", KEY_TYPE);
  base64_encode(blob.data, blob.len, 0, out);
  buf_addf(out, " %s\n", comment);
}

/* --- certificates -------------------------------------------------------- */

/* PROTOCOL.certkeys "Critical options": a name and its data as strings. */
static void put_options(struct buf *b, const struct ssh_cert *cert) {
  _cleanup_buf_ struct buf all = {0};
  if (cert->force_command) {
    _cleanup_buf_ struct buf data = {0};
    put_text(&data, cert->force_command);
    put_text(&all, "force-command");
    put_buf(&all, &data);
  }
  put_buf(b, &all);
}

/* "Extensions": flags with empty data, ordered by name. */
static void put_extensions(struct buf *b, const struct ssh_cert *cert) {
  _cleanup_buf_ struct buf all = {0};
  if (!cert->host && cert->permit_port_forwarding) {
    put_text(&all, "permit-port-forwarding");
    put_text(&all, "");
  }
  if (!cert->host && cert->permit_pty) {
    put_text(&all, "permit-pty");
    put_text(&all, "");
  }
  put_buf(b, &all);
}

int ssh_ca_open(const struct ssh_key *key, struct ssh_ca *ret,
                struct error *err) {
  struct ed25519 *signer = NULL;
  if (ed25519_open(key->seed, &signer, err) < 0)
    return -1;
  *ret = (struct ssh_ca){.key = *key, .signer = signer};
  return 0;
}

void ssh_ca_done(struct ssh_ca *ca) {
  sshkey_done(&ca->key);
  ed25519_close(ca->signer);
  ca->signer = NULL;
}

/* All fields between the nonce and the signature. */
static void put_cert_body(struct buf *b, const struct ssh_cert *cert,
                          const uint8_t public[static ED25519_KEY],
                          const struct ssh_key *ca) {
  enum { TYPE_USER = 1, TYPE_HOST = 2 };
  _cleanup_buf_ struct buf principals = {0};
  for (size_t i = 0; i < cert->principals->n; i++)
    put_text(&principals, cert->principals->v[i]);
  put_bytes(b, public, ED25519_KEY);
  put_u64(b, cert->serial);
  put_u32(b, cert->host ? TYPE_HOST : TYPE_USER);
  put_text(b, cert->key_id);
  put_buf(b, &principals);
  put_u64(b, cert->valid_after);
  put_u64(b, cert->valid_before);
  put_options(b, cert);
  put_extensions(b, cert);
  put_text(b, ""); /* reserved */
  put_public(b, ca->public);
}

/*
 * The nonce keeps others from choosing what the CA signs, bit for bit. One
 * that only the CA's owner can compute does that too and is reproducible.
 */
static int make_nonce(const struct ssh_key *ca, const struct buf *body,
                      uint8_t ret[static 32], struct error *err) {
  _cleanup_buf_ struct buf info = {0};
  uint8_t digest[SHA256_BYTES];
  sha256_raw(body->data, body->len, digest);
  buf_adds(&info, "kubeseed ssh certificate nonce ");
  buf_add(&info, digest, sizeof(digest));
  return hkdf_sha256(ca->seed, sizeof(ca->seed), info.data, info.len, ret, 32,
                     err);
}

static int put_signature(struct buf *b, const struct ssh_ca *ca,
                         struct error *err) {
  uint8_t raw[ED25519_SIGNATURE];
  if (ed25519_sign(ca->signer, b->data, b->len, raw, err) < 0)
    return -1;
  _cleanup_buf_ struct buf signature = {0};
  put_text(&signature, KEY_TYPE);
  put_bytes(&signature, raw, sizeof(raw));
  put_buf(b, &signature);
  return 0;
}

int sshkey_certify(const struct ssh_cert *cert,
                   const uint8_t public[static ED25519_KEY],
                   const struct ssh_ca *ca, struct buf *out,
                   struct error *err) {
  /* An empty list would be valid for every name. */
  if (cert->principals->n == 0)
    return error_set(err, 0, "the SSH certificate '%s' names nobody",
                     cert->key_id);
  _cleanup_buf_ struct buf body = {0};
  uint8_t nonce[32];
  put_cert_body(&body, cert, public, &ca->key);
  if (make_nonce(&ca->key, &body, nonce, err) < 0)
    return -1;
  _cleanup_buf_ struct buf blob = {0};
  put_text(&blob, CERT_TYPE);
  put_bytes(&blob, nonce, sizeof(nonce));
  buf_add(&blob, body.data, body.len);
  if (put_signature(&blob, ca, err) < 0)
    return -1;
  buf_addf(out, "%s ", CERT_TYPE);
  base64_encode(blob.data, blob.len, 0, out);
  buf_addf(out, " %s\n", cert->key_id);
  return 0;
}
