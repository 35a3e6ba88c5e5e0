/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/reach.h"

#include "base/log.h"
#include "base/mem.h"
#include "machine/kind.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* So many at a time: less than the descriptors a process may have (1024). */
#define BATCH ((size_t)500)

/* One connection, until its server has said something. */
struct probe {
  const struct plan_node *node;
  const struct plan_node *by; /* looked for in its place, or NULL */
  struct ip address;
  uint16_t port;
  bool here;
  int seconds;
  int fd;    /* -1: over */
  int why;   /* errno, once it has failed */
  bool open; /* connected: its greeting is waited for */
  double deadline;
  struct reach *ret;
};

/* What cannot be read is told by whoever opened the state. */
static const struct machine_kind *kind_of(const struct state *state) {
  _cleanup_error_ struct error ignored = {0};
  const struct machine_kind *kind = &machine_qemu;
  return machine_kind_load(state, &kind, &ignored) < 0 ? &machine_qemu : kind;
}

bool reach_is_here(const struct plan_node *node, const struct state *state,
                   const struct ports *ports) {
  const struct machine_kind *kind = kind_of(state);
  return ports->node[node->index].ssh || kind->has_disk(state, node->name) ||
         kind->running(state, node->name, NULL);
}

static void failed(struct probe *p, int why) {
  char a[NET_TEXT];
  const char *name = p->node->name;
  _cleanup_free_ char *leads =
      p->by ? xasprintf("%s, which leads to %s,", p->by->name, name) : NULL;
  if (p->here)
    p->ret->why = xasprintf("%s runs, but does not answer ssh yet (%s)", name,
                            why == ETIMEDOUT ? "no greeting" : strerror(why));
  else if (why == ETIMEDOUT)
    p->ret->why =
        xasprintf("%s does not answer ssh at %s within %d s",
                  leads ? leads : name, ip_format(p->address, a), p->seconds);
  else
    p->ret->why =
        xasprintf("%s does not answer ssh at %s: %s", leads ? leads : name,
                  ip_format(p->address, a), strerror(why));
}

static void end(struct probe *p, int why) {
  cleanup_close(&p->fd);
  p->fd = -1;
  p->ret->answers = why == 0;
  if (why)
    failed(p, why);
}

static void begin(struct probe *p) {
  struct sockaddr_storage to;
  socklen_t len = ip_sockaddr(p->address, p->port, &to);
  p->deadline = monotonic_seconds() + p->seconds;
  p->fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (p->fd < 0 ||
      (connect(p->fd, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS))
    end(p, errno);
}

/* The connection has come about or not, or something has come through it. */
static void step(struct probe *p) {
  int why = 0;
  socklen_t len = sizeof(why);
  char c;
  if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &why, &len) < 0 || why) {
    end(p, why ? why : errno);
    return;
  }
  if (!p->open) {
    p->open = true;
    return;
  }
  ssize_t n = recv(p->fd, &c, 1, 0);
  if (n > 0)
    end(p, 0);
  else if (n == 0)
    end(p, ECONNRESET);
  else if (errno != EAGAIN && errno != EINTR)
    end(p, errno);
}

/* Milliseconds until the first of them has no more time; -1: none is left. */
static int patience(struct probe *v, size_t n) {
  double now = monotonic_seconds();
  double first = -1;
  for (size_t i = 0; i < n; i++) {
    if (v[i].fd >= 0 && now >= v[i].deadline)
      end(&v[i], ETIMEDOUT);
    if (v[i].fd >= 0 && (first < 0 || v[i].deadline - now < first))
      first = v[i].deadline - now;
  }
  return first < 0 ? -1 : (int)(first * 1000) + 1;
}

static void run(struct probe *v, size_t n) {
  if (n == 0)
    return;
  _cleanup_free_ struct pollfd *fds = xcalloc(n, sizeof(*fds));
  for (size_t i = 0; i < n; i++)
    begin(&v[i]);
  for (int ms; (ms = patience(v, n)) >= 0;) {
    for (size_t i = 0; i < n; i++)
      fds[i] = (struct pollfd){.fd = v[i].fd,
                               .events = v[i].open ? POLLIN : POLLOUT};
    if (poll(fds, n, ms) <= 0)
      continue;
    for (size_t i = 0; i < n; i++)
      if (fds[i].revents)
        step(&v[i]);
  }
}

/* Whether the node is to be looked for, and where; else why not. */
static bool prepare(const struct state *state, const struct ports *ports,
                    uint16_t port, struct probe *p) {
  const struct machine_kind *kind = kind_of(state);
  const char *name = p->node->name;
  p->here = reach_is_here(p->node, state, ports);
  bool forwarded = p->here && kind->forwards;
  p->seconds = p->here ? REACH_HERE_SECONDS : REACH_SECONDS;
  if (p->here || p->by == p->node)
    p->by = NULL;
  p->address = forwarded ? (struct ip){IP_V4, {127, 0, 0, 1}}
                         : (p->by ? p->by : p->node)->spec->address;
  p->port = forwarded ? (uint16_t)ports->node[p->node->index].ssh : port;
  if (p->here && !kind->running(state, name, NULL))
    p->ret->why = xasprintf("%s is off", name);
  else if (p->port == 0)
    p->ret->why = xasprintf("%s does not run here", name);
  return !p->ret->why;
}

void reach_look(const struct plan *plan, const struct state *state,
                const struct ports *ports, uint16_t port, const size_t *nodes,
                size_t n, struct reach *ret) {
  _cleanup_free_ struct probe *v = xcalloc(BATCH, sizeof(*v));
  const struct plan_node *jump = plan_jump(plan);
  size_t pending = 0;
  for (size_t i = 0; i < n; i++) {
    ret[i] = (struct reach){0};
    v[pending] = (struct probe){
        .node = &plan->nodes.v[nodes[i]], .by = jump, .fd = -1, .ret = &ret[i]};
    pending += prepare(state, ports, port, &v[pending]);
    if (pending == BATCH || i + 1 == n) {
      run(v, pending);
      pending = 0;
    }
  }
}

void reach_done(struct reach *r, size_t n) {
  for (size_t i = 0; i < n; i++)
    free(r[i].why);
}
