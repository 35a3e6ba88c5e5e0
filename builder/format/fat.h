/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small reader of FAT12, FAT16 and FAT32 ("Microsoft Extensible Firmware
 * Initiative FAT32 File System Specification", 1.03) for bytes that nobody
 * vouches for: label and the plain files of the root folder, by their long
 * names or else their short ones. Folders are passed over. FAT has no modes.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include <stdbool.h>
#include <stddef.h>

/* Of the file system, and of all its files together. */
#define FAT_MAX_BYTES ((size_t)64 << 20)
#define FAT_MAX_FILES 1024

/* Bytes from the start that fat_probe wants. */
#define FAT_BOOT_BYTES 512

struct fat_file {
  char *name; /* UTF-8; never empty, no '/', no control bytes */
  struct buf data;
};
DEFINE_VEC(fat_file_vec, struct fat_file);

struct fat_volume {
  char *label;               /* "" without one */
  struct fat_file_vec files; /* sorted by name */
};

/* Whether boot sector and size look like FAT. */
bool fat_probe(const void *boot, size_t len);

/*
 * Wrong bytes are an error, never a crash, and take no longer than right ones:
 * chains of clusters that form a ring, lead outside or end early are refused.
 * ret is the caller's to fat_volume_done.
 */
int fat_read(const void *data, size_t len, struct fat_volume *ret,
             struct error *err) _must_check_;

void fat_volume_done(struct fat_volume *v);
#define _cleanup_fat_volume_ _cleanup_(fat_volume_done)
