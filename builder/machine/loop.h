/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loop devices: a file, or a part of it, as a block device (loop(4)). Only what
 * detaches itself is made here: the kernel lets go of the file when the device
 * was closed and unmounted everywhere, whoever was killed meanwhile.
 */
#pragma once

#include "base/error.h"
#include <stdint.h>

/* How long a file is waited for that another device still has, such as that of
 * a machine which has just ended. */
#define LOOP_DETACH_SECONDS 30.0

/*
 * The bytes of file from offset on, size of them (both multiples of 512; size
 * 0: to the end), as a free loop device. The device lives while ret_fd (the
 * caller's to close) is open or a file system on it is mounted. The caller
 * frees *ret_device, its path. An error when another device has the file and
 * keeps it. Needs root.
 */
int loop_attach(const char *file, uint64_t offset, uint64_t size,
                char **ret_device, int *ret_fd, struct error *err) _must_check_;
