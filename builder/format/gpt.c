/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/gpt.h"

#include <string.h>

#define ENTRIES 128
#define ENTRY_BYTES 128
#define ENTRIES_BYTES ((size_t)ENTRIES * ENTRY_BYTES)
#define HEADER_BYTES 92
#define NAME_CHARS 35
#define ALIGN 8 /* sectors of 4 KiB */

/* Offsets in a header and in an entry: table 5.5 and 5.6 of the specification.
 */
enum {
  H_BYTES = 12,
  H_CRC = 16,
  H_THIS = 24,
  H_OTHER = 32,
  H_FIRST = 40,
  H_LAST = 48,
  H_ENTRIES = 72,
  H_COUNT = 80,
  H_ENTRY_BYTES = 84,
  H_ENTRIES_CRC = 88,
  E_TYPE = 0,
  E_ID = 16,
  E_FIRST = 32,
  E_LAST = 40,
  E_NAME = 56,
};

/* 0FC63DAF-8483-4772-8E79-3D69D8477DE4, its first three parts little endian. */
static const uint8_t linux_data[16] = {0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84,
                                       0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69,
                                       0xd8, 0x47, 0x7d, 0xe4};

static uint64_t get(const uint8_t *at, size_t n) {
  uint64_t v = 0;
  while (n-- > 0)
    v = v << 8 | at[n];
  return v;
}

static void put(uint8_t *at, size_t n, uint64_t v) {
  for (size_t i = 0; i < n; i++, v >>= 8)
    at[i] = (uint8_t)v;
}

/* CRC-32 of ISO 3309, bit by bit: there are 16 KiB. */
static uint32_t crc(const uint8_t *p, size_t n) {
  uint32_t c = UINT32_MAX;
  for (size_t i = 0; i < n; i++) {
    c ^= p[i];
    for (int bit = 0; bit < 8; bit++)
      c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
  }
  return ~c;
}

static uint32_t crc_of_header(const uint8_t *header) {
  uint8_t h[HEADER_BYTES];
  memcpy(h, header, sizeof(h));
  put(h + H_CRC, 4, 0);
  return crc(h, sizeof(h));
}

static const uint8_t *entry_of(const uint8_t *head, size_t i) {
  return head + 2 * GPT_SECTOR + i * ENTRY_BYTES;
}

static bool is_used(const uint8_t *entry) {
  static const uint8_t none[16];
  return memcmp(entry + E_TYPE, none, sizeof(none)) != 0;
}

static int check(const uint8_t *head, struct error *err) {
  const uint8_t *h = head + GPT_SECTOR;
  if (memcmp(h, "EFI PART", 8) != 0)
    return error_set(err, 0, "the disk has no GPT");
  if (get(h + H_BYTES, 4) != HEADER_BYTES || get(h + H_ENTRIES, 8) != 2 ||
      get(h + H_COUNT, 4) != ENTRIES ||
      get(h + H_ENTRY_BYTES, 4) != ENTRY_BYTES)
    return error_set(err, 0, "the disk's GPT is not of the usual form");
  if (get(h + H_CRC, 4) != crc_of_header(h) ||
      get(h + H_ENTRIES_CRC, 4) != crc(entry_of(head, 0), ENTRIES_BYTES))
    return error_set(err, 0, "the disk's GPT is damaged");
  return 0;
}

int gpt_gap(const uint8_t head[static GPT_HEAD], uint64_t *ret_first,
            uint64_t *ret_n, struct error *err) {
  if (check(head, err) < 0)
    return -1;
  uint64_t first = (GPT_HEAD / GPT_SECTOR + ALIGN - 1) / ALIGN * ALIGN;
  uint64_t end = get(head + GPT_SECTOR + H_LAST, 8) + 1;
  for (size_t i = 0; i < ENTRIES; i++) {
    const uint8_t *e = entry_of(head, i);
    if (is_used(e) && get(e + E_FIRST, 8) < end)
      end = get(e + E_FIRST, 8);
  }
  *ret_first = first;
  *ret_n = end > first ? end - first : 0;
  return 0;
}

/* The number of a free entry, from 1; 0: none. */
static unsigned find_free(const uint8_t *head, const struct gpt_part *part,
                          struct error *err) {
  unsigned number = 0;
  for (unsigned i = 0; i < ENTRIES; i++) {
    const uint8_t *e = entry_of(head, i);
    if (!is_used(e)) {
      number = number ? number : i + 1;
    } else if (get(e + E_FIRST, 8) <= part->last &&
               part->first <= get(e + E_LAST, 8)) {
      error_set(err, 0, "partition %u is where another one is to be", i + 1);
      return 0;
    }
  }
  if (!number)
    error_set(err, 0, "the disk's GPT has no room for another partition");
  return number;
}

static void put_entry(uint8_t *e, const struct gpt_part *part) {
  memset(e, 0, ENTRY_BYTES);
  memcpy(e + E_TYPE, linux_data, sizeof(linux_data));
  memcpy(e + E_ID, part->id, sizeof(part->id));
  put(e + E_FIRST, 8, part->first);
  put(e + E_LAST, 8, part->last);
  for (size_t i = 0; part->name[i] && i < NAME_CHARS; i++)
    put(e + E_NAME + 2 * i, 2, (uint8_t)part->name[i]); /* UTF-16 */
}

static void seal(uint8_t *header, const uint8_t *entries) {
  put(header + H_ENTRIES_CRC, 4, crc(entries, ENTRIES_BYTES));
  put(header + H_CRC, 4, crc_of_header(header));
}

/* The second copy, from the first: its header is behind its entries. */
static void put_tail(const uint8_t *head, uint64_t sectors, uint8_t *tail) {
  uint8_t *h = tail + ENTRIES_BYTES;
  memcpy(tail, entry_of(head, 0), ENTRIES_BYTES);
  memcpy(h, head + GPT_SECTOR, GPT_SECTOR);
  put(h + H_THIS, 8, sectors - 1);
  put(h + H_OTHER, 8, 1);
  put(h + H_ENTRIES, 8, sectors - GPT_TAIL / GPT_SECTOR);
  seal(h, tail);
}

/* The protective MBR's one partition is all of the disk (5.2.3). */
static void cover(uint8_t *mbr, uint64_t sectors) {
  uint8_t *p = mbr + 446;
  if (p[4] == 0xee)
    put(p + 12, 4, sectors - 1 > UINT32_MAX ? UINT32_MAX : sectors - 1);
}

int gpt_add(uint8_t head[static GPT_HEAD], uint8_t tail[static GPT_TAIL],
            uint64_t sectors, const struct gpt_part *part, unsigned *ret_number,
            struct error *err) {
  uint64_t last_usable = sectors - GPT_HEAD / GPT_SECTOR;
  if (check(head, err) < 0)
    return -1;
  if (sectors <= get(head + GPT_SECTOR + H_LAST, 8) ||
      part->first < GPT_HEAD / GPT_SECTOR || part->last > last_usable ||
      part->first > part->last)
    return error_set(err, 0, "the disk is too small for its partitions");
  unsigned number = find_free(head, part, err);
  if (!number)
    return -1;
  uint8_t *h = head + GPT_SECTOR;
  put_entry((uint8_t *)entry_of(head, number - 1), part);
  put(h + H_OTHER, 8, sectors - 1);
  put(h + H_LAST, 8, last_usable);
  /* Some begin where they like partitions to; the table itself ends before. */
  if (get(h + H_FIRST, 8) > part->first)
    put(h + H_FIRST, 8, GPT_HEAD / GPT_SECTOR);
  cover(head, sectors);
  seal(h, entry_of(head, 0));
  put_tail(head, sectors, tail);
  *ret_number = number;
  return 0;
}

/* ---- What there is ---- */

static int add_range(uint64_t first, uint64_t n, uint64_t sectors,
                     struct gpt_range *ret, size_t *ret_n, struct error *err) {
  if (first > sectors || n > sectors - first)
    return error_set(err, 0, "the disk is cut: a partition reaches beyond it");
  ret[(*ret_n)++] = (struct gpt_range){.first = first, .n = n};
  return 0;
}

/* The four entries of 16 bytes at 446; type, first sector, number. */
static int list_mbr(const uint8_t *head, uint64_t sectors,
                    struct gpt_range *ret, size_t *ret_n, struct error *err) {
  enum { AT = 446, BYTES = 16, COUNT = 4, TYPE = 4, FIRST = 8, NUMBER = 12 };
  if (head[GPT_SECTOR - 2] != 0x55 || head[GPT_SECTOR - 1] != 0xAA)
    return error_set(err, 0, "the disk has no partitions");
  for (size_t i = 0; i < COUNT; i++) {
    const uint8_t *e = head + AT + i * BYTES;
    if (e[TYPE] && add_range(get(e + FIRST, 4), get(e + NUMBER, 4), sectors,
                             ret, ret_n, err) < 0)
      return -1;
  }
  return 0;
}

int gpt_list(const uint8_t head[static GPT_HEAD], uint64_t sectors,
             struct gpt_range ret[static GPT_MAX_PARTS], size_t *ret_n,
             struct error *err) {
  *ret_n = 0;
  if (memcmp(head + GPT_SECTOR, "EFI PART", 8) != 0)
    return list_mbr(head, sectors, ret, ret_n, err);
  if (check(head, err) < 0)
    return -1;
  for (size_t i = 0; i < ENTRIES; i++) {
    const uint8_t *e = entry_of(head, i);
    uint64_t first = get(e + E_FIRST, 8), last = get(e + E_LAST, 8);
    if (!is_used(e))
      continue;
    if (last < first || last == UINT64_MAX)
      return error_set(err, 0, "the disk's GPT is damaged");
    if (add_range(first, last - first + 1, sectors, ret, ret_n, err) < 0)
      return -1;
  }
  return 0;
}
