/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The token of a cluster on machines of the user's own, which are a socket on
 * 127.0.0.1 and tests/bin/ssh (run from the project's folder).
 */
#include "base/file.h"
#include "base/mem.h"
#include "cluster/reach.h"
#include "cluster/token.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "abcdef.0123456789abcdef"

struct fixture {
  struct state state;
  struct spec spec;
  struct spec_node m1;
  struct plan plan;
  struct error err;
};

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  char dir[] = "/tmp/kubeseed-token-XXXXXX";
  assert_non_null(mkdtemp(dir));
  f->state = (struct state){.dir = xstrdup(dir), .lock_fd = -1};
  f->m1 = (struct spec_node){.role = ROLE_CONTROL_PLANE,
                             .address = {IP_V4, {127, 0, 0, 1}}};
  f->plan.spec = &f->spec;
  *plan_node_vec_add(&f->plan.nodes) =
      (struct plan_node){.spec = &f->m1, .name = "m1"};
  _cleanup_free_ char *pki = state_path(&f->state, "pki");
  _cleanup_free_ char *token = state_path(&f->state, "pki/token");
  _cleanup_free_ char *answer = state_path(&f->state, "m1.answer");
  assert_int_equal(file_mkdirs(pki, 0700, &f->err), 0);
  assert_int_equal(file_write(token, TOKEN, 23, 0600, &f->err), 0);
  assert_int_equal(file_write(answer, "", 0, 0600, &f->err), 0);
  assert_int_equal(setenv("FAKE_SSH_DIR", dir, 1), 0);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  assert_int_equal(unsetenv("FAKE_SSH_DIR"), 0);
  assert_int_equal(file_remove_tree(f->state.dir, &f->err), 0);
  free(f->plan.nodes.v);
  state_done(&f->state);
  error_done(&f->err);
  free(f);
  return 0;
}

/* Something on 127.0.0.1 that greets as ssh does; the port it has. */
static uint16_t greet_somewhere(pid_t *ret_pid) {
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(at);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
  assert_int_equal(listen(fd, 4), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
  *ret_pid = fork();
  for (int c; *ret_pid == 0 && (c = accept(fd, NULL, NULL)) >= 0;)
    if (write(c, "SSH-2.0-x\r\n", 11) != 11)
      _exit(1);
  (void)close(fd);
  return ntohs(at.sin_port);
}

static void greet_no_more(pid_t pid) {
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static char *said(struct fixture *f, const char *file) {
  _cleanup_free_ char *path = state_path(&f->state, "%s", file);
  struct buf text = {0};
  if (!file_exists(path))
    return NULL;
  assert_int_equal(file_read(path, 65536, &text, &f->err), 0);
  return buf_take(&text);
}

static const struct log quiet = {.quiet = true};

static bool renew(struct fixture *f, uint16_t port) {
  bool renewed = false;
  assert_int_equal(
      token_renew(&quiet, &f->plan, &f->state, port, &renewed, &f->err), 0);
  return renewed;
}

static void test_machine_elsewhere(void **state) {
  struct fixture *f = *state;
  pid_t pid;
  uint16_t port = greet_somewhere(&pid);
  assert_true(renew(f, port));
  greet_no_more(pid);
  _cleanup_free_ char *argv = said(f, "m1.argv");
  _cleanup_free_ char *script = said(f, "m1.script");
  assert_null(strstr(argv, "0123456789abcdef"));
  assert_non_null(strstr(script, "token-secret: \"0123456789abcdef\""));
  assert_non_null(strstr(script, "name: bootstrap-token-abcdef,"));
}

/* Nobody is asked who does not greet, or when nobody is to be looked for. */
static void test_nobody_there(void **state) {
  struct fixture *f = *state;
  pid_t pid;
  uint16_t port = greet_somewhere(&pid);
  assert_false(renew(f, 0));
  greet_no_more(pid);
  assert_false(renew(f, port));
  _cleanup_free_ char *argv = said(f, "m1.argv");
  assert_null(argv);
}

int main(void) {
  _cleanup_free_ char *bin = realpath("tests/bin", NULL);
  _cleanup_free_ char *path = xasprintf("%s:%s", bin, getenv("PATH"));
  setenv("PATH", path, 1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_machine_elsewhere, setup, teardown),
      cmocka_unit_test_setup_teardown(test_nobody_there, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
