/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Network values: addresses and prefixes of IPv4 (RFC 4632) and IPv6 (RFC
 * 4291), MAC addresses and host names (RFC 1123). An address that is all zero
 * bytes in memory is absent; "0.0.0.0" and "::" are addresses like others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum ip_family { IP_NONE, IP_V4, IP_V6 };

/* Small enough to be passed as a value. */
struct ip {
  enum ip_family family;
  uint8_t b[16]; /* network byte order; 0 behind the family's length */
};

struct cidr {
  struct ip base; /* the network address: host bits are 0 */
  int bits;       /* prefix length, 0 to 32 or 128 */
};

struct mac {
  uint8_t b[6];
};

/* Room for the longest, "ffff:....:255.255.255.255/128", and its NUL. */
#define NET_TEXT 50

static inline bool ip_is_set(struct ip a) {
  return a.family != IP_NONE;
}

/*
 * Reads a dotted quad without leading zeros, or IPv6 as RFC 4291, 2.2 writes
 * it: without a zone, and not an IPv4 address in IPv6's clothes
 * (::ffff:0:0/96). ret is left alone when it is neither.
 */
bool ip_parse(const char *s, struct ip *ret);

/* "ADDRESS/n"; host_bits tells whether the base had host bits set. */
bool cidr_parse(const char *s, struct cidr *ret, bool *host_bits);

/* Writes into buf and returns it; IPv6 as in RFC 5952, "" for absent. */
const char *ip_format(struct ip a, char buf[static NET_TEXT]);
const char *cidr_format(const struct cidr *c, char buf[static NET_TEXT]);
const char *mac_format(const struct mac *m, char buf[static NET_TEXT]);

/* In colons, dashes, Cisco's dots or nothing at all. */
bool mac_parse(const char *s, struct mac *ret);

/* The address n further on; false when the vendor's part (RFC 7042, 2.1) would
 * change. */
bool mac_add(const struct mac *m, uint32_t n, struct mac *ret);

/* An order for sorting: absent, then IPv4, then IPv6, each counted up. */
int ip_compare(struct ip a, struct ip b);
bool ip_equal(struct ip a, struct ip b);

/* The address n further on; false behind the family's last one. */
bool ip_add(struct ip a, uint32_t n, struct ip *ret);

/* How far b is behind a, of one family, in the last four bytes: what ip_add
 * takes from one to the other in one network of IPv4. */
uint32_t ip_distance(struct ip a, struct ip b);

/* Fills in where to connect to, and returns its length; 0 for absent. */
socklen_t ip_sockaddr(struct ip a, uint16_t port, struct sockaddr_storage *ret);

/* The network of that prefix length in which a is. */
struct cidr cidr_around(struct ip a, int bits);

struct ip cidr_last(const struct cidr *c); /* in IPv4 the broadcast address */
bool cidr_has(const struct cidr *c, struct ip a);
bool cidr_overlap(const struct cidr *a, const struct cidr *b);

/* The n-th address of c, its base being the 0th; absent when c ends before. */
struct ip cidr_host(const struct cidr *c, uint32_t n);

/* The i-th network of the given prefix length inside c; false when c is full.
 */
bool cidr_subnet(const struct cidr *c, int bits, uint32_t i, struct cidr *ret);

/* One label: a-z 0-9 and inner '-', 1 to 63 characters. */
bool dns_label_ok(const char *s);

/* Labels joined by dots, at most 253 characters. */
bool dns_name_ok(const char *s);

/* Such a name whose last part is no number: inet_aton(3) takes one for an
 * address, and no top-level domain is one. */
bool dns_host_ok(const char *s);
