/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/strv.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_push(void **state) {
  (void)state;
  _cleanup_strv_ struct strv l = {0};
  assert_null(l.v);
  strv_push(&l, "qemu");
  strv_pushf(&l, "-m %d", 512);
  strv_push_all(&l, "-smp", "2", NULL);
  strv_push_all(&l, NULL);
  static const char *const expected[] = {"qemu", "-m 512", "-smp", "2"};
  assert_int_equal(l.n, ARRAY_SIZE(expected));
  for (size_t i = 0; i < l.n; i++)
    assert_string_equal(l.v[i], expected[i]);
  assert_null(l.v[l.n]);
}

static void test_files(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"/a:b", "/a:b"}, {"a:b", "./a:b"}, {"-q", "./-q"}, {"../x", "./../x"}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_strv_ struct strv l = {0};
    strv_push_file(&l, rows[i][0]);
    assert_string_equal(l.v[0], rows[i][1]);
  }
}

static void test_has(void **state) {
  (void)state;
  _cleanup_strv_ struct strv l = {0};
  assert_false(strv_has(&l, "a"));
  strv_push_all(&l, "a", "bc", NULL);
  assert_true(strv_has(&l, "a"));
  assert_true(strv_has(&l, "bc"));
  assert_false(strv_has(&l, "b"));
}

static void test_done(void **state) {
  (void)state;
  struct strv l = {0};
  strv_push(&l, "a");
  strv_done(&l);
  assert_null(l.v);
  assert_int_equal(l.n, 0);
  strv_done(&l);
}

static void test_join(void **state) {
  (void)state;
  _cleanup_strv_ struct strv l = {0};
  _cleanup_free_ char *none = strv_join(&l, ", ");
  assert_string_equal(none, "");
  strv_push_all(&l, "a", "", "bc", NULL);
  _cleanup_free_ char *all = strv_join(&l, ", ");
  assert_string_equal(all, "a, , bc");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_files), cmocka_unit_test(test_join),
      cmocka_unit_test(test_push),  cmocka_unit_test(test_has),
      cmocka_unit_test(test_done),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
