/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_add(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  buf_add(&b, "a\0b", 3);
  buf_adds(&b, "c");
  buf_addf(&b, "%d-%s", 42, "x");
  assert_int_equal(b.len, 8);
  assert_memory_equal(b.data, "a\0bc42-x", 9);
}

static void test_add_nothing(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  assert_null(b.data);
  buf_add(&b, "", 0);
  assert_string_equal(b.data, "");
  assert_int_equal(b.len, 0);
}

static void test_extend(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  memset(buf_extend(&b, 300), 'x', 300);
  memcpy(buf_extend(&b, 2), "yz", 2);
  assert_int_equal(b.len, 302);
  assert_string_equal(b.data + 299, "xyz");
}

static void test_grow(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  for (int i = 0; i < 100000; i++)
    buf_addf(&b, "%05d\n", i);
  assert_int_equal(b.len, 600000);
  assert_memory_equal(b.data, "00000\n00001\n", 12);
  assert_string_equal(b.data + b.len - 12, "99998\n99999\n");
}

static void test_take(void **state) {
  (void)state;
  struct buf b = {0};
  _cleanup_free_ char *empty = buf_take(&b);
  assert_string_equal(empty, "");
  buf_adds(&b, "abc");
  _cleanup_free_ char *text = buf_take(&b);
  assert_string_equal(text, "abc");
  assert_null(b.data);
  assert_int_equal(b.len, 0);
  buf_done(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_add),    cmocka_unit_test(test_add_nothing),
      cmocka_unit_test(test_extend), cmocka_unit_test(test_grow),
      cmocka_unit_test(test_take),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
