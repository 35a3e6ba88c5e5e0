/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The raw image, compressed: what one carries to a machine, and writes to its
 * disk with `zstdcat`. */
#include "export/convert.h"
#include "export/format.h"
#include "export/place.h"
#include "export/plain.h"

static int require(const struct export_job *job, struct error *err) {
  (void)job;
  return convert_require(err) < 0 ? -1 : process_require("zstd", "zstd", err);
}

static void files(const struct export_job *job, struct strv *ret) {
  (void)job;
  strv_push(ret, "image.raw.zst");
}

static int compress(const struct export_job *job, const struct place *raw,
                    const struct place *p, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  const struct process zstd = {.argv = &argv, .package = "zstd"};
  strv_push_all(&argv, "zstd", "-q", "-T0", "-f", "-o", NULL);
  strv_push_file(&argv, p->tmp);
  strv_push_all(&argv, "--", raw->tmp, NULL);
  return convert_run(job->log, &zstd, p->tmp, "writing image.raw.zst", err);
}

/* qemu-img writes into files only. */
static int write_file(const struct export_job *job, struct error *err) {
  _cleanup_place_ struct place raw = PLACE_NONE, p = PLACE_NONE;
  _cleanup_free_ char *name = export_path(job, "image.raw");
  _cleanup_free_ char *path = export_path(job, "image.raw.zst");
  if (place_begin(path, &p, err) < 0 || place_begin(name, &raw, err) < 0 ||
      convert_image(job->log, job->image, "raw", NULL, raw.tmp,
                    "writing the raw image", err) < 0 ||
      compress(job, &raw, &p, err) < 0)
    return -1;
  return place_commit(&p, 0644, err);
}

const struct export_format export_raw_zst = {
    .name = "raw.zst",
    .what = "the same, compressed by zstd",
    .require = require,
    .files = files,
    .write = write_file,
    .tell = plain_tell,
};
