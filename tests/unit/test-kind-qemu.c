/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Machines that are tests/bin/qemu-system-x86_64 (run from the project's
 * folder), in a state folder whose path is too long for a unix socket's name.
 */
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/process.h"
#include "cluster/access.h"
#include "machine/follow.h"
#include "machine/kind.h"
#include "machine/qmp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

#define NODES 3

struct fixture {
  char *top;
  struct state state;
  struct spec spec;
  struct plan plan;
  struct spec_node nodes[NODES];
  struct error err;
};

static void add_node(struct fixture *f, size_t i, const char *name,
                     enum role role) {
  f->nodes[i] =
      (struct spec_node){.role = role,
                         .address = {IP_V4, {192, 168, 4, (uint8_t)(31 + i)}},
                         .cpus = 1,
                         .memory = (uint64_t)128 << 20,
                         .disk = (uint64_t)64 << 20};
  struct plan_node *n = plan_node_vec_add(&f->plan.nodes);
  n->spec = &f->nodes[i];
  n->name = name;
  n->fqdn = xasprintf("%s.kube.demo", name);
  n->index = i;
  plan_interface_vec_add(&n->interfaces)->mac =
      (struct mac){{0x52, 0x54, 0, 0, 0, (uint8_t)i}};
  (void)snprintf(n->uuid, sizeof(n->uuid),
                 "00112233-4455-8677-8899-aabbccddee%02zu", i);
}

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  char *top = new_folder();
  f->top = top;
  f->state.lock_fd = -1;
  f->state.dir = xasprintf("%s/a folder, with a comma, and a name so long that "
                           "no socket's path fits into sun_path/demo.cluster",
                           top);
  check_ok(file_mkdirs(f->state.dir, 0700, &f->err), &f->err);
  f->plan.spec = &f->spec;
  spec_user_vec_add(&f->spec.users)->name = xstrdup("debian");
  add_node(f, 0, "m1", ROLE_CONTROL_PLANE);
  add_node(f, 1, "m2", ROLE_CONTROL_PLANE);
  add_node(f, 2, "w1", ROLE_WORKER);
  _cleanup_free_ char *seeds = state_path(&f->state, "seeds");
  check_ok(file_mkdirs(seeds, 0700, &f->err), &f->err);
  for (size_t i = 0; i < NODES; i++) {
    _cleanup_free_ char *seed =
        state_path(&f->state, "seeds/%s.iso", f->plan.nodes.v[i].name);
    static const char zeros[2048] = {0};
    check_ok(file_write(seed, zeros, sizeof(zeros), 0600, &f->err), &f->err);
  }
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  for (size_t i = 0; i < NODES; i++) {
    _cleanup_error_ struct error ignored = {0};
    (void)!machine_stop(&machine_qemu, &f->state, f->plan.nodes.v[i].name,
                        &ignored);
    free(f->plan.nodes.v[i].fqdn);
    plan_interfaces_done(&f->plan.nodes.v[i].interfaces);
  }
  check_ok(file_remove_tree(f->top, &f->err), &f->err);
  free(f->spec.users.v[0].name);
  free(f->spec.users.v);
  free(f->plan.nodes.v);
  state_done(&f->state);
  error_done(&f->err);
  free(f->top);
  free(f);
  return 0;
}

static const struct machine_host host = {.kvm = false};
static const struct node_ports ports = {.mcast = 50000, .ssh = 20001};

static int start(struct fixture *f, size_t i) {
  return machine_qemu.start(&f->state, &f->plan.nodes.v[i], &ports, &host,
                            &f->err);
}

static bool gone(struct fixture *f, const char *node) {
  for (int i = 0; i < 500; i++) {
    if (!machine_qemu.running(&f->state, node, NULL))
      return true;
    (void)poll(NULL, 0, 10);
  }
  return false;
}

static void test_start_and_power_off(void **state) {
  struct fixture *f = *state;
  pid_t pid = 0;
  assert_false(machine_qemu.running(&f->state, "m1", NULL));
  check_ok(start(f, 0), &f->err);
  assert_true(machine_qemu.running(&f->state, "m1", &pid));
  assert_true(pid > 1);
  assert_false(machine_qemu.running(&f->state, "m2", NULL));
  _cleanup_free_ char *argv = state_path(&f->state, "run/m1.argv");
  _cleanup_buf_ struct buf b = {0};
  check_ok(file_read(argv, 1 << 16, &b, &f->err), &f->err);
  assert_non_null(strstr(b.data, "\nrun/m1.pid\n"));
  assert_non_null(strstr(b.data, "tcg,thread=single"));
  check_ok(machine_qemu.power_down(&f->state, "m1", &f->err), &f->err);
  assert_true(gone(f, "m1"));
  /* and once more: what is off stays off without complaint */
  check_ok(machine_stop(&machine_qemu, &f->state, "m1", &f->err), &f->err);
}

static void test_log_is_private_and_marked(void **state) {
  struct fixture *f = *state;
  struct stat st;
  _cleanup_free_ char *path = state_path(&f->state, "logs/m1.console");
  check_ok(start(f, 0), &f->err);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  _cleanup_buf_ struct buf b = {0};
  check_ok(file_read(path, 1 << 16, &b, &f->err), &f->err);
  assert_non_null(strstr(b.data, "\n" CONSOLE_POWER_ON "20"));
}

static void test_failing_start_quotes_qemu(void **state) {
  struct fixture *f = *state;
  setenv("FAKE_QEMU_FAIL", "Could not set up host forwarding rule", 1);
  int r = start(f, 0);
  unsetenv("FAKE_QEMU_FAIL");
  assert_int_equal(r, -1);
  assert_string_equal(f->err.faults[0].msg,
                      "m1: QEMU ended with exit status 1:\n"
                      "Could not set up host forwarding rule");
}

static void test_stop_deaf(void **state) {
  struct fixture *f = *state;
  setenv("FAKE_QEMU_DEAF", "1", 1);
  int r = start(f, 0);
  unsetenv("FAKE_QEMU_DEAF");
  check_ok(r, &f->err);
  check_ok(machine_qemu.power_down(&f->state, "m1", &f->err), &f->err);
  (void)poll(NULL, 0, 200);
  assert_true(machine_qemu.running(&f->state, "m1", NULL));
  check_ok(machine_stop(&machine_qemu, &f->state, "m1", &f->err), &f->err);
  assert_false(machine_qemu.running(&f->state, "m1", NULL));
  _cleanup_free_ char *qmp = state_path(&f->state, "run/m1.qmp");
  assert_false(file_exists(qmp)); /* which nobody but us removes */
}

static void test_kill_and_stale_files(void **state) {
  struct fixture *f = *state;
  pid_t pid = 0;
  check_ok(start(f, 0), &f->err);
  assert_true(machine_qemu.running(&f->state, "m1", &pid));
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_true(gone(f, "m1"));
  _cleanup_free_ char *pidfile = state_path(&f->state, "run/m1.pid");
  assert_true(file_exists(pidfile)); /* stale, with stale sockets beside it */
  check_ok(start(f, 0), &f->err);
  assert_true(machine_qemu.running(&f->state, "m1", NULL));
}

/* `up` is killed before QEMU has written its pid file. */
static void test_killed_starter(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *argv = state_path(&f->state, "run/m1.argv");
  setenv("FAKE_QEMU_MUTE", "1", 1);
  pid_t up = fork();
  if (up == 0)
    _exit(start(f, 0) < 0);
  unsetenv("FAKE_QEMU_MUTE");
  for (int i = 0; i < 1000 && !file_exists(argv); i++)
    (void)poll(NULL, 0, 10);
  assert_int_equal(kill(up, SIGKILL), 0);
  assert_int_equal(waitpid(up, NULL, 0), up);
  assert_true(machine_qemu.running(&f->state, "m1", NULL));
  assert_false(machine_qemu.running(&f->state, "m2", NULL));
  check_ok(machine_stop(&machine_qemu, &f->state, "m1", &f->err), &f->err);
  assert_false(machine_qemu.running(&f->state, "m1", NULL));
  check_ok(start(f, 0), &f->err);
  _cleanup_free_ char *begun = state_path(&f->state, "run/m1.begun");
  assert_false(file_exists(begun));
}

/* A pid file may hold anything by the time it is read. */
static void test_foreign_pids(void **state) {
  struct fixture *f = *state;
  static const char *const texts[] = {"",   "x",  "1\n",         "-1\n", "0",
                                      "7x", "\n", "99999999999", NULL};
  _cleanup_free_ char *run = state_path(&f->state, "run");
  _cleanup_free_ char *pidfile = state_path(&f->state, "run/m1.pid");
  _cleanup_free_ char *own = xasprintf("%d\n", (int)getpid());
  check_ok(file_mkdirs(run, 0700, &f->err), &f->err);
  for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
    const char *t = texts[i] ? texts[i] : own;
    check_ok(file_write(pidfile, t, strlen(t), 0600, &f->err), &f->err);
    assert_false(machine_qemu.running(&f->state, "m1", NULL));
    check_ok(machine_stop(&machine_qemu, &f->state, "m1", &f->err),
             &f->err); /* spares us */
  }
}

static void test_list(void **state) {
  struct fixture *f = *state;
  _cleanup_strv_ struct strv names = {0};
  check_ok(machine_qemu.list(&f->state, &names, &f->err), &f->err);
  assert_int_equal(names.n, 0);
  check_ok(start(f, 0), &f->err);
  check_ok(machine_qemu.list(&f->state, &names, &f->err), &f->err);
  assert_int_equal(names.n, 1);
  assert_string_equal(names.v[0], "m1");
  /* One whose starter was killed before it had a pid file, and both. */
  _cleanup_free_ char *begun = state_path(&f->state, "run/m2.begun");
  _cleanup_free_ char *again = state_path(&f->state, "run/m1.begun");
  check_ok(file_write(begun, "", 0, 0600, &f->err), &f->err);
  check_ok(file_write(again, "", 0, 0600, &f->err), &f->err);
  check_ok(machine_qemu.list(&f->state, &names, &f->err), &f->err);
  assert_int_equal(names.n, 2);
  assert_string_equal(names.v[1], "m2");
}

/* The file that format makes of mNUMBER; the caller frees. */
static char *machine_file(struct fixture *f, const char *format, int number) {
  const char *at = strchr(format, '%');
  return xasprintf("%s/%.*sm%d%s", f->state.dir, (int)(at - format), format,
                   number, at + 2);
}

/* Of a machine that is off nothing stays, and of another all. */
static void test_delete(void **state) {
  struct fixture *f = *state;
  static const char *const files[] = {
      "disks/%s.qcow2", "disks/%s.base", "logs/%s.console", "logs/%s.qemu",
      "run/%s.pid",     "run/%s.qmp",    "run/%s.console",
  };
  _cleanup_free_ char *disks = state_path(&f->state, "disks");
  check_ok(file_mkdirs(disks, 0700, &f->err), &f->err);
  check_ok(start(f, 0), &f->err);
  check_ok(machine_stop(&machine_qemu, &f->state, "m1", &f->err), &f->err);
  for (int node = 1; node <= 2; node++)
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
      _cleanup_free_ char *path = machine_file(f, files[i], node);
      check_ok(file_write(path, "", 0, 0600, &f->err), &f->err);
    }
  check_ok(machine_qemu.delete(&f->state, "m1", &f->err), &f->err);
  check_ok(machine_qemu.delete(&f->state, "m1", &f->err), &f->err);
  for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
    _cleanup_free_ char *mine = machine_file(f, files[i], 1);
    _cleanup_free_ char *other = machine_file(f, files[i], 2);
    assert_false(file_exists(mine));
    assert_true(file_exists(other));
  }
}

/* ---- The real QEMU takes the command line ---- */

/* One console at a time, and the next when it has gone. */
static void check_console(struct fixture *f) {
  int fd = -1;
  int second = -1;
  check_ok(machine_qemu.open_console(&f->state, "m1", &fd, &f->err), &f->err);
  check_error(machine_qemu.open_console(&f->state, "m1", &second, &f->err),
              &f->err, "another console is attached to m1");
  assert_int_equal(second, -1);
  (void)close(fd);
  int r = -1;
  for (int i = 0; i < 500 && r < 0; i++) {
    error_done(&f->err);
    r = machine_qemu.open_console(&f->state, "m1", &fd, &f->err);
    (void)poll(NULL, 0, 10);
  }
  check_ok(r, &f->err);
  (void)close(fd);
}

static char *make_image(struct fixture *f, const char *name) {
  char *path = xasprintf("%s/%s", f->top, name);
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "qemu-img", "create", "-q", "-f", "qcow2", path, "8M",
                NULL);
  struct process p = {.argv = &argv};
  check_ok(process_run(&p, &f->err), &f->err);
  return path;
}

static void test_real_qemu(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *path = xstrdup(getenv("PATH"));
  const char *rest = strchr(path, ':');
  assert_non_null(rest);
  _cleanup_free_ char *image = make_image(f, "image, real.qcow2");
  _cleanup_ports_ struct ports p = {0};
  check_ok(
      machine_qemu.ensure_disk(&f->state, &f->plan.nodes.v[0], image, &f->err),
      &f->err);
  check_ok(ports_ensure(&f->state, &f->plan, machine_qemu.running, &p, &f->err),
           &f->err);
  setenv("PATH", rest + 1, 1);
  int r = machine_qemu.start(&f->state, &f->plan.nodes.v[0], &p.node[0], &host,
                             &f->err);
  setenv("PATH", path, 1);
  check_ok(r, &f->err);
  _cleanup_free_ char *sock = state_path(&f->state, "run/m1.qmp");
  _cleanup_qmp_ struct qmp q = {.fd = -1};
  _cleanup_json_ json_t *status = NULL;
  check_ok(qmp_open(sock, 10, &q, &f->err), &f->err);
  check_ok(qmp_execute(&q, "query-status", &status, &f->err), &f->err);
  assert_string_equal(json_string_value(json_object_get(status, "status")),
                      "running");
  qmp_done(&q); /* it serves one client as well */
  check_console(f);
  check_ok(qmp_open(sock, 10, &q, &f->err), &f->err);
  check_ok(qmp_execute(&q, "quit", NULL, &f->err), &f->err);
  assert_true(gone(f, "m1"));
  _cleanup_free_ char *pidfile = state_path(&f->state, "run/m1.pid");
  assert_false(file_exists(pidfile));
}

/* ---- Following ---- */

static void test_follow(void **state) {
  struct fixture *f = *state;
  const size_t sel[] = {0, 2};
  _cleanup_follow_ struct follow fo = {0};
  follow_init(&fo, &machine_qemu, &f->state, &f->plan, sel, 2);
  setenv("FAKE_QEMU_CONSOLE",
         "[    0.000000] Linux version 6\n@kubeseed {\"node\":\"@NODE@\","
         "\"step\":\"ready\",\"state\":\"done\",\"uptime\":7}\n",
         1);
  int r = start(f, 0);
  unsetenv("FAKE_QEMU_CONSOLE");
  check_ok(r, &f->err);
  for (int i = 0; i < 500 && follow_ready(&fo) == 0; i++) {
    check_ok(follow_read(&fo, &f->err), &f->err);
    follow_look(&fo);
    (void)poll(NULL, 0, 10);
  }
  assert_int_equal(follow_ready(&fo), 1);
  _cleanup_free_ struct table_row *rows = NULL;
  follow_rows(&fo, &rows);
  assert_string_equal(rows[0].step, "ready");
  assert_int_equal(rows[0].seconds, 7);
  assert_string_equal(rows[0].state, "ready");
  assert_true(rows[0].settled);
  assert_string_equal(rows[1].node, "w1");
  assert_string_equal(rows[1].state, "off");
  /* off and on again: ready was yesterday */
  check_ok(machine_stop(&machine_qemu, &f->state, "m1", &f->err), &f->err);
  follow_look(&fo);
  assert_int_equal(follow_ready(&fo), 0);
  check_ok(start(f, 0), &f->err);
  follow_look(&fo);
  check_ok(follow_read(&fo, &f->err), &f->err);
  assert_int_equal(follow_ready(&fo), 0);
  assert_int_equal(fo.v[0].console.boots, 2);
}

/* ---- Access ---- */

static void test_ssh_config(void **state) {
  struct fixture *f = *state;
  struct node_ports p[NODES] = {{.ssh = 20001}, {.ssh = 0}, {.ssh = 20003}};
  const struct ports all = {.node = p, .n = NODES};
  _cleanup_free_ char *text = NULL;
  check_ok(access_ssh_config(&f->plan, &all, "/a b/50%", &text, &f->err),
           &f->err);
  assert_non_null(strstr(text, "Host m1 m1.kube.demo\n  HostKeyAlias m1\n"
                               "  HostName 127.0.0.1\n  Port 20001\n"
                               "  ConnectTimeout 120\n"));
  /* A machine that is not one of ours is at its address. */
  assert_non_null(strstr(text, "Host m2 m2.kube.demo\n  HostKeyAlias m2\n"
                               "  HostName 192.168.4.32\n"
                               "  ConnectTimeout 15\nHost w1 "));
  assert_string_equal(strstr(text, "Host *\n"),
                      "Host *\n"
                      "  User debian\n"
                      "  IdentityFile \"/a b/50%%/id_ed25519\"\n"
                      "  IdentitiesOnly yes\n"
                      "  UserKnownHostsFile \"/a b/50%%/known_hosts\"\n"
                      "  GlobalKnownHostsFile /dev/null\n"
                      "  StrictHostKeyChecking yes\n"
                      "  CheckHostIP no\n"
                      "  BatchMode yes\n"
                      "  LogLevel ERROR\n");
  char *none = NULL;
  check_error(access_ssh_config(&f->plan, &all, "/a\"b", &none, &f->err),
              &f->err, "cannot hold");
}

int main(void) {
  _cleanup_free_ char *bin = realpath("tests/bin", NULL);
  _cleanup_free_ char *path = xasprintf("%s:%s", bin, getenv("PATH"));
  setenv("PATH", path, 1);
#define KIND_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      KIND_TEST(test_start_and_power_off),
      KIND_TEST(test_log_is_private_and_marked),
      KIND_TEST(test_failing_start_quotes_qemu),
      KIND_TEST(test_stop_deaf),
      KIND_TEST(test_kill_and_stale_files),
      KIND_TEST(test_killed_starter),
      KIND_TEST(test_foreign_pids),
      KIND_TEST(test_list),
      KIND_TEST(test_delete),
      KIND_TEST(test_real_qemu),
      KIND_TEST(test_follow),
      KIND_TEST(test_ssh_config),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
