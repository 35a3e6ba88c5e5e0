/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/excerpt.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <stdio.h>
#include <string.h>

#define WIDTH 72 /* characters of a line that are shown */

/* Where a fault is; false when that is not in file. */
static bool parse_where(const char *where, const char *file, unsigned *line,
                        unsigned *column) {
  size_t n = strlen(file);
  char rest;
  if (!where || strncmp(where, file, n) != 0)
    return false;
  /* Of our own making. NOLINTNEXTLINE(cert-err34-c) */
  return sscanf(where + n, ":%u:%u%c", line, column, &rest) == 2 && *line &&
         *column;
}

/* The line's text, without its end; the caller frees. NULL behind the last. */
static char *line_of(const char *text, unsigned line) {
  for (; line > 1; line--) {
    text = strchr(text, '\n');
    if (!text)
      return NULL;
    text++;
  }
  return xstrndup(text, strcspn(text, "\r\n"));
}

/* Moves p over n characters, or to the end. */
static const char *skip(const char *p, unsigned n) {
  uint32_t c;
  for (int len; n > 0 && *p; n--, p += len)
    if ((len = utf8_next(p, &c)) <= 0)
      len = 1;
  return p;
}

static char *excerpt(const char *text, unsigned line, unsigned column) {
  _cleanup_free_ char *all = line_of(text, line);
  _cleanup_buf_ struct buf out = {0};
  /* A password may stand there under a key that is written wrongly. */
  if (!all || strcasestr(all, "passw"))
    return NULL;
  /* Of a long line what is around the place. */
  unsigned first = column > WIDTH ? column - WIDTH / 2 : 1;
  const char *from = skip(all, first - 1);
  const char *to = skip(from, WIDTH);
  _cleanup_free_ char *part = xstrndup(from, (size_t)(to - from));
  _cleanup_free_ char *shown = utf8_printable(part);
  const char *before = first > 1 ? "..." : "";
  buf_addf(&out, "%6u | %s%s%s\n", line, before, shown, *to ? "..." : "");
  buf_addf(&out, "       | %*s^\n", (int)(column - first) + (int)strlen(before),
           "");
  return buf_take(&out);
}

/* Whether a fault has said that the line may hold a secret. */
static bool is_secret(const struct error *err, const char *file,
                      unsigned line) {
  unsigned l, c;
  for (size_t i = 0; i < err->n_faults; i++)
    if (err->faults[i].secret &&
        parse_where(err->faults[i].where, file, &l, &c) && l == line)
      return true;
  return false;
}

void excerpts_add(struct error *err, const char *file, const char *text) {
  /* Any line after it may belong to it. */
  if (strstr(text, "PRIVATE KEY"))
    return;
  for (size_t i = 0; i < err->n_faults; i++) {
    struct fault *f = &err->faults[i];
    unsigned line, column;
    if (!f->excerpt && parse_where(f->where, file, &line, &column) &&
        !is_secret(err, file, line))
      f->excerpt = excerpt(text, line, column);
  }
}
