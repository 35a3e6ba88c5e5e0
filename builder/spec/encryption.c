/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/encryption.h"

#include "base/codec.h"
#include <string.h>

/* What the provider takes: secretbox 32 bytes, AES those of its three kinds. */
static bool size_ok(enum encryption provider, size_t bytes) {
  return bytes == 32 ||
         (provider != ENCRYPTION_SECRETBOX && (bytes == 16 || bytes == 24));
}

static bool key_ok(const struct encryption_key *k) {
  _cleanup_buf_ struct buf bytes = {0};
  return base64_decode(k->key, k->key_len, &bytes) &&
         size_ok(k->provider, bytes.len);
}

/* It stands between colons before what is encrypted. */
static bool name_ok(const struct encryption_key *k) {
  return k->name_len > 0 && k->name_len <= 63 &&
         strspn(k->name, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
             k->name_len;
}

static bool provider_of(const char *text, size_t len, enum encryption *ret) {
  for (const struct word *w = encryption_words; w->word; w++)
    if (w->value != ENCRYPTION_NONE && strlen(w->word) == len &&
        memcmp(w->word, text, len) == 0) {
      *ret = (enum encryption)w->value;
      return true;
    }
  return false;
}

static bool is_twice(const struct encryption_key_vec *l,
                     const struct encryption_key *k) {
  for (size_t i = 0; i < l->n; i++)
    if (l->v[i].provider == k->provider && l->v[i].name_len == k->name_len &&
        memcmp(l->v[i].name, k->name, k->name_len) == 0)
      return true;
  return false;
}

static const char *read_line(const char *line, size_t len,
                             struct encryption_key_vec *ret) {
  struct encryption_key k = {0};
  size_t n = strcspn(line, " \n");
  if (!provider_of(line, n, &k.provider) || line[n] != ' ')
    return "a line does not begin with aescbc, aesgcm or secretbox and a blank";
  k.name = line + n + 1;
  k.name_len = strcspn(k.name, " \n");
  if (!name_ok(&k) || k.name[k.name_len] != ' ')
    return "a line has no name of a-z, 0-9 and '-' as its second word";
  k.key = k.name + k.name_len + 1;
  k.key_len = (size_t)(line + len - k.key);
  if (!key_ok(&k))
    return "a line does not end with the base64 of 32 bytes";
  if (is_twice(ret, &k))
    return "two keys have one name";
  *encryption_key_vec_add(ret) = k;
  return NULL;
}

const char *encryption_read(const char *text, struct encryption_key_vec *ret) {
  for (const char *line = text; *line;) {
    size_t len = strcspn(line, "\n");
    const char *wrong = ret->n == ENCRYPTION_MAX_KEYS
                            ? "there are more than 16 keys"
                            : read_line(line, len, ret);
    if (wrong)
      return wrong;
    line += len + (line[len] == '\n');
  }
  return ret->n ? NULL : "there is no key in it";
}

void encryption_line(enum encryption provider,
                     const uint8_t bytes[ENCRYPTION_KEY_BYTES],
                     struct buf *out) {
  buf_addf(out, "%s key1 ", word_of(encryption_words, (int)provider));
  base64_encode(bytes, ENCRYPTION_KEY_BYTES, 0, out);
  buf_adds(out, "\n");
}
