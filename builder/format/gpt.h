/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One more partition in a GUID partition table (UEFI specification, 5.3). The
 * table stands twice on a disk, in sectors of 512 bytes:
 *
 *   0        1        2 .. 33   ...   n-33 .. n-2   n-1
 *   (MBR)    header   entries         entries       header
 *   '------- head ----------'         '----- tail -----'
 *
 * Pure: all is done to these two pieces in memory.
 */
#pragma once

#include "base/error.h"
#include <stdint.h>

#define GPT_SECTOR 512
#define GPT_HEAD (34 * GPT_SECTOR)
#define GPT_TAIL (33 * GPT_SECTOR)

struct gpt_part {
  uint64_t first, last; /* sectors */
  uint8_t id[16];       /* nobody else has it */
  const char *name;     /* ASCII, at most 35 characters */
};

/* Where the free sectors before all partitions begin, at a multiple of eight,
 * and how many there are. Fails when head is no table that is whole. */
int gpt_gap(const uint8_t head[static GPT_HEAD], uint64_t *ret_first,
            uint64_t *ret_n, struct error *err) _must_check_;

/*
 * Adds a partition of the type "Linux file system" and gives its number. The
 * disk has so many sectors, perhaps more than the table knows, which is then
 * told; tail becomes what belongs at its end. Fails, with head as it was, when
 * that is not whole, has no room, or a partition where the new one is to be.
 */
int gpt_add(uint8_t head[static GPT_HEAD], uint8_t tail[static GPT_TAIL],
            uint64_t sectors, const struct gpt_part *part, unsigned *ret_number,
            struct error *err) _must_check_;

/* Where a partition is, in sectors. */
struct gpt_range {
  uint64_t first, n;
};
#define GPT_MAX_PARTS 128

/*
 * The partitions of a disk of so many sectors, in the order of their numbers,
 * from its GPT or, where it has none, from the four entries of its MBR. Those
 * that reach beyond the disk are an error: it is cut.
 */
int gpt_list(const uint8_t head[static GPT_HEAD], uint64_t sectors,
             struct gpt_range ret[static GPT_MAX_PARTS], size_t *ret_n,
             struct error *err) _must_check_;
