/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "state/state.h"
#include <sys/stat.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state) {
  char *dir = xstrdup("/tmp/test-state.XXXXXX");
  assert_non_null(mkdtemp(dir));
  *state = dir;
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(*state, &err), 0);
  free(*state);
  return 0;
}

/* Without -C it lies beside the spec and carries the cluster's name. */
static void test_beside_the_spec(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_state_ struct state s = {.lock_fd = -1};
  _cleanup_free_ char *spec = xasprintf("%s/lab.yaml", (char *)*state);
  _cleanup_free_ char *expected = xasprintf("%s/demo.cluster", (char *)*state);
  assert_int_equal(state_open(NULL, spec, "demo", true, &s, &err), 0);
  assert_string_equal(s.dir, expected);
  assert_int_equal(s.lock_fd, -1);
  struct stat st;
  assert_int_equal(stat(expected, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0700);
  _cleanup_free_ char *path = state_path(&s, "seeds/%s.iso", "n1");
  _cleanup_free_ char *iso = xasprintf("%s/seeds/n1.iso", expected);
  assert_string_equal(path, iso);
}

static void test_chosen(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_state_ struct state s = {.lock_fd = -1};
  _cleanup_free_ char *dir = xasprintf("%s/a/b", (char *)*state);
  assert_int_equal(state_open(dir, "x.yaml", "demo", true, &s, &err), 0);
  assert_string_equal(s.dir, dir);
}

/* Beside a spec named without a folder is here, and the path is absolute. */
static void test_here(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_state_ struct state s = {.lock_fd = -1};
  char old[4096];
  assert_non_null(getcwd(old, sizeof(old)));
  assert_int_equal(chdir(*state), 0);
  int r = state_open(NULL, "lab.yaml", "demo", true, &s, &err);
  assert_int_equal(chdir(old), 0);
  assert_int_equal(r, 0);
  _cleanup_free_ char *expected = xasprintf("%s/demo.cluster", (char *)*state);
  assert_string_equal(s.dir, expected);
}

static void test_not_there(void **state) {
  _cleanup_error_ struct error err = {0};
  struct state s = {.lock_fd = -1};
  _cleanup_free_ char *dir = xasprintf("%s/none", (char *)*state);
  assert_int_equal(state_open(dir, "x.yaml", "demo", false, &s, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "there is no state folder"));
  assert_false(file_exists(dir));
}

static void test_lock(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_state_ struct state one = {.lock_fd = -1};
  _cleanup_state_ struct state two = {.lock_fd = -1};
  assert_int_equal(state_open(*state, "x", "x", true, &one, &err), 0);
  assert_int_equal(state_open(*state, "x", "x", true, &two, &err), 0);
  assert_int_equal(state_lock(&one, &err), 0);
  assert_int_equal(state_lock(&two, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "another kubeseed is at work"));
  state_done(&one);
  assert_int_equal(state_lock(&two, &err), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_beside_the_spec, setup, teardown),
      cmocka_unit_test_setup_teardown(test_chosen, setup, teardown),
      cmocka_unit_test_setup_teardown(test_here, setup, teardown),
      cmocka_unit_test_setup_teardown(test_not_there, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
