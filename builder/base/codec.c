/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/codec.h"

#include <stdint.h>
#include <string.h>

static const char DIGITS64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789+/";
static const char DIGITS16[] = "0123456789abcdef";

/* One to three bytes as four digits. */
static void encode_group(const uint8_t *p, size_t n, char *quad) {
  uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) |
               (n > 2 ? p[2] : 0u);
  quad[0] = DIGITS64[v >> 18];
  quad[1] = DIGITS64[v >> 12 & 63];
  quad[2] = n > 1 ? DIGITS64[v >> 6 & 63] : '=';
  quad[3] = n > 2 ? DIGITS64[v & 63] : '=';
}

void base64_encode(const void *data, size_t len, size_t width,
                   struct buf *out) {
  const uint8_t *p = data;
  size_t digits = (len + 2) / 3 * 4, column = 0;
  char quad[4];
  char *at =
      buf_extend(out, digits + (width ? (digits + width - 1) / width : 0));
  for (size_t i = 0; i < len; i += 3) {
    encode_group(p + i, len - i, quad);
    for (size_t k = 0; k < sizeof(quad); k++) {
      *at++ = quad[k];
      if (width && ++column % width == 0)
        *at++ = '\n';
    }
  }
  if (width && column % width != 0)
    *at = '\n';
  explicit_bzero(quad, sizeof(quad));
}

/* The digit's place in digits, or -1. */
static int value_of(char digit, const char *digits) {
  const char *at = digit ? strchr(digits, digit) : NULL;
  return at ? (int)(at - digits) : -1;
}

bool base64_decode(const char *text, size_t len, struct buf *out) {
  /* After 0, 2 or 3 digits of a group: how many bits of it are not yet used. */
  static const unsigned left[] = {0, 0, 4, 2};
  _cleanup_buf_ struct buf bytes = {0};
  uint32_t bits = 0;
  size_t digits = 0;
  size_t padding = 0;
  for (size_t i = 0; i < len; i++) {
    int value = value_of(text[i], DIGITS64);
    if (text[i] == '\n' || text[i] == '\r')
      continue;
    if (text[i] == '=' && ++padding <= 2)
      continue;
    if (value < 0 || padding > 0)
      return false;
    bits = bits << 6 | (uint32_t)value;
    if (++digits % 4 == 1)
      continue; /* six bits are no byte yet */
    uint8_t byte = (uint8_t)(bits >> left[digits % 4]);
    buf_add(&bytes, &byte, 1);
  }
  if ((digits + padding) % 4 != 0 ||
      (bits & ((1u << left[digits % 4]) - 1)) != 0)
    return false;
  buf_add(out, bytes.data, bytes.len);
  return true;
}

void hex_encode(const void *data, size_t len, char *out) {
  const uint8_t *p = data;
  for (size_t i = 0; i < len; i++) {
    *out++ = DIGITS16[p[i] >> 4];
    *out++ = DIGITS16[p[i] & 15];
  }
  *out = '\0';
}

static int value16(char c) {
  return value_of(c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c, DIGITS16);
}

bool hex_decode(const char *text, size_t len, void *out) {
  uint8_t *p = out;
  for (size_t i = 0; i < len; i++) {
    int high = value16(text[2 * i]);
    int low = high < 0 ? -1 : value16(text[2 * i + 1]); /* it may end here */
    if (low < 0)
      return false;
    p[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}
