/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "state/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_cache_path(void **state) {
  (void)state;
  assert_int_equal(setenv("XDG_CACHE_HOME", "/x", 1), 0);
  _cleanup_free_ char *xdg = cache_path("images");
  assert_string_equal(xdg, "/x/kubeseed/images");
  assert_int_equal(setenv("XDG_CACHE_HOME", "relative", 1), 0);
  assert_int_equal(setenv("HOME", "/h", 1), 0);
  _cleanup_free_ char *home = cache_path("images");
  assert_string_equal(home, "/h/.cache/kubeseed/images");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cache_path)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
