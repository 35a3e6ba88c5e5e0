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
  SHORT = 8,
  LONG = 12,
};

/* Digits with zeros in front and NUL behind. */
static void put_octal(uint8_t *at, size_t len, uint64_t value) {
  for (size_t i = len - 1; i-- > 0; value >>= 3)
    at[i] = (uint8_t)('0' + (value & 7));
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
  /* The sum is of the header with blanks in its place. */
  unsigned sum = 0;
  memset(out + AT_SUM, ' ', SHORT);
  for (size_t i = 0; i < USTAR_BLOCK; i++)
    sum += out[i];
  put_octal(out + AT_SUM, SHORT - 1, sum);
  out[AT_SUM + SHORT - 2] = '\0';
  return 0;
}

size_t ustar_padding(uint64_t size) {
  return (size_t)(-size % USTAR_BLOCK);
}
