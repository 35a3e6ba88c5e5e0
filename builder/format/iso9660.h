/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small reader of ISO 9660 (ECMA-119) for bytes that nobody vouches for:
 * label and the plain files of the root folder, by their Rock Ridge names
 * (IEEE P1282 NM) or, without those, their Joliet names, or else their ISO
 * names without ";1". Folders and other things are passed over.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define ISO_SECTOR 2048
#define ISO_MAX_BYTES ((size_t)64 << 20)
#define ISO_MAX_FILES 1024

struct iso_file {
  char *name;   /* UTF-8; never empty, '.' or '..', no '/', no control bytes */
  mode_t mode;  /* Rock Ridge permission bits, else 0444 */
  uid_t uid;    /* Rock Ridge, else 0 */
  gid_t gid;    /* the same */
  time_t mtime; /* of the directory record */
  const void *data; /* inside the volume's bytes */
  size_t len;
};
DEFINE_VEC(iso_file_vec, struct iso_file);

struct iso_volume {
  char *label; /* of Joliet where there is one, else of the primary */
  struct iso_file_vec files; /* sorted by name */
  struct buf image;          /* the bytes, when the volume owns them */
};

/*
 * Reads the image in data; the volume's files point into it. Wrong bytes are
 * an error or are left out, never a crash. ret is the caller's to
 * iso_volume_done.
 */
int iso_read(const void *data, size_t len, struct iso_volume *ret,
             struct error *err) _must_check_;

const struct iso_file *iso_find(const struct iso_volume *v, const char *name);

void iso_volume_done(struct iso_volume *v);

#define _cleanup_iso_volume_ _cleanup_(iso_volume_done)
