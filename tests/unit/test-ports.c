/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ports are picked free, kept, and replaced when others have them. */
#include "base/file.h"
#include "base/mem.h"
#include "machine/ports.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

#define NODES 3

struct fixture {
  struct state state;
  struct spec spec;
  struct plan plan;
  struct spec_node nodes[NODES];
  struct error err;
};

static int setup(void **state) {
  static const char *const names[NODES] = {"m1", "m2", "w1"};
  struct fixture *f = xcalloc(1, sizeof(*f));
  char *dir = new_folder();
  f->state.lock_fd = -1;
  f->state.dir = dir;
  f->plan.spec = &f->spec;
  for (size_t i = 0; i < NODES; i++) {
    f->nodes[i].role = i < 2 ? ROLE_CONTROL_PLANE : ROLE_WORKER;
    struct plan_node *n = plan_node_vec_add(&f->plan.nodes);
    n->spec = &f->nodes[i];
    n->name = names[i];
    n->index = i;
  }
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  check_ok(file_remove_tree(f->state.dir, &f->err), &f->err);
  free(f->plan.nodes.v);
  state_done(&f->state);
  error_done(&f->err);
  free(f);
  return 0;
}

static bool is_off(const struct state *s, const char *node, pid_t *ret_pid) {
  (void)s;
  (void)node;
  (void)ret_pid;
  return false;
}

static bool is_on(const struct state *s, const char *node, pid_t *ret_pid) {
  return !is_off(s, node, ret_pid);
}

static void test_ports_kept(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports a = {0};
  _cleanup_ports_ struct ports b = {0};
  _cleanup_ports_ struct ports none = {0};
  check_ok(ports_load(&f->state, &f->plan, &none, &f->err), &f->err);
  assert_int_equal(none.n, NODES);
  assert_int_equal(none.mcast, 0);
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &a, &f->err), &f->err);
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &b, &f->err), &f->err);
  assert_int_equal(a.mcast, b.mcast);
  assert_true(a.mcast >= 49152);
  assert_memory_equal(a.node, b.node, NODES * sizeof(*a.node));
  for (size_t i = 0; i < NODES; i++) {
    assert_true(a.node[i].ssh >= 20000 && a.node[i].ssh < 32768);
    assert_int_equal(a.node[i].mcast, a.mcast);
    assert_int_equal(a.node[i].api != 0, i < 2); /* the control plane */
    for (size_t j = 0; j < i; j++)
      assert_int_not_equal(a.node[i].ssh, a.node[j].ssh);
  }
}

static int listen_on(int port) {
  struct sockaddr_in addr = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
  assert_int_equal(listen(fd, 1), 0);
  return fd;
}

/* A port that another program has taken meanwhile is replaced. */
static void test_ports_taken(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports a = {0};
  _cleanup_ports_ struct ports b = {0};
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &a, &f->err), &f->err);
  _cleanup_close_ int fd = listen_on(a.node[0].ssh);
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &b, &f->err), &f->err);
  assert_int_not_equal(a.node[0].ssh, b.node[0].ssh);
  assert_int_equal(a.node[1].ssh, b.node[1].ssh);
}

/* Nor has another node of the same file what one has. */
static void test_ports_twice(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports a = {0}, b = {0};
  _cleanup_free_ char *path = state_path(&f->state, "run/ports.json");
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &a, &f->err), &f->err);
  _cleanup_free_ char *text =
      xasprintf("{\"nodes\": {\"m1\": {\"ssh\": %d}, \"m2\": {\"ssh\": %d}}}",
                a.node[0].ssh, a.node[0].ssh);
  check_ok(file_write(path, text, strlen(text), 0600, &f->err), &f->err);
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &b, &f->err), &f->err);
  assert_int_equal(b.node[0].ssh, a.node[0].ssh);
  assert_int_not_equal(b.node[1].ssh, b.node[0].ssh);
}

/* A machine that runs has its ports itself: they are taken, and stay. */
static void test_ports_of_running(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports a = {0};
  _cleanup_ports_ struct ports b = {0};
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &a, &f->err), &f->err);
  _cleanup_close_ int fd = listen_on(a.node[0].ssh);
  check_ok(ports_ensure(&f->state, &f->plan, is_on, &b, &f->err), &f->err);
  assert_memory_equal(a.node, b.node, NODES * sizeof(*a.node));
}

/* A node may go from the spec while its machine runs, and come back. */
static void test_ports_of_gone(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports a = {0}, without = {0}, b = {0};
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &a, &f->err), &f->err);
  f->plan.nodes.n--;
  check_ok(ports_ensure(&f->state, &f->plan, is_on, &without, &f->err),
           &f->err);
  f->plan.nodes.n++;
  check_ok(ports_load(&f->state, &f->plan, &b, &f->err), &f->err);
  assert_memory_equal(a.node, b.node, NODES * sizeof(*a.node));
}

/* Another cluster's Ethernet: it began while all of this one's were off. */
static void test_ethernet_taken(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports a = {0}, on = {0}, off = {0};
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &a, &f->err), &f->err);
  struct sockaddr_in addr = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)a.mcast),
                             .sin_addr.s_addr = inet_addr("230.0.0.1")};
  _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int reuse = 1; /* as QEMU does */
  assert_int_equal(
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)), 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
  check_ok(ports_ensure(&f->state, &f->plan, is_on, &on, &f->err), &f->err);
  assert_int_equal(on.mcast, a.mcast);
  check_ok(ports_ensure(&f->state, &f->plan, is_off, &off, &f->err), &f->err);
  assert_int_not_equal(off.mcast, a.mcast);
  assert_int_equal(off.node[0].mcast, off.mcast);
}

static void test_ports_broken(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports p = {0};
  _cleanup_free_ char *run = state_path(&f->state, "run");
  _cleanup_free_ char *path = state_path(&f->state, "run/ports.json");
  check_ok(file_mkdirs(run, 0700, &f->err), &f->err);
  check_ok(file_write(path, "{", 1, 0600, &f->err), &f->err);
  check_error(ports_load(&f->state, &f->plan, &p, &f->err), &f->err,
              "not what kubeseed wrote");
  static const char odd[] = "{\"mcast\":-1,\"nodes\":{\"m1\":{\"ssh\":70000}}}";
  check_ok(file_write(path, odd, strlen(odd), 0600, &f->err), &f->err);
  check_ok(ports_load(&f->state, &f->plan, &p, &f->err), &f->err);
  assert_int_equal(p.mcast, 0);
  assert_int_equal(p.node[0].ssh, 0);
}

/* However many nodes: none keeps a descriptor. */
static void test_few_descriptors(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports p = {0};
  struct rlimit before, few;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  few = before;
  few.rlim_cur = (rlim_t)dup(0) + 2; /* a socket, or a file and its folder */
  assert_int_equal(close((int)few.rlim_cur - 2), 0);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
  int r = ports_ensure(&f->state, &f->plan, is_off, &p, &f->err);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  check_ok(r, &f->err);
}

int main(void) {
#define PORTS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      PORTS_TEST(test_ports_kept),       PORTS_TEST(test_ports_taken),
      PORTS_TEST(test_ports_of_running), PORTS_TEST(test_ports_of_gone),
      PORTS_TEST(test_ports_twice),      PORTS_TEST(test_ethernet_taken),
      PORTS_TEST(test_ports_broken),     PORTS_TEST(test_few_descriptors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
