/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a FAT file system: an error, or files that are no larger than
 * it is. The input may also be what follows on a boot sector: see make_image.
 */
#include "base/mem.h"
#include "format/fat.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define SECTORS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_image(const uint8_t *data, size_t len) {
  _cleanup_error_ struct error err = {0};
  _cleanup_fat_volume_ struct fat_volume v = {0};
  if (fat_read(data, len, &v, &err) < 0) {
    if (err.n_faults == 0)
      abort();
    return;
  }
  for (size_t i = 0; i < v.files.n; i++)
    if (!*v.files.v[i].name || strchr(v.files.v[i].name, '/') ||
        v.files.v[i].data.len > len)
      abort();
}

/* FAT12: boot sector, one table, one sector of a root folder, clusters; the
 * input is all but the first. */
static uint8_t *make_image(const uint8_t *data, size_t len) {
  uint8_t *image = xcalloc(SECTORS, SECTOR);
  size_t room = (SECTORS - 1) * SECTOR;
  image[0] = 0xEB;
  image[12] = SECTOR / 256;
  image[13] = 1;  /* sectors of a cluster */
  image[14] = 1;  /* reserved */
  image[16] = 1;  /* tables */
  image[17] = 16; /* entries in the root folder */
  image[19] = SECTORS;
  image[22] = 1; /* sectors of a table */
  image[510] = 0x55;
  image[511] = 0xAA;
  memcpy(image + SECTOR, data, len < room ? len : room);
  return image;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len == 0)
    return 0;
  check_image(data, len);
  _cleanup_free_ uint8_t *image = make_image(data, len);
  check_image(image, SECTORS * SECTOR);
  return 0;
}
