/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a disk's partition table: an error, or partitions on the disk;
 * one more is added where nothing is, and is then listed.
 */
#include "base/mem.h"
#include "format/gpt.h"
#include <stdlib.h>
#include <string.h>

#define SECTORS 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok) {
  if (!ok)
    abort();
}

/* How many partitions are listed; -1: it is no table. */
static int list(const uint8_t *head) {
  _cleanup_error_ struct error err = {0};
  struct gpt_range parts[GPT_MAX_PARTS];
  size_t n = 0;
  if (gpt_list(head, SECTORS, parts, &n, &err) < 0) {
    check(err.n_faults > 0);
    return -1;
  }
  check(n <= GPT_MAX_PARTS);
  for (size_t i = 0; i < n; i++)
    check(parts[i].first <= SECTORS && parts[i].n <= SECTORS - parts[i].first);
  return (int)n;
}

static void add(uint8_t *head) {
  _cleanup_error_ struct error err = {0};
  uint8_t tail[GPT_TAIL] = {0};
  struct gpt_part new = {.name = "CIDATA"};
  uint64_t n_free = 0;
  unsigned number = 0;
  int before = list(head);
  if (gpt_gap(head, &new.first, &n_free, &err) < 0 || n_free == 0)
    return;
  new.last = new.first + n_free - 1;
  if (gpt_add(head, tail, SECTORS, &new, &number, &err) == 0 && before >= 0)
    check(list(head) == before + 1);
}

/* CRC-32 of ISO 3309, little endian, as the table's two are. */
static void seal(const uint8_t *data, size_t len, uint8_t *ret) {
  uint32_t c = UINT32_MAX;
  for (size_t i = 0; i < len; i++) {
    c ^= data[i];
    for (int bit = 0; bit < 8; bit++)
      c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
  }
  for (size_t i = 0; i < 4; i++)
    ret[i] = (uint8_t)(~c >> 8 * i);
}

/* The input as a header's sector numbers and as entries, all the rest right:
 * else no input ever gets beyond the checksums. */
static void make_table(const uint8_t *data, size_t len, uint8_t *head) {
  enum { NUMBERS = 32, HEADER = 92 };
  uint8_t *h = head + GPT_SECTOR, *entries = head + 2 * GPT_SECTOR;
  size_t n = len < NUMBERS ? len : NUMBERS;
  size_t room = GPT_HEAD - 2 * GPT_SECTOR;
  memset(head, 0, GPT_HEAD);
  memcpy(h + 24, data, n);
  memcpy(entries, data + n, len - n < room ? len - n : room);
  memcpy(h, "EFI PART\0\0\1\0\x5c", 13);
  h[72] = 2;
  h[80] = h[84] = 128;
  seal(entries, room, h + 88);
  seal(h, HEADER, h + 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  _cleanup_free_ uint8_t *head = xcalloc(1, GPT_HEAD);
  if (len == 0)
    return 0;
  memcpy(head, data, len < GPT_HEAD ? len : GPT_HEAD);
  add(head);
  make_table(data, len, head);
  add(head);
  return 0;
}
