/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/sealed.h"

#include "format/crypto.h"
#include <string.h>

#define MAGIC_LEN (sizeof(SEALED_MAGIC) - 1)
#define SALT 32
#define HEAD (MAGIC_LEN + SALT + GCM_NONCE)
/* scrypt's N and r; p is 1. */
#define COST 131072
#define BLOCK 8

static int key_of(const struct buf *phrase, const char *salt,
                  uint8_t ret[static GCM_KEY], struct error *err) {
  return scrypt(phrase->data, phrase->len, salt, SALT, COST, BLOCK, ret,
                GCM_KEY, err);
}

int sealed_make(const struct buf *phrase, const struct buf *text,
                struct buf *out, struct error *err) {
  char head[HEAD] = SEALED_MAGIC;
  uint8_t key[GCM_KEY];
  if (random_bytes(head + MAGIC_LEN, SALT + GCM_NONCE, err) < 0 ||
      key_of(phrase, head + MAGIC_LEN, key, err) < 0)
    return -1;
  _cleanup_buf_ struct buf body = {0};
  int r = gcm_seal(key, (const uint8_t *)head + MAGIC_LEN + SALT, head, HEAD,
                   text->data, text->len, &body, err);
  explicit_bzero(key, sizeof(key));
  if (r < 0)
    return -1;
  buf_add(out, head, HEAD);
  buf_add(out, body.data, body.len);
  return 0;
}

int sealed_open(const struct buf *phrase, const struct buf *sealed,
                struct buf *out, struct error *err) {
  uint8_t key[GCM_KEY];
  if (sealed->len < HEAD + GCM_TAG ||
      memcmp(sealed->data, SEALED_MAGIC, MAGIC_LEN) != 0)
    return error_set(err, 0, "it is not what kubeseed seals");
  if (key_of(phrase, sealed->data + MAGIC_LEN, key, err) < 0)
    return -1;
  int r = gcm_open(key, (const uint8_t *)sealed->data + MAGIC_LEN + SALT,
                   sealed->data, HEAD, sealed->data + HEAD, sealed->len - HEAD,
                   out, err);
  explicit_bzero(key, sizeof(key));
  return r;
}
