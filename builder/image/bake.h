/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Baking one image: a recipe's packages and files and a payload become a
 * bootable disk.
 *
 *   thread   boot loader's machine: GPT ................. GRUB
 *   main     mmdebstrap, payload, images, mke2fs -d          | qemu-img
 *            `-- all writing into one sparse raw disk -------'
 *
 * Where on the disk what lies is in bootloader.h.
 */
#pragma once

#include "base/error.h"
#include "image/payload.h"
#include <stdint.h>

struct bake {
  const char *recipe; /* embedded folder, "images/debian" */
  const struct payload *payload;
  const char *mirror;                        /* NULL: mmdebstrap's own */
  const char *suite, *packages, *components; /* of Debian; see contents.h */
  const char *timezone, *locales, *keyboards;
  uint64_t disk;          /* bytes of the image's disk, whole MiB */
  const char *work;       /* empty folder for temporary files; stays */
  const char *apt;        /* folder of downloaded packages, kept */
  const char *containerd; /* archive of it; NULL: Debian's */
  const char *uuid;       /* of the root file system */
  const char *output;     /* qcow2 to write */
  const char *log_path;   /* what mmdebstrap and friends said */

  /* Step n of total begins; or, with seconds >= 0, it has ended. */
  void (*on_step)(void *arg, unsigned n, unsigned total, const char *text,
                  double seconds);
  /* That step goes on, the bake for so many seconds; see log_alive. */
  void (*on_alive)(void *arg, const char *text, unsigned seconds);
  void *arg;
};

/* Fails (ERROR_MISSING) when a program, a library or a kernel is missing; with
 * a usage error when SOURCE_DATE_EPOCH, the time of all that is made, is no
 * time. */
int bake_require(struct error *err) _must_check_;

/* Bytes that baking needs in the file system of bake->work. */
uint64_t bake_space(const struct payload *payload);

/*
 * Bakes. On success output is complete and synced, and work/out holds the
 * lists "packages", "images" ("NAME DIGEST" lines) and "kernel". Of the same
 * packages and payload it makes the same bytes, when SOURCE_DATE_EPOCH is set.
 */
int bake_run(const struct bake *b, struct error *err) _must_check_;

/*
 * Removes a bake's folder, also where user namespaces made files in it that
 * are not ours to remove. A missing one is fine.
 */
int bake_remove(const char *work, struct error *err) _must_check_;
