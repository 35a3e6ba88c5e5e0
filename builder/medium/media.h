/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A seed on a medium: ISO 9660 with Rock Ridge and Joliet, as cloud-init's
 * NoCloud wants it (volume label "cidata", files in the root folder). The only
 * user of libisofs. The bytes depend on struct media alone: no clock, no user
 * id, no serial number.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "format/iso9660.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct media_file {
  const char *name; /* no '/', 1 to 64 characters of A-Z a-z 0-9 . _ - */
  mode_t mode;      /* permission bits, 0400 for a secret */
  const void *data;
  size_t len;
};

struct media {
  const char *label; /* 1 to 16 characters, "cidata" for NoCloud */
  const struct media_file *files;
  size_t n_files;
  time_t stamp; /* every time on the medium, 1970 to 2155 */
  bool no_sync; /* do not fsync: the caller does one syncfs for many */

  /*
   * Where several threads make images at once they must share a lock here:
   * libisofs counts references to objects of the whole process without one.
   * NULL with a single thread.
   */
  pthread_mutex_t *lock;
};

/* The image's bytes into out, which must be empty; the caller buf_done's. */
int media_make_iso(const struct media *m, struct buf *out,
                   struct error *err) _must_check_;

/*
 * Writes the image under path with mode 0600 from creation: temporary name in
 * the same folder, fsync unless no_sync, rename.
 */
int media_write_iso(const struct media *m, const char *path,
                    struct error *err) _must_check_;

/*
 * The same by running genisoimage on a private folder beside path, which is
 * wiped and removed. Same tree, not the same bytes: it takes times from the
 * clock.
 */
int media_write_iso_genisoimage(const struct media *m, const char *path,
                                struct error *err) _must_check_;

/* Reads an image back; ret is the caller's to iso_volume_done. */
int media_read_iso(const char *path, struct iso_volume *ret,
                   struct error *err) _must_check_;
