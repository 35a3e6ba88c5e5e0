/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/forward.h"

#include "base/file.h"
#include "base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int forward_listen(struct forward *f, struct error *err) {
  const struct sockaddr_in a = loopback(f->port);
  const int on = 1;
  if (f->port == 0)
    return 0;
  f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (f->listener < 0 ||
      setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
      bind(f->listener, (const struct sockaddr *)&a, sizeof(a)) < 0 ||
      listen(f->listener, SOMAXCONN) < 0)
    return error_set(err, errno, "cannot listen on 127.0.0.1:%d", f->port);
  return 0;
}

/* Passes on what there is; false once that direction is over. */
static bool pass(int from, int to) {
  char chunk[65536];
  ssize_t n = read(from, chunk, sizeof(chunk));
  if (n < 0 && errno == EINTR)
    return true;
  if (n > 0 && file_write_all(to, chunk, (size_t)n) == 0)
    return true;
  (void)shutdown(to, SHUT_WR);
  return false;
}

static void pump(int a, int b) {
  bool there = true, back = true;
  while (there || back) {
    struct pollfd p[] = {{.fd = there ? a : -1, .events = POLLIN},
                         {.fd = back ? b : -1, .events = POLLIN}};
    if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
      return;
    if (there && p[0].revents)
      there = pass(a, b);
    if (back && p[1].revents)
      back = pass(b, a);
  }
}

static int connect_inside(pid_t pid, int port) {
  const struct sockaddr_in a = loopback(port);
  _cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)pid);
  _cleanup_close_ int ns = open(path, O_RDONLY | O_CLOEXEC);
  if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
    return -1;
  _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
    return -1;
  return take_fd(&fd);
}

static _Noreturn void serve(int fd, pid_t pid, int port, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(0);
  _cleanup_close_ int inside = connect_inside(pid, port);
  if (inside >= 0)
    pump(fd, inside);
  _exit(0);
}

void forward_accept(const struct forward *f, pid_t pid) {
  pid_t parent = getpid();
  _cleanup_close_ int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd >= 0 && fork() == 0)
    serve(fd, pid, f->to, parent);
}
