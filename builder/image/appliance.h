/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libguestfs and its small machine, in which disks are opened without root. The
 * library is loaded when it is used and not before: with what it depends on it
 * is fifty libraries, which no other command should wait for.
 *
 *   a->lib.FUNCTION(a->g, ...) is guestfs_FUNCTION(3)
 */
#pragma once

#include "base/error.h"
#include <guestfs.h>

/* All of it that is used. */
#define APPLIANCE_FUNCTIONS(X)                                                 \
  X(add_drive_opts_argv)                                                       \
  X(close)                                                                     \
  X(create_flags)                                                              \
  X(glob_expand)                                                               \
  X(last_error)                                                                \
  X(launch)                                                                    \
  X(mount_ro)                                                                  \
  X(parse_environment)                                                         \
  X(part_add)                                                                  \
  X(part_init)                                                                 \
  X(part_set_disk_guid)                                                        \
  X(part_set_gpt_guid)                                                         \
  X(part_set_gpt_type)                                                         \
  X(pread_device)                                                              \
  X(pwrite_device)                                                             \
  X(read_file)                                                                 \
  X(set_backend)                                                               \
  X(set_backend_settings)                                                      \
  X(set_error_handler)                                                         \
  X(shutdown)                                                                  \
  X(vfs_uuid)

struct appliance {
  struct {
    void *handle;
#define APPLIANCE_MEMBER(name) typeof(guestfs_##name) *name;
    APPLIANCE_FUNCTIONS(APPLIANCE_MEMBER);
#undef APPLIANCE_MEMBER
  } lib;
  guestfs_h *g;
};

/* Fails (ERROR_MISSING) when libguestfs, or a kernel for it, is not there. */
int appliance_require(struct error *err) _must_check_;

/* Loads the library and sets its machine up, which starts with lib.launch. The
 * caller appliance_done's ret, also after a failure. */
int appliance_make(struct appliance *ret, struct error *err) _must_check_;

/* "libguestfs: WHAT: what it says itself". Returns -1. */
int appliance_fail(const struct appliance *a, const char *what,
                   struct error *err);

void appliance_done(struct appliance *a);

#define _cleanup_appliance_ _cleanup_(appliance_done)
