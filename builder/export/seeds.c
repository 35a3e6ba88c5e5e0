/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/seeds.h"

#include "base/file.h"
#include "format/iso9660.h"

int export_seed_read(const struct export_job *job, size_t i, struct buf *ret,
                     struct error *err) {
  _cleanup_free_ char *path =
      state_path(job->state, "seeds/%s.iso", export_node(job, i)->name);
  return file_read(path, ISO_MAX_BYTES, ret, err);
}

int export_seed_put(const struct export_job *job, size_t i, struct error *err) {
  _cleanup_buf_ struct buf seed = {0};
  _cleanup_free_ char *path =
      export_path(job, "%s.iso", export_node(job, i)->name);
  return export_seed_read(job, i, &seed, err) < 0
             ? -1
             : file_write(path, seed.data, seed.len, 0600, err);
}
