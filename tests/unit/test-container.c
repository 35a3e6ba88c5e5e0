/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container's launcher and its kind. This program is the launcher as well,
 * and what takes root is defined here and written down in the order it is asked
 * for: loop devices, control groups, cards, ports, namespaces, and what a
 * machine's first process does with its tree. In that one's place runs $INIT, a
 * shell script. That the kernel then does it shows in tests/rack.
 */
#include "base/file.h"
#include "base/mem.h"
#include "image/bootloader.h"
#include "machine/bridge.h"
#include "machine/cgroup.h"
#include "machine/container.h"
#include "machine/forward.h"
#include "machine/guest.h"
#include "machine/kind.h"
#include "machine/loop.h"
#include "machine/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

#define DISK ((off_t)200 << 20)

/* ---- What takes root ---- */

static void asked(const char *format, ...) _printf_(1, 2);

/* Into $ASKED, of this program and the launcher. */
static void asked(const char *format, ...) {
  va_list ap;
  int fd = openat(AT_FDCWD, getenv("ASKED"),
                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  va_start(ap, format);
  if (fd < 0 || vdprintf(fd, format, ap) <= 0)
    abort();
  va_end(ap);
  (void)close(fd);
}

static int refused(const char *what, struct error *err) {
  const char *refuse = getenv("REFUSE");
  return refuse && strcmp(refuse, what) == 0
             ? error_set(err, 0, "there is no %s", what)
             : 0;
}

int loop_attach(const char *file, uint64_t offset, uint64_t size,
                char **ret_device, int *ret_fd, struct error *err) {
  asked("loop %s %llu %llu\n", file, (unsigned long long)offset,
        (unsigned long long)size);
  *ret_device = xstrdup("/dev/loop-x");
  *ret_fd = openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
  return refused("loop", err);
}

int cgroup_find(struct cgroup_vec *ret, struct error *err) {
  (void)ret;
  (void)err;
  return 0;
}

char *cgroup_name(const struct state *s, const char *node) {
  (void)s;
  return xasprintf("group-of-%s", node);
}

int cgroup_enter(const struct cgroup_vec *trees, const char *name, pid_t pid,
                 struct error *err) {
  (void)trees;
  (void)pid;
  asked("into %s\n", name);
  return refused("group", err);
}

void cgroup_remove(const struct cgroup_vec *trees, const char *name) {
  (void)trees;
  asked("no %s\n", name);
}

void cgroup_vec_done(struct cgroup_vec *v) {
  (void)v;
}

int forward_listen(struct forward *f, struct error *err) {
  asked("port %d to %d\n", f->port, f->to);
  return refused("port", err);
}

void forward_accept(const struct forward *f, int network) {
  (void)f;
  (void)network;
}

int bridge_enter(int number, struct error *err) {
  asked("network %d\n", number);
  return refused("network", err);
}

int bridge_plug(const struct mac *mac, const char *name, const char *bridge,
                pid_t pid, struct error *err) {
  char text[NET_TEXT];
  (void)pid;
  asked("card %s %s%s%s\n", name, mac_format(mac, text), *bridge ? " " : "",
        bridge);
  return refused("card", err);
}

int iso_read(const void *data, size_t len, struct iso_volume *ret,
             struct error *err) {
  asked("seed %.*s\n", (int)len, (const char *)data);
  ret->label = (char *)"the seed";
  return refused("seed", err);
}

void iso_volume_done(struct iso_volume *v) {
  buf_done(&v->image);
}

/* The uptime goes on: that of a machine is the host's. */
int unshare(int flags) {
  asked("unshare %s\n", flags == CLONE_NEWTIME ? "time" : "?");
  errno = EPERM;
  return -1;
}

/* Of libcrypto's as well. */
long syscall(long number, ...) {
  if (number != SYS_clone) {
    errno = ENOSYS;
    return -1;
  }
  va_list ap;
  va_start(ap, number);
  long flags = va_arg(ap, long);
  va_end(ap);
  asked("clone%s%s%s%s%s%s\n", flags & CLONE_NEWPID ? " pid" : "",
        flags & CLONE_NEWNS ? " mounts" : "",
        flags & CLONE_NEWUTS ? " uts" : "", flags & CLONE_NEWIPC ? " ipc" : "",
        flags & CLONE_NEWNET ? " net" : "",
        (flags & 0xff) == SIGCHLD ? "" : " ?");
  return fork();
}

/* Never the kernel's: it would be the host's file system that is shut down. */
int ioctl(int fd, unsigned long request, ...) {
  va_list ap;
  va_start(ap, request);
  const uint32_t *how = va_arg(ap, const uint32_t *);
  va_end(ap);
  asked("ioctl %#lx %u %s\n", request, *how, fd >= 0 ? "" : "?");
  errno = ENOTTY;
  return getenv("REFUSE") ? -1 : 0;
}

/* Once the launcher's pid file is gone, what it said is believed to be all. */
int unlink(const char *path) {
  struct stat st;
  if (strcmp(path, "run/m1.pid") == 0)
    asked("off%s\n", stat("logs/m1.container", &st) == 0 && st.st_size > 0
                         ? ", told"
                         : "");
  return unlinkat(AT_FDCWD, path, 0);
}

int guest_exec(const struct guest *g, struct error *err) {
  asked("guest %s %s %s\n", g->device, g->uuid, g->seed->label);
  if (refused("root", err) < 0)
    return -1;
  int fd = openat(AT_FDCWD, g->console, O_RDWR | O_NOCTTY);
  for (int to = 0; to <= 2; to++)
    if (dup2(fd, to) < 0)
      return error_set(err, errno, "no console");
  (void)execl("/bin/sh", "sh", "-c", getenv("INIT"), NULL);
  return error_set(err, errno, "no shell");
}

/* ---- A machine ---- */

struct fixture {
  struct state state;
  struct plan_interface cards[2];
  struct plan_node node;
  char *orders; /* a pipe by which $INIT is told how to go on */
  int order;    /* its end to write to, kept open: an init that opens the pipe
                 * while another's order is being closed would read its end */
  char *asked;
  int process; /* the launcher's, once it is started; -1: none */
  struct error err;
};

static const struct node_ports ports = {.mcast = 50000, .ssh = 20001, .api = 2};
static const struct machine_host host = {0};

/* What it is told; "up" is said once it waits for that. */
#define INIT "echo up; read -r x <orders; eval \"$x\""

static char *file_of(const struct fixture *f, const char *name) {
  _cleanup_error_ struct error err = {0};
  struct buf b = {0};
  _cleanup_free_ char *path = state_path(&f->state, "%s", name);
  check_ok(file_read(path, 1 << 16, &b, &err), &err);
  return buf_take(&b);
}

static char kube0[] = "kube0", kube1[] = "kube1";

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->state = (struct state){.dir = new_folder(), .lock_fd = -1};
  f->cards[0] = (struct plan_interface){.name = kube0, .mac = {{2, 1}}};
  f->cards[1] = (struct plan_interface){
      .name = kube1, .mac = {{2, 2}}, .ethernet = "wire-1"};
  f->node = (struct plan_node){
      .name = "m1", .uuid = "u-1", .interfaces = {.v = f->cards, .n = 2}};
  f->process = -1;
  f->orders = state_path(&f->state, "orders");
  f->asked = state_path(&f->state, "asked");
  _cleanup_free_ char *seeds = state_path(&f->state, "seeds");
  _cleanup_free_ char *seed = state_path(&f->state, "seeds/m1.iso");
  _cleanup_free_ char *disks = state_path(&f->state, "disks");
  _cleanup_free_ char *disk = state_path(&f->state, "disks/m1.raw");
  check_ok(file_mkdirs(seeds, 0700, &f->err), &f->err);
  check_ok(file_mkdirs(disks, 0700, &f->err), &f->err);
  check_ok(file_write(seed, "of m1", 5, 0600, &f->err), &f->err);
  check_ok(file_write(disk, "", 0, 0600, &f->err), &f->err);
  assert_int_equal(truncate(disk, DISK), 0);
  assert_int_equal(mkfifo(f->orders, 0600), 0);
  f->order = open(f->orders, O_RDWR | O_CLOEXEC);
  assert_true(f->order >= 0);
  assert_int_equal(setenv("ASKED", f->asked, 1), 0);
  assert_int_equal(setenv("INIT", INIT, 1), 0);
  assert_int_equal(unsetenv("REFUSE"), 0);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error ignored = {0};
  cleanup_close(&f->process);
  cleanup_close(&f->order);
  (void)!machine_stop(&machine_container, &f->state, "m1", &ignored);
  check_ok(file_remove_tree(f->state.dir, &f->err), &f->err);
  state_done(&f->state);
  error_done(&f->err);
  free(f->orders);
  free(f->asked);
  free(f);
  return 0;
}

static int start(struct fixture *f) {
  return machine_container.start(&f->state, &f->node, &ports, &host, &f->err);
}

static void start_well(struct fixture *f) {
  check_ok(start(f), &f->err);
  check_ok(machine_container.open(&f->state, "m1", &f->process, &f->err),
           &f->err);
  assert_true(f->process >= 0);
}

static bool is_on(const struct fixture *f) {
  return machine_container.running(&f->state, "m1", NULL);
}

/* All that the launcher does at its end has been done. */
static void wait_until_off(struct fixture *f) {
  assert_true(monitor_ends_within(f->process, 10));
  cleanup_close(&f->process);
  f->process = -1;
  assert_false(is_on(f));
}

static size_t count(const char *text, const char *part) {
  size_t n = 0;
  for (; (text = strstr(text, part)); text++)
    n++;
  return n;
}

/* To the init that is up as the n-th since the start: the one before it is
 * gone, and reads no order any more. */
static void order(const struct fixture *f, size_t n, const char *text) {
  for (int i = 0;; i++) {
    _cleanup_free_ char *log = file_of(f, "logs/m1.console");
    if (count(log, "up\r\n") == n)
      break;
    if (i == 1000)
      fail_msg("nobody takes the order '%s'; the console has: %s", text, log);
    (void)poll(NULL, 0, 10);
  }
  assert_true(dprintf(f->order, "%s\n", text) > 0);
}

static void expect_asked(const struct fixture *f, const char *expected) {
  _cleanup_free_ char *text = file_of(f, "asked");
  assert_string_equal(text, expected);
}

static char *last_words(const struct fixture *f) {
  return machine_container.last_words(&f->state, "m1");
}

#define BEFORE                                                                 \
  "no group-of-m1\n" /* of a launcher that was killed */                       \
  "seed of m1\n"                                                               \
  "no group-of-m1\n"                                                           \
  "port 20001 to 22\n"                                                         \
  "port 2 to 6443\n"                                                           \
  "network 50000\n"
#define POWER                                                                  \
  "unshare time\n"                                                             \
  "loop disks/m1.raw 69206016 139460608\n" /* up to the last MiB */            \
  "clone pid mounts uts ipc net\n"                                             \
  "into group-of-m1\n"                                                         \
  "card kube0 02:01:00:00:00:00\n"                                             \
  "card kube1 02:02:00:00:00:00 wire-1\n"
#define RUN "guest /dev/loop-x u-1 the seed\n"
/* _IOR('X', 125, uint32_t), and EXT4_GOING_FLAGS_NOLOGFLUSH */
#define IOCTL "ioctl 0x8004587d 2 \n"
#define ENDED "no group-of-m1\n"
#define AFTER "no group-of-m1\noff\n"
#define TOLD "no group-of-m1\noff, told\n"

/* Reads the console until it has said that. */
static void hear(int fd, const char *text) {
  char said[4096] = "";
  size_t len = 0;
  while (!strstr(said, text)) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    ssize_t n = read(fd, said + len, sizeof(said) - 1 - len);
    assert_true(n > 0);
    len += (size_t)n;
    said[len] = '\0';
  }
}

static void test_on_and_off(void **state) {
  struct fixture *f = *state;
  int fd = -1, second = -1;
  _cleanup_free_ char *button =
      xasprintf("trap 'exit 0' %d; read -r line; echo \"typed $line\"; "
                "while :; do read -r line; done",
                SIGRTMIN + 4);
  assert_true(machine_container.has_disk(&f->state, "m1"));
  assert_false(machine_container.has_disk(&f->state, "m2"));
  start_well(f);
  assert_true(is_on(f));
  check_ok(machine_container.open_console(&f->state, "m1", &fd, &f->err),
           &f->err);
  check_error(machine_container.open_console(&f->state, "m1", &second, &f->err),
              &f->err, "another console is attached to m1");
  order(f, 1, button);
  assert_int_equal(write(fd, "keys\n", 5), 5);
  hear(fd, "typed keys");
  (void)close(fd);
  expect_asked(f, BEFORE POWER RUN);
  check_ok(machine_container.power_down(&f->state, "m1", &f->err), &f->err);
  wait_until_off(f);
  expect_asked(f, BEFORE POWER RUN ENDED AFTER);
  static const char *const gone[] = {"run/m1.pid", "run/m1.console",
                                     "run/m1.begun"};
  for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
    _cleanup_free_ char *path = state_path(&f->state, "%s", gone[i]);
    assert_false(file_exists(path));
  }
  _cleanup_free_ char *log = file_of(f, "logs/m1.console");
  _cleanup_free_ char *words = last_words(f);
  assert_int_equal(count(log, "Linux version "), 1);
  assert_non_null(strstr(log, "typed keys"));
  assert_string_equal(words, "");
  /* what is off stays off */
  check_ok(machine_container.power_down(&f->state, "m1", &f->err), &f->err);
  check_ok(machine_container.delete(&f->state, "m1", &f->err), &f->err);
  assert_false(machine_container.has_disk(&f->state, "m1"));
}

/* init's end tells which of reboot(2)'s it was. */
static void test_reboot(void **state) {
  struct fixture *f = *state;
  start_well(f);
  order(f, 1, "kill -HUP $$");
  order(f, 2, "kill -HUP $$");
  order(f, 3, "kill -INT $$");
  wait_until_off(f);
  expect_asked(f, BEFORE POWER RUN ENDED POWER RUN ENDED POWER RUN ENDED AFTER);
  _cleanup_free_ char *log = file_of(f, "logs/m1.console");
  _cleanup_free_ char *words = last_words(f);
  assert_int_equal(count(log, "Linux version "), 3);
  assert_int_equal(count(log, "up\r\n"), 3);
  assert_string_equal(words, "");
}

static void test_ends(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *order, *words;
  } cases[] = {
      {"exit 0", ""},
      {"exit 3", "kubeseed: init ended with exit status 3"},
      {"kill -TERM $$", "kubeseed: init was ended by signal 15 (Terminated)"},
      {"kill -PIPE $$", "kubeseed: init was ended by signal 13 (Broken pipe)"},
      {"kill -INT $$", ""},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    (void)unlink(f->asked);
    start_well(f);
    order(f, i + 1, cases[i].order);
    wait_until_off(f);
    _cleanup_free_ char *words = last_words(f);
    assert_string_equal(words, cases[i].words);
    expect_asked(f, *words ? BEFORE POWER RUN ENDED TOLD
                           : BEFORE POWER RUN ENDED AFTER);
  }
}

/* Nothing more reaches the disk, or that is told; then nothing runs. */
static void test_plug(void **state) {
  struct fixture *f = *state;
  for (int refuse = 0; refuse < 2; refuse++) {
    if (refuse)
      assert_int_equal(setenv("REFUSE", "ioctl", 1), 0);
    (void)unlink(f->asked);
    start_well(f);
    check_ok(machine_container.end("m1", f->process, &f->err), &f->err);
    wait_until_off(f);
    expect_asked(f, refuse ? BEFORE POWER RUN IOCTL ENDED TOLD
                           : BEFORE POWER RUN IOCTL ENDED AFTER);
    _cleanup_free_ char *words = last_words(f);
    if (refuse)
      assert_non_null(strstr(words, "the power cut is not a real one: Inapp"));
    else
      assert_string_equal(words, "");
  }
}

/* Whatever is refused, the error says so, and nothing is left. */
static void test_refused(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *what, *asked;
  } cases[] = {
      {"seed", "no group-of-m1\nseed of m1\n" AFTER},
      {"port", "no group-of-m1\nseed of m1\nno group-of-m1\n"
               "port 20001 to 22\n" AFTER},
      {"network", BEFORE AFTER},
      {"loop",
       BEFORE "unshare time\nloop disks/m1.raw 69206016 139460608\n" TOLD},
      {"group", BEFORE "unshare time\nloop disks/m1.raw 69206016 139460608\n"
                       "clone pid mounts uts ipc net\ninto group-of-m1\n" TOLD},
      {"card", BEFORE "unshare time\nloop disks/m1.raw 69206016 139460608\n"
                      "clone pid mounts uts ipc net\ninto group-of-m1\n"
                      "card kube0 02:01:00:00:00:00\n" TOLD},
      {"root", BEFORE POWER RUN TOLD},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_free_ char *words = xasprintf("there is no %s", cases[i].what);
    assert_int_equal(setenv("REFUSE", cases[i].what, 1), 0);
    (void)unlink(f->asked);
    check_error(start(f), &f->err, words);
    assert_false(is_on(f));
    expect_asked(f, cases[i].asked);
  }
}

static void test_disk(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *disk = state_path(&f->state, "disks/m1.raw");
  assert_int_equal(truncate(disk, 2 * BOOT_ROOT_AT - 1), 0);
  check_error(start(f), &f->err, "disks/m1.raw' is too small to be one");
  assert_int_equal(unlink(disk), 0);
  check_error(start(f), &f->err, "cannot use the disk 'disks/m1.raw'");
}

/* With its launcher ends the machine. */
static void test_killed(void **state) {
  struct fixture *f = *state;
  pid_t pid = 0;
  _cleanup_free_ char *held = state_path(&f->state, "held");
  assert_int_equal(mkfifo(held, 0600), 0);
  int fd = open(held, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  assert_int_equal(setenv("INIT", "exec 3>held; echo >&3; " INIT, 1), 0);
  start_well(f);
  assert_true(machine_container.running(&f->state, "m1", &pid));
  struct pollfd p = {.fd = fd, .events = POLLIN};
  char c;
  assert_int_equal(poll(&p, 1, 10000), 1);
  assert_int_equal(read(fd, &c, 1), 1);
  assert_int_equal(kill(pid, SIGKILL), 0);
  p.events = 0; /* its other end is closed by nobody but init's end */
  assert_int_equal(poll(&p, 1, 10000), 1);
  assert_int_equal(close(fd), 0);
  wait_until_off(f);
  _cleanup_strv_ struct strv names = {0};
  check_ok(machine_container.list(&f->state, &names, &f->err), &f->err);
  assert_true(strv_has(&names, "m1"));
  machine_container.clean(&f->state, "m1");
  expect_asked(f, BEFORE POWER RUN "no group-of-m1\n");
}

/* A launcher in this program's place, as main.c has it. */
static int launcher(int argc, char **argv) {
  _cleanup_error_ struct error err = {0};
  (void)signal(SIGPIPE, SIG_IGN);
  if (container_main(argc, argv, &err) == 0)
    return 0;
  error_print(&err, "kubeseed", stderr);
  return 1;
}

int main(int argc, char **argv) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_on_and_off), TEST(test_reboot),  TEST(test_ends),
      TEST(test_plug),       TEST(test_refused), TEST(test_disk),
      TEST(test_killed),
  };
  if (argc > 1 && strcmp(argv[1], CONTAINER_COMMAND) == 0)
    return launcher(argc - 1, argv + 1);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
