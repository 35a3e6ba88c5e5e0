/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/quote.h"

#include "base/utf8.h"
#include <stdint.h>
#include <string.h>

void quote_sh(const char *s, struct buf *out) {
  buf_add(out, "'", 1);
  for (const char *q; (q = strchr(s, '\'')); s = q + 1) {
    buf_add(out, s, (size_t)(q - s));
    buf_adds(out, "'\\''");
  }
  buf_adds(out, s);
  buf_add(out, "'", 1);
}

void quote_word(const char *s, struct buf *out) {
  if (*s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789_-+=.,:@%/")])
    buf_adds(out, s);
  else
    quote_sh(s, out);
}

/* What may stand for itself in double quotes: YAML 1.2, 5.1 and 5.4. */
static bool yaml_printable(uint32_t c) {
  if (c < 0xA0)
    return c >= 0x20 && c < 0x7F;
  return c != 0x2028 && c != 0x2029 && c != 0xFEFF && c != 0xFFFE &&
         c != 0xFFFF;
}

bool quote_yaml(const char *s, struct buf *out) {
  _cleanup_buf_ struct buf b = {0};
  uint32_t c = 0;
  for (int n; *s; s += n) {
    n = utf8_next(s, &c);
    if (n == 0)
      return false;
    if (c == '"' || c == '\\')
      buf_addf(&b, "\\%c", (int)c);
    else if (c == '\n')
      buf_adds(&b, "\\n");
    else if (yaml_printable(c))
      buf_add(&b, s, (size_t)n);
    else
      buf_addf(&b, "\\u%04x", c);
  }
  buf_add(out, "\"", 1);
  buf_add(out, b.data, b.len);
  buf_add(out, "\"", 1);
  return true;
}

/* The characters of XML 1.0, section 2.2. */
static bool xml_char(uint32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xd800) ||
         (c >= 0xe000 && c < 0xfffe) || c >= 0x10000;
}

void quote_xml(const char *s, struct buf *out) {
  while (*s) {
    uint32_t c = 0;
    int n = utf8_next(s, &c);
    if (n == 0 || !xml_char(c))
      buf_adds(out, "?");
    else if (strchr("<>&\"'\t\n\r", (int)(c < 0x80 ? c : 'x')))
      buf_addf(out, "&#%u;", (unsigned)c);
    else
      buf_add(out, s, (size_t)n);
    s += n ? n : 1;
  }
}

/* Adds s with each c twice. */
static void add_doubled(const char *s, char c, struct buf *out) {
  for (const char *at; (at = strchr(s, c)); s = at + 1) {
    buf_add(out, s, (size_t)(at - s) + 1);
    buf_add(out, at, 1);
  }
  buf_adds(out, s);
}

void quote_qemu(const char *s, struct buf *out) {
  add_doubled(s, ',', out);
}

bool quote_ssh_config(const char *path, struct buf *out) {
  for (const char *p = path; *p; p++)
    if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ' || *p == 0x7f ||
        (p[0] == '$' && p[1] == '{'))
      return false;
  buf_add(out, "\"", 1);
  add_doubled(path, '%', out);
  buf_add(out, "\"", 1);
  return true;
}
