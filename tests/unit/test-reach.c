/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes that are sockets on 127.0.0.1, or nothing. */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "cluster/reach.h"
#include "machine/kind.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"

#define MANY 1100

struct fixture {
  struct state state;
  struct spec spec;
  struct spec_node node;
  struct plan plan;
  struct ports ports;
  size_t sel[MANY];
  struct reach reach[MANY];
};

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  char *dir = new_folder();
  f->state = (struct state){.dir = dir, .lock_fd = -1};
  f->node = (struct spec_node){.role = ROLE_CONTROL_PLANE,
                               .address = {IP_V4, {127, 0, 0, 1}}};
  f->plan.spec = &f->spec;
  for (size_t i = 0; i < MANY; i++) {
    *plan_node_vec_add(&f->plan.nodes) =
        (struct plan_node){.spec = &f->node, .name = "m1", .index = i};
    f->sel[i] = i;
  }
  f->ports =
      (struct ports){.node = xcalloc(MANY, sizeof(*f->ports.node)), .n = MANY};
  *state = f;
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = *state;
  assert_int_equal(file_remove_tree(f->state.dir, &err), 0);
  reach_done(f->reach, MANY);
  free(f->plan.nodes.v);
  ports_done(&f->ports);
  state_done(&f->state);
  free(f);
  return 0;
}

/* A socket that listens on a port of its own, and nobody who accepts. */
static int listen_somewhere(uint16_t *ret_port) {
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(at);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
  assert_int_equal(listen(fd, MANY), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
  *ret_port = ntohs(at.sin_port);
  return fd;
}

static void look(struct fixture *f, uint16_t port, size_t n) {
  reach_look(&f->plan, &f->state, &f->ports, port, f->sel, n, f->reach);
}

static void test_greeting(void **state) {
  struct fixture *f = *state;
  uint16_t port;
  int fd = listen_somewhere(&port);
  pid_t pid = fork();
  for (int c; pid == 0 && (c = accept(fd, NULL, NULL)) >= 0; (void)close(c))
    if (write(c, "SSH-2.0-x\r\n", 11) != 11)
      _exit(1);
  (void)close(fd);
  look(f, port, MANY);
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  for (size_t i = 0; i < MANY; i++) {
    if (!f->reach[i].answers)
      fail_msg("%zu: %s", i, f->reach[i].why);
    assert_null(f->reach[i].why);
  }
}

/* As what forwards a port does when nobody listens behind it. */
static void test_hang_up(void **state) {
  struct fixture *f = *state;
  uint16_t port;
  int fd = listen_somewhere(&port);
  pid_t pid = fork();
  for (int c; pid == 0 && (c = accept(fd, NULL, NULL)) >= 0;)
    (void)close(c);
  (void)close(fd);
  look(f, port, 1);
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  assert_false(f->reach[0].answers);
  assert_non_null(strstr(f->reach[0].why, "Connection reset"));
}

/* A process that passes for the first node's machine, which forwards a port. */
static pid_t start_machine(struct fixture *f, uint16_t port) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_free_ char *run = state_path(&f->state, "run");
  _cleanup_free_ char *pidfile = state_path(&f->state, "run/here.pid");
  _cleanup_free_ char *log = state_path(&f->state, "run/log");
  pid_t pid = 0;
  strv_push_all(&argv, "tail", "-f", "/dev/null", "run/here.pid", NULL);
  const struct process p = {
      .argv = &argv, .dir = f->state.dir, .log_path = log};
  f->plan.nodes.v[0].name = (char *)"here";
  f->ports.node[0].ssh = port;
  assert_int_equal(file_mkdirs(run, 0700, &err), 0);
  assert_int_equal(process_spawn_detached(&p, &pid, &err), 0);
  _cleanup_free_ char *text = xasprintf("%d\n", (int)pid);
  assert_int_equal(file_write(pidfile, text, strlen(text), 0600, &err), 0);
  return pid;
}

/* Greets one who connects, but a second later than one elsewhere must. */
static pid_t greet_late(int fd) {
  pid_t pid = fork();
  if (pid == 0) {
    int c = accept(fd, NULL, NULL);
    (void)poll(NULL, 0, (REACH_SECONDS + 1) * 1000);
    _exit(write(c, "SSH-2.0-x\r\n", 11) != 11);
  }
  return pid;
}

/* Whoever takes connections and says nothing, as what forwards a port to a
 * machine that is off; all of them are waited for at the same time, and longer
 * for a machine that is here. */
static void test_silence(void **state) {
  struct fixture *f = *state;
  uint16_t port, late_port;
  int fd = listen_somewhere(&port), late = listen_somewhere(&late_port);
  pid_t machine = start_machine(f, late_port), greeter = greet_late(late);
  double began = monotonic_seconds();
  look(f, port, 20);
  (void)close(fd);
  (void)close(late);
  assert_int_equal(kill(machine, SIGKILL), 0);
  assert_int_equal(waitpid(greeter, NULL, 0), greeter);
  assert_true(monotonic_seconds() - began < 3 * REACH_SECONDS);
  if (!f->reach[0].answers)
    fail_msg("%s", f->reach[0].why);
  for (size_t i = 1; i < 20; i++) {
    assert_false(f->reach[i].answers);
    assert_string_equal(f->reach[i].why,
                        "m1 does not answer ssh at 127.0.0.1 within 4 s");
  }
}

static void test_refused(void **state) {
  struct fixture *f = *state;
  uint16_t port;
  int fd = listen_somewhere(&port);
  (void)close(fd);
  look(f, port, MANY);
  for (size_t i = 0; i < MANY; i++)
    assert_string_equal(
        f->reach[i].why,
        "m1 does not answer ssh at 127.0.0.1: Connection refused");
}

/* One that has a port or a disk here is off, whatever is at its address. */
static void test_of_ours(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *disks = state_path(&f->state, "disks");
  _cleanup_free_ char *disk = state_path(&f->state, "disks/m2.qcow2");
  uint16_t port;
  int fd = listen_somewhere(&port);
  f->ports.node[0].ssh = port;
  f->plan.nodes.v[1].name = (char *)"m2";
  assert_int_equal(file_mkdirs(disks, 0700, &err), 0);
  assert_int_equal(file_write(disk, "", 0, 0600, &err), 0);
  look(f, 0, 3);
  (void)close(fd);
  assert_string_equal(f->reach[0].why, "m1 is off");
  assert_string_equal(f->reach[1].why, "m2 is off");
  assert_string_equal(f->reach[2].why, "m1 does not run here");
  /* with a disk of the kind that the cluster has */
  assert_int_equal(machine_kind_save(&f->state, &machine_container, &err), 0);
  assert_false(reach_is_here(&f->plan.nodes.v[1], &f->state, &f->ports));
}

/* Nor is one that only runs, its disk and ports removed. */
static void test_runs(void **state) {
  struct fixture *f = *state;
  pid_t machine = start_machine(f, 0);
  bool here = reach_is_here(&f->plan.nodes.v[0], &f->state, &f->ports);
  assert_int_equal(kill(machine, SIGKILL), 0);
  assert_true(here);
}

int main(void) {
  /* What a process gets without asking for more. */
  const struct rlimit usual = {.rlim_cur = 1024, .rlim_max = 1024};
  (void)setrlimit(RLIMIT_NOFILE, &usual);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_greeting), TEST(test_hang_up), TEST(test_silence),
      TEST(test_refused),  TEST(test_of_ours), TEST(test_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
