/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static _Noreturn void out_of_memory(void) {
  static const char msg[] = "kubeseed: out of memory\n";
  /* Nothing more can be done if even this write fails. */
  if (write(STDERR_FILENO, msg, sizeof(msg) - 1) < 0)
    _exit(1);
  _exit(1);
}

void *xcalloc(size_t n, size_t size) {
  void *p = calloc(n ? n : 1, size ? size : 1);
  if (!p)
    out_of_memory();
  return p;
}

void *xrealloc(void *p, size_t n, size_t size) {
  if (size && n > SIZE_MAX / size)
    out_of_memory();
  size_t len = n * size;
  p = realloc(p, len > 0 ? len : 1);
  if (!p)
    out_of_memory();
  return p;
}

char *xstrdup(const char *s) {
  return s ? xstrndup(s, strlen(s)) : NULL;
}

char *xstrndup(const char *s, size_t n) {
  n = strnlen(s, n);
  char *copy = xcalloc(n + 1, 1);
  memcpy(copy, s, n);
  return copy;
}

char *xvasprintf(const char *fmt, va_list ap) {
  char *s = NULL;
  if (vasprintf(&s, fmt, ap) < 0)
    out_of_memory();
  return s;
}

char *xasprintf(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *s = xvasprintf(fmt, ap);
  va_end(ap);
  return s;
}

void erase_free(char *s) {
  if (!s)
    return;
  explicit_bzero(s, strlen(s));
  free(s);
}
