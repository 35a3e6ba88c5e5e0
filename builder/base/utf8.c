/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utf8.h"

#include "base/buf.h"
#include "base/mem.h"
#include <string.h>

int utf8_next(const char *s, uint32_t *ret) {
  const unsigned char *u = (const unsigned char *)s;
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  int n = u[0] < 0x80             ? 1
          : (u[0] & 0xE0) == 0xC0 ? 2
          : (u[0] & 0xF0) == 0xE0 ? 3
          : (u[0] & 0xF8) == 0xF0 ? 4
                                  : 0;
  if (n == 0)
    return 0;
  uint32_t c = n == 1 ? u[0] : u[0] & (0x7Fu >> n);
  for (int i = 1; i < n; i++) {
    if ((u[i] & 0xC0) != 0x80)
      return 0;
    c = c << 6 | (u[i] & 0x3F);
  }
  if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
    return 0;
  *ret = c;
  return n;
}

bool utf8_ok(const char *s) {
  uint32_t c = 0;
  for (int n; *s; s += n) {
    n = utf8_next(s, &c);
    if (n == 0)
      return false;
  }
  return true;
}

char *utf8_printable(const char *s) {
  struct buf out = {0};
  while (*s) {
    uint32_t c = 0;
    int n = utf8_next(s, &c);
    if (n == 0)
      buf_adds(&out, "?");
    else if (c < ' ' || (c >= 0x7f && c < 0xa0))
      buf_adds(&out, " ");
    else
      buf_add(&out, s, (size_t)n);
    s += n ? n : 1;
  }
  return out.data ? buf_take(&out) : xstrdup("");
}

char *utf8_lines(const char *s) {
  struct buf out = {0};
  for (;;) {
    size_t n = strcspn(s, "\n");
    _cleanup_free_ char *line = xstrndup(s, n);
    _cleanup_free_ char *shown = utf8_printable(line);
    buf_adds(&out, shown);
    if (!s[n])
      return buf_take(&out);
    buf_adds(&out, "\n  ");
    s += n + 1;
  }
}
