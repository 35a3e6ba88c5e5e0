/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must and must not be in an image: no identity, no secret, no log, no
 * seed; the units that every node runs; the payload's images, pinned; boot
 * loaders for BIOS and UEFI.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/strv.h"
#include <stdint.h>

/* Where image_inspect finds all that below an image's disk: its root file
 * system, with the EFI system partition at INSPECT_ESP. */
#define INSPECT_ESP "/mnt"
struct inspect_view {
  /* The paths that a shell's pattern matches. */
  int (*list)(void *arg, const char *pattern, struct strv *ret,
              struct error *err);
  /* A file's bytes; one that is not there fails. */
  int (*read)(void *arg, const char *path, struct buf *ret, struct error *err);
  /* Bytes of the disk itself. */
  int (*bytes)(void *arg, uint64_t at, size_t n, struct buf *ret,
               struct error *err);
  const char *uuid; /* of the root file system */
  void *arg;
};

/* Each thing that is wrong is a fault of err. */
int inspect(const struct inspect_view *v, struct error *err) _must_check_;

/* The same for an image's file, which is opened by libguestfs and only read.
 * Where its machine is emulated that takes half a minute, in which log shows
 * that it lives. */
int inspect_image(const struct log *log, const char *path,
                  struct error *err) _must_check_;
