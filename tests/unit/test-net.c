/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cleanup.h"
#include "base/net.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_ip4(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool ok;
    ip4 value;
  } rows[] = {
      {"0.0.0.0", true, 0},
      {"192.168.4.31", true, 0xc0a8041f},
      {"255.255.255.255", true, 0xffffffff},
      {"256.0.0.0", false, 0},
      {"01.2.3.4", false, 0},
      {"1.2.3", false, 0},
      {"1.2.3.4.5", false, 0},
      {"1.2.3.4 ", false, 0},
      {" 1.2.3.4", false, 0},
      {"+1.2.3.4", false, 0},
      {"-1.2.3.4", false, 0},
      {"1..3.4", false, 0},
      {"1.2.3.99999999999", false, 0},
      {"a.b.c.d", false, 0},
      {"", false, 0},
      {"::1", false, 0},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    ip4 a = 7;
    char buf[NET_TEXT];
    assert_int_equal(ip4_parse(rows[i].text, &a), rows[i].ok);
    assert_int_equal(a, rows[i].ok ? rows[i].value : 7);
    if (rows[i].ok)
      assert_string_equal(ip4_format(a, buf), rows[i].text);
  }
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
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct cidr c;
    bool host_bits;
    char buf[NET_TEXT];
    bool ok = cidr_parse(rows[i].text, &c, &host_bits);
    assert_int_equal(ok, rows[i].network != NULL);
    if (!ok)
      continue;
    assert_string_equal(cidr_format(&c, buf), rows[i].network);
    assert_string_equal(ip4_format(cidr_last(&c), buf), rows[i].last);
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
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct cidr a = net(rows[i].a);
    struct cidr b = net(rows[i].b);
    assert_int_equal(cidr_overlap(&a, &b), rows[i].overlap);
    assert_int_equal(cidr_overlap(&b, &a), rows[i].overlap);
  }
  struct cidr c = net("192.168.4.0/24");
  assert_true(cidr_has(&c, c.base));
  assert_true(cidr_has(&c, c.base + 255));
  assert_false(cidr_has(&c, c.base + 256));
  assert_false(cidr_has(&c, c.base - 1));
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
      {"52-54-00-12-34-56", NULL},
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
      cmocka_unit_test(test_ip4),    cmocka_unit_test(test_cidr),
      cmocka_unit_test(test_inside), cmocka_unit_test(test_subnet),
      cmocka_unit_test(test_mac),    cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
