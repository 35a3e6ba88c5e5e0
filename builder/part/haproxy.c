/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint.provider haproxy and pacemaker: nodes of the role load-balancer run
 * it. */
#include "part/ask.h"
#include "part/proxy.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  enum provider provider = p->spec->endpoint.provider;
  if (n->spec->role != ROLE_LOAD_BALANCER || !provider_is_haproxy(provider))
    return NULL;
  return provider == PROVIDER_HAPROXY
             ? "endpoint.provider haproxy: leads to API servers that are ready"
             : "endpoint.provider pacemaker: leads to API servers that are "
               "ready";
}

static const struct part_file files[] = {
    PROXY_FILES,
    {"/etc/haproxy/haproxy.cfg", "user-data/haproxy.cfg", 0600, ROOT, NULL},
    {0},
};

static const char *const units[] = {"haproxy.service", NULL};

/* What pacemaker runs, systemd must not start by itself. */
static bool by_systemd(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->spec->endpoint.provider == PROVIDER_HAPROXY;
}

static const struct part_step steps[] = {{"proxy", by_systemd}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  proxy_values(p, s);
  scope_setf(s, "stats_port", "%d", p->spec->endpoint.stats_port);
  scope_set(s, "stats_secret", part_key(in, "stats.secret"));
}

/* The i-th field (from 0) of a CSV line without quoted commas. */
static char *csv_field(const char *line, size_t i) {
  for (; i > 0; i--) {
    line += strcspn(line, ",\n");
    if (*line != ',')
      return xstrdup("");
    line++;
  }
  return xstrndup(line, strcspn(line, ",\n"));
}

/* haproxy's management guide, 9.1: pxname, svname and status in the CSV. Only
 * the backend that user-data/haproxy.cfg calls so asks its servers. */
#define BACKEND "kubernetes"
#define CSV_PXNAME 0
#define CSV_SVNAME 1
#define CSV_STATUS 17

/* The server's status, "UP" or "DOWN" or so; NULL when it is not listed. */
static char *server_status(const char *csv, const char *server) {
  for (const char *p = csv; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    _cleanup_free_ char *backend = csv_field(p, CSV_PXNAME);
    _cleanup_free_ char *name = csv_field(p, CSV_SVNAME);
    if (strcmp(backend, BACKEND) == 0 && strcmp(name, server) == 0)
      return csv_field(p, CSV_STATUS);
  }
  return NULL;
}

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  const struct spec *s = in->plan->spec;
  const char *secret = part_key(in, "stats.secret");
  if (n->spec->role != ROLE_LOAD_BALANCER || !*secret ||
      !provider_is_haproxy(s->endpoint.provider))
    return;
  buf_addf(head, "STATS_PORT=%d\n", s->endpoint.stats_port);
  ask_set(head, "STATS_SECRET", secret);
}

static void verify(struct judge *j) {
  static const struct proxy haproxy = {"haproxy", "#", server_status, "UP"};
  if (provider_is_haproxy(j->plan->spec->endpoint.provider))
    proxy_verify(j, &haproxy);
}

#define SSH_PORT 22
#define API_PORT 6443 /* where it listens in any case */

static void check_endpoint(const struct checking *c) {
  const struct spec *s = c->spec;
  bool haproxy = provider_is_haproxy(s->endpoint.provider);
  proxy_check(c, PROVIDER_HAPROXY);
  proxy_check(c, PROVIDER_PACEMAKER);
  if (haproxy && (s->endpoint.stats_port == s->endpoint.port ||
                  s->endpoint.stats_port == API_PORT))
    yaml_fault(c->err, check_place(c, "endpoint", "statsPort"),
               "statsPort is the endpoint's own port; write another one");
  if (haproxy && s->endpoint.stats_port == SSH_PORT)
    yaml_fault(c->err, check_place(c, "endpoint", "statsPort"),
               "statsPort is %d, where sshd listens; write another one",
               SSH_PORT);
}

static const struct spec_check checks[] = {
    {check_endpoint, {"nodes.name", "nodes.role", "endpoint"}},
    {proxy_check_port, {"endpoint"}},
    {proxy_check_unused,
     {"nodes.name", "nodes.role", "endpoint"}}, /* for nginx, too */
    {0},
};

const struct part part_haproxy = {
    .name = "haproxy",
    .why = why,
    .checks = checks,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
    .ask = ask,
    .verify = verify,
};
