/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Allocation that ends the program when memory is out. Outputs are written to
 * a temporary name and renamed, so ending at any moment leaves nothing broken,
 * and no caller needs a branch that no test can reach.
 */
#pragma once

#include "base/cleanup.h"
#include <stdarg.h>
#include <stddef.h>

/* Zeroed memory for n members of size bytes; the caller frees. */
void *xcalloc(size_t n, size_t size);

/* As realloc(3) for n members of size bytes, checked for overflow. */
void *xrealloc(void *p, size_t n, size_t size);

/* A copy of s (NULL gives NULL); the caller frees. */
char *xstrdup(const char *s);

/* A copy of the first n bytes of s, NUL-terminated; the caller frees. */
char *xstrndup(const char *s, size_t n);

/* As asprintf(3) and vasprintf(3), returning the string; the caller frees. */
char *xasprintf(const char *fmt, ...) _printf_(1, 2);
char *xvasprintf(const char *fmt, va_list ap) _printf_(1, 0);

/* Overwrites a secret string before freeing it. NULL is fine. */
void erase_free(char *s);

static inline void cleanup_erase(char **s) {
  erase_free(*s);
}
#define _cleanup_erase_ _cleanup_(cleanup_erase)
