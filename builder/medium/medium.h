/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A seed on a medium: ISO 9660 with Rock Ridge and Joliet, as cloud-init's
 * NoCloud wants it (volume label "cidata", files in the root folder).
 *
 * There are several writers of ISO 9660. A new one is a file with its struct
 * medium_writer and a line in medium.c; `seed --iso-writer` knows it then. What
 * else NoCloud takes has its writer too, and a row in seed/forms.c.
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

struct medium_file {
  const char *name; /* no '/', 1 to 64 characters of A-Z a-z 0-9 . _ - */
  mode_t mode;      /* permission bits, 0400 for a secret */
  const void *data;
  size_t len;
};

struct medium {
  const char *label; /* 1 to 16 characters, "cidata" for NoCloud */
  const struct medium_file *files;
  size_t n_files;
  time_t stamp; /* every time on the medium, 1970 to 2155 */

  /*
   * Where several threads make images at once they must share a lock here:
   * libisofs counts references to objects of the whole process without one.
   * NULL with a single thread.
   */
  pthread_mutex_t *lock;
};

/* The root folder's permissions. */
#define MEDIUM_ROOT_MODE 0555

struct medium_writer {
  const char *name;
  const char
      *package; /* Debian's, of the program it runs; NULL: it runs none */
  bool dated;   /* its bytes hold the time at which it ran */

  /*
   * The image's bytes into out, which is empty; m was checked. What is needed
   * on the way may be put beside path under a temporary name, readable by us
   * alone, and is gone at the end.
   */
  int (*make)(const struct medium *m, const char *path, struct buf *out,
              struct error *err);
};

extern const struct medium_writer medium_libisofs, medium_genisoimage;
/* Of other forms. */
extern const struct medium_writer medium_fat, medium_tar;

/* All writers of ISO 9660, the default first and NULL last. */
extern const struct medium_writer *const medium_writers[];

/* NULL for a name that is none. */
const struct medium_writer *medium_writer_find(const char *name);

/* "'a', 'b' or 'c'", for messages; the caller frees. */
char *medium_writer_names(void);

/*
 * The bytes of the medium that is to be at path, made by writer (NULL: the
 * default), into out, which must be empty. The caller buf_done's. Writes no
 * file at path.
 */
int medium_make(const struct medium_writer *writer, const struct medium *m,
                const char *path, struct buf *out,
                struct error *err) _must_check_;

/* Reads an image back; ret is the caller's to iso_volume_done. */
int medium_read(const char *path, struct iso_volume *ret,
                struct error *err) _must_check_;
