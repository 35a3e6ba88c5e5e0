/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"
#include "base/mem.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What a log with these switches shows of one line of each kind. */
static char *shown(bool quiet, bool verbose) {
  char *text = NULL;
  size_t n = 0;
  struct log log = {
      .out = open_memstream(&text, &n), .quiet = quiet, .verbose = verbose};
  assert_non_null(log.out);
  log_info(&log, "info %d", 1);
  log_debug(&log, "debug %d", 2);
  log_warn(&log, "warn %d", 3);
  assert_int_equal(fclose(log.out), 0);
  return text;
}

static void test_levels(void **state) {
  (void)state;
  static const struct {
    bool quiet, verbose;
    const char *expected;
  } rows[] = {
      {false, false, "info 1\nwarning: warn 3\n"},
      {false, true, "info 1\n  debug 2\nwarning: warn 3\n"},
      {true, false, "warning: warn 3\n"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *text = shown(rows[i].quiet, rows[i].verbose);
    assert_string_equal(text, rows[i].expected);
  }
}

/* Goes on for two minutes, then something else is said. */
static char *shown_alive(bool quiet, bool tty) {
  char *text = NULL;
  size_t n = 0;
  struct log log = {
      .out = open_memstream(&text, &n), .quiet = quiet, .tty = tty};
  assert_non_null(log.out);
  for (unsigned s = 40; s <= 120; s += 40)
    log_alive(&log, "a\tb", s);
  log_info(&log, "done");
  assert_int_equal(fclose(log.out), 0);
  return text;
}

static void test_alive(void **state) {
  (void)state;
  _cleanup_free_ char *plain = shown_alive(false, false);
  _cleanup_free_ char *tty = shown_alive(false, true);
  _cleanup_free_ char *quiet = shown_alive(true, true);
  assert_string_equal(plain, "  a b ... 120 s\ndone\n");
  assert_string_equal(tty, "\r\033[K  a b ... 40 s\r\033[K  a b ... 80 s"
                           "\r\033[K  a b ... 120 s\r\033[Kdone\n");
  assert_string_equal(quiet, "");
}

static void test_terminal_is_safe(void **state) {
  (void)state;
  char *text = NULL;
  size_t n = 0;
  struct log log = {.out = open_memstream(&text, &n), .verbose = true};
  assert_non_null(log.out);
  log_info(&log, "%s", "i\033[2J\nwarning: no");
  log_debug(&log, "%s", "d\033[2J");
  log_warn(&log, "%s", "w\033[2J");
  log_warn_at(&log, "a\033.yaml:1:1: warning: x");
  assert_int_equal(fclose(log.out), 0);
  assert_string_equal(text, "i [2J\n  warning: no\n  d [2J\nwarning: w [2J\n"
                            "a .yaml:1:1: warning: x\n");
  free(text);
}

static void test_clock(void **state) {
  (void)state;
  double a = monotonic_seconds();
  double b = monotonic_seconds();
  assert_true(b >= a);
  assert_true(b - a < 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_levels),
      cmocka_unit_test(test_alive),
      cmocka_unit_test(test_terminal_is_safe),
      cmocka_unit_test(test_clock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
