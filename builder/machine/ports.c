/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/ports.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS_MAX ((size_t)16 << 20)
/* Below Linux's range for outgoing connections (32768, ip(7)), whose picks
 * would else take a port of a machine that is off. */
#define TCP_FIRST 20000
#define TCP_LAST 32767
/* RFC 6335 6: dynamic ports. */
#define MCAST_FIRST 49152
#define MCAST_LAST 65535
#define TRIES 1000

/* Ports that are given: none is given again, though its socket is closed. */
struct given {
  bool port[65536];
};

/* Takes the port, if nobody has it. */
static bool give(struct given *g, int type, int port) {
  struct sockaddr_in a = {
      .sin_family = AF_INET,
      .sin_port = htons((uint16_t)port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
  if (type == SOCK_DGRAM) /* as QEMU binds its multicast socket */
    a.sin_addr.s_addr = inet_addr("230.0.0.1");
  _cleanup_close_ int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  /* A just closed connection (TIME_WAIT) does not make a port taken. */
  int on = type == SOCK_STREAM;
  if (g->port[port] || fd < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
      bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
      (type == SOCK_STREAM && listen(fd, 1) < 0))
    return false;
  return g->port[port] = true;
}

static int pick(struct given *g, int type, int first, int last, int *ret,
                struct error *err) {
  for (int i = 0; i < TRIES; i++) {
    uint32_t r;
    if (getrandom(&r, sizeof(r), 0) != sizeof(r))
      return error_set(err, errno, "cannot get a random number");
    int port = first + (int)(r % (uint32_t)(last - first + 1));
    if (give(g, type, port)) {
      *ret = port;
      return 0;
    }
  }
  return error_set(err, 0, "no free port on 127.0.0.1 between %d and %d", first,
                   last);
}

static int valid_port(const json_t *object, const char *key) {
  json_int_t p = json_integer_value(json_object_get(object, key));
  return p > 0 && p < 65536 ? (int)p : 0;
}

void ports_done(struct ports *p) {
  free(p->node);
  *p = (struct ports){0};
}

/* NULL when there is no file. */
static int read_file(const struct state *s, json_t **ret, struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = state_path(s, "run/ports.json");
  if (!file_exists(path))
    return 0;
  if (file_read(path, PORTS_MAX, &b, err) < 0)
    return -1;
  *ret = json_loadb(b.data, b.len, 0, NULL);
  if (!json_is_object(*ret))
    return error_set(err, 0, "'%s' is not what kubeseed wrote; delete it",
                     path);
  return 0;
}

static void ports_of(const json_t *j, const struct plan *plan,
                     struct ports *ret) {
  *ret = (struct ports){
      .mcast = valid_port(j, "mcast"),
      .node = xcalloc(plan->nodes.n, sizeof(*ret->node)),
      .n = plan->nodes.n,
  };
  const json_t *nodes = json_object_get(j, "nodes");
  for (size_t i = 0; i < ret->n; i++) {
    const json_t *n = json_object_get(nodes, plan->nodes.v[i].name);
    ret->node[i] = (struct node_ports){.mcast = ret->mcast,
                                       .ssh = valid_port(n, "ssh"),
                                       .api = valid_port(n, "api")};
  }
}

int ports_load(const struct state *s, const struct plan *plan,
               struct ports *ret, struct error *err) {
  _cleanup_json_ json_t *j = NULL;
  if (read_file(s, &j, err) < 0)
    return -1;
  ports_of(j, plan, ret);
  return 0;
}

/* What j holds of machines that run, whether the plan has their nodes or not:
 * these may come back into it. */
static json_t *running_nodes(const struct state *s, json_t *j,
                             ports_running *running) {
  json_t *ret = json_object();
  const char *name;
  json_t *n;
  json_object_foreach(json_object_get(j, "nodes"), name, n) {
    if (running(s, name, NULL))
      json_object_set(ret, name, n);
  }
  return ret;
}

/* nodes: what else goes into the file. */
static int save(const struct state *s, const struct plan *plan,
                const struct ports *p, json_t *nodes, struct error *err) {
  _cleanup_json_ json_t *j = json_object();
  for (size_t i = 0; i < p->n; i++) {
    json_t *n = json_pack("{s:i}", "ssh", p->node[i].ssh);
    if (p->node[i].api)
      json_object_set_new(n, "api", json_integer(p->node[i].api));
    json_object_set_new(nodes, plan->nodes.v[i].name, n);
  }
  json_object_set_new(j, "mcast", json_integer(p->mcast));
  json_object_set(j, "nodes", nodes);
  _cleanup_free_ char *text = json_dumps(j, JSON_INDENT(2));
  _cleanup_free_ char *dir = state_path(s, "run");
  _cleanup_free_ char *path = state_path(s, "run/ports.json");
  if (!text)
    return error_set(err, 0, "cannot write '%s'", path);
  if (file_mkdirs(dir, 0700, err) < 0)
    return -1;
  return file_write(path, text, strlen(text), 0600, err);
}

/* Keeps a port that is free, or picks another. */
static int ensure(struct given *g, int *port, struct error *err) {
  if (*port && give(g, SOCK_STREAM, *port))
    return 0;
  return pick(g, SOCK_STREAM, TCP_FIRST, TCP_LAST, port, err);
}

/* Two clusters with the same one would be on one Ethernet. */
static int ensure_mcast(struct given *g, int *port, struct error *err) {
  if (*port && give(g, SOCK_DGRAM, *port))
    return 0;
  return pick(g, SOCK_DGRAM, MCAST_FIRST, MCAST_LAST, port, err);
}

static int ensure_all(const struct state *s, const struct plan *plan,
                      ports_running *running, bool any_runs, struct ports *p,
                      struct error *err) {
  struct given g = {0};
  if (!(p->mcast && any_runs) && ensure_mcast(&g, &p->mcast, err) < 0)
    return -1;
  for (size_t i = 0; i < p->n; i++) {
    const struct plan_node *node = &plan->nodes.v[i];
    p->node[i].mcast = p->mcast;
    if (p->node[i].ssh && running(s, node->name, NULL))
      continue; /* the machine itself has them */
    if (ensure(&g, &p->node[i].ssh, err) < 0)
      return -1;
    if (node->spec->role == ROLE_CONTROL_PLANE &&
        ensure(&g, &p->node[i].api, err) < 0)
      return -1;
  }
  return 0;
}

int ports_ensure(const struct state *s, const struct plan *plan,
                 ports_running *running, struct ports *ret, struct error *err) {
  _cleanup_ports_ struct ports p = {0};
  _cleanup_json_ json_t *old = NULL, *on = NULL;
  if (read_file(s, &old, err) < 0)
    return -1;
  ports_of(old, plan, &p);
  on = running_nodes(s, old, running);
  if (ensure_all(s, plan, running, json_object_size(on) > 0, &p, err) < 0 ||
      save(s, plan, &p, on, err) < 0)
    return -1;
  *ret = p;
  p = (struct ports){0};
  return 0;
}

void ports_forget(const struct state *s) {
  _cleanup_free_ char *path = state_path(s, "run/ports.json");
  (void)unlink(path);
}
