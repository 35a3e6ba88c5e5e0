/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Archives of plain files as POSIX has them (IEEE Std 1003.1, pax, "ustar
 * Interchange Format"): for each file a header, its bytes, zeros up to a whole
 * block; at the end two blocks of zeros.
 */
#pragma once

#include "base/error.h"
#include <stdint.h>
#include <sys/types.h>

#define USTAR_BLOCK 512
#define USTAR_END (2 * USTAR_BLOCK)

/* The header of a file of root's. Fails for a name of more than 99 bytes, and
 * for more bytes than 11 octal digits tell, 8 GiB. */
int ustar_header(const char *name, uint64_t size, mode_t mode, uint64_t mtime,
                 uint8_t out[static USTAR_BLOCK],
                 struct error *err) _must_check_;

/* How many zeros follow on so many bytes. */
size_t ustar_padding(uint64_t size);
