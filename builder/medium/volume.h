/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A seed's medium read back, whatever its form: an ISO 9660 or FAT image or
 * device, such a partition of a raw disk, a tar archive, a folder. Its bytes
 * are nobody's word: each reader refuses what is cut, damaged or too large.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include <stdbool.h>
#include <sys/types.h>

/* Of all files together. */
#define VOLUME_MAX_BYTES ((size_t)64 << 20)
#define VOLUME_MAX_FILES 1024

struct volume_file {
  char *name;  /* UTF-8 without '/' and control bytes */
  mode_t mode; /* permission bits; unless !has_modes */
  struct buf data;
};
DEFINE_VEC(volume_file_vec, struct volume_file);

struct volume {
  const char *form;   /* "ISO 9660", "FAT", "tar", "folder" */
  unsigned partition; /* of a disk, from 1; 0: not of a disk */
  bool has_modes;
  char *label;                  /* NULL where the form has none */
  struct volume_file_vec files; /* sorted by name */
};

/*
 * Reads what is at path; of a disk the first partition labelled "cidata", which
 * is what cloud-init takes. ret is the caller's to volume_done.
 */
int volume_read(const char *path, struct volume *ret,
                struct error *err) _must_check_;

/* The same of an image's bytes; for tests. */
int volume_parse(const void *data, size_t len, struct volume *ret,
                 struct error *err) _must_check_;

const struct volume_file *volume_find(const struct volume *v, const char *name);

void volume_done(struct volume *v);
#define _cleanup_volume_ _cleanup_(volume_done)
