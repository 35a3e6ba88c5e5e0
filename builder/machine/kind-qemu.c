/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Machines under QEMU. It is run in the state folder with relative paths, see
 * qemu.h.
 *
 *   disks/NODE.{qcow2,base}   see disk.h
 *   run/NODE.pid              written by QEMU
 *   run/NODE.{qmp,console}    sockets
 *   logs/NODE.qemu            what QEMU itself said
 */
#include "machine/kind.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/socket.h"
#include "machine/console.h"
#include "machine/disk.h"
#include "machine/qemu.h"
#include "machine/qmp.h"
#include "state/layout.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* QEMU answers within a second; a machine busy with many starts takes more. */
#define START_SECONDS 30.0
#define QMP_SECONDS 10.0
#define CONSOLE_SECONDS 5.0
#define QUIT_SECONDS 10.0
#define KILL_SECONDS 10.0
#define CMDLINE_MAX ((size_t)1 << 20)
#define LOG_MAX ((size_t)16 << 20)
#define LAST_LINES 6

/* ---- The host ---- */

static int check_host(struct machine_host *ret, struct error *err) {
  _cleanup_host_accel_ struct host_accel accel = {0};
  if (process_require(QEMU_PROGRAM, QEMU_PACKAGE, err) < 0 ||
      process_require("qemu-img", "qemu-utils", err) < 0)
    return -1;
  host_accel_probe(NULL, NULL, &accel);
  ret->kvm = accel.kvm;
  ret->how =
      xasprintf("%s (%s)", accel.kvm ? "KVM" : "TCG, one CPU for each machine",
                accel.reason);
  return 0;
}

static bool has_disk(const struct state *s, const char *node) {
  _cleanup_free_ char *disk = state_path(s, "disks/%s.qcow2", node);
  return file_exists(disk);
}

/* ---- Is it running? ---- */

/* The number in the pid file, or 0. */
static pid_t read_pid(const struct state *s, const char *node) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = state_path(s, "run/%s.pid", node);
  if (file_read(path, 64, &b, &ignored) < 0)
    return 0;
  char *end = NULL;
  errno = 0;
  long pid = strtol(b.data, &end, 10);
  bool good = errno == 0 && end != b.data && (*end == '\n' || *end == '\0');
  return good && pid > 1 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Whether one of a process's arguments is exactly arg. */
static bool has_argument(pid_t pid, const char *arg) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = xasprintf("/proc/%d/cmdline", (int)pid);
  if (file_read(path, CMDLINE_MAX, &b, &ignored) < 0)
    return false;
  for (size_t i = 0; i < b.len; i += strlen(b.data + i) + 1)
    if (strcmp(b.data + i, arg) == 0)
      return true;
  return false;
}

static bool runs_in(pid_t pid, const char *dir) {
  struct stat a, b;
  _cleanup_free_ char *cwd = xasprintf("/proc/%d/cwd", (int)pid);
  return stat(cwd, &a) == 0 && stat(dir, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

/* Node names and UUIDs repeat in another state folder; this pair does not. A
 * process that has ended but is not reaped shows neither. */
static bool is_machine(const struct state *s, const char *node, pid_t pid) {
  _cleanup_free_ char *pidfile = xasprintf("run/%s.pid", node);
  return runs_in(pid, s->dir) && has_argument(pid, pidfile);
}

static bool running(const struct state *s, const char *node, pid_t *ret_pid) {
  pid_t pid = read_pid(s, node);
  if (pid == 0 || !is_machine(s, node, pid))
    return false;
  if (ret_pid)
    *ret_pid = pid;
  return true;
}

/* ---- Starting ---- */

static char *last_words(const struct state *s, const char *node) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = state_path(s, "logs/%s.qemu", node);
  if (file_read(path, LOG_MAX, &b, &ignored) < 0)
    return xstrdup("");
  size_t end = b.len;
  while (end > 0 && b.data[end - 1] == '\n')
    end--;
  size_t begin = end;
  for (int lines = 0; begin > 0; begin--)
    if (b.data[begin - 1] == '\n' && ++lines == LAST_LINES)
      break;
  return xstrndup(b.data + begin, end - begin);
}

/* Makes the console's log, readable by us alone, and marks the power-on. */
static int mark_log(const struct state *s, const char *node,
                    struct error *err) {
  _cleanup_free_ char *path = state_path(s, "logs/%s.console", node);
  _cleanup_close_ int fd =
      open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", path);
  time_t now = time(NULL);
  struct tm tm;
  char text[32] = "";
  if (gmtime_r(&now, &tm))
    (void)strftime(text, sizeof(text), "%F %T UTC", &tm);
  if (dprintf(fd, "\n" CONSOLE_POWER_ON "%s ===\n", text) < 0)
    return error_set(err, errno, "cannot write '%s'", path);
  return 0;
}

/* The pid file is QEMU's to write, which it does before it answers. */
static bool answers(const struct state *s, const char *node) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_qmp_ struct qmp q = {.fd = -1};
  _cleanup_free_ char *path = state_path(s, "run/%s.qmp", node);
  return running(s, node, NULL) && qmp_open(path, 1.0, &q, &ignored) == 0;
}

static int died(const struct state *s, const char *node, int status,
                struct error *err) {
  _cleanup_free_ char *words = last_words(s, node);
  if (WIFSIGNALED(status))
    return error_set(err, 0, "%s: QEMU was ended by signal %d (%s)%s%s", node,
                     WTERMSIG(status), strsignal(WTERMSIG(status)),
                     *words ? ":\n" : "", words);
  return error_set(err, 0, "%s: QEMU ended with exit status %d%s%s", node,
                   WEXITSTATUS(status), *words ? ":\n" : "", words);
}

static int await_start(const struct state *s, const char *node, pid_t pid,
                       struct error *err) {
  double deadline = monotonic_seconds() + START_SECONDS;
  while (monotonic_seconds() < deadline) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid)
      return died(s, node, status, err);
    if (answers(s, node))
      return 0;
    (void)poll(NULL, 0, 20);
  }
  (void)kill(pid, SIGKILL);
  (void)waitpid(pid, NULL, 0);
  return error_set(err, 0, "%s: QEMU did not answer within %.0f s", node,
                   START_SECONDS);
}

static void clean(const struct state *s, const char *node) {
  static const char *const suffixes[] = {"pid", "qmp", "console"};
  for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
    _cleanup_free_ char *path = state_path(s, "run/%s.%s", node, suffixes[i]);
    (void)unlink(path);
  }
}

static int start(const struct state *s, const struct plan_node *node,
                 const struct node_ports *ports,
                 const struct machine_host *host, struct error *err) {
  _cleanup_qemu_paths_ struct qemu_paths paths = {0};
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_strv_ struct strv env = {0};
  _cleanup_free_ char *log = state_path(s, "logs/%s.qemu", node->name);
  _cleanup_free_ char *logs = state_path(s, "logs");
  _cleanup_free_ char *run = state_path(s, "run");
  if (file_mkdirs(logs, 0700, err) < 0 || file_mkdirs(run, 0700, err) < 0)
    return -1;
  clean(s, node->name);
  /* Its last lines are quoted: they must be of this start. */
  if (unlink(log) < 0 && errno != ENOENT)
    return error_set(err, errno, "cannot remove '%s'", log);
  if (mark_log(s, node->name, err) < 0)
    return -1;
  qemu_paths_make(node->name, &paths);
  qemu_argv(NULL, node, &paths, ports, host->kvm, &argv);
  pid_t pid = 0;
  qemu_env(host->kvm, &env);
  struct process p = {.argv = &argv,
                      .env = &env,
                      .package = QEMU_PACKAGE,
                      .dir = s->dir,
                      .log_path = log};
  if (process_spawn_detached(&p, &pid, err) < 0)
    return error_prefix(err, "%s", node->name);
  return await_start(s, node->name, pid, err);
}

/* ---- Ending ---- */

/* Sends a command; a machine that is gone meanwhile has done what we want. */
static int command(const struct state *s, const char *node, const char *name,
                   struct error *err) {
  _cleanup_error_ struct error e = {0};
  _cleanup_qmp_ struct qmp q = {.fd = -1};
  _cleanup_free_ char *path = state_path(s, "run/%s.qmp", node);
  if (qmp_open(path, QMP_SECONDS, &q, &e) == 0 &&
      qmp_execute(&q, name, NULL, &e) == 0)
    return 0;
  if (!running(s, node, NULL))
    return 0;
  error_move(err, &e);
  return error_prefix(err, "%s", node);
}

static int power_down(const struct state *s, const char *node,
                      struct error *err) {
  return command(s, node, "system_powerdown", err);
}

static int quit(const struct state *s, const char *node, struct error *err) {
  return command(s, node, "quit", err);
}

static int kill_process(const struct state *s, const char *node,
                        struct error *err) {
  pid_t pid = read_pid(s, node);
  if (pid == 0)
    return 0;
  /* A pidfd stays with its process: the number may be another's by the time of
   * the signal, the descriptor may not. */
  _cleanup_close_ int fd = pidfd_open(pid, 0);
  if (fd < 0 && errno != ESRCH)
    return error_set(err, errno, "cannot open the process %d", (int)pid);
  if (fd < 0 || !is_machine(s, node, pid))
    return 0;
  if (pidfd_send_signal(fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
    return error_set(err, errno, "%s: cannot kill process %d", node, (int)pid);
  return 0;
}

static bool gone_within(const struct state *s, const char *node,
                        double seconds) {
  double deadline = monotonic_seconds() + seconds;
  while (running(s, node, NULL)) {
    if (monotonic_seconds() > deadline)
      return false;
    (void)poll(NULL, 0, 20);
  }
  return true;
}

static int stop(const struct state *s, const char *node, struct error *err) {
  _cleanup_error_ struct error ignored = {0};
  bool told = quit(s, node, &ignored) == 0;
  if (!told || !gone_within(s, node, QUIT_SECONDS)) {
    if (kill_process(s, node, err) < 0)
      return -1;
    if (!gone_within(s, node, KILL_SECONDS))
      return error_set(err, 0, "%s: QEMU outlives SIGKILL", node);
  }
  clean(s, node);
  return 0;
}

static int delete_files(const struct state *s, const char *node,
                        struct error *err) {
  return layout_remove_node(s->dir, LAYOUT_MACHINE, node, err);
}

static int list_machines(const struct state *s, struct strv *ret,
                         struct error *err) {
  _cleanup_free_ char *path = state_path(s, "run");
  DIR *dir = opendir(path);
  if (!dir && errno == ENOENT)
    return 0;
  if (!dir)
    return error_set(err, errno, "cannot open '%s'", path);
  for (struct dirent *e; (e = readdir(dir));) {
    size_t len = strlen(e->d_name);
    if (len > 4 && strcmp(e->d_name + len - 4, ".pid") == 0)
      strv_pushf(ret, "%.*s", (int)(len - 4), e->d_name);
  }
  (void)closedir(dir);
  return 0;
}

/* ---- The console ---- */

/* QEMU serves one client; a second one would wait in the dark. */
static bool is_taken(const struct state *s, const char *node) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_qmp_ struct qmp q = {.fd = -1};
  _cleanup_json_ json_t *list = NULL;
  _cleanup_free_ char *path = state_path(s, "run/%s.qmp", node);
  if (qmp_open(path, CONSOLE_SECONDS, &q, &ignored) < 0 ||
      qmp_execute(&q, "query-chardev", &list, &ignored) < 0)
    return false;
  size_t i;
  json_t *dev;
  json_array_foreach(list, i, dev) {
    const char *label = json_string_value(json_object_get(dev, "label"));
    const char *file = json_string_value(json_object_get(dev, "filename"));
    if (label && file && strcmp(label, "console") == 0)
      return strncmp(file, "disconnected", strlen("disconnected")) != 0;
  }
  return false;
}

static int open_console(const struct state *s, const char *node, int *ret_fd,
                        struct error *err) {
  if (is_taken(s, node))
    return error_set(
        err, 0, "another console is attached to %s; --log -f follows it", node);
  _cleanup_free_ char *path = state_path(s, "run/%s.console", node);
  return socket_connect(path, ret_fd, err);
}

const struct machine_kind machine_qemu = {
    .name = "qemu",
    .program = "QEMU",
    .forwards = true,
    .check_host = check_host,
    .has_disk = has_disk,
    .ensure_disk = disk_ensure,
    .start = start,
    .running = running,
    .power_down = power_down,
    .stop = stop,
    .clean = clean,
    .delete = delete_files,
    .last_words = last_words,
    .list = list_machines,
    .open_console = open_console,
};
