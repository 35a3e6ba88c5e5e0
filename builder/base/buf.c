/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include "base/mem.h"
#include <stdarg.h>
#include <string.h>

static void buf_reserve(struct buf *b, size_t extra) {
  size_t need = b->len + extra + 1;
  if (need <= b->cap)
    return;
  size_t cap = b->cap ? b->cap : 256;
  while (cap < need)
    cap *= 2;
  /* Not realloc: it may leave the old bytes readable in freed memory. */
  char *data = xrealloc(NULL, cap, 1);
  if (b->data) {
    memcpy(data, b->data, b->len);
    explicit_bzero(b->data, b->cap); /* it may have been longer */
    free(b->data);
  }
  data[b->len] = '\0';
  b->data = data;
  b->cap = cap;
}

void buf_add(struct buf *b, const void *data, size_t len) {
  buf_reserve(b, len);
  if (len)
    memcpy(b->data + b->len, data, len);
  b->len += len;
  b->data[b->len] = '\0';
}

char *buf_extend(struct buf *b, size_t len) {
  buf_reserve(b, len);
  char *at = b->data + b->len;
  b->len += len;
  b->data[b->len] = '\0';
  return at;
}

void buf_adds(struct buf *b, const char *s) {
  buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  if (n < 0)
    return;
  buf_reserve(b, (size_t)n);
  va_start(ap, fmt);
  (void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
  va_end(ap);
  b->len += (size_t)n;
}

char *buf_take(struct buf *b) {
  buf_reserve(b, 0);
  char *data = b->data;
  *b = (struct buf){0};
  return data;
}

void buf_done(struct buf *b) {
  if (b->data) {
    explicit_bzero(b->data, b->cap);
    free(b->data);
  }
  *b = (struct buf){0};
}
