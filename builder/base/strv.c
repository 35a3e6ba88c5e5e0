/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/strv.h"

#include "base/mem.h"
#include <stdarg.h>
#include <string.h>

/* Takes ownership of s. */
static void strv_consume(struct strv *l, char *s) {
  l->v = xrealloc(l->v, l->n + 2, sizeof(*l->v));
  l->v[l->n++] = s;
  l->v[l->n] = NULL;
}

void strv_push(struct strv *l, const char *s) {
  strv_consume(l, xstrdup(s));
}

void strv_pushf(struct strv *l, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *s = xvasprintf(fmt, ap);
  va_end(ap);
  strv_consume(l, s);
}

void strv_push_file(struct strv *l, const char *path) {
  strv_pushf(l, "%s%s", *path == '/' ? "" : "./", path);
}

void strv_push_all(struct strv *l, ...) {
  va_list ap;
  va_start(ap, l);
  for (const char *s; (s = va_arg(ap, const char *));)
    strv_push(l, s);
  va_end(ap);
}

bool strv_has(const struct strv *l, const char *s) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->v[i], s) == 0)
      return true;
  return false;
}

char *strv_join(const struct strv *l, const char *separator) {
  size_t len = 0;
  for (size_t i = 0; i < l->n; i++)
    len += strlen(l->v[i]) + strlen(separator);
  char *text = xcalloc(len + 1, 1);
  char *end = text;
  for (size_t i = 0; i < l->n; i++) {
    if (i)
      end = stpcpy(end, separator);
    end = stpcpy(end, l->v[i]);
  }
  return text;
}

void strv_done(struct strv *l) {
  for (size_t i = 0; i < l->n; i++)
    free(l->v[i]);
  free(l->v);
  *l = (struct strv){0};
}
