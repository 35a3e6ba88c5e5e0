/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose network a launcher is in: two clusters are never on one. */
#include "base/file.h"
#include "base/mem.h"
#include "machine/bridge.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

struct fixture {
  char *top, *ours, *theirs;
  pid_t pid;
  int input; /* of the process; it ends when this is closed */
};

static int setup(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = xcalloc(1, sizeof(*f));
  char *top = new_folder();
  f->top = top;
  f->ours = xasprintf("%s/a.cluster", top);
  f->theirs = xasprintf("%s/b.cluster", top);
  check_ok(file_mkdirs(f->ours, 0700, &err), &err);
  check_ok(file_mkdirs(f->theirs, 0700, &err), &err);
  assert_int_equal(chdir(f->ours), 0);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = *state;
  assert_int_equal(close(f->input), 0);
  assert_int_equal(waitpid(f->pid, NULL, 0), f->pid);
  assert_int_equal(chdir("/"), 0);
  check_ok(file_remove_tree(f->top, &err), &err);
  free(f->top);
  free(f->ours);
  free(f->theirs);
  free(f);
  return 0;
}

/* A process with those words among its arguments in that folder, which waits at
 * its stdin. Returns once it is executed. */
static void launch(struct fixture *f, const char *dir, bool leads,
                   const char *word, const char *number) {
  const char *argv[] = {"sh", "-c", "read line", "sh", word, number, NULL};
  int executed[2], input[2];
  char byte;
  assert_int_equal(pipe2(executed, O_CLOEXEC), 0);
  assert_int_equal(pipe2(input, O_CLOEXEC), 0);
  f->pid = fork();
  assert_true(f->pid >= 0);
  if (f->pid == 0) {
    if ((!leads || setsid() >= 0) && chdir(dir) == 0 && dup2(input[0], 0) == 0)
      (void)execv("/bin/sh", (char *const *)argv);
    _exit(127);
  }
  assert_int_equal(close(executed[1]), 0);
  assert_int_equal(read(executed[0], &byte, 1), 0);
  assert_int_equal(close(executed[0]), 0);
  assert_int_equal(close(input[0]), 0);
  f->input = input[1];
}

static void test_ours(void **state) {
  struct fixture *f = *state;
  launch(f, f->ours, true, BRIDGE_ARGUMENT, "50000");
  assert_true(bridge_is_launcher(f->pid, "50000"));
  assert_false(bridge_is_launcher(f->pid, "5000"));
  /* The folder's name does not count. */
  _cleanup_free_ char *moved = xasprintf("%s/moved", f->top);
  assert_int_equal(rename(f->ours, moved), 0);
  assert_true(bridge_is_launcher(f->pid, "50000"));
}

/* A copy of a state has its number, and another one may have drawn it. */
static void test_another_clusters(void **state) {
  struct fixture *f = *state;
  launch(f, f->theirs, true, BRIDGE_ARGUMENT, "50000");
  assert_false(bridge_is_launcher(f->pid, "50000"));
}

/* What a launcher has started, with its arguments before it executes. */
static void test_no_leader(void **state) {
  struct fixture *f = *state;
  launch(f, f->ours, false, BRIDGE_ARGUMENT, "50000");
  assert_false(bridge_is_launcher(f->pid, "50000"));
}

static void test_other_words(void **state) {
  struct fixture *f = *state;
  launch(f, f->ours, true, "--ssh", "50000");
  assert_false(bridge_is_launcher(f->pid, "50000"));
  assert_false(bridge_is_launcher(getpid(), "50000"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_ours),
      TEST(test_another_clusters),
      TEST(test_no_leader),
      TEST(test_other_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
