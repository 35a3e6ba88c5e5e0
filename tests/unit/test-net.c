/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cleanup.h"
#include "base/net.h"
#include <arpa/inet.h>
#include <netinet/in.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ip ip(const char *text) {
  struct ip a = {0};
  assert_true(!*text || ip_parse(text, &a));
  return a;
}

static void test_ip(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum ip_family family; /* IP_NONE: refused */
    const char *out;       /* NULL: as text */
  } rows[] = {
      {"0.0.0.0", IP_V4, NULL},
      {"192.168.4.31", IP_V4, NULL},
      {"255.255.255.255", IP_V4, NULL},
      {"256.0.0.0", IP_NONE, NULL},
      {"01.2.3.4", IP_NONE, NULL},
      {"1.2.3", IP_NONE, NULL},
      {"1.2.3.4.5", IP_NONE, NULL},
      {"1.2.3.4 ", IP_NONE, NULL},
      {" 1.2.3.4", IP_NONE, NULL},
      {"+1.2.3.4", IP_NONE, NULL},
      {"-1.2.3.4", IP_NONE, NULL},
      {"1..3.4", IP_NONE, NULL},
      {"1.2.3.99999999999", IP_NONE, NULL},
      {"a.b.c.d", IP_NONE, NULL},
      {"", IP_NONE, NULL},
      {"1", IP_NONE, NULL},
      {"0x7f.0.0.1", IP_NONE, NULL},
      /* RFC 4291, 2.2 in; RFC 5952, 4 and 5 out. */
      {"::", IP_V6, NULL},
      {"::1", IP_V6, NULL},
      {"fd00::31", IP_V6, NULL},
      {"2001:DB8::AbCd", IP_V6, "2001:db8::abcd"},
      {"2001:0db8:0:0:0:0:0:0001", IP_V6, "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", IP_V6, NULL},
      {"2001:db8::1:1:1:1:1", IP_V6, "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", IP_V6, "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", IP_V6, "2001:db8::1:0:0:1"},
      {"1:2:3:4:5:6:7::", IP_V6, "1:2:3:4:5:6:7:0"},
      {"64:ff9b::1.2.3.4", IP_V6, "64:ff9b::102:304"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", IP_V6,
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::ffff:1.2.3.4", IP_NONE, NULL},
      {"::ffff:102:304", IP_NONE, NULL},
      {"fe80::1%eth0", IP_NONE, NULL},
      {"[::1]", IP_NONE, NULL},
      {":", IP_NONE, NULL},
      {":::", IP_NONE, NULL},
      {"1::2::3", IP_NONE, NULL},
      {":1:2:3:4:5:6:7", IP_NONE, NULL},
      {"1:2:3:4:5:6:7:", IP_NONE, NULL},
      {"1:2:3:4:5:6:7", IP_NONE, NULL},
      {"1:2:3:4:5:6:7:8:9", IP_NONE, NULL},
      {"1:2:3:4::5:6:7:8", IP_NONE, NULL},
      {"00001::", IP_NONE, NULL},
      {"g::", IP_NONE, NULL},
      {" ::1", IP_NONE, NULL},
      {"::1 ", IP_NONE, NULL},
      {"::1/128", IP_NONE, NULL},
      {"::1.2.3", IP_NONE, NULL},
      {"::01.2.3.4", IP_NONE, NULL},
      {"1.2.3.4::", IP_NONE, NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct ip a = {0};
    char buf[NET_TEXT];
    assert_int_equal(ip_parse(rows[i].text, &a), rows[i].family != IP_NONE);
    assert_int_equal(a.family, rows[i].family);
    assert_int_equal(ip_is_set(a), rows[i].family != IP_NONE);
    const char *out = rows[i].out ? rows[i].out : rows[i].text;
    assert_string_equal(ip_format(a, buf), ip_is_set(a) ? out : "");
  }
}

static void test_order(void **state) {
  (void)state;
  static const char *const sorted[] = {
      "",   "0.0.0.0", "9.255.255.255", "10.0.0.0", "255.255.255.255",
      "::", "::1",     "::1:0",         "fd00::",
  };
  for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
    for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
      int order = ip_compare(ip(sorted[i]), ip(sorted[j]));
      assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
      assert_int_equal(ip_equal(ip(sorted[i]), ip(sorted[j])), i == j);
    }
}

static void test_add(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t n;
    const char *out; /* NULL: none */
  } rows[] = {
      {"192.168.4.31", 0, "192.168.4.31"},
      {"192.168.4.250", 9, "192.168.5.3"},
      {"0.0.0.0", 0xffffffff, "255.255.255.255"},
      {"255.255.255.250", 5, "255.255.255.255"},
      {"255.255.255.250", 6, NULL},
      {"255.255.255.255", 0xffffffff, NULL},
      {"fd00::ffff", 1, "fd00::1:0"},
      {"fd00::ffff:ffff:ffff:ffff", 1, "fd00:0:0:1::"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 1,
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 2, NULL},
      {"", 0, NULL},
      {"", 1, NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct ip out = ip("1.2.3.4");
    char buf[NET_TEXT];
    bool ok = ip_add(ip(rows[i].text), rows[i].n, &out);
    assert_int_equal(ok, rows[i].out != NULL);
    assert_string_equal(ip_format(out, buf), ok ? rows[i].out : "1.2.3.4");
  }
}

static void test_distance(void **state) {
  (void)state;
  assert_int_equal(ip_distance(ip("192.168.4.0"), ip("192.168.4.31")), 31);
  assert_int_equal(ip_distance(ip("10.0.0.0"), ip("10.2.0.1")), 131073);
  assert_int_equal(ip_distance(ip("fd00:4::"), ip("fd00:4::1:2")), 65538);
  assert_int_equal(ip_distance(ip(""), ip("")), 0);
}

static void test_sockaddr(void **state) {
  (void)state;
  struct sockaddr_storage to;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  assert_int_equal(ip_sockaddr(ip("127.0.0.1"), 6443, &to), sizeof(v4));
  memcpy(&v4, &to, sizeof(v4));
  assert_int_equal(v4.sin_family, AF_INET);
  assert_int_equal(v4.sin_port, htons(6443));
  assert_int_equal(v4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  assert_int_equal(ip_sockaddr(ip("::1"), 6443, &to), sizeof(v6));
  memcpy(&v6, &to, sizeof(v6));
  assert_int_equal(v6.sin6_family, AF_INET6);
  assert_int_equal(v6.sin6_port, htons(6443));
  assert_memory_equal(&v6.sin6_addr, &in6addr_loopback, sizeof(v6.sin6_addr));
  assert_int_equal(ip_sockaddr((struct ip){0}, 6443, &to), 0);
}

static void test_cidr(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *network; /* NULL: refused */
    const char *last;
    bool host_bits;
  } rows[] = {
      {"192.168.4.0/24", "192.168.4.0/24", "192.168.4.255", false},
      {"192.168.4.31/24", "192.168.4.0/24", "192.168.4.255", true},
      {"0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", false},
      {"1.2.3.4/0", "0.0.0.0/0", "255.255.255.255", true},
      {"1.2.3.4/32", "1.2.3.4/32", "1.2.3.4", false},
      {"10.96.0.0/12", "10.96.0.0/12", "10.111.255.255", false},
      {"10.0.0.0/33", NULL, NULL, false},
      {"10.0.0.0/08", NULL, NULL, false},
      {"10.0.0.0/-1", NULL, NULL, false},
      {"10.0.0.0/", NULL, NULL, false},
      {"10.0.0.0", NULL, NULL, false},
      {"10.0.0/8", NULL, NULL, false},
      {"10.0.0.0/8x", NULL, NULL, false},
      {"10.0.0.0/8/8", NULL, NULL, false},
      {"/8", NULL, NULL, false},
      {"", NULL, NULL, false},
      {"fd00::/64", "fd00::/64", "fd00::ffff:ffff:ffff:ffff", false},
      {"fd00::1/64", "fd00::/64", "fd00::ffff:ffff:ffff:ffff", true},
      {"fd12:3456::/20", "fd12:3000::/20",
       "fd12:3fff:ffff:ffff:ffff:ffff:ffff:ffff", true},
      {"::/0", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
      {"fd00::/129", NULL, NULL, false},
      {"fd00::", NULL, NULL, false},
      {"fd00:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64", NULL, NULL,
       false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct cidr c = {0};
    bool host_bits;
    char buf[NET_TEXT];
    bool ok = cidr_parse(rows[i].text, &c, &host_bits);
    assert_int_equal(ok, rows[i].network != NULL);
    assert_string_equal(cidr_format(&c, buf), ok ? rows[i].network : "");
    if (!ok)
      continue;
    assert_string_equal(ip_format(cidr_last(&c), buf), rows[i].last);
    assert_int_equal(host_bits, rows[i].host_bits);
  }
}

static struct cidr net(const char *text) {
  struct cidr c;
  bool host_bits;
  assert_true(cidr_parse(text, &c, &host_bits));
  return c;
}

static void test_inside(void **state) {
  (void)state;
  static const struct {
    const char *a;
    const char *b;
    bool overlap;
  } rows[] = {
      {"10.0.0.0/8", "10.1.0.0/16", true},
      {"10.1.0.0/16", "10.2.0.0/16", false},
      {"10.0.0.0/8", "10.0.0.0/8", true},
      {"0.0.0.0/0", "192.168.4.0/24", true},
      {"192.168.4.0/25", "192.168.4.128/25", false},
      {"fd00::/8", "fd00:1::/32", true},
      {"fd00::/33", "fd00:0:8000::/33", false},
      {"::/0", "0.0.0.0/0", false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct cidr a = net(rows[i].a);
    struct cidr b = net(rows[i].b);
    assert_int_equal(cidr_overlap(&a, &b), rows[i].overlap);
    assert_int_equal(cidr_overlap(&b, &a), rows[i].overlap);
  }
}

static void test_has(void **state) {
  (void)state;
  static const struct {
    const char *net;
    const char *address;
    bool has;
  } rows[] = {
      {"192.168.4.0/24", "192.168.4.0", true},
      {"192.168.4.0/24", "192.168.4.255", true},
      {"192.168.4.0/24", "192.168.5.0", false},
      {"192.168.4.0/24", "192.168.3.255", false},
      {"0.0.0.0/0", "0.0.0.0", true},
      {"0.0.0.0/0", "", false},
      {"0.0.0.0/0", "::", false},
      {"::/0", "0.0.0.0", false},
      {"fd00::/66", "fd00::3fff:ffff:ffff:ffff", true},
      {"fd00::/66", "fd00:0:0:0:4000::", false},
      {"fd00::1/128", "fd00::1", true},
      {"fd00::1/128", "fd00::", false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct cidr c = net(rows[i].net);
    assert_int_equal(cidr_has(&c, ip(rows[i].address)), rows[i].has);
  }
}

static void test_host(void **state) {
  (void)state;
  static const struct {
    const char *net;
    uint32_t n;
    const char *out;
  } rows[] = {
      {"192.168.4.0/24", 0, "192.168.4.0"},
      {"192.168.4.0/24", 31, "192.168.4.31"},
      {"192.168.4.0/24", 255, "192.168.4.255"},
      {"192.168.4.0/24", 256, ""},
      {"255.255.255.0/24", 256, ""},
      {"1.2.3.4/32", 0, "1.2.3.4"},
      {"1.2.3.4/32", 1, ""},
      {"fd00::/64", 0xffffffff, "fd00::ffff:ffff"},
      {"fd00::/112", 0x10000, ""},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct cidr c = net(rows[i].net);
    char buf[NET_TEXT];
    assert_string_equal(ip_format(cidr_host(&c, rows[i].n), buf), rows[i].out);
  }
  assert_false(ip_is_set(cidr_host(&(struct cidr){0}, 0)));
}

static void test_subnet(void **state) {
  (void)state;
  static const struct {
    const char *in;
    int bits;
    uint32_t i;
    const char *out; /* NULL: none */
  } rows[] = {
      {"10.244.0.0/16", 24, 0, "10.244.0.0/24"},
      {"10.244.0.0/16", 24, 255, "10.244.255.0/24"},
      {"10.244.0.0/16", 24, 256, NULL},
      {"10.244.0.0/16", 16, 0, "10.244.0.0/16"},
      {"10.244.0.0/16", 15, 0, NULL},
      {"10.244.0.0/16", 33, 0, NULL},
      {"0.0.0.0/0", 32, 4294967295u, "255.255.255.255/32"},
      {"0.0.0.0/0", 0, 0, "0.0.0.0/0"},
      {"10.240.0.0/12", 13, 1, "10.248.0.0/13"},
      {"fd00::/48", 64, 0xffff, "fd00:0:0:ffff::/64"},
      {"fd00::/48", 64, 0x10000, NULL},
      {"fd00::/48", 47, 0, NULL},
      {"fd00::/48", 129, 0, NULL},
      {"fd00::/20", 61, 3, "fd00:0:0:18::/61"},
      {"fd00::/32", 128, 4294967295u, "fd00::ffff:ffff/128"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct cidr in = net(rows[i].in);
    struct cidr out;
    char buf[NET_TEXT];
    bool ok = cidr_subnet(&in, rows[i].bits, rows[i].i, &out);
    assert_int_equal(ok, rows[i].out != NULL);
    if (ok)
      assert_string_equal(cidr_format(&out, buf), rows[i].out);
  }
}

static void test_mac(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *out; /* NULL: refused */
  } rows[] = {
      {"52:54:00:12:34:56", "52:54:00:12:34:56"},
      {"AA:bb:Cc:dD:eE:ff", "aa:bb:cc:dd:ee:ff"},
      {"52:54:00:12:34", NULL},
      {"52-54-00-12-34-56", "52:54:00:12:34:56"},
      {"5254.0012.34aB", "52:54:00:12:34:ab"},
      {"5254001234AB", "52:54:00:12:34:ab"},
      {"52-54:00-12:34-56", NULL},
      {"5254.0012:34ab", NULL},
      {"52540012 4AB", NULL},
      {"52:54:00:12:34:5g", NULL},
      {"52:54:00:12:34:567", NULL},
      {"525:4:00:12:34:56", NULL},
      {"", NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct mac m;
    char buf[NET_TEXT];
    bool ok = mac_parse(rows[i].text, &m);
    assert_int_equal(ok, rows[i].out != NULL);
    if (ok)
      assert_string_equal(mac_format(&m, buf), rows[i].out);
  }
  struct mac last = {{1, 2, 3, 0, 0xff, 0xfe}}, next;
  assert_true(mac_add(&last, 2, &next));
  assert_memory_equal(next.b, "\1\2\3\1\0\0", 6);
  assert_true(mac_add(&next, 0xfeffff, &next));
  assert_memory_equal(next.b, "\1\2\3\xff\xff\xff", 6);
  assert_false(mac_add(&next, 1, &next));
}

#define TEN "aaaaaaaaaa"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool label, name;
  } rows[] = {
      {"a", true, true},
      {"kube-mast01", true, true},
      {"0", true, true},
      {SIXTY "aaa", true, true},
      {SIXTY "aaaa", false, false},
      {"", false, false},
      {"-a", false, false},
      {"a-", false, false},
      {"A", false, false},
      {"a_b", false, false},
      {"ä", false, false},
      {"a b", false, false},
      {"a.b", false, true},
      {"a.", false, false},
      {".a", false, false},
      {"a..b", false, false},
      {"a.-b", false, false},
      {SIXTY "." SIXTY "." SIXTY "." SIXTY ".aaaaaaaaa", false, true},
      {SIXTY "." SIXTY "." SIXTY "." SIXTY ".aaaaaaaaaa", false, false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    assert_int_equal(dns_label_ok(rows[i].text), rows[i].label);
    assert_int_equal(dns_name_ok(rows[i].text), rows[i].name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ip),       cmocka_unit_test(test_order),
      cmocka_unit_test(test_add),      cmocka_unit_test(test_sockaddr),
      cmocka_unit_test(test_distance), cmocka_unit_test(test_cidr),
      cmocka_unit_test(test_inside),   cmocka_unit_test(test_has),
      cmocka_unit_test(test_host),     cmocka_unit_test(test_subnet),
      cmocka_unit_test(test_mac),      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
