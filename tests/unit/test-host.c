/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cmocka.h>

/* What others begin or end meanwhile is less than this. */
#define MANY 20

static void test_inotify(void **state) {
  (void)state;
  int fds[MANY];
  long before = host_inotify_left();
  if (geteuid() != 0) {
    assert_int_equal(before, -1);
    return;
  }
  assert_true(before >= 0);
  long n = before < MANY ? before : MANY;
  for (long i = 0; i < n; i++)
    fds[i] = inotify_init1(IN_CLOEXEC);
  long left = host_inotify_left();
  for (long i = 0; i < n; i++)
    close(fds[i]);
  assert_in_range(before - left, n / 2, n + n / 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_inotify),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
