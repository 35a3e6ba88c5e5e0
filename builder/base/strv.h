/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A list of strings, always NULL-terminated in v, as argv wants it.
 */
#pragma once

#include "base/cleanup.h"
#include <stdbool.h>
#include <stddef.h>

struct strv {
  char **v; /* NULL while empty */
  size_t n;
};

void strv_push(struct strv *l, const char *s);
void strv_pushf(struct strv *l, const char *fmt, ...) _printf_(2, 3);

/* Adds a file's name so that no program takes it for an option or, as qemu-img
 * does, what stands before a colon in it for a protocol. */
void strv_push_file(struct strv *l, const char *path);

/* Adds strings up to a NULL argument. */
void strv_push_all(struct strv *l, ...) __attribute__((sentinel));

bool strv_has(const struct strv *l, const char *s);

/* All strings with the separator between them; the caller frees. */
char *strv_join(const struct strv *l, const char *separator);

void strv_done(struct strv *l);

#define _cleanup_strv_ _cleanup_(strv_done)
