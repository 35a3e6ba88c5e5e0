/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "machine/choose.h"
#include "machine/container.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

/* A cluster of one node, in a folder of its own. */
struct fixture {
  struct state state;
  struct plan_interface cards[2];
  struct plan_node node;
  struct plan plan;
  struct log log;
};

static char kube0[] = "kube0", kube1[] = "kube1";

static int setup(void **state) {
  char *dir = new_folder();
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->state = (struct state){
      .dir = dir, .lock_fd = -1, .target = xstrdup("-C D lab.yaml")};
  f->cards[0] = (struct plan_interface){.name = kube0, .mac = {{2, 1}}};
  f->cards[1] = (struct plan_interface){
      .name = kube1, .mac = {{2, 2}}, .ethernet = "net-0a000000-24"};
  f->node = (struct plan_node){
      .name = "m1", .uuid = "u-1", .interfaces = {.v = f->cards, .n = 2}};
  f->plan = (struct plan){.nodes = {.v = &f->node, .n = 1}};
  f->log = (struct log){.out = stderr, .quiet = true};
  *state = f;
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = *state;
  assert_int_equal(file_remove_tree(f->state.dir, &err), 0);
  state_done(&f->state);
  free(f);
  return 0;
}

static int choose(struct fixture *f, const char *word,
                  const struct machine_kind **ret, struct error *err) {
  return choose_kind(&f->log, &f->state, &f->plan, word, ret, err);
}

/* As `up` does when machines can be started. */
static void choose_and_save(struct fixture *f, const char *word,
                            const struct machine_kind **ret) {
  _cleanup_error_ struct error err = {0};
  check_ok(choose(f, word, ret, &err), &err);
  check_ok(choose_save(&f->state, *ret, &err), &err);
}

static void touch_disk(const struct fixture *f, const char *name) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *disks = state_path(&f->state, "disks");
  _cleanup_free_ char *disk = state_path(&f->state, "disks/%s", name);
  check_ok(file_mkdirs(disks, 0700, &err), &err);
  check_ok(file_write(disk, "", 0, 0600, &err), &err);
}

static void test_words(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  check_ok(choose_check("qemu", &err), &err);
  check_ok(choose_check("container", &err), &err);
  check_ok(choose_check("auto", &err), &err);
  check_error(choose_check("lxc", &err), &err, "qemu, container, auto");
}

/* Nobody says anything: QEMU. What was said once is remembered. */
static void test_remembered(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  const struct machine_kind *kind = NULL;
  check_ok(choose(f, NULL, &kind, &err), &err);
  assert_ptr_equal(kind, &machine_qemu);
  /* What turns out not to work here is not. */
  check_ok(choose(f, "container", &kind, &err), &err);
  check_ok(choose(f, NULL, &kind, &err), &err);
  assert_ptr_equal(kind, &machine_qemu);
  choose_and_save(f, "qemu", &kind);
  _cleanup_free_ char *path = state_path(&f->state, "machines");
  assert_false(file_exists(path)); /* it says nothing new */
  choose_and_save(f, "container", &kind);
  assert_ptr_equal(kind, &machine_container);
  check_ok(choose(f, NULL, &kind, &err), &err);
  assert_ptr_equal(kind, &machine_container);
  choose_and_save(f, "qemu", &kind);
  check_ok(machine_kind_load(&f->state, &kind, &err), &err);
  assert_ptr_equal(kind, &machine_qemu);
}

/* Machines with disks stay what they are. */
static void test_in_use(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  const struct machine_kind *kind = NULL;
  choose_and_save(f, "container", &kind);
  touch_disk(f, "m1.raw");
  check_error(choose(f, "qemu", &kind, &err), &err,
              "`kubeseed destroy -C D lab.yaml`");
  check_ok(choose(f, "auto", &kind, &err), &err);
  assert_ptr_equal(kind, &machine_container);
  check_ok(choose(f, "container", &kind, &err), &err);
  assert_ptr_equal(kind, &machine_container);
}

/* So do machines that run, be their disks removed. */
static void test_running(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_free_ char *run = state_path(&f->state, "run");
  _cleanup_free_ char *pidfile = state_path(&f->state, "run/m1.pid");
  _cleanup_free_ char *log = state_path(&f->state, "run/log");
  const struct machine_kind *kind = NULL;
  pid_t pid = 0;
  choose_and_save(f, "container", &kind);
  check_ok(file_mkdirs(run, 0700, &err), &err);
  strv_push_all(&argv, "tail", "-f", "/dev/null", "run/m1.pid", NULL);
  const struct process p = {
      .argv = &argv, .dir = f->state.dir, .log_path = log};
  check_ok(process_spawn_detached(&p, &pid, &err), &err);
  _cleanup_free_ char *number = xasprintf("%d\n", (int)pid);
  int r = file_write(pidfile, number, strlen(number), 0600, &err);
  int chosen = r < 0 ? r : choose(f, "qemu", &kind, &err);
  assert_int_equal(kill(pid, SIGKILL), 0);
  check_error(chosen, &err, "of the kind 'container'");
}

/* The disks of virtual machines keep `up --machines auto` from containers. */
static void test_disks_of_qemu(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  const struct machine_kind *kind = NULL;
  touch_disk(f, "m1.qcow2");
  check_ok(choose(f, "auto", &kind, &err), &err);
  assert_ptr_equal(kind, &machine_qemu);
  check_error(choose(f, "container", &kind, &err), &err, "'qemu'");
}

static void test_unknown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  const struct machine_kind *kind = NULL;
  _cleanup_free_ char *path = state_path(&f->state, "machines");
  check_ok(file_write(path, "cloud\n", 6, 0600, &err), &err);
  check_error(machine_kind_load(&f->state, &kind, &err), &err, "'cloud'");
}

/* What the cards are made of, and whether a kind's machines can have them. */
static void expect_cards(struct fixture *f, const struct machine_kind *kind,
                         const char *words) {
  _cleanup_error_ struct error err = {0};
  const size_t first = 0;
  int r = choose_check_cards(&f->plan, &first, 1, kind, &err);
  assert_int_equal(r, words ? -1 : 0);
  if (words)
    assert_non_null(strstr(err.faults[0].msg, words));
}

static void test_cards(void **state) {
  struct fixture *f = *state;
  expect_cards(f, &machine_container, NULL);
  f->cards[0].kind = LINK_BOND;
  f->cards[1].kind = LINK_MEMBER;
  expect_cards(f, &machine_qemu, NULL);
  expect_cards(f, &machine_container, "m1: a container's cards cannot be");
}

static void test_internet(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  check_ok(choose_check_internet(&machine_qemu, &err), &err);
  check_error(choose_check_internet(&machine_container, &err), &err,
              "take --machines qemu");
}

/* The launcher's arguments: the second and third are what it is known by. */
static void test_argv(void **state) {
  struct fixture *f = *state;
  _cleanup_strv_ struct strv a = {0};
  _cleanup_buf_ struct buf b = {0};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001, .api = 20002};
  container_argv("kubeseed", &f->node, &ports, "kubeseed-1-2-m1", &a);
  for (size_t i = 0; i < a.n; i++)
    buf_addf(&b, "%s%s", i ? " " : "", a.v[i]);
  assert_string_equal(
      b.data,
      "kubeseed machine-container --node m1 --uuid u-1 --group kubeseed-1-2-m1 "
      "--pidfile run/m1.pid --disk disks/m1.raw --seed seeds/m1.iso "
      "--console run/m1.console --log logs/m1.console --network 50000 "
      "--ssh 20001 --api 20002 --card kube0=02:01:00:00:00:00 "
      "--card kube1=02:02:00:00:00:00@net-0a000000-24");
}

/* Started by hand, it says who starts it; a foreign group is not touched. */
static void test_by_hand(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  char *argv[] = {(char[]){CONTAINER_COMMAND}, NULL};
  check_error(container_main(1, argv, &err), &err, "is started by `up`");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_words),
      cmocka_unit_test_setup_teardown(test_remembered, setup, teardown),
      cmocka_unit_test_setup_teardown(test_in_use, setup, teardown),
      cmocka_unit_test_setup_teardown(test_running, setup, teardown),
      cmocka_unit_test_setup_teardown(test_disks_of_qemu, setup, teardown),
      cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
      cmocka_unit_test_setup_teardown(test_internet, setup, teardown),
      cmocka_unit_test_setup_teardown(test_cards, setup, teardown),
      cmocka_unit_test_setup_teardown(test_argv, setup, teardown),
      cmocka_unit_test(test_by_hand),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
