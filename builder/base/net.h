/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Network values: IPv4 addresses and prefixes (RFC 4632), MAC addresses and
 * host names (RFC 1123). Numbers are in host byte order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t ip4;

struct cidr {
  ip4 base; /* the network address: host bits are 0 */
  int bits; /* prefix length, 0 to 32 */
};

struct mac {
  uint8_t b[6];
};

/* Room for "255.255.255.255/32" and its NUL. */
#define NET_TEXT 19

/* Strict dotted quad, no leading zeros. */
bool ip4_parse(const char *s, ip4 *ret);

/* "a.b.c.d/n"; host_bits tells whether the base had host bits set. */
bool cidr_parse(const char *s, struct cidr *ret, bool *host_bits);

/* Writes into buf and returns it. */
const char *ip4_format(ip4 a, char buf[static NET_TEXT]);
const char *cidr_format(const struct cidr *c, char buf[static NET_TEXT]);
const char *mac_format(const struct mac *m, char buf[static NET_TEXT]);

bool mac_parse(const char *s, struct mac *ret);

ip4 cidr_last(const struct cidr *c); /* the broadcast address */
bool cidr_has(const struct cidr *c, ip4 a);
bool cidr_overlap(const struct cidr *a, const struct cidr *b);

/* The i-th network of the given prefix length inside c; false when c is full.
 */
bool cidr_subnet(const struct cidr *c, int bits, uint32_t i, struct cidr *ret);

/* One label: a-z 0-9 and inner '-', 1 to 63 characters. */
bool dns_label_ok(const char *s);

/* Labels joined by dots, at most 253 characters. */
bool dns_name_ok(const char *s);
