/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files in a tar archive, to be unpacked where cloud-init looks for a seed
 * on the machine's own disk. Nothing keeps the label. */
#include "medium/medium.h"

#include "base/mem.h"
#include "format/ustar.h"
#include <string.h>

static int make(const struct medium *m, const char *path, struct buf *out,
                struct error *err) {
  static const char zeros[USTAR_END];
  (void)path;
  for (size_t i = 0; i < m->n_files; i++) {
    const struct medium_file *f = &m->files[i];
    uint8_t header[USTAR_BLOCK];
    if (ustar_header(f->name, f->len, f->mode, (uint64_t)m->stamp, header,
                     err) < 0)
      return -1;
    buf_add(out, header, sizeof(header));
    buf_add(out, f->data, f->len);
    buf_add(out, zeros, ustar_padding(f->len));
  }
  buf_add(out, zeros, sizeof(zeros));
  return 0;
}

const struct medium_writer medium_tar = {.name = "tar", .make = make};
