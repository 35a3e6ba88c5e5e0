/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The token of a cluster on machines of the user's own, which are a socket on
 * 127.0.0.1 and tests/bin/ssh (run from the project's folder).
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "cluster/reach.h"
#include "cluster/token.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"

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
  char *dir = new_folder();
  f->state = (struct state){.dir = dir, .lock_fd = -1};
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
  if (*ret_pid == 0) /* a test that fails does not get to its end */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
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

static bool was_asked(struct fixture *f, const char *node) {
  _cleanup_free_ char *path = state_path(&f->state, "%s.argv", node);
  return file_exists(path);
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

/* Those of the control plane are asked in turn until one has done it. */
static void test_next_one(void **state) {
  struct fixture *f = *state;
  struct spec_node worker = f->m1;
  pid_t pid;
  worker.role = ROLE_WORKER;
  *plan_node_vec_add(&f->plan.nodes) =
      (struct plan_node){.spec = &worker, .name = "w1", .index = 1};
  static char names[][6] = {"dead2", "m3", "m4"};
  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    *plan_node_vec_add(&f->plan.nodes) =
        (struct plan_node){.spec = &f->m1, .name = names[i], .index = 2 + i};
  f->plan.nodes.v[0].name = (char[]){"dead1"};
  _cleanup_free_ char *answer = state_path(&f->state, "m3.answer");
  assert_int_equal(file_write(answer, "", 0, 0600, &f->err), 0);
  uint16_t port = greet_somewhere(&pid);
  assert_true(renew(f, port));
  assert_true(was_asked(f, "m3"));
  assert_false(was_asked(f, "w1"));
  assert_false(was_asked(f, "m4"));
  /* None can: the last one's reason is told, alone. */
  f->plan.nodes.n = 3;
  bool renewed = true;
  assert_int_equal(
      token_renew(&quiet, &f->plan, &f->state, port, &renewed, &f->err), -1);
  greet_no_more(pid);
  assert_false(renewed);
  assert_int_equal(f->err.n_faults, 1);
  assert_non_null(strstr(f->err.faults[0].msg,
                         "cannot renew the bootstrap token: dead2 does not"));
}

/* ---- What the node does ---- */

/* There is no cluster here: a folder stands for /etc/kubernetes, and a program
 * for kubectl, which says what the file there holds of the secret and keeps in
 * applied what it is to be. */
static const char kubectl[] =
    "#!/bin/sh\n"
    "cd \"$FAKE_SSH_DIR\" || exit\n"
    "case $*:$KUBECONFIG in\n"
    "'-n kube-system get secret bootstrap-token-abcdef --ignore-not-found -o "
    "jsonpath={.kind}{.data.expiration}:'*/admin.conf) exec cat there ;;\n"
    "'apply --validate=false -f -:'*/admin.conf) exec cat >applied ;;\n"
    "esac\n"
    "exit 9\n";

static void put(struct fixture *f, const char *file, const char *text,
                mode_t mode) {
  _cleanup_free_ char *path = state_path(&f->state, "%s", file);
  assert_int_equal(file_write(path, text, strlen(text), mode, &f->err), 0);
}

/* Runs what token_renew has sent to m1; what was applied, or NULL. */
static char *run_script(struct fixture *f, int expected) {
  static const char conf[] = "=/etc/kubernetes/";
  _cleanup_free_ char *script = said(f, "m1.script");
  _cleanup_free_ char *path =
      xasprintf("PATH=%s:%s", f->state.dir, getenv("PATH"));
  const char *at = strstr(script, conf);
  _cleanup_strv_ struct strv argv = {0}, env = {0};
  _cleanup_error_ struct error ignored = {0};
  assert_non_null(at);
  _cleanup_free_ char *moved =
      xasprintf("%.*s=%s/%s", (int)(at - script), script, f->state.dir,
                at + strlen(conf));
  strv_push_all(&argv, "sh", "-eu", NULL);
  strv_push(&env, path);
  const struct process p = {
      .argv = &argv, .env = &env, .input = moved, .input_len = strlen(moved)};
  assert_int_equal(process_run(&p, &ignored), expected);
  return said(f, "applied");
}

static const char before[] =
    "apiVersion: v1\n"
    "kind: Secret\n"
    "metadata: {name: bootstrap-token-abcdef, namespace: kube-system}\n"
    "type: bootstrap.kubernetes.io/token\n"
    "stringData:\n"
    "  token-id: \"abcdef\"\n"
    "  token-secret: \"0123456789abcdef\"\n"
    "  expiration: \"";
static const char behind[] =
    "\"\n"
    "  usage-bootstrap-authentication: \"true\"\n"
    "  usage-bootstrap-signing: \"true\"\n"
    "  auth-extra-groups: system:bootstrappers:kubeadm:default-node-token\n";

/* It ends in a day from now. */
static void expect_secret(const char *text) {
  struct tm tm = {0};
  assert_non_null(text);
  assert_memory_equal(text, before, strlen(before));
  const char *end = strptime(text + strlen(before), "%FT%TZ", &tm);
  assert_non_null(end);
  assert_string_equal(end, behind);
  assert_in_range(timegm(&tm) - time(NULL), 86400 - 600, 86400);
}

static void test_script(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *there; /* NULL: no answer */
    int status;
    bool applied;
  } cases[] = {
      {"", 0, true},                                   /* none is there */
      {"SecretMjAyNi0xMS0yN1QxMjowMDowMFo=", 0, true}, /* one with an end */
      {"Secret", 0, false}, /* the first one has none */
      {NULL, -1, false},
  };
  pid_t pid;
  uint16_t port = greet_somewhere(&pid);
  assert_true(renew(f, port));
  greet_no_more(pid);
  put(f, "kubectl", kubectl, 0700);
  _cleanup_free_ char *nothing = run_script(f, -1); /* not yet in a cluster */
  assert_null(nothing);
  put(f, "admin.conf", "", 0600);
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_free_ char *there = state_path(&f->state, "there");
    _cleanup_free_ char *applied = state_path(&f->state, "applied");
    (void)unlink(applied);
    (void)unlink(there);
    if (cases[i].there)
      put(f, "there", cases[i].there, 0600);
    _cleanup_free_ char *text = run_script(f, cases[i].status);
    if (cases[i].applied)
      expect_secret(text);
    else
      assert_null(text);
  }
}

static void test_damaged_token(void **state) {
  struct fixture *f = *state;
  pid_t pid;
  uint16_t port = greet_somewhere(&pid);
  bool renewed = true;
  put(f, "pki/token", "abcdef.0123456789abcde", 0600);
  int r = token_renew(&quiet, &f->plan, &f->state, port, &renewed, &f->err);
  greet_no_more(pid);
  assert_int_equal(r, -1);
  assert_false(renewed);
  assert_non_null(strstr(f->err.faults[0].msg, "pki/token' is damaged"));
}

int main(void) {
  /* As main does: a dead ssh reads nothing. */
  (void)signal(SIGPIPE, SIG_IGN);
  _cleanup_free_ char *bin = realpath("tests/bin", NULL);
  _cleanup_free_ char *path = xasprintf("%s:%s", bin, getenv("PATH"));
  setenv("PATH", path, 1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_machine_elsewhere, setup, teardown),
      cmocka_unit_test_setup_teardown(test_nobody_there, setup, teardown),
      cmocka_unit_test_setup_teardown(test_next_one, setup, teardown),
      cmocka_unit_test_setup_teardown(test_script, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damaged_token, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
