/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/monitor.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "machine/console.h"
#include "machine/proc.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>

#define LOG_MAX ((size_t)16 << 20)
#define LAST_LINES 6
#define KILL_SECONDS 10.0

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

/* Node names and UUIDs repeat in another state folder; this pair does not. A
 * process that has ended but is not reaped shows neither. */
static bool is_machine(const struct state *s, const char *node, pid_t pid) {
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_free_ char *pidfile = xasprintf("run/%s.pid", node);
  if (!proc_runs_in(pid, s->dir))
    return false;
  proc_arguments(pid, &argv);
  return strv_has(&argv, pidfile);
}

bool monitor_has_pid_file(const struct state *s, const char *node) {
  pid_t pid = read_pid(s, node);
  return pid && is_machine(s, node, pid);
}

static char *begun_path(const struct state *s, const char *node) {
  return state_path(s, "run/%s.begun", node);
}

/* One whose starter was ended before it wrote its pid file, or 0. Looked for
 * only where a start was not seen to its end. */
static pid_t find_begun(const struct state *s, const char *node) {
  _cleanup_free_ char *begun = begun_path(s, node);
  DIR *dir = file_exists(begun) ? opendir("/proc") : NULL;
  if (!dir)
    return 0;
  pid_t found = 0;
  for (struct dirent *e; !found && (e = readdir(dir));) {
    long pid = strtol(e->d_name, NULL, 10);
    if (pid > 1 && is_machine(s, node, (pid_t)pid))
      found = (pid_t)pid;
  }
  (void)closedir(dir);
  return found;
}

static pid_t find(const struct state *s, const char *node) {
  return monitor_has_pid_file(s, node) ? read_pid(s, node)
                                       : find_begun(s, node);
}

bool monitor_running(const struct state *s, const char *node, pid_t *ret_pid) {
  pid_t pid = find(s, node);
  if (pid == 0)
    return false;
  if (ret_pid)
    *ret_pid = pid;
  return true;
}

int monitor_open(const struct state *s, const char *node, int *ret_fd,
                 struct error *err) {
  pid_t pid = find(s, node);
  *ret_fd = -1;
  if (pid == 0)
    return 0;
  /* A pidfd stays with its process: the number may be another's by the time of
   * a signal, the descriptor may not. */
  _cleanup_close_ int fd = pidfd_open(pid, 0);
  if (fd < 0 && errno != ESRCH)
    return error_set(err, errno, "cannot open the process %d", (int)pid);
  if (fd >= 0 && is_machine(s, node, pid))
    *ret_fd = take_fd(&fd);
  return 0;
}

static int send(const char *node, int fd, int signal, struct error *err) {
  if (pidfd_send_signal(fd, signal, NULL, 0) < 0 && errno != ESRCH)
    return error_set(err, errno, "%s: cannot signal its process", node);
  return 0;
}

int monitor_signal(const struct state *s, const char *node, int signal,
                   struct error *err) {
  _cleanup_close_ int fd = -1;
  if (monitor_open(s, node, &fd, err) < 0)
    return -1;
  return fd < 0 ? 0 : send(node, fd, signal, err);
}

bool monitor_ends_within(int fd, double seconds) {
  double deadline = monotonic_seconds() + seconds;
  for (double left = seconds; left >= 0;
       left = deadline - monotonic_seconds()) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, (int)(left * 1000) + 1) == 1)
      return true;
  }
  return false;
}

int monitor_end(const char *node, const char *program, int fd, int signal,
                double seconds, struct error *err) {
  if (send(node, fd, signal, err) < 0)
    return -1;
  if (monitor_ends_within(fd, seconds))
    return 0;
  if (send(node, fd, SIGKILL, err) < 0)
    return -1;
  if (monitor_ends_within(fd, KILL_SECONDS))
    return 0;
  return error_set(err, 0, "%s: %s outlives SIGKILL", node, program);
}

int monitor_list(const struct state *s, struct strv *ret, struct error *err) {
  _cleanup_free_ char *path = state_path(s, "run");
  DIR *dir = opendir(path);
  if (!dir && errno == ENOENT)
    return 0;
  if (!dir)
    return error_set(err, errno, "cannot open '%s'", path);
  for (struct dirent *e; (e = readdir(dir));) {
    const char *dot = strrchr(e->d_name, '.');
    bool traces =
        dot && dot > e->d_name &&
        (strcmp(dot, ".pid") == 0 || strcmp(dot, "." MONITOR_BEGUN) == 0);
    _cleanup_free_ char *node =
        traces ? xstrndup(e->d_name, (size_t)(dot - e->d_name)) : NULL;
    if (node && !strv_has(ret, node))
      strv_push(ret, node);
  }
  (void)closedir(dir);
  return 0;
}

/* ---- What it says ---- */

char *monitor_last_words(const struct state *s, const char *node,
                         const char *suffix) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = state_path(s, "logs/%s.%s", node, suffix);
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

/* ---- Starting ---- */

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

static int note_begun(const struct state *s, const char *node,
                      struct error *err) {
  _cleanup_free_ char *begun = begun_path(s, node);
  return file_write(begun, "", 0, 0600, err);
}

static void forget_begun(const struct state *s, const char *node) {
  _cleanup_free_ char *begun = begun_path(s, node);
  (void)unlink(begun);
}

static int died(const struct state *s, const char *node,
                const struct monitor_program *program, int status,
                struct error *err) {
  _cleanup_free_ char *words = monitor_last_words(s, node, program->suffix);
  const char *sep = *words ? ":\n" : "";
  if (WIFSIGNALED(status))
    return error_set(err, 0, "%s: %s was ended by signal %d (%s)%s%s", node,
                     program->name, WTERMSIG(status),
                     strsignal(WTERMSIG(status)), sep, words);
  return error_set(err, 0, "%s: %s ended with exit status %d%s%s", node,
                   program->name, WEXITSTATUS(status), sep, words);
}

/* pid is a child of ours. */
static int await(const struct state *s, const char *node,
                 const struct monitor_program *program, pid_t pid,
                 struct error *err) {
  double deadline = monotonic_seconds() + program->seconds;
  while (monotonic_seconds() < deadline) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid)
      return died(s, node, program, status, err);
    if (program->answers(s, node))
      return 0;
    (void)poll(NULL, 0, 20);
  }
  (void)kill(pid, SIGKILL);
  (void)waitpid(pid, NULL, 0);
  return error_set(err, 0, "%s: %s did not answer within %.0f s", node,
                   program->name, program->seconds);
}

/* The folders, and new logs: of the program's the last lines are quoted, which
 * must be of this start. */
static int prepare(const struct state *s, const char *node, const char *log,
                   struct error *err) {
  _cleanup_free_ char *logs = state_path(s, "logs");
  _cleanup_free_ char *run = state_path(s, "run");
  if (file_mkdirs(logs, 0700, err) < 0 || file_mkdirs(run, 0700, err) < 0)
    return -1;
  if (unlink(log) < 0 && errno != ENOENT)
    return error_set(err, errno, "cannot remove '%s'", log);
  return mark_log(s, node, err);
}

int monitor_start(const struct state *s, const char *node,
                  const struct monitor_program *program,
                  const struct process *start, struct error *err) {
  _cleanup_free_ char *log = state_path(s, "logs/%s.%s", node, program->suffix);
  struct process p = *start;
  pid_t pid = 0;
  p.dir = s->dir;
  p.log_path = log;
  if (prepare(s, node, log, err) < 0)
    return -1;
  if (note_begun(s, node, err) < 0 || process_spawn_detached(&p, &pid, err) < 0)
    return error_prefix(err, "%s", node);
  int r = await(s, node, program, pid, err);
  forget_begun(s, node);
  return r;
}

void monitor_clean(const struct state *s, const char *node,
                   const char *const *suffixes) {
  for (; *suffixes; suffixes++) {
    _cleanup_free_ char *path = state_path(s, "run/%s.%s", node, *suffixes);
    (void)unlink(path);
  }
}
