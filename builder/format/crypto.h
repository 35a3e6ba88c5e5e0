/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random bytes, Ed25519 and HKDF, by libcrypto. Digests are in base/digest.h,
 * certificates and their keys in x509.h.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

/* Bytes fit for keys and other secrets. */
int random_bytes(void *out, size_t len, struct error *err) _must_check_;

/* Ed25519 (RFC 8032) with raw keys, for SSH. The seed is the secret. */
#define ED25519_KEY 32 /* bytes of a seed, and of a public key */
#define ED25519_SIGNATURE 64

int ed25519_public(const uint8_t seed[static ED25519_KEY],
                   uint8_t ret[static ED25519_KEY],
                   struct error *err) _must_check_;

/* A key opened once for any number of signatures, in any number of threads: to
 * open it takes as long as to sign. The caller ed25519_close's ret. */
struct ed25519;

int ed25519_open(const uint8_t seed[static ED25519_KEY], struct ed25519 **ret,
                 struct error *err) _must_check_;

/* Deterministic: the same key and message give the same signature. */
int ed25519_sign(const struct ed25519 *key, const void *msg, size_t len,
                 uint8_t ret[static ED25519_SIGNATURE],
                 struct error *err) _must_check_;

/* NULL is fine; the secret is overwritten. */
void ed25519_close(struct ed25519 *key);

/* HKDF-SHA256 (RFC 5869) without salt: out_len bytes from key and info. */
int hkdf_sha256(const void *key, size_t key_len, const void *info,
                size_t info_len, void *out, size_t out_len,
                struct error *err) _must_check_;

/* scrypt (RFC 7914) with p 1: out_len bytes from a pass phrase, which takes n
 * times r times 128 bytes of memory. */
int scrypt(const void *phrase, size_t len, const void *salt, size_t salt_len,
           uint64_t n, uint32_t r, void *out, size_t out_len,
           struct error *err) _must_check_;

/* AES-256-GCM (NIST SP 800-38D). A nonce must never come twice with one key. */
#define GCM_KEY 32
#define GCM_NONCE 12
#define GCM_TAG 16

/* Appends ciphertext and tag to out; aad is authenticated with it. */
int gcm_seal(const uint8_t key[static GCM_KEY],
             const uint8_t nonce[static GCM_NONCE], const void *aad,
             size_t aad_len, const void *text, size_t len, struct buf *out,
             struct error *err) _must_check_;

/* The other way round; appends nothing unless all of it is as it was. */
int gcm_open(const uint8_t key[static GCM_KEY],
             const uint8_t nonce[static GCM_NONCE], const void *aad,
             size_t aad_len, const void *sealed, size_t len, struct buf *out,
             struct error *err) _must_check_;
