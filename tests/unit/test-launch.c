/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Launches of machines that are files: run/NODE.on is one that runs. What is
 * asked of them is in run/order, and run/NODE.broken makes a start fail.
 */
#include "base/file.h"
#include "base/mem.h"
#include "machine/launch.h"
#include "part/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

static const char spec_text[] = "apiVersion: kubeseed/v1\n"
                                "kind: Cluster\n"
                                "name: demo\n"
                                "kubernetes: {version: 1.34.2}\n"
                                "network: {subnet: 192.168.4.0/24}\n"
                                "endpoint: {address: 192.168.4.20}\n"
                                "nodes:\n"
                                "  - {name: \"m{1..3}\", role: control-plane,\n"
                                "     address: 192.168.4.31+}\n";

/* ---- The kind ---- */

static void append(const struct state *s, const char *file, const char *text) {
  _cleanup_free_ char *path = state_path(s, "%s", file);
  FILE *f = fopen(path, "ae");
  assert_non_null(f);
  fputs(text, f);
  assert_int_equal(fclose(f), 0);
}

/* Whether the folder has DIR/NAMESUFFIX. */
static bool has(const struct state *s, const char *dir, const char *name,
                const char *suffix) {
  _cleanup_free_ char *path = state_path(s, "%s/%s%s", dir, name, suffix);
  return file_exists(path);
}

static int fake_host(struct machine_host *ret, struct error *err) {
  (void)err;
  ret->how = xstrdup("nothing (for tests)");
  return 0;
}

static bool fake_has_disk(const struct state *s, const char *node) {
  return has(s, "run", node, ".disk");
}

static int fake_disk(const struct state *s, const struct plan_node *node,
                     const char *image, struct error *err) {
  assert_string_equal(image, "the image");
  if (has(s, "run", node->name, ".full"))
    return error_set(err, 0, "no room for %s", node->name);
  _cleanup_free_ char *file = xasprintf("run/%s.disk", node->name);
  append(s, file, "");
  return 0;
}

static int fake_start(const struct state *s, const struct plan_node *node,
                      const struct node_ports *ports,
                      const struct machine_host *host, struct error *err) {
  _cleanup_free_ char *on = xasprintf("run/%s.on", node->name);
  _cleanup_free_ char *log = xasprintf("logs/%s.console", node->name);
  _cleanup_free_ char *line = xasprintf(
      "@kubeseed {\"node\":\"%s\",\"step\":\"ready\",\"state\":\"done\","
      "\"uptime\":7}\n",
      node->name);
  assert_non_null(host->how);
  append(s, "run/order", node->name);
  append(s, "run/order", ports->ssh ? " " : "(no port) ");
  if (has(s, "run", node->name, ".broken"))
    return error_set(err, 0, "%s does not start", node->name);
  append(s, on, "");
  append(s, log, "\n" CONSOLE_POWER_ON "now ===\n");
  if (!has(s, "run", node->name, ".mute"))
    append(s, log, line);
  return 0;
}

static bool fake_running(const struct state *s, const char *node,
                         pid_t *ret_pid) {
  if (ret_pid)
    *ret_pid = getpid();
  return has(s, "run", node, ".on");
}

static const struct machine_kind fake = {.name = "fake",
                                         .program = "fake",
                                         .forwards = true,
                                         .check_host = fake_host,
                                         .has_disk = fake_has_disk,
                                         .ensure_disk = fake_disk,
                                         .start = fake_start,
                                         .running = fake_running};

/* ---- The fixture ---- */

struct fixture {
  struct state state;
  struct spec spec;
  struct plan plan;
  struct launch launch;
  struct error err;
  int firsts, started, ticks;
  bool first_fails;
  const char *dies; /* removes this machine at a tick */
};

static int on_first(void *arg, const struct launch *l, struct error *err) {
  struct fixture *f = arg;
  f->firsts++;
  assert_true(launch_running(l) >= 1);
  assert_int_equal(has(&f->state, "run", "ports.json", ""), l->kind->forwards);
  return f->first_fails ? error_set(err, 0, "no first") : 0;
}

static void on_started(void *arg, const struct follow_node *n) {
  struct fixture *f = arg;
  assert_true(n->running);
  f->started++;
}

static void on_tick(void *arg, const struct launch *l) {
  struct fixture *f = arg;
  (void)l;
  f->ticks++;
  if (!f->dies)
    return;
  _cleanup_free_ char *on = state_path(&f->state, "run/%s.on", f->dies);
  (void)unlink(on);
}

static int setup(void **state) {
  static const char *const folders[] = {"run", "logs"};
  struct fixture *f = xcalloc(1, sizeof(*f));
  char *dir = new_folder();
  f->state = (struct state){.dir = dir, .lock_fd = -1};
  check_ok(parts_read_spec("demo.yaml", spec_text, strlen(spec_text), &f->spec,
                           &f->err),
           &f->err);
  check_ok(parts_plan(&f->spec, &f->plan, &f->err), &f->err);
  for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
    _cleanup_free_ char *path = state_path(&f->state, "%s", folders[i]);
    check_ok(file_mkdirs(path, 0700, &f->err), &f->err);
  }
  f->launch = (struct launch){
      .kind = &fake,
      .plan = &f->plan,
      .state = &f->state,
      .image = "the image",
      .stop_fd = -1,
      .events = {f, on_first, on_started, on_tick},
  };
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  launch_done(&f->launch);
  check_ok(file_remove_tree(f->state.dir, &f->err), &f->err);
  plan_done(&f->plan);
  spec_done(&f->spec);
  state_done(&f->state);
  error_done(&f->err);
  free(f);
  return 0;
}

/* All three, the second first. */
static void prepare(struct fixture *f) {
  static const size_t order[] = {1, 0, 2};
  launch_init(&f->launch, order, ARRAY_SIZE(order));
  check_ok(launch_prepare(&f->launch, &f->err), &f->err);
}

static enum launch_end start(struct fixture *f) {
  enum launch_end end;
  check_ok(launch_start(&f->launch, &end, &f->err), &f->err);
  return end;
}

static enum launch_end wait_for_end(struct fixture *f) {
  enum launch_end end;
  check_ok(launch_wait(&f->launch, &end, &f->err), &f->err);
  return end;
}

static void check_start_fails(struct fixture *f, const char *message) {
  enum launch_end end;
  assert_int_equal(launch_start(&f->launch, &end, &f->err), -1);
  assert_string_equal(f->err.faults[0].msg, message);
}

static void check_order(struct fixture *f, const char *expected) {
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = state_path(&f->state, "run/order");
  check_ok(file_read(path, 4096, &b, &f->err), &f->err);
  assert_string_equal(b.data, expected);
}

/* ---- The tests ---- */

static void test_all_ready(void **state) {
  struct fixture *f = *state;
  prepare(f);
  assert_int_equal(launch_running(&f->launch), 0);
  assert_false(has(&f->state, "run", "ports.json", ""));
  for (size_t i = 0; i < f->plan.nodes.n; i++)
    assert_true(has(&f->state, "seeds", f->plan.nodes.v[i].name, ".iso"));
  assert_int_equal(start(f), LAUNCH_ON);
  check_order(f, "m2 m1 m3 ");
  assert_int_equal(f->firsts, 1);
  assert_int_equal(f->started, 3);
  assert_int_equal(launch_running(&f->launch), 3);
  assert_int_equal(wait_for_end(f), LAUNCH_READY);
  assert_true(f->ticks > 0);
}

/* What runs is neither started nor given another seed, but is watched. */
static void test_some_run_already(void **state) {
  struct fixture *f = *state;
  append(&f->state, "run/m3.on", "");
  prepare(f);
  assert_int_equal(launch_running(&f->launch), 1);
  assert_false(has(&f->state, "seeds", "m3", ".iso"));
  assert_int_equal(start(f), LAUNCH_ON);
  check_order(f, "m2 m1 ");
  assert_int_equal(f->firsts, 1);
  f->dies = "m3";
  assert_int_equal(wait_for_end(f), LAUNCH_DIED);
  assert_string_equal(f->launch.dead->node->name, "m3");
}

/* Nothing is asked of a host whose machines all run. */
static void test_all_run_already(void **state) {
  struct fixture *f = *state;
  append(&f->state, "run/m1.on", "");
  append(&f->state, "run/m2.on", "");
  append(&f->state, "run/m3.on", "");
  prepare(f);
  assert_null(f->launch.host.how);
  assert_int_equal(start(f), LAUNCH_ON);
  assert_int_equal(f->firsts, 1);
  assert_int_equal(f->started, 0);
}

/* Where it takes seconds it is told, and only of whom it concerns. */
static void test_copies_are_told(void **state) {
  struct fixture *f = *state;
  char *said = NULL;
  size_t len = 0;
  struct log log = {.out = open_memstream(&said, &len)};
  struct machine_kind kind = fake;
  assert_non_null(log.out);
  kind.copies = true;
  f->launch.kind = &kind;
  f->launch.log = &log;
  append(&f->state, "run/m1.disk", "");
  prepare(f);
  assert_int_equal(start(f), LAUNCH_ON);
  assert_int_equal(fclose(log.out), 0);
  assert_string_equal(said, "copying the image for m2\n"
                            "copying the image for m3\n");
  free(said);
}

/* Machines are switched on at the same moment: nobody waits for a disk then. */
static void test_disks_come_first(void **state) {
  struct fixture *f = *state;
  append(&f->state, "run/m3.full", "");
  prepare(f);
  check_start_fails(f, "no room for m3");
  assert_true(has(&f->state, "run", "m2", ".disk"));
  assert_int_equal(launch_running(&f->launch), 0);
  assert_int_equal(f->started, 0);
  assert_false(has(&f->state, "run", "ports.json", ""));
}

/* A first start that fails leaves no word of how to reach anything. */
static void test_first_start_fails(void **state) {
  struct fixture *f = *state;
  append(&f->state, "run/m2.broken", "");
  prepare(f);
  check_start_fails(f, "m2 does not start");
  assert_int_equal(f->firsts, 0);
  assert_int_equal(launch_running(&f->launch), 0);
  assert_false(has(&f->state, "run", "ports.json", ""));
}

/* But ports that machines had before are kept for them. */
static void test_ports_from_before_stay(void **state) {
  struct fixture *f = *state;
  _cleanup_ports_ struct ports old = {0};
  _cleanup_ports_ struct ports now = {0};
  check_ok(ports_ensure(&f->state, &f->plan, fake_running, &old, &f->err),
           &f->err);
  append(&f->state, "run/m2.broken", "");
  prepare(f);
  check_start_fails(f, "m2 does not start");
  error_done(&f->err);
  check_ok(ports_load(&f->state, &f->plan, &now, &f->err), &f->err);
  assert_int_equal(old.node[1].ssh, now.node[1].ssh);
}

static void test_later_start_fails(void **state) {
  struct fixture *f = *state;
  append(&f->state, "run/m1.broken", "");
  prepare(f);
  check_start_fails(f, "m1 does not start");
  check_order(f, "m2 m1 ");
  assert_int_equal(f->firsts, 1);
  assert_int_equal(launch_running(&f->launch), 1);
  assert_true(has(&f->state, "run", "ports.json", ""));
}

static void test_first_is_refused(void **state) {
  struct fixture *f = *state;
  f->first_fails = true;
  prepare(f);
  check_start_fails(f, "no first");
  check_order(f, "m2 ");
}

static void test_interrupted(void **state) {
  struct fixture *f = *state;
  int fds[2];
  assert_int_equal(pipe(fds), 0);
  assert_int_equal(write(fds[1], "x", 1), 1);
  f->launch.stop_fd = fds[0];
  f->launch.stagger = 600;
  prepare(f);
  assert_int_equal(start(f), LAUNCH_INTERRUPTED);
  check_order(f, "m2 ");
  (void)close(fds[0]);
  (void)close(fds[1]);
}

/* Ready machines and a time that is up do not end what is between two starts.
 */
static void test_staggered(void **state) {
  struct fixture *f = *state;
  f->launch.stagger = 0.3;
  f->launch.timeout = 0.001;
  prepare(f);
  assert_int_equal(start(f), LAUNCH_ON);
  check_order(f, "m2 m1 m3 ");
  assert_true(f->ticks >= 4);
}

static void test_dies_between_starts(void **state) {
  struct fixture *f = *state;
  f->launch.stagger = 600;
  f->dies = "m2";
  prepare(f);
  assert_int_equal(start(f), LAUNCH_DIED);
  check_order(f, "m2 ");
}

static void test_timed_out(void **state) {
  struct fixture *f = *state;
  append(&f->state, "run/m1.mute", "");
  f->launch.timeout = 0.6;
  prepare(f);
  assert_int_equal(start(f), LAUNCH_ON);
  assert_int_equal(wait_for_end(f), LAUNCH_TIMED_OUT);
  assert_int_equal(follow_ready(&f->launch.follow), 2);
}

/* Machines with a network of their own need no ports here. */
static void test_no_forwards(void **state) {
  struct fixture *f = *state;
  struct machine_kind kind = fake;
  kind.forwards = false;
  f->launch.kind = &kind;
  prepare(f);
  assert_int_equal(start(f), LAUNCH_ON);
  check_order(f, "m2(no port) m1(no port) m3(no port) ");
  assert_int_equal(wait_for_end(f), LAUNCH_READY);
}

int main(void) {
#define LAUNCH_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      LAUNCH_TEST(test_all_ready),
      LAUNCH_TEST(test_some_run_already),
      LAUNCH_TEST(test_all_run_already),
      LAUNCH_TEST(test_copies_are_told),
      LAUNCH_TEST(test_disks_come_first),
      LAUNCH_TEST(test_first_start_fails),
      LAUNCH_TEST(test_ports_from_before_stay),
      LAUNCH_TEST(test_later_start_fails),
      LAUNCH_TEST(test_first_is_refused),
      LAUNCH_TEST(test_interrupted),
      LAUNCH_TEST(test_staggered),
      LAUNCH_TEST(test_dies_between_starts),
      LAUNCH_TEST(test_timed_out),
      LAUNCH_TEST(test_no_forwards),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
