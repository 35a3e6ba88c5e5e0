/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/diff.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "base/vec.h"
#include <stdint.h>
#include <string.h>

struct line {
  const char *text;
  size_t len;
};
DEFINE_VEC(line_vec, struct line);

static void split(const char *text, struct line_vec *ret) {
  while (*text) {
    size_t len = strcspn(text, "\n");
    *line_vec_add(ret) = (struct line){text, len};
    text += len + (text[len] == '\n');
  }
}

static bool same(const struct line *a, const struct line *b) {
  return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void tell(const char *indent, char sign, const struct line *l,
                 struct buf *out) {
  _cleanup_erase_ char *text = xstrndup(l->text, l->len);
  _cleanup_erase_ char *shown = utf8_printable(text);
  buf_addf(out, "%s%c%s\n", indent, sign, shown);
}

/* The middle of both, n and m lines. longest[i][k] is the length of the longest
 * common subsequence of what begins at line i of a and line k of b. */
static void compare(const struct line *a, size_t n, const struct line *b,
                    size_t m, const char *indent, struct buf *out) {
  size_t width = m + 1, i = 0, k = 0;
  _cleanup_free_ uint16_t *longest = xcalloc((n + 1) * width, sizeof(*longest));
  for (size_t x = n; x-- > 0;)
    for (size_t y = m; y-- > 0;) {
      uint16_t down = longest[(x + 1) * width + y];
      uint16_t right = longest[x * width + y + 1];
      longest[x * width + y] =
          same(&a[x], &b[y]) ? (uint16_t)(longest[(x + 1) * width + y + 1] + 1)
                             : (down > right ? down : right);
    }
  while (i < n || k < m) {
    if (i < n && k < m && same(&a[i], &b[k])) {
      i++;
      k++;
    } else if (i < n && (k == m || longest[(i + 1) * width + k] >=
                                       longest[i * width + k + 1])) {
      tell(indent, '-', &a[i++], out);
    } else {
      tell(indent, '+', &b[k++], out);
    }
  }
}

void diff_lines(const char *a, const char *b, const char *indent,
                struct buf *out) {
  struct line_vec x = {0}, y = {0};
  split(a, &x);
  split(b, &y);
  size_t first = 0, n = x.n, m = y.n;
  while (first < n && first < m && same(&x.v[first], &y.v[first]))
    first++;
  while (n > first && m > first && same(&x.v[n - 1], &y.v[m - 1])) {
    n--;
    m--;
  }
  n -= first;
  m -= first;
  if (n > DIFF_MAX_LINES || m > DIFF_MAX_LINES)
    buf_addf(out, "%s%zu lines are %zu others\n", indent, n, m);
  else if (n > 0 || m > 0)
    compare(n ? x.v + first : NULL, n, m ? y.v + first : NULL, m, indent, out);
  free(x.v);
  free(y.v);
}
