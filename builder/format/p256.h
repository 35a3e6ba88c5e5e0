/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of keys on the curve P-256. All are of one length, so DER before
 * the numbers is constant: PKCS#8 (RFC 5958) around ECPrivateKey (RFC 5915),
 * and SubjectPublicKeyInfo (RFC 5480). libcrypto writes the same bytes, but
 * looks through all its encoders and decoders for each key, which takes fifty
 * times as long as to make or to read the key.
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define P256_SCALAR 32
#define P256_POINT 65 /* 4, x, y: not compressed (SEC 1, 2.3.3) */

struct p256 {
  uint8_t scalar[P256_SCALAR]; /* the secret */
  uint8_t point[P256_POINT];
};

/* Appends a private key as PKCS#8 PEM ("PRIVATE KEY") to out. */
void p256_private_pem(const struct p256 *key, struct buf *out);

/* Appends a public key as PEM ("PUBLIC KEY") to out. */
void p256_public_pem(const uint8_t point[static P256_POINT], struct buf *out);

/*
 * Read what the two above write, and nothing else: false for keys in any other
 * form. Whether the point is one of the curve is not looked at.
 */
bool p256_read_private(const char *pem, size_t len, struct p256 *ret);
bool p256_read_public(const char *pem, size_t len,
                      uint8_t ret[static P256_POINT]);

/* Overwrites the secret. */
void p256_done(struct p256 *key);

#define _cleanup_p256_ _cleanup_(p256_done)
