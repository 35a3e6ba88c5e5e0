/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "spec/range.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t n;
    const char *first;
    const char *last;
  } rows[] = {
      {"solo", 1, "solo", "solo"},
      {"", 1, "", ""},
      {"kube-mast{01..03}", 3, "kube-mast01", "kube-mast03"},
      {"n{1..12}", 12, "n1", "n12"},
      {"n{08..10}", 3, "n08", "n10"},
      {"n{5..5}-x", 1, "n5-x", "n5-x"},
      {"{0..1}", 2, "0", "1"},
      {"n{0001..1000}", 1000, "n0001", "n1000"},
      {"n{1..20000}", 20000, "n1", "n20000"},
      {"m{1,2,3}", 3, "m1", "m3"},
      {"{a,b-c}", 2, "a", "b-c"},
      {"rack-{east,west}-1", 2, "rack-east-1", "rack-west-1"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct range r;
    assert_null(range_parse(rows[i].text, &r));
    assert_int_equal(r.n, rows[i].n);
    _cleanup_free_ char *first = range_name(&r, 0);
    _cleanup_free_ char *last = range_name(&r, r.n - 1);
    assert_string_equal(first, rows[i].first);
    assert_string_equal(last, rows[i].last);
  }
}

static void test_bad_names(void **state) {
  (void)state;
  static const char no_range[] =
      "has a range that is not like {01..03} or {a,b,c}";
  static const struct {
    const char *text;
    const char *fault;
  } rows[] = {
      {"a}", "has '}' without '{'"},
      {"a{", no_range},
      {"a{}", no_range},
      {"a{1}", no_range},
      {"a{1..}", no_range},
      {"a{1..2", no_range},
      {"a{1.2}", no_range},
      {"a{a..b}", no_range},
      {"a{-1..2}", no_range},
      {"a{1..99999999999}", no_range},
      {"a{1..2}{3..4}", "has more than one range"},
      {"a{1,}", no_range},
      {"a{,1}", no_range},
      {"a{1,,2}", no_range},
      {"a{1,-2}", no_range},
      {"a{1,2", no_range},
      {"a{1,B}", no_range},
      {"a{1, 2}", no_range},
      {"a[1-3]", no_range},
      {"a{1,2}{3}", "has more than one range"},
      {"a{1..2}}", "has more than one range"},
      {"a{3..1}", "has a range that counts down"},
      {"a{1..20001}", "has a range of more than 20000 names"},
      {"a{0..999999}", "has a range of more than 20000 names"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct range r = {0};
    assert_string_equal(range_parse(rows[i].text, &r), rows[i].fault);
    assert_int_equal(r.n, 0);
  }
}

static void test_address(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool ok, plus;
  } rows[] = {
      {"192.168.4.31", true, false},
      {"192.168.4.31+", true, true},
      {"192.168.4.31++", false, true},
      {"+", false, true},
      {"", false, false},
      {"192.168.4", false, false},
      {"192.168.4.31 +", false, true},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct ip a = {0};
    char buf[NET_TEXT];
    bool plus;
    assert_int_equal(range_address(rows[i].text, &a, &plus), rows[i].ok);
    assert_int_equal(plus, rows[i].plus);
    assert_string_equal(ip_format(a, buf), rows[i].ok ? "192.168.4.31" : "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_bad_names),
      cmocka_unit_test(test_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
