/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growing byte buffer for documents that may hold secrets: whatever it
 * leaves behind when it grows or is freed has been overwritten.
 */
#pragma once

#include "base/cleanup.h"
#include <stddef.h>

/* data is NUL-terminated after the first add; len does not count the NUL. */
struct buf {
  char *data;
  size_t len;
  size_t cap;
};

void buf_add(struct buf *b, const void *data, size_t len);
/* Adds room for len bytes, which the caller must fill: the start of it. */
char *buf_extend(struct buf *b, size_t len);

void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) _printf_(2, 3);

/* Gives the data away as a string ("" when nothing was added). */
char *buf_take(struct buf *b);

/* Overwrites and frees. */
void buf_done(struct buf *b);

#define _cleanup_buf_ _cleanup_(buf_done)
