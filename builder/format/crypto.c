/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/crypto.h"

#include "base/mem.h"
#include "format/libcrypto.h"
#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <string.h>

DEFINE_CLEANUP(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free);
DEFINE_CLEANUP(EVP_KDF, EVP_KDF_free);
DEFINE_CLEANUP(EVP_KDF_CTX, EVP_KDF_CTX_free);
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free);
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free);

int crypto_error(struct error *err, const char *fmt, ...) {
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *msg = xvasprintf(fmt, ap);
  va_end(ap);
  const char *reason = code ? ERR_reason_error_string(code) : NULL;
  return error_set(err, 0, "%s: %s", msg,
                   reason ? reason : "libcrypto gives no reason");
}

int random_bytes(void *out, size_t len, struct error *err) {
  if (RAND_priv_bytes_ex(NULL, out, len, 0) != 1)
    return crypto_error(err, "cannot get random bytes");
  return 0;
}

int ed25519_public(const uint8_t seed[static ED25519_KEY],
                   uint8_t ret[static ED25519_KEY], struct error *err) {
  _auto_(EVP_PKEY) *pkey =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY);
  size_t len = ED25519_KEY;
  if (!pkey || EVP_PKEY_get_raw_public_key(pkey, ret, &len) != 1)
    return crypto_error(err, "cannot make an Ed25519 public key");
  assert(len == ED25519_KEY);
  return 0;
}

struct ed25519 {
  EVP_PKEY *pkey;
};

int ed25519_open(const uint8_t seed[static ED25519_KEY], struct ed25519 **ret,
                 struct error *err) {
  EVP_PKEY *pkey =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY);
  if (!pkey)
    return crypto_error(err, "cannot open an Ed25519 key");
  *ret = xcalloc(1, sizeof(**ret));
  (*ret)->pkey = pkey;
  return 0;
}

void ed25519_close(struct ed25519 *key) {
  if (!key)
    return;
  EVP_PKEY_free(key->pkey);
  free(key);
}

int ed25519_sign(const struct ed25519 *key, const void *msg, size_t len,
                 uint8_t ret[static ED25519_SIGNATURE], struct error *err) {
  _auto_(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
  size_t n = ED25519_SIGNATURE;
  if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 ||
      EVP_DigestSign(ctx, ret, &n, msg, len) != 1)
    return crypto_error(err, "cannot sign with Ed25519");
  assert(n == ED25519_SIGNATURE);
  return 0;
}

int hkdf_sha256(const void *key, size_t key_len, const void *info,
                size_t info_len, void *out, size_t out_len, struct error *err) {
  _auto_(EVP_KDF) *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
  _auto_(EVP_KDF_CTX) *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
  char digest[] = "SHA256";
  /* OSSL_PARAM serves both directions, hence the lost const; it only reads. */
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key,
                                        key_len),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info,
                                        info_len),
      OSSL_PARAM_construct_end(),
  };
  if (!ctx || EVP_KDF_derive(ctx, out, out_len, params) != 1)
    return crypto_error(err, "cannot derive a key");
  return 0;
}

int scrypt(const void *phrase, size_t len, const void *salt, size_t salt_len,
           uint64_t n, uint32_t r, void *out, size_t out_len,
           struct error *err) {
  /* OpenSSL counts a little more than the algorithm's own. */
  uint64_t memory = n * r * 128 + ((uint64_t)1 << 20);
  if (EVP_PBE_scrypt(phrase, len, salt, salt_len, n, r, 1, memory, out,
                     out_len) != 1)
    return crypto_error(err, "cannot derive a key by scrypt");
  return 0;
}

/* EVP takes lengths as int, and what is sealed is far from two gigabytes. */
#define GCM_MAX ((size_t)1 << 30)

int gcm_seal(const uint8_t key[static GCM_KEY],
             const uint8_t nonce[static GCM_NONCE], const void *aad,
             size_t aad_len, const void *text, size_t len, struct buf *out,
             struct error *err) {
  _auto_(EVP_CIPHER_CTX) *ctx = EVP_CIPHER_CTX_new();
  _cleanup_free_ uint8_t *body = xcalloc(len + GCM_TAG, 1);
  int n = 0, rest = 0;
  if (len > GCM_MAX || !ctx ||
      EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, nonce, NULL) != 1 ||
      EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len) != 1 ||
      EVP_EncryptUpdate(ctx, body, &n, text, (int)len) != 1 ||
      EVP_EncryptFinal_ex(ctx, body + n, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, body + len) != 1)
    return crypto_error(err, "cannot encrypt with AES-256-GCM");
  buf_add(out, body, len + GCM_TAG);
  return 0;
}

int gcm_open(const uint8_t key[static GCM_KEY],
             const uint8_t nonce[static GCM_NONCE], const void *aad,
             size_t aad_len, const void *sealed, size_t len, struct buf *out,
             struct error *err) {
  _auto_(EVP_CIPHER_CTX) *ctx = EVP_CIPHER_CTX_new();
  size_t text_len = len < GCM_TAG ? 0 : len - GCM_TAG;
  _cleanup_free_ uint8_t *text = xcalloc(text_len + 1, 1);
  uint8_t tag[GCM_TAG] = {0};
  int n = 0, rest = 0;
  if (len >= GCM_TAG)
    memcpy(tag, (const uint8_t *)sealed + text_len, GCM_TAG);
  bool good =
      len >= GCM_TAG && len <= GCM_MAX && ctx &&
      EVP_DecryptInit_ex2(ctx, EVP_aes_256_gcm(), key, nonce, NULL) == 1 &&
      EVP_DecryptUpdate(ctx, NULL, &n, aad, (int)aad_len) == 1 &&
      EVP_DecryptUpdate(ctx, text, &n, sealed, (int)text_len) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag) == 1 &&
      EVP_DecryptFinal_ex(ctx, text + n, &rest) == 1;
  if (good)
    buf_add(out, text, text_len);
  explicit_bzero(text, text_len);
  ERR_clear_error();
  return good ? 0
              : error_set(err, 0,
                          "the pass phrase is another one, or somebody has "
                          "changed the file");
}
