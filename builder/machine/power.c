/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/power.h"

#include "base/file.h"
#include "base/mem.h"
#include "image/bootloader.h"
#include "machine/guest.h"
#include "machine/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define NAMESPACES                                                             \
  (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)
#define MESSAGE_MAX ((size_t)4096)
#define CONSOLE_NAME 64

/* ---- Preparing ---- */

static int open_console(struct power *b, char name[static CONSOLE_NAME],
                        struct error *err) {
  b->console = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (b->console < 0 || grantpt(b->console) < 0 || unlockpt(b->console) < 0 ||
      ptsname_r(b->console, name, CONSOLE_NAME) != 0)
    return error_set(err, errno, "cannot make a terminal for the console");
  b->terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (b->terminal < 0)
    return error_set(err, errno, "cannot open '%s'", name);
  return 0;
}

static int attach(const char *disk, char **ret_device, int *ret_fd,
                  struct error *err) {
  struct stat st;
  if (stat(disk, &st) < 0)
    return error_set(err, errno, "cannot use the disk '%s'", disk);
  if (st.st_size < (off_t)(2 * BOOT_ROOT_AT))
    return error_set(err, 0, "the disk '%s' is too small to be one", disk);
  uint64_t size = BOOT_ROOT_END(st.st_size) - BOOT_ROOT_AT;
  return loop_attach(disk, BOOT_ROOT_AT, size, ret_device, ret_fd, err);
}

/* The machine's uptime begins with it, where the kernel has time namespaces
 * (time_namespaces(7)); else it is the host's. */
static void reset_uptime(void) {
  struct timespec now = {0};
  if (clock_gettime(CLOCK_MONOTONIC, &now) < 0 || unshare(CLONE_NEWTIME) < 0)
    return;
  _cleanup_close_ int fd =
      open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  _cleanup_free_ char *text =
      xasprintf("monotonic -%lld 0\nboottime -%lld 0\n", (long long)now.tv_sec,
                (long long)now.tv_sec);
  if (fd >= 0)
    (void)!file_write_all(fd, text, strlen(text));
}

/* ---- The child ---- */

/* What the child knows. */
struct child {
  struct guest guest;
  int go;     /* a byte on it: begin */
  int result; /* an error's text goes there; closed by exec */
};

static _Noreturn void child_main(const struct child *c) {
  _cleanup_error_ struct error err = {0};
  char byte;
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)signal(SIGPIPE, SIG_DFL);
  /* Asked for before the launcher is known to live: it says so by the byte. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || read(c->go, &byte, 1) != 1)
    _exit(126);
  if (guest_exec(&c->guest, &err) < 0 && err.n_faults > 0) {
    const char *msg = err.faults[err.n_faults - 1].msg;
    (void)!file_write_all(c->result, msg, strlen(msg));
  }
  _exit(127);
}

/* ---- The parent ---- */

/* Waits for the exec, or for words why there is none. */
static int await_exec(int result, struct error *err) {
  char text[MESSAGE_MAX];
  size_t len = 0;
  for (ssize_t n; len < sizeof(text) - 1; len += (size_t)n) {
    n = read(result, text + len, sizeof(text) - 1 - len);
    if (n < 0 && errno == EINTR)
      n = 0;
    else if (n <= 0)
      break;
  }
  text[len] = '\0';
  return len ? error_set(err, 0, "%s", text) : 0;
}

static int begin(const struct power_options *o, struct power *b,
                 const struct guest *guest, struct error *err) {
  int go[2], result[2];
  if (pipe2(go, O_CLOEXEC) < 0)
    return error_set(err, errno, "cannot make a pipe");
  _cleanup_close_ int go_read = go[0], go_write = go[1];
  if (pipe2(result, O_CLOEXEC) < 0)
    return error_set(err, errno, "cannot make a pipe");
  _cleanup_close_ int result_read = result[0], result_write = result[1];
  const struct child c = {
      .guest = *guest, .go = go_read, .result = result_write};
  /* As fork(2), which has no flags. */
  long pid = syscall(SYS_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0)
    return error_set(err, errno, "cannot make the machine's namespaces");
  if (pid == 0) {
    (void)close(go_write);
    child_main(&c);
  }
  b->pid = (pid_t)pid;
  cleanup_close(&result_write);
  result_write = -1;
  _cleanup_free_ char *network = xasprintf("/proc/%d/ns/net", (int)b->pid);
  b->network = open(network, O_RDONLY | O_CLOEXEC);
  if (b->network < 0)
    return error_set(err, errno, "cannot open the machine's network");
  if (o->equip(o->arg, b->pid, err) < 0)
    return -1;
  if (file_write_all(go_write, "g", 1) < 0)
    return error_set(err, errno, "the machine's first process has ended");
  return await_exec(result_read, err);
}

int power_on(const struct power_options *o, struct power *ret,
             struct error *err) {
  struct power b = POWER_NONE;
  _cleanup_free_ char *device = NULL;
  _cleanup_close_ int loop = -1;
  char console[CONSOLE_NAME];
  reset_uptime();
  int r = open_console(&b, console, err);
  if (r == 0)
    r = attach(o->disk, &device, &loop, err);
  const struct guest guest = {.device = device,
                              .console = console,
                              .uuid = o->uuid,
                              .seed = o->seed,
                              .cgroups = o->cgroups};
  if (r == 0)
    r = begin(o, &b, &guest, err);
  if (r < 0)
    power_done(&b);
  else
    *ret = b;
  return r;
}

void power_done(struct power *b) {
  /* Once waited for, it is nobody's number and this fails. */
  if (b->pid > 0 && waitpid(b->pid, NULL, WNOHANG) == 0) {
    (void)kill(b->pid, SIGKILL);
    (void)waitpid(b->pid, NULL, 0);
  }
  cleanup_close(&b->console);
  cleanup_close(&b->network);
  cleanup_close(&b->terminal);
  *b = (struct power)POWER_NONE;
}
