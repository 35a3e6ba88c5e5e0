/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

/* Tests may say what the child does in shell; the program itself never does. */
static void shell(struct strv *argv, const char *script) {
  strv_push_all(argv, "sh", "-c", script, NULL);
}

/* Runs script with the rest of p; gives what it wrote to stdout. */
static char *output_of(struct process p, const char *script) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  struct buf out = {0};
  shell(&argv, script);
  p.argv = &argv;
  p.output = &out;
  int r = process_run(&p, &err);
  error_print(&err, "test", stderr);
  assert_int_equal(r, 0);
  return buf_take(&out);
}

static void test_output(void **state) {
  (void)state;
  static const struct {
    const char *script;
    const char *expected;
  } rows[] = {
      {"echo out; echo err >&2", "out\n"},
      {":", ""},
      {"printf 'no newline'", "no newline"},
      {"cat; echo end", "end\n"}, /* stdin is /dev/null */
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *out = output_of((struct process){0}, rows[i].script);
    assert_string_equal(out, rows[i].expected);
  }
  _cleanup_free_ char *large =
      output_of((struct process){0}, "head -c 300000 /dev/zero | tr '\\0' x");
  assert_int_equal(strlen(large), 300000);
}

static void test_input(void **state) {
  (void)state;
  /* More than a pipe holds, in both directions at the same time. */
  _cleanup_free_ char *text = xcalloc(500001, 1);
  memset(text, 'y', 500000);
  const struct process p = {.input = text, .input_len = 500000};
  _cleanup_free_ char *out = output_of(p, "cat");
  assert_string_equal(out, text);
  /* A child that does not read is no fault of ours. */
  _cleanup_free_ char *unread = output_of(p, "exec <&-; echo done");
  assert_string_equal(unread, "done\n");
  const struct process empty = {.input = "", .input_len = 0};
  _cleanup_free_ char *nothing = output_of(empty, "cat");
  assert_string_equal(nothing, "");
}

static void test_environment(void **state) {
  (void)state;
  _cleanup_strv_ struct strv env = {0};
  strv_push_all(&env, "KUBESEED_TEST=new", "KUBESEED_MORE=2", NULL);
  assert_int_equal(setenv("KUBESEED_TEST", "old", 1), 0);
  assert_int_equal(setenv("KUBESEED_TEST_KEPT", "kept", 1), 0);
  _cleanup_free_ char *out =
      output_of((struct process){.env = &env, .dir = "/usr"},
                "echo $KUBESEED_TEST $KUBESEED_MORE $KUBESEED_TEST_KEPT; pwd");
  assert_string_equal(out, "new 2 kept\n/usr\n");
}

/* None of our descriptors, whatever their flags, and default signals. */
static void test_child_is_clean(void **state) {
  (void)state;
  int fd = open("/dev/null", O_RDONLY);
  assert_true(fd > 2);
  _cleanup_free_ char *fds =
      output_of((struct process){0}, "cd /proc/self/fd && echo [0-9]*");
  /* dash itself opens the folder to read it. */
  assert_true(strcmp(fds, "0 1 2\n") == 0 || strcmp(fds, "0 1 2 3\n") == 0);
  assert_int_equal(close(fd), 0);
  _cleanup_free_ char *ignored =
      output_of((struct process){0},
                "sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status");
  /* Signals 32 and 33 are the C library's own; a starter may ignore them, and
   * nothing above it can change that. */
  unsigned long long set = strtoull(ignored, NULL, 16);
  assert_int_equal(set & ~0x180000000ULL, 0);
}

static void add_line(void *arg, const char *line) {
  strv_push(arg, line);
}

static void test_lines(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_strv_ struct strv lines = {0};
  shell(&argv, "printf 'a\\n\\nb\\nlast'");
  const struct process p = {
      .argv = &argv, .on_line = add_line, .on_line_arg = &lines};
  assert_int_equal(process_run(&p, &err), 0);
  static const char *const expected[] = {"a", "", "b", "last"};
  assert_int_equal(lines.n, ARRAY_SIZE(expected));
  for (size_t i = 0; i < lines.n; i++)
    assert_string_equal(lines.v[i], expected[i]);
}

static void test_endings(void **state) {
  (void)state;
  static const struct {
    const char *script;
    const char *msg;
  } rows[] = {
      {"exit 3", "'sh' failed with exit status 3"},
      {"echo why >&2; exit 1", "'sh' failed with exit status 1:\nwhy"},
      {"echo said; exit 1", "'sh' failed with exit status 1:\nsaid"},
      {"for i in 1 2 3 4 5 6 7 8; do echo $i >&2; done; exit 1",
       "'sh' failed with exit status 1:\n3\n4\n5\n6\n7\n8"},
      {"kill -9 $$", "'sh' was ended by signal 9 (Killed)"},
      {"echo help >&2; kill -15 $$",
       "'sh' was ended by signal 15 (Terminated):\nhelp"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_strv_ struct strv argv = {0};
    shell(&argv, rows[i].script);
    const struct process p = {.argv = &argv};
    assert_int_equal(process_run(&p, &err), -1);
    assert_int_equal(err.kind, ERROR_FAILED);
    assert_string_equal(err.faults[0].msg, rows[i].msg);
  }
}

/* The end of a long stderr is what counts. */
static void test_long_tail(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  shell(&argv, "seq 100000 >&2; exit 1");
  const struct process p = {.argv = &argv};
  assert_int_equal(process_run(&p, &err), -1);
  assert_string_equal(err.faults[0].msg,
                      "'sh' failed with exit status 1:\n"
                      "99995\n99996\n99997\n99998\n99999\n100000");
}

static void test_too_much(void **state) {
  (void)state;
  for (int ends = 0; ends < 2; ends++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_strv_ struct strv argv = {0};
    _cleanup_buf_ struct buf output = {0};
    shell(&argv, ends ? "head -c 100000 /dev/zero" : "cat /dev/zero");
    const struct process p = {
        .argv = &argv, .output = &output, .output_max = 50000};
    assert_int_equal(process_run(&p, &err), -1);
    assert_string_equal(err.faults[0].msg,
                        "'sh' printed more than 50000 bytes");
    assert_true(output.len < 200000);
  }
}

static void test_status(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  for (int expected = 0; expected < 200; expected += 99) {
    _cleanup_strv_ struct strv argv = {0};
    _cleanup_free_ char *script = xasprintf("exit %d", expected);
    shell(&argv, script);
    int status = -1;
    const struct process p = {.argv = &argv};
    assert_int_equal(process_status(&p, &status, &err), 0);
    assert_int_equal(status, expected);
  }
  _cleanup_strv_ struct strv argv = {0};
  shell(&argv, "kill -9 $$");
  int status = -1;
  const struct process p = {.argv = &argv};
  assert_int_equal(process_status(&p, &status, &err), -1);
  assert_int_equal(status, -1);
}

static void add_second(void *arg, unsigned seconds) {
  buf_addf(arg, "%u ", seconds);
}

static void test_alive(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_buf_ struct buf told = {0};
  strv_push_all(&argv, "sleep", "2.5", NULL);
  const struct process p = {.argv = &argv,
                            .on_alive = add_second,
                            .alive_every = 1,
                            .on_alive_arg = &told};
  assert_int_equal(process_run(&p, &err), 0);
  /* A machine that stood still may leave one out, not tell one twice. */
  assert_non_null(told.data);
  assert_non_null(strstr("1 2 ", told.data));
}

static void test_timeout(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "sleep", "60", NULL);
  const struct process p = {.argv = &argv, .timeout = 1};
  double start = monotonic_seconds();
  assert_int_equal(process_run(&p, &err), -1);
  assert_true(monotonic_seconds() - start < 10);
  assert_string_equal(err.faults[0].msg, "'sleep' did not end within 1 s");
}

/* A fifo in a folder of its own: who holds it for writing is still there. */
struct leash {
  char *dir;
  char *path;
  int fd;
};

static void leash_make(struct leash *l) {
  *l = (struct leash){.dir = new_folder()};
  l->path = xasprintf("%s/fifo", l->dir);
  assert_int_equal(mkfifo(l->path, 0600), 0);
  l->fd = open(l->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  assert_true(l->fd >= 0);
}

/* Whether events comes to the fifo within ten seconds: POLLIN, somebody wrote;
 * POLLHUP, all who held it have ended. */
static bool leash_says(const struct leash *l, short events) {
  struct pollfd p = {.fd = l->fd, .events = events};
  return poll(&p, 1, 10000) == 1 && (p.revents & events);
}

static void leash_done(struct leash *l) {
  _cleanup_error_ struct error err = {0};
  (void)close(l->fd);
  assert_int_equal(file_remove_tree(l->dir, &err), 0);
  free(l->dir);
  free(l->path);
}

/* What the program started has not its pipes, and ends with it all the same. */
static void test_timeout_ends_all(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  struct leash l;
  leash_make(&l);
  _cleanup_free_ char *script =
      xasprintf("sleep 60 >%s 2>&1 & exec sleep 60", l.path);
  shell(&argv, script);
  const struct process p = {.argv = &argv, .timeout = 1};
  assert_int_equal(process_run(&p, &err), -1);
  assert_true(leash_says(&l, POLLHUP));
  leash_done(&l);
}

/* A fifo, $HELD in env, whose readers wait for as long as the test runs, and
 * not longer. */
static void hold_make(struct leash *l, struct strv *env) {
  leash_make(l);
  (void)close(l->fd);
  l->fd = open(l->path, O_RDWR | O_CLOEXEC);
  assert_true(l->fd >= 0);
  strv_pushf(env, "HELD=%s", l->path);
}

/* Pipes that somebody holds, deaf to SIGTERM, in another session or left
 * behind by a program that has ended, are not waited for. */
static void test_held_pipes(void **state) {
  (void)state;
  static const struct {
    const char *script;
    unsigned timeout;
  } rows[] = {
      {"(trap '' TERM; exec cat $HELD) & exec cat $HELD", 1},
      {"setsid cat $HELD & exec cat $HELD", 1},
      {"cat $HELD & echo done", 0},
  };
  _cleanup_strv_ struct strv env = {0};
  struct leash held;
  hold_make(&held, &env);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_strv_ struct strv argv = {0};
    _cleanup_buf_ struct buf out = {0};
    shell(&argv, rows[i].script);
    const struct process p = {
        .argv = &argv, .env = &env, .output = &out, .timeout = rows[i].timeout};
    bool ends = rows[i].timeout != 1;
    double start = monotonic_seconds();
    assert_int_equal(process_run(&p, &err), ends ? 0 : -1);
    assert_true(monotonic_seconds() - start < 15);
    assert_string_equal(ends ? out.data : err.faults[0].msg,
                        ends ? "done\n" : "'sh' did not end within 1 s");
  }
  leash_done(&held);
}

/* What the program started may end in its own way as well. */
static void test_timeout_asks_all(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_strv_ struct strv env = {0};
  struct leash held, l;
  hold_make(&held, &env);
  leash_make(&l);
  strv_pushf(&env, "TOLD=%s", l.path);
  shell(&argv, "(trap 'echo >$TOLD; exit' TERM; cat $HELD & wait) & "
               "exec cat $HELD");
  const struct process p = {.argv = &argv, .env = &env, .timeout = 1};
  assert_int_equal(process_run(&p, &err), -1);
  assert_true(leash_says(&l, POLLIN));
  leash_done(&l);
  leash_done(&held);
}

/* Whoever ends us ends what we started, and what that started. */
static void test_signal_is_passed_on(void **state) {
  (void)state;
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
    struct leash l;
    leash_make(&l);
    pid_t pid = fork();
    if (pid == 0) {
      _cleanup_error_ struct error err = {0};
      _cleanup_strv_ struct strv argv = {0};
      _cleanup_free_ char *script =
          xasprintf("(echo up; exec sleep 60) >%s 2>&1 & wait", l.path);
      shell(&argv, script);
      const struct process p = {.argv = &argv};
      (void)signal(signals[i], SIG_DFL);
      _exit(process_run(&p, &err) == 0 ? 0 : 1);
    }
    assert_true(leash_says(&l, POLLIN));
    assert_int_equal(kill(pid, signals[i]), 0);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), signals[i]);
    assert_true(leash_says(&l, POLLHUP));
    leash_done(&l);
  }
}

/* As under nohup: what we ignore does not end what we started either. */
static void test_ignored_signal(void **state) {
  (void)state;
  (void)signal(SIGHUP, SIG_IGN);
  _cleanup_free_ char *said = output_of(
      (struct process){0}, "trap 'echo hit; exit' HUP; kill -HUP $PPID; "
                           "sleep 1; echo done");
  (void)signal(SIGHUP, SIG_DFL);
  assert_string_equal(said, "done\n");
}

/* As some starters leave it to those they start. */
static void test_ignored_sigchld(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  int status = -1;
  shell(&argv, "exit 7");
  const struct process p = {.argv = &argv};
  (void)signal(SIGCHLD, SIG_IGN);
  assert_int_equal(process_status(&p, &status, &err), 0);
  assert_int_equal(status, 7);
}

static void test_missing(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  strv_push(&argv, "kubeseed-no-such-program");
  const struct process named = {.argv = &argv, .package = "some-package"};
  assert_int_equal(process_run(&named, &err), -1);
  assert_int_equal(err.kind, ERROR_MISSING);
  assert_string_equal(err.faults[0].msg,
                      "the program 'kubeseed-no-such-program' is missing; it "
                      "is in the Debian package 'some-package' (apt-get "
                      "install some-package)");
  const struct process unnamed = {.argv = &argv};
  assert_int_equal(process_run(&unnamed, &err), -1);
  assert_string_equal(err.faults[1].msg,
                      "the program 'kubeseed-no-such-program' is missing");
  assert_int_equal(process_require("sh", "dash", &err), 0);
  assert_int_equal(process_require("/bin/sh", "dash", &err), 0);
  assert_int_equal(process_require("no-such", "x", &err), -1);
  /* A folder in PATH is no program. */
  assert_int_equal(process_require("/usr/no-such", NULL, &err), -1);
}

static void test_not_executable(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *dir = new_folder();
  _cleanup_free_ char *path = xasprintf("%s/p", dir);
  _cleanup_strv_ struct strv argv = {0};
  strv_push(&argv, path);
  const struct process p = {.argv = &argv};
  assert_int_equal(file_write(path, "\177ELF", 4, 0755, &err), 0);
  assert_int_equal(process_run(&p, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "Exec format error"));
  const struct process elsewhere = {.argv = &argv, .dir = "/no/such"};
  assert_int_equal(process_run(&elsewhere, &err), -1);
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

static void test_log(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *dir = new_folder();
  _cleanup_free_ char *path = xasprintf("%s/log", dir);
  _cleanup_strv_ struct strv argv = {0};
  shell(&argv, "echo out; echo err >&2");
  const struct process p = {.argv = &argv, .log_path = path};
  assert_int_equal(process_run(&p, &err), 0);
  assert_int_equal(process_run(&p, &err), 0);
  _cleanup_buf_ struct buf b = {0};
  assert_int_equal(file_read(path, 100, &b, &err), 0);
  assert_string_equal(b.data, "out\nerr\nout\nerr\n");
  const struct process bad = {.argv = &argv, .log_path = "/no/such/log"};
  assert_int_equal(process_run(&bad, &err), -1);
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

/* Lives in a session of its own, with its output in the log. */
static void test_detached(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *dir = new_folder();
  _cleanup_free_ char *path = xasprintf("%s/log", dir);
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "sleep", "60", NULL);
  pid_t pid = 0;
  const struct process p = {.argv = &argv, .log_path = path};
  assert_int_equal(process_spawn_detached(&p, &pid, &err), 0);
  assert_true(pid > 1);
  assert_int_equal(getsid(pid), pid);
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_true(file_exists(path));
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output),
      cmocka_unit_test(test_input),
      cmocka_unit_test(test_environment),
      cmocka_unit_test(test_child_is_clean),
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_endings),
      cmocka_unit_test(test_long_tail),
      cmocka_unit_test(test_too_much),
      cmocka_unit_test(test_status),
      cmocka_unit_test(test_timeout_ends_all),
      cmocka_unit_test(test_held_pipes),
      cmocka_unit_test(test_timeout_asks_all),
      cmocka_unit_test(test_signal_is_passed_on),
      cmocka_unit_test(test_ignored_signal),
      cmocka_unit_test(test_ignored_sigchld),
      cmocka_unit_test(test_alive),
      cmocka_unit_test(test_timeout),
      cmocka_unit_test(test_missing),
      cmocka_unit_test(test_not_executable),
      cmocka_unit_test(test_log),
      cmocka_unit_test(test_detached),
  };
  /* As the program does, which has more to say than to die of it. */
  (void)signal(SIGPIPE, SIG_IGN);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
