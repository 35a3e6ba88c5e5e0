/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes as text: base64 (RFC 4648, section 4) and hexadecimal. Either side may
 * be a secret: nothing of it is left outside of what the caller gave.
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>

/* Adds the base64 to out, with padding; a newline after every width characters
 * and at the end (0: no newline at all). */
void base64_encode(const void *data, size_t len, size_t width, struct buf *out);

/*
 * Adds the bytes to out. False, with out as it was, for whatever base64_encode
 * does not write: other characters but newlines ('\n', '\r') anywhere, padding
 * that is missing or too much, bits that are not 0 after the last byte.
 */
bool base64_decode(const char *text, size_t len, struct buf *out) _must_check_;

/* Lower-case digits into out, two for each byte, and NUL. */
void hex_encode(const void *data, size_t len, char *out);

/* The len bytes that the first 2 * len characters of text are, in either case.
 * False when one is no digit; out may then be half filled. */
bool hex_decode(const char *text, size_t len, void *out) _must_check_;
