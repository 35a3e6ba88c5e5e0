/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts on nodes that are tests/bin/ssh (run from the project's folder). */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/remote.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

static const struct remote plain = {.config = "/nowhere/ssh_config",
                                    .timeout = 30};

static void expect_output(const char *node, const char *script,
                          const char *expected) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf out = {0};
  if (remote_run(&plain, node, script, &out, &err) < 0)
    fail_msg("%s", err.faults[0].msg);
  assert_string_equal(out.data, expected);
}

static void expect_error(const struct remote *r, const char *node,
                         const char *script, const char *expected) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf out = {0};
  assert_int_equal(remote_run(r, node, script, &out, &err), -1);
  assert_string_equal(err.faults[0].msg, expected);
  assert_int_equal(err.kind, ERROR_FAILED);
  assert_null(out.data);
}

static void test_output(void **state) {
  (void)state;
  expect_output("n1", "echo \"on $FAKE_NODE\"", "on n1\n");
  expect_output("chatty1", "printf '%s' \"it's fine\"", "it's fine");
}

static void test_no_output(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf out = {0};
  assert_int_equal(remote_run(&plain, "n1", "true", &out, &err), 0);
  assert_int_equal(out.len, 0);
}

static void test_errors(void **state) {
  (void)state;
  expect_error(&plain, "dead1", "echo hello",
               "dead1 does not answer ssh: ssh: connect to host 127.0.0.1 "
               "port 1: Connection refused");
  expect_error(&plain, "n2", "echo one >&2; echo two >&2; exit 3",
               "a script on n2 failed: one; two");
  expect_error(&plain, "n2", "printf '\\033]0;owned\\007\\377' >&2; exit 3",
               "a script on n2 failed:  ]0;owned ?");
  expect_error(&plain, "n2", "printf 'one\\r\\ntwo\\r\\n' >&2; exit 3",
               "a script on n2 failed: one; two");
  expect_error(&plain, "n2", "false\necho never",
               "a script on n2 failed: 'ssh' failed with exit status 1");
}

static void test_timeout(void **state) {
  (void)state;
  const struct remote hasty = {.config = "/nowhere", .timeout = 1};
  double began = monotonic_seconds();
  expect_error(&hasty, "silent1", "echo hello",
               "silent1 does not answer ssh within 1 s");
  expect_error(&hasty, "n1", "echo hello; exec sleep 60",
               "a script on n1 did not end within 1 s");
  assert_true(monotonic_seconds() - began < 20);
}

static void test_missing(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf out = {0};
  _cleanup_free_ char *path = xstrdup(getenv("PATH"));
  assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
  int r = remote_run(&plain, "n1", "true", &out, &err);
  assert_int_equal(setenv("PATH", path, 1), 0);
  assert_int_equal(r, -1);
  assert_int_equal(err.kind, ERROR_MISSING);
  assert_non_null(strstr(err.faults[0].msg, "openssh-client"));
}

/* What others may read must not hold what the script holds. */
static void test_argv(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf argv = {0};
  _cleanup_free_ char *dir = new_folder();
  assert_int_equal(setenv("FAKE_SSH_DIR", dir, 1), 0);
  expect_output("n1", "secret=hush; echo \"${#secret}\"", "4\n");
  assert_int_equal(unsetenv("FAKE_SSH_DIR"), 0);
  _cleanup_free_ char *path = xasprintf("%s/n1.argv", dir);
  assert_int_equal(file_read(path, 4096, &argv, &err), 0);
  assert_non_null(strstr(argv.data,
                         "-F /nowhere/ssh_config "
                         "-o IdentityFile=\"/nowhere/id_ed25519\" "
                         "-o UserKnownHostsFile=\"/nowhere/known_hosts\" "));
  assert_non_null(strstr(argv.data, " n1 sudo sh -eu\n"));
  assert_null(strstr(argv.data, "hush"));
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

#define MANY 100

/* More calls than threads, some failing, and all at once. */
static void test_all(void **state) {
  (void)state;
  struct remote_call calls[MANY] = {0};
  char names[MANY][16];
  double began = monotonic_seconds();
  for (int i = 0; i < MANY; i++) {
    (void)snprintf(names[i], sizeof(names[i]), "%s%d", i % 10 ? "n" : "dead",
                   i);
    calls[i].node = names[i];
    calls[i].script = "sleep 0.2; echo $FAKE_NODE";
  }
  remote_run_all(&plain, calls, MANY);
  for (int i = 0; i < MANY; i++) {
    _cleanup_free_ char *expected = xasprintf("%s\n", names[i]);
    assert_int_equal(error_is_set(&calls[i].err), i % 10 == 0);
    if (i % 10)
      assert_string_equal(calls[i].output.data, expected);
    remote_call_done(&calls[i]);
  }
  /* One after the other it would be 18 s of sleep alone. */
  assert_true(monotonic_seconds() - began < 17);
}

/* A second one beside the first would find its folder. */
static void test_one_at_a_time(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  struct remote_call calls[8] = {0};
  _cleanup_free_ char *dir = new_folder();
  const struct remote shy = {
      .config = "/nowhere", .timeout = 30, .parallel = 1};
  _cleanup_free_ char *script =
      xasprintf("mkdir %s/busy; sleep 0.05; rmdir %s/busy", dir, dir);
  for (size_t i = 0; i < 8; i++) {
    calls[i].node = "n1";
    calls[i].script = script;
  }
  remote_run_all(&shy, calls, 8);
  for (size_t i = 0; i < 8; i++) {
    assert_false(error_is_set(&calls[i].err));
    remote_call_done(&calls[i]);
  }
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

static int setup(void **state) {
  (void)state;
  _cleanup_free_ char *here = realpath("tests/bin", NULL);
  /* As main does: a dead ssh reads nothing. */
  (void)signal(SIGPIPE, SIG_IGN);
  if (!here)
    return -1;
  _cleanup_free_ char *path = xasprintf("%s:%s", here, getenv("PATH"));
  return setenv("PATH", path, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output),  cmocka_unit_test(test_no_output),
      cmocka_unit_test(test_errors),  cmocka_unit_test(test_timeout),
      cmocka_unit_test(test_missing), cmocka_unit_test(test_argv),
      cmocka_unit_test(test_all),     cmocka_unit_test(test_one_at_a_time),
  };
  return cmocka_run_group_tests(tests, setup, NULL);
}
