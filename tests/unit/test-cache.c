/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "state/cache.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

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

/* Never /.cache: without HOME it is the user's home all the same. */
static void test_no_home(void **state) {
  (void)state;
  const struct passwd *user = getpwuid(getuid());
  _cleanup_free_ char *want =
      xasprintf("%s/.cache/kubeseed/images", user ? user->pw_dir : "");
  assert_int_equal(unsetenv("XDG_CACHE_HOME"), 0);
  assert_int_equal(unsetenv("HOME"), 0);
  _cleanup_free_ char *unset = cache_path("images");
  assert_string_equal(unset, want);
  assert_int_equal(setenv("HOME", "", 1), 0);
  _cleanup_free_ char *empty = cache_path("images");
  assert_string_equal(empty, want);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cache_path),
                                     cmocka_unit_test(test_no_home)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
