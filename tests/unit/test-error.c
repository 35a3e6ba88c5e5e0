/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "base/mem.h"
#include <errno.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What the user would see; the caller frees. */
static char *printed(const struct error *err) {
  char *text = NULL;
  size_t n = 0;
  FILE *f = open_memstream(&text, &n);
  assert_non_null(f);
  error_print(err, "prog", f);
  assert_int_equal(fclose(f), 0);
  return text;
}

static void assert_printed(const struct error *err, const char *expected) {
  _cleanup_free_ char *text = printed(err);
  assert_string_equal(text, expected);
}

static void test_kinds(void **state) {
  (void)state;
  _cleanup_error_ struct error failed = {0};
  assert_false(error_is_set(&failed));
  assert_int_equal(error_set(&failed, ENOENT, "cannot open '%s'", "x"), -1);
  assert_true(error_is_set(&failed));
  assert_int_equal(failed.kind, ERROR_FAILED);
  assert_int_equal(failed.errnum, ENOENT);
  assert_printed(&failed, "prog: cannot open 'x': No such file or directory\n");

  static const int full[] = {ENOSPC, EDQUOT};
  for (size_t i = 0; i < ARRAY_SIZE(full); i++) {
    _cleanup_error_ struct error space = {0};
    assert_int_equal(error_set(&space, full[i], "cannot write"), -1);
    assert_int_equal(space.kind, ERROR_MISSING);
  }

  _cleanup_error_ struct error usage = {0};
  assert_int_equal(error_usage(&usage, "no %s", "spec"), -1);
  assert_int_equal(usage.kind, ERROR_USAGE);
  assert_printed(&usage, "prog: no spec\n");

  _cleanup_error_ struct error missing = {0};
  assert_int_equal(error_missing(&missing, "no %s", "KVM"), -1);
  assert_int_equal(missing.kind, ERROR_MISSING);
  assert_printed(&missing, "prog: no KVM\n");

  _cleanup_error_ struct error at = {0};
  assert_int_equal(error_at(&at, "a.yaml:1:2", "no %d", 3), -1);
  assert_int_equal(at.kind, ERROR_USAGE);
  assert_printed(&at, "a.yaml:1:2: no 3\n");
}

/* The exit code is that of the first fault. */
static void test_first_kind_wins(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  error_missing(&err, "a");
  error_usage(&err, "b");
  error_set(&err, 0, "c");
  assert_int_equal(err.kind, ERROR_MISSING);
  assert_printed(&err, "prog: a\nprog: b\nprog: c\n");
}

static void test_prefix(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  assert_int_equal(error_prefix(&err, "nothing to put it before"), -1);
  assert_false(error_is_set(&err));
  error_at(&err, "a:1:1", "one");
  error_at(&err, "a:2:1", "two");
  assert_int_equal(error_prefix(&err, "node '%s'", "n"), -1);
  assert_printed(&err, "a:1:1: one\na:2:1: node 'n': two\n");
}

/* What stands in a file's name or in another program's words. */
static void test_terminal_is_safe(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  error_at(&err, "\033[2J\na.yaml:1:1", "key '\033]0;owned\007'");
  error_set(&err, 0, "cannot open 'x\nprog: all is well'");
  assert_printed(&err, " [2J a.yaml:1:1: key ' ]0;owned '\n"
                       "prog: cannot open 'x\n  prog: all is well'\n");
}

static void test_dropped(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  for (int i = 0; i < ERROR_MAX_FAULTS + 3; i++)
    error_at(&err, "a:1:1", "%d", i);
  assert_int_equal(err.n_faults, ERROR_MAX_FAULTS);
  assert_int_equal(err.n_dropped, 3);
  _cleanup_free_ char *text = printed(&err);
  assert_non_null(strstr(text, "a:1:1: 19\nprog: and 3 more\n"));
}

static void test_move(void **state) {
  (void)state;
  _cleanup_error_ struct error to = {0};
  _cleanup_error_ struct error from = {0};
  error_set(&from, EIO, "b");
  error_usage(&from, "c");
  error_move(&to, &from);
  assert_false(error_is_set(&from));
  assert_int_equal(to.kind, ERROR_FAILED);
  assert_int_equal(to.errnum, EIO);
  assert_printed(&to, "prog: b: Input/output error\nprog: c\n");
  for (int i = 0; i < ERROR_MAX_FAULTS; i++)
    error_usage(&from, "%d", i);
  error_move(&to, &from);
  assert_int_equal(to.n_faults, ERROR_MAX_FAULTS);
  assert_int_equal(to.n_dropped, 2);
}

static void test_done_makes_empty(void **state) {
  (void)state;
  struct error err = {0};
  error_usage(&err, "a");
  error_done(&err);
  assert_false(error_is_set(&err));
  assert_printed(&err, "");
  error_done(&err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kinds),
      cmocka_unit_test(test_first_kind_wins),
      cmocka_unit_test(test_prefix),
      cmocka_unit_test(test_terminal_is_safe),
      cmocka_unit_test(test_dropped),
      cmocka_unit_test(test_move),
      cmocka_unit_test(test_done_makes_empty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
