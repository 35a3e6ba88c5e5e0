/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/net.h"

#include <stdio.h>
#include <string.h>

/* A decimal of at most max without sign or leading zero; moves *s past it. */
static bool parse_decimal(const char **s, unsigned max, unsigned *ret) {
  const char *p = *s;
  unsigned v = 0;
  if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
    return false;
  for (; *p >= '0' && *p <= '9'; p++) {
    v = v * 10 + (unsigned)(*p - '0');
    if (v > max)
      return false;
  }
  *s = p;
  *ret = v;
  return true;
}

static bool parse_quad(const char **s, ip4 *ret) {
  ip4 a = 0;
  for (int i = 0; i < 4; i++) {
    unsigned v;
    if (i && *(*s)++ != '.')
      return false;
    if (!parse_decimal(s, 255, &v))
      return false;
    a = a << 8 | v;
  }
  *ret = a;
  return true;
}

bool ip4_parse(const char *s, ip4 *ret) {
  ip4 a;
  if (!parse_quad(&s, &a) || *s)
    return false;
  *ret = a;
  return true;
}

static ip4 netmask(int bits) {
  return bits == 0 ? 0 : ~(ip4)0 << (32 - bits);
}

bool cidr_parse(const char *s, struct cidr *ret, bool *host_bits) {
  ip4 a;
  unsigned bits;
  if (!parse_quad(&s, &a) || *s++ != '/' || !parse_decimal(&s, 32, &bits) || *s)
    return false;
  *host_bits = (a & ~netmask((int)bits)) != 0;
  *ret = (struct cidr){.base = a & netmask((int)bits), .bits = (int)bits};
  return true;
}

const char *ip4_format(ip4 a, char buf[static NET_TEXT]) {
  (void)snprintf(buf, NET_TEXT, "%u.%u.%u.%u", a >> 24, a >> 16 & 255,
                 a >> 8 & 255, a & 255);
  return buf;
}

const char *cidr_format(const struct cidr *c, char buf[static NET_TEXT]) {
  char quad[NET_TEXT];
  (void)snprintf(buf, NET_TEXT, "%.15s/%d", ip4_format(c->base, quad),
                 c->bits & 63);
  return buf;
}

const char *mac_format(const struct mac *m, char buf[static NET_TEXT]) {
  (void)snprintf(buf, NET_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0],
                 m->b[1], m->b[2], m->b[3], m->b[4], m->b[5]);
  return buf;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool mac_parse(const char *s, struct mac *ret) {
  struct mac m;
  if (strlen(s) != 17)
    return false;
  for (size_t i = 0; i < 6; i++, s += 3) {
    int hi = hex_digit(s[0]);
    int lo = hex_digit(s[1]);
    if (hi < 0 || lo < 0 || (i < 5 && s[2] != ':'))
      return false;
    m.b[i] = (uint8_t)(hi << 4 | lo);
  }
  *ret = m;
  return true;
}

ip4 cidr_last(const struct cidr *c) {
  return c->base | ~netmask(c->bits);
}

bool cidr_has(const struct cidr *c, ip4 a) {
  return (a & netmask(c->bits)) == c->base;
}

bool cidr_overlap(const struct cidr *a, const struct cidr *b) {
  return cidr_has(a, b->base) || cidr_has(b, a->base);
}

bool cidr_subnet(const struct cidr *c, int bits, uint32_t i, struct cidr *ret) {
  if (bits < c->bits || bits > 32)
    return false;
  uint64_t count = (uint64_t)1 << (bits - c->bits);
  if (i >= count)
    return false;
  *ret = (struct cidr){
      .base = c->base + (ip4)((uint64_t)i << (32 - bits)),
      .bits = bits,
  };
  return true;
}

bool dns_label_ok(const char *s) {
  size_t n = strlen(s);
  if (n < 1 || n > 63 || s[0] == '-' || s[n - 1] == '-')
    return false;
  return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

bool dns_name_ok(const char *s) {
  if (strlen(s) > 253)
    return false;
  for (;;) {
    char label[64];
    size_t n = strcspn(s, ".");
    if (n > 63)
      return false;
    memcpy(label, s, n);
    label[n] = '\0';
    if (!dns_label_ok(label))
      return false;
    if (s[n] == '\0')
      return true;
    s += n + 1;
  }
}
