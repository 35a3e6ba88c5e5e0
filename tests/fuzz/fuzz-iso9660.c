/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as an image: an error, or files that lie inside of it. As most of
 * an image is zeros, the input may be patches to a frame instead: see
 * make_image.
 */
#include "base/mem.h"
#include "format/iso9660.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_SECTORS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_image(const uint8_t *data, size_t len) {
  _cleanup_error_ struct error err = {0};
  _cleanup_iso_volume_ struct iso_volume v = {0};
  if (iso_read(data, len, &v, &err) < 0) {
    if (err.n_faults == 0)
      abort();
    return;
  }
  for (size_t i = 0; i < v.files.n; i++) {
    const struct iso_file *f = &v.files.v[i];
    const uint8_t *start = f->data;
    if (!*f->name || start < data || f->len > len ||
        (size_t)(start - data) > len - f->len)
      abort();
  }
}

/*
 * Two volume descriptors whose root folder is sector 20, and there the input,
 * so that a fuzzer reaches directory records at once.
 */
static uint8_t *make_image(const uint8_t *data, size_t len) {
  uint8_t *image = xcalloc(FRAME_SECTORS, ISO_SECTOR);
  for (int i = 0; i < 2; i++) {
    uint8_t *vd = image + (size_t)(16 + i) * ISO_SECTOR;
    vd[0] = (uint8_t)(i + 1);
    memcpy(vd + 1, "CD001", 5);
    memcpy(vd + 88, "%/E", 3);
    vd[129] = ISO_SECTOR / 256;
    vd[156 + 2] = 20;
    vd[156 + 11] = 2 * ISO_SECTOR / 256;
  }
  size_t room = (FRAME_SECTORS - 20) * ISO_SECTOR;
  memcpy(image + 20 * ISO_SECTOR, data, len < room ? len : room);
  return image;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len == 0)
    return 0;
  check_image(data, len);
  _cleanup_free_ uint8_t *image = make_image(data, len);
  check_image(image, FRAME_SECTORS * ISO_SECTOR);
  return 0;
}
