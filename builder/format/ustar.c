/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/ustar.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 99
#define OCTAL_MAX ((uint64_t)1 << 33)

/* Offset and length of a header's fields. */
enum {
  AT_NAME = 0,
  AT_MODE = 100,
  AT_UID = 108,
  AT_GID = 116,
  AT_SIZE = 124,
  AT_MTIME = 136,
  AT_SUM = 148,
  AT_TYPE = 156,
  AT_MAGIC = 257,
  AT_OWNER = 265,
  AT_GROUP = 297,
  AT_PREFIX = 345,
  SHORT = 8,
  LONG = 12,
};

/* Digits with zeros in front and NUL behind. */
static void put_octal(uint8_t *at, size_t len, uint64_t value) {
  for (size_t i = len - 1; i-- > 0; value >>= 3)
    at[i] = (uint8_t)('0' + (value & 7));
}

/* The sum is of the header with blanks in its place. */
static unsigned sum_of(const uint8_t *header) {
  unsigned sum = SHORT * ' ';
  for (size_t i = 0; i < USTAR_BLOCK; i++)
    if (i < AT_SUM || i >= AT_SUM + SHORT)
      sum += header[i];
  return sum;
}

int ustar_header(const char *name, uint64_t size, mode_t mode, uint64_t mtime,
                 uint8_t out[static USTAR_BLOCK], struct error *err) {
  if (strlen(name) > NAME_MAX_LEN)
    return error_set(err, 0, "'%s' is too long a name for an archive", name);
  if (size >= OCTAL_MAX || mtime >= OCTAL_MAX)
    return error_set(err, 0, "'%s' is too large for an archive: 8 GiB", name);
  memset(out, 0, USTAR_BLOCK);
  memcpy(out + AT_NAME, name, strlen(name));
  put_octal(out + AT_MODE, SHORT, mode);
  put_octal(out + AT_UID, SHORT, 0);
  put_octal(out + AT_GID, SHORT, 0);
  put_octal(out + AT_SIZE, LONG, size);
  put_octal(out + AT_MTIME, LONG, mtime);
  out[AT_TYPE] = '0';
  memcpy(out + AT_MAGIC,
         "ustar\0"
         "00",
         SHORT);
  memcpy(out + AT_OWNER, "root", 4);
  memcpy(out + AT_GROUP, "root", 4);
  put_octal(out + AT_SUM, SHORT - 1, sum_of(out));
  out[AT_SUM + SHORT - 2] = '\0';
  return 0;
}

size_t ustar_padding(uint64_t size) {
  return (size_t)(-size % USTAR_BLOCK);
}

/* ---- Reading ---- */

/* Digits, with blanks before and blanks or NUL behind; false for others. */
static bool get_octal(const uint8_t *at, size_t len, uint64_t *ret) {
  size_t i = 0;
  *ret = 0;
  while (i < len && at[i] == ' ')
    i++;
  for (; i < len && at[i] >= '0' && at[i] <= '7'; i++)
    *ret = *ret << 3 | (at[i] - '0');
  for (; i < len; i++)
    if (at[i] != ' ' && at[i] != '\0')
      return false;
  return true;
}

bool ustar_probe(const void *data, size_t len) {
  const uint8_t *h = data;
  return len >= USTAR_BLOCK && memcmp(h + AT_MAGIC, "ustar", 5) == 0;
}

static void get_name(const uint8_t *h, struct ustar_entry *ret) {
  enum { PREFIX = 155 };
  /* GNU's archives have other things where the prefix is. */
  const char *prefix = memcmp(h + AT_MAGIC, "ustar", SHORT - 2) == 0
                           ? (const char *)h + AT_PREFIX
                           : "";
  (void)snprintf(ret->name, sizeof(ret->name), "%.*s%s%.*s", PREFIX, prefix,
                 *prefix ? "/" : "", NAME_MAX_LEN + 1, (const char *)h);
}

int ustar_next(const void *data, size_t len, size_t *pos,
               struct ustar_entry *ret, struct error *err) {
  static const uint8_t zeros[USTAR_BLOCK];
  while (*pos < len) {
    const uint8_t *h = (const uint8_t *)data + *pos;
    size_t left = len - *pos;
    uint64_t size, mode, sum;
    if (left >= USTAR_BLOCK && memcmp(h, zeros, USTAR_BLOCK) == 0)
      return 0;
    if (left < USTAR_BLOCK)
      return error_set(err, 0, "the archive is cut");
    if (!ustar_probe(h, left) || !get_octal(h + AT_SIZE, LONG, &size) ||
        !get_octal(h + AT_MODE, SHORT, &mode) ||
        !get_octal(h + AT_SUM, SHORT, &sum) || sum != sum_of(h))
      return error_set(err, 0, "the archive is damaged");
    left -= USTAR_BLOCK;
    if (size > left)
      return error_set(err, 0, "the archive is cut");
    size_t padding = ustar_padding(size);
    *pos += USTAR_BLOCK + (size_t)size +
            (padding < left - size ? padding : left - (size_t)size);
    if (strchr("LKxg", h[AT_TYPE]) && h[AT_TYPE])
      return error_set(
          err, 0, "the archive has extensions (pax, GNU), which are not read");
    if (h[AT_TYPE] != '0' && h[AT_TYPE] != '\0')
      continue;
    get_name(h, ret);
    ret->mode = (mode_t)(mode & 07777);
    ret->data = h + USTAR_BLOCK;
    ret->len = (size_t)size;
    return 1;
  }
  return 0;
}
