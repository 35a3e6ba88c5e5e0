/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether an image that somebody brings came whole: of one that was cut QEMU
 * reads zeros where nothing is. */
#pragma once

#include "base/error.h"
#include <stdbool.h>

/* Whether it begins as a qcow2 image does. */
bool image_is_qcow2(const char *path);

/*
 * Fails, with what to do, when the file is not a qcow2 image, or when clusters
 * that it names are not in it; what is cut within its last 64 KiB is not seen.
 * Of its data nothing is read. ERROR_MISSING when there is no qemu-img.
 */
int image_whole(const char *path, struct error *err) _must_check_;
