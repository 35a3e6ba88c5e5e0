/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UTF-8 (RFC 3629), strict: no overlong forms, no surrogates.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the character at s, which ends with NUL, into ret and returns its
 * length; 0 for bytes that are no character.
 */
int utf8_next(const char *s, uint32_t *ret);

bool utf8_ok(const char *s);

/*
 * A copy that a terminal shows and does not obey: a space for each control
 * character (C0, DEL and C1), '?' for each byte that is no UTF-8. The caller
 * frees.
 */
char *utf8_printable(const char *s);

/*
 * The same of a text that may have several lines, such as another program's
 * last ones: each but the first is indented, so that none, by a newline in a
 * file's name, looks like a line of our own. The caller frees.
 */
char *utf8_lines(const char *s);
