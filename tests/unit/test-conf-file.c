/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lock of the user's kubeconfig does not stay when Ctrl-C comes within. */
#include "base/file.h"
#include "base/mem.h"
#include "seed/conf-file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

static int pending; /* a signal that comes while the file is synced, or 0 */

/* The C library's, for all that is linked here. */
int fsync(int fd) {
  (void)fd;
  return pending ? raise(pending) : 0;
}

static _Noreturn void write_conf(const char *path) {
  const struct log log = {.out = stderr, .quiet = true};
  struct error err = {0};
  struct buf text = {0};
  const struct rlimit none = {0};
  (void)setrlimit(RLIMIT_CORE, &none); /* SIGQUIT would leave one */
  buf_adds(&text, "kind: Config\n");
  _exit(conf_file_write(path, CONF_NEW, &text, &log, &err) < 0);
}

static void test_signals(void **state) {
  (void)state;
  static const int signals[] = {0, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_free_ char *dir = new_folder();
    _cleanup_free_ char *path = xasprintf("%s/config", dir);
    _cleanup_free_ char *lock = xasprintf("%s.lock", path);
    pending = signals[i];
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
      write_conf(path);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, signals[i]);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    assert_false(file_exists(lock));
    assert_true(file_exists(path));
    check_ok(file_remove_tree(dir, &err), &err);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_signals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
