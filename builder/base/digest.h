/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SHA-256 (FIPS 180-4) by libcrypto, as lower-case hex.
 */
#pragma once

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_HEX 65 /* with NUL */

void sha256_raw(const void *data, size_t len, uint8_t out[static SHA256_BYTES]);
void sha256_hex(const void *data, size_t len, char out[static SHA256_HEX]);

/* Digest of a whole file of any size. What is no regular file is an error: a
 * FIFO or a device may have no end. */
int sha256_file(const char *path, char out[static SHA256_HEX],
                struct error *err) _must_check_;
