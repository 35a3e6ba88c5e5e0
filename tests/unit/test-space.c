/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_require(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  assert_int_equal(space_require("/tmp", 1, "this", &err), 0);
  assert_int_equal(space_require("/tmp", (uint64_t)1 << 62, "this", &err), -1);
  assert_int_equal(err.kind, ERROR_MISSING);
  assert_non_null(strstr(err.faults[0].msg, "this needs 4294967296.0 GiB in "
                                            "'/tmp', which has "));
}

static void test_explain(void **state) {
  (void)state;
  _cleanup_error_ struct error none = {0}, other = {0}, full = {0};
  space_explain("/tmp", &none);
  assert_false(error_is_set(&none));
  assert_int_equal(error_set(&other, 0, "dpkg: it is Friday"), -1);
  space_explain("/tmp", &other);
  assert_int_equal(other.kind, ERROR_FAILED);
  assert_int_equal(
      error_set(&full, 0, "dpkg: cannot write: No space left on device"), -1);
  space_explain("/tmp", &full);
  assert_int_equal(full.kind, ERROR_MISSING);
  assert_non_null(strstr(full.faults[0].msg, "that holds '/tmp' is full"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_require),
      cmocka_unit_test(test_explain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
