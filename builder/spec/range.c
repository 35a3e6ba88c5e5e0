/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/range.h"

#include "base/mem.h"
#include <ctype.h>
#include <string.h>

#define NOT_LIKE "has a range that is not like {01..03} or {a,b,c}"

/* Digits at *s to a number; gives their count, 0 when there are none. */
static int read_number(const char **s, unsigned *ret) {
  unsigned v = 0;
  int digits = 0;
  for (; isdigit((unsigned char)**s) && digits < 6; (*s)++, digits++)
    v = v * 10 + (unsigned)(**s - '0');
  *ret = v;
  return digits;
}

/* "a,b,c}" from p on, words of letters and digits. */
static const char *parse_list(const char *s, const char *open,
                              struct range *ret) {
  static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
  struct range r = {.text = s, .list = open + 1, .prefix = (int)(open - s)};
  const char *p = open + 1;
  for (;; p++) {
    size_t n = strspn(p, word);
    if (n == 0 || *p == '-' || p[n - 1] == '-')
      return NOT_LIKE;
    r.n++;
    p += n;
    if (*p != ',')
      break;
  }
  if (*p != '}' || r.n < 2)
    return NOT_LIKE;
  if (strpbrk(p + 1, "{}"))
    return "has more than one range";
  r.suffix = p + 1;
  *ret = r;
  return NULL;
}

const char *range_parse(const char *s, struct range *ret) {
  const char *open = strchr(s, '{');
  if (!open) {
    if (strchr(s, '['))
      return NOT_LIKE;
    if (strchr(s, '}'))
      return "has '}' without '{'";
    *ret = (struct range){.text = s, .n = 1};
    return NULL;
  }
  const char *p = open + 1;
  unsigned first;
  unsigned last;
  if (open[1 + strcspn(open + 1, ",}")] == ',')
    return parse_list(s, open, ret);
  int width = read_number(&p, &first);
  if (width == 0 || strncmp(p, "..", 2) != 0)
    return NOT_LIKE;
  p += 2;
  if (read_number(&p, &last) == 0 || *p != '}')
    return NOT_LIKE;
  if (strpbrk(p + 1, "{}"))
    return "has more than one range";
  if (last < first)
    return "has a range that counts down";
  if (last - first >= RANGE_MAX)
    return "has a range of more than 20000 names";
  *ret = (struct range){
      .text = s,
      .suffix = p + 1,
      .prefix = (int)(open - s),
      .width = width,
      .first = first,
      .n = last - first + 1,
  };
  return NULL;
}

char *range_name(const struct range *r, size_t i) {
  if (!r->suffix)
    return xstrdup(r->text);
  const char *word = r->list;
  for (; word && i > 0; i--)
    word = strchr(word, ',') + 1;
  if (word)
    return xasprintf("%.*s%.*s%s", r->prefix, r->text, (int)strcspn(word, ",}"),
                     word, r->suffix);
  return xasprintf("%.*s%0*zu%s", r->prefix, r->text, r->width, r->first + i,
                   r->suffix);
}

bool range_address(const char *s, struct ip *ret, bool *plus) {
  size_t n = strlen(s);
  *plus = n > 0 && s[n - 1] == '+';
  _cleanup_free_ char *plain = xstrndup(s, *plus ? n - 1 : n);
  return ip_parse(plain, ret);
}

bool range_mac(const char *s, struct mac *ret, bool *plus) {
  size_t n = strlen(s);
  *plus = n > 0 && s[n - 1] == '+';
  _cleanup_free_ char *plain = xstrndup(s, *plus ? n - 1 : n);
  return mac_parse(plain, ret);
}
