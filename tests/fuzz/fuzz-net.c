/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any text as an address, a network and a MAC: refused, or read the same again
 * from what it is written as.
 */
#include "base/mem.h"
#include "base/net.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok) {
  if (!ok)
    abort();
}

static void check_ip(const char *text) {
  char buf[NET_TEXT];
  struct ip a;
  struct ip back;
  if (!ip_parse(text, &a))
    return;
  check(ip_parse(ip_format(a, buf), &back) && ip_equal(a, back));
  if (a.family == IP_V4)
    check(strcmp(buf, text) == 0);
}

static void check_cidr(const char *text) {
  char buf[NET_TEXT];
  struct cidr c;
  struct cidr back;
  bool host_bits;
  if (!cidr_parse(text, &c, &host_bits))
    return;
  check(cidr_parse(cidr_format(&c, buf), &back, &host_bits) && !host_bits);
  check(ip_equal(c.base, back.base) && c.bits == back.bits);
  check(cidr_has(&c, c.base) && cidr_has(&c, cidr_last(&c)));
  check(ip_compare(c.base, cidr_last(&c)) <= 0);
  struct ip next;
  check(!ip_add(cidr_last(&c), 1, &next) || !cidr_has(&c, next));
  check(cidr_subnet(&c, c.bits, 0, &back) && cidr_overlap(&c, &back));
  check(!cidr_subnet(&c, c.bits, 1, &back));
}

static void check_mac(const char *text) {
  char buf[NET_TEXT];
  struct mac m;
  struct mac back;
  if (mac_parse(text, &m))
    check(mac_parse(mac_format(&m, buf), &back) &&
          memcmp(&m, &back, sizeof(m)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  _cleanup_free_ char *text = xstrndup((const char *)data, len);
  check_ip(text);
  check_cidr(text);
  check_mac(text);
  return 0;
}
