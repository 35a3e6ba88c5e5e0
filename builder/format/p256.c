/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/p256.h"

#include "base/codec.h"
#include "base/mem.h"
#include <string.h>

/* AlgorithmIdentifier: id-ecPublicKey, prime256v1. */
#define ALGORITHM                                                              \
  "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"                               \
  "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"

/* PrivateKeyInfo, version 0, and in its OCTET STRING ECPrivateKey, version 1,
 * up to the scalar; between that and the point; SubjectPublicKeyInfo. */
static const char PRIVATE[] =
    "\x30\x81\x87\x02\x01\x00" ALGORITHM "\x04\x6d\x30\x6b\x02\x01\x01\x04\x20";
static const char BETWEEN[] = "\xa1\x44\x03\x42\x00";
static const char PUBLIC[] = "\x30\x59" ALGORITHM "\x03\x42\x00";

#define PRIVATE_LEN (sizeof(PRIVATE) - 1)
#define BETWEEN_LEN (sizeof(BETWEEN) - 1)
#define PUBLIC_LEN (sizeof(PUBLIC) - 1)

static const char PRIVATE_KEY[] = "PRIVATE KEY";
static const char PUBLIC_KEY[] = "PUBLIC KEY";

#define PEM_WIDTH 64 /* RFC 7468, section 2 */
#define BEGIN "-----BEGIN %s-----\n"
#define END "-----END %s-----\n"

static void add_pem(const char *label, const struct buf *der, struct buf *out) {
  buf_addf(out, BEGIN, label);
  base64_encode(der->data, der->len, PEM_WIDTH, out);
  buf_addf(out, END, label);
}

/* The DER of a text that is nothing but this PEM. */
static bool read_pem(const char *label, const char *text, size_t len,
                     struct buf *ret) {
  _cleanup_free_ char *begin = xasprintf(BEGIN, label);
  _cleanup_free_ char *end = xasprintf(END, label);
  size_t n = strlen(begin), m = strlen(end);
  return len >= n + m && memcmp(text, begin, n) == 0 &&
         memcmp(text + len - m, end, m) == 0 &&
         base64_decode(text + n, len - n - m, ret);
}

void p256_private_pem(const struct p256 *key, struct buf *out) {
  _cleanup_buf_ struct buf der = {0};
  buf_add(&der, PRIVATE, PRIVATE_LEN);
  buf_add(&der, key->scalar, sizeof(key->scalar));
  buf_add(&der, BETWEEN, BETWEEN_LEN);
  buf_add(&der, key->point, sizeof(key->point));
  add_pem(PRIVATE_KEY, &der, out);
}

void p256_public_pem(const uint8_t point[static P256_POINT], struct buf *out) {
  _cleanup_buf_ struct buf der = {0};
  buf_add(&der, PUBLIC, PUBLIC_LEN);
  buf_add(&der, point, P256_POINT);
  add_pem(PUBLIC_KEY, &der, out);
}

static bool read_point(const char *from, uint8_t ret[static P256_POINT]) {
  memcpy(ret, from, P256_POINT);
  return *ret == 4;
}

bool p256_read_private(const char *pem, size_t len, struct p256 *ret) {
  _cleanup_buf_ struct buf der = {0};
  if (!read_pem(PRIVATE_KEY, pem, len, &der) ||
      der.len != PRIVATE_LEN + P256_SCALAR + BETWEEN_LEN + P256_POINT)
    return false;
  const char *scalar = der.data + PRIVATE_LEN;
  const char *between = scalar + P256_SCALAR;
  if (memcmp(der.data, PRIVATE, PRIVATE_LEN) != 0 ||
      memcmp(between, BETWEEN, BETWEEN_LEN) != 0)
    return false;
  memcpy(ret->scalar, scalar, P256_SCALAR);
  return read_point(between + BETWEEN_LEN, ret->point);
}

bool p256_read_public(const char *pem, size_t len,
                      uint8_t ret[static P256_POINT]) {
  _cleanup_buf_ struct buf der = {0};
  return read_pem(PUBLIC_KEY, pem, len, &der) &&
         der.len == PUBLIC_LEN + P256_POINT &&
         memcmp(der.data, PUBLIC, PUBLIC_LEN) == 0 &&
         read_point(der.data + PUBLIC_LEN, ret);
}

void p256_done(struct p256 *key) {
  explicit_bzero(key, sizeof(*key));
}
