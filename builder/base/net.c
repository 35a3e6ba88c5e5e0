/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/net.h"

#include "base/codec.h"
#include <arpa/inet.h>
#include <netinet/in.h>
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

/* How many bits an address of the family has. */
static int width(enum ip_family f) {
  switch (f) {
  case IP_V4:
    return 32;
  case IP_V6:
    return 128;
  case IP_NONE:
    break;
  }
  return 0;
}

static bool parse_quad(const char *s, struct ip *ret) {
  struct ip a = {.family = IP_V4};
  for (int i = 0; i < 4; i++) {
    unsigned v;
    if (i && *s++ != '.')
      return false;
    if (!parse_decimal(&s, 255, &v))
      return false;
    a.b[i] = (uint8_t)v;
  }
  if (*s)
    return false;
  *ret = a;
  return true;
}

bool ip_parse(const char *s, struct ip *ret) {
  static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
  struct ip a = {.family = IP_V6};
  if (!strchr(s, ':'))
    return parse_quad(s, ret);
  if (inet_pton(AF_INET6, s, a.b) != 1 ||
      memcmp(a.b, mapped, sizeof(mapped)) == 0)
    return false;
  *ret = a;
  return true;
}

const char *ip_format(struct ip a, char buf[static NET_TEXT]) {
  buf[0] = '\0';
  if (ip_is_set(a))
    (void)inet_ntop(a.family == IP_V4 ? AF_INET : AF_INET6, a.b, buf, NET_TEXT);
  return buf;
}

int ip_compare(struct ip a, struct ip b) {
  if (a.family != b.family)
    return a.family < b.family ? -1 : 1;
  return memcmp(a.b, b.b, sizeof(a.b));
}

bool ip_equal(struct ip a, struct ip b) {
  return ip_compare(a, b) == 0;
}

/* Adds v to the first n bytes as to one number; false when it is too big. */
static bool add_bytes(uint8_t *b, int n, uint64_t v) {
  while (v && n-- > 0) {
    v += b[n];
    b[n] = (uint8_t)v;
    v >>= 8;
  }
  return v == 0;
}

bool ip_add(struct ip a, uint32_t n, struct ip *ret) {
  if (!ip_is_set(a) || !add_bytes(a.b, width(a.family) / 8, n))
    return false;
  *ret = a;
  return true;
}

/* The last four bytes as a number. */
static uint32_t low(struct ip a) {
  uint32_t n = 0;
  int end = width(a.family) / 8;
  for (int i = end - 4; i >= 0 && i < end; i++)
    n = n << 8 | a.b[i];
  return n;
}

uint32_t ip_distance(struct ip a, struct ip b) {
  return low(b) - low(a);
}

socklen_t ip_sockaddr(struct ip a, uint16_t port,
                      struct sockaddr_storage *ret) {
  *ret = (struct sockaddr_storage){0};
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  switch (a.family) {
  case IP_V4:
    memcpy(&v4.sin_addr, a.b, sizeof(v4.sin_addr));
    memcpy(ret, &v4, sizeof(v4));
    return sizeof(v4);
  case IP_V6:
    memcpy(&v6.sin6_addr, a.b, sizeof(v6.sin6_addr));
    memcpy(ret, &v6, sizeof(v6));
    return sizeof(v6);
  case IP_NONE:
    break;
  }
  return 0;
}

/* The bits of byte i that belong to the host when the network has `bits`. */
static uint8_t host_mask(int bits, int i) {
  int network = bits - 8 * i;
  if (network <= 0)
    return 0xff;
  if (network >= 8)
    return 0;
  return (uint8_t)(0xff >> network);
}

static struct ip network_of(struct ip a, int bits) {
  for (int i = 0; i < width(a.family) / 8; i++)
    a.b[i] &= (uint8_t)~host_mask(bits, i);
  return a;
}

bool cidr_parse(const char *s, struct cidr *ret, bool *host_bits) {
  char text[NET_TEXT];
  struct ip a;
  unsigned bits;
  size_t n = strcspn(s, "/");
  if (n >= sizeof(text) || s[n] != '/')
    return false;
  memcpy(text, s, n);
  text[n] = '\0';
  s += n + 1;
  if (!ip_parse(text, &a) ||
      !parse_decimal(&s, (unsigned)width(a.family), &bits) || *s)
    return false;
  *ret = (struct cidr){network_of(a, (int)bits), (int)bits};
  *host_bits = !ip_equal(ret->base, a);
  return true;
}

const char *cidr_format(const struct cidr *c, char buf[static NET_TEXT]) {
  char base[NET_TEXT];
  buf[0] = '\0';
  if (ip_is_set(c->base))
    (void)snprintf(buf, NET_TEXT, "%.45s/%d", ip_format(c->base, base),
                   c->bits & 255);
  return buf;
}

const char *mac_format(const struct mac *m, char buf[static NET_TEXT]) {
  (void)snprintf(buf, NET_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0],
                 m->b[1], m->b[2], m->b[3], m->b[4], m->b[5]);
  return buf;
}

bool mac_parse(const char *s, struct mac *ret) {
  static const char *const shapes[] = {"xx:xx:xx:xx:xx:xx", "xx-xx-xx-xx-xx-xx",
                                       "xxxx.xxxx.xxxx", "xxxxxxxxxxxx"};
  for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
    struct mac m;
    const char *p = s, *shape = shapes[i];
    size_t n = 0;
    if (strlen(s) != strlen(shape))
      continue;
    while (*shape &&
           (*shape == 'x' ? hex_decode(p, 1, &m.b[n]) : *p == *shape)) {
      size_t step = *shape == 'x' ? 2 : 1;
      n += step == 2;
      shape += step;
      p += step;
    }
    if (*shape)
      continue;
    *ret = m;
    return true;
  }
  return false;
}

bool mac_add(const struct mac *m, uint32_t n, struct mac *ret) {
  uint32_t own = (uint32_t)m->b[3] << 16 | (uint32_t)m->b[4] << 8 | m->b[5];
  if (n > 0xffffff - own)
    return false;
  own += n;
  *ret = *m;
  ret->b[3] = (uint8_t)(own >> 16);
  ret->b[4] = (uint8_t)(own >> 8);
  ret->b[5] = (uint8_t)own;
  return true;
}

struct cidr cidr_around(struct ip a, int bits) {
  return (struct cidr){network_of(a, bits), bits};
}

struct ip cidr_last(const struct cidr *c) {
  struct ip last = c->base;
  for (int i = 0; i < width(last.family) / 8; i++)
    last.b[i] |= host_mask(c->bits, i);
  return last;
}

bool cidr_has(const struct cidr *c, struct ip a) {
  return ip_is_set(a) && ip_equal(network_of(a, c->bits), c->base);
}

bool cidr_overlap(const struct cidr *a, const struct cidr *b) {
  return cidr_has(a, b->base) || cidr_has(b, a->base);
}

struct ip cidr_host(const struct cidr *c, uint32_t n) {
  struct ip a;
  return ip_add(c->base, n, &a) && cidr_has(c, a) ? a : (struct ip){0};
}

bool cidr_subnet(const struct cidr *c, int bits, uint32_t i, struct cidr *ret) {
  int wider = bits - c->bits;
  if (wider < 0 || bits > width(c->base.family) || (wider < 32 && i >> wider))
    return false;
  /* The last bit of a prefix stands so far from the end of its byte. */
  int end = (bits + 7) / 8;
  struct cidr sub = {c->base, bits};
  if (!add_bytes(sub.base.b, end, (uint64_t)i << (8 * end - bits)))
    return false;
  *ret = sub;
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

bool dns_host_ok(const char *s) {
  const char *dot = strrchr(s, '.');
  const char *last = dot ? dot + 1 : s;
  bool hex = strncmp(last, "0x", 2) == 0;
  const char *rest = hex ? last + 2 + strspn(last + 2, "0123456789abcdef")
                         : last + strspn(last, "0123456789");
  return dns_name_ok(s) && *rest != '\0';
}
