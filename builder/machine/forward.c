/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/forward.h"

#include "base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
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

/* ---- Passing on ---- */

/* One direction of a connection, and what is on its way. */
struct lane {
  int from, to;
  bool over; /* nothing more comes */
  size_t at, n;
  char data[65536];
};

static bool is_done(const struct lane *l) {
  return l->over && l->n == 0;
}

static void take(struct lane *l) {
  ssize_t n = recv(l->from, l->data, sizeof(l->data), MSG_DONTWAIT);
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  l->at = 0;
  l->n = n > 0 ? (size_t)n : 0;
  if (n > 0)
    return;
  l->over = true;
  (void)shutdown(l->to, SHUT_WR);
}

static void give(struct lane *l) {
  ssize_t n = send(l->to, l->data + l->at, l->n, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (n < 0) {
    l->over = true; /* nobody is there to take it */
    l->n = 0;
    return;
  }
  l->at += (size_t)n;
  l->n -= (size_t)n;
}

/* What is to be waited for at an end: of which `out` takes and into which `in`
 * gives. One that may have hung up says so over and over: it is not looked at
 * while nothing is to be had from it. */
static struct pollfd wanted(const struct lane *out, const struct lane *in) {
  bool read = !out->over && out->n == 0, write = in->n > 0;
  return (struct pollfd){
      .fd = is_done(in) && !read ? -1 : out->from,
      .events = (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0))};
}

static void move(struct lane *out, struct lane *in, short events) {
  if (events & (POLLERR | POLLHUP)) {
    in->over = true;
    in->n = 0;
  }
  if (events & (POLLIN | POLLERR | POLLHUP) && !out->over && out->n == 0)
    take(out);
  if (events & POLLOUT && in->n > 0)
    give(in);
}

void forward_pump(int a, int b) {
  _cleanup_free_ struct lane *lanes = xcalloc(2, sizeof(*lanes));
  struct lane *there = &lanes[0], *back = &lanes[1];
  there->from = back->to = a;
  there->to = back->from = b;
  while (!is_done(there) || !is_done(back)) {
    struct pollfd p[] = {wanted(there, back), wanted(back, there)};
    if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
      return;
    move(there, back, p[0].revents);
    move(back, there, p[1].revents);
  }
}

/* ---- A connection ---- */

static int connect_inside(int network, int port) {
  const struct sockaddr_in a = loopback(port);
  if (setns(network, CLONE_NEWNET) < 0)
    return -1;
  _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
    return -1;
  return take_fd(&fd);
}

static _Noreturn void serve(int fd, int network, int port, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(0);
  int inside = connect_inside(network, port);
  /* Whoever waits for one of the parent's files to close must not wait for
   * us. */
  if (inside < 0 || dup2(fd, 0) < 0 || dup2(inside, 1) < 0)
    _exit(0);
  (void)close_range(2, ~0U, 0);
  forward_pump(0, 1);
  _exit(0);
}

void forward_accept(const struct forward *f, int network) {
  pid_t parent = getpid();
  _cleanup_close_ int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd >= 0 && fork() == 0)
    serve(fd, network, f->to, parent);
}
