/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * endpoint.healthPort: on control-plane nodes nginx answers whether the API
 * server is well, by HTTP. What it asks goes by TLS, with the API server's
 * certificate checked.
 */
#include "part/ask.h"
#include "part/judge.h"
#include "part/part.h"
#include "part/settings-checks.h"
#include "spec/settings.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE &&
                 p->spec->endpoint.health_port != 0
             ? "endpoint.healthPort: tells by HTTP whether its API server is "
               "well"
             : NULL;
}

static const struct part_file files[] = {
    {"/etc/kubeseed/health-proxy.conf", "user-data/health-proxy.conf", 0644,
     ROOT, NULL},
    {"/etc/systemd/system/kubeseed-health.service",
     "user-data/health-proxy.service", 0644, ROOT, NULL},
    {LIB "steps-health.sh", "scripts/steps-health.sh", 0644, ROOT, NULL},
    {0},
};

static const char *const units[] = {"kubeseed-health.service", NULL};

static const struct part_step steps[] = {{"health-proxy", NULL}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  scope_setf(s, "health_port", "%d", in->plan->spec->endpoint.health_port);
}

/* ---- verify ---- */

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  if (why(in->plan, n))
    buf_addf(head, "HEALTH_PORT=%d\n", in->plan->spec->endpoint.health_port);
}

static bool is_well(const char *text) {
  static const char first[] = "HTTP/1.1 200 ";
  const char *last = strrchr(text, '\n');
  return strncmp(text, first, strlen(first)) == 0 && last &&
         strcmp(last, "\nok") == 0;
}

static void verify(struct judge *j) {
  struct wrong w = {0};
  if (j->plan->spec->endpoint.health_port == 0)
    return;
  for (size_t i = 0; i < j->plan->control_planes.n; i++) {
    const struct plan_node *n = j->plan->control_planes.v[i];
    _cleanup_free_ char *text = judge_section(j, n, "health", &w);
    const char *said = text && *text ? text : "nothing";
    if (text && !is_well(text))
      wrong_add(&w, "%s: %.*s", n->name, (int)strcspn(said, "\r\n"), said);
  }
  judge_end(j, "endpoint.health", "/healthz is ok by HTTP as well", &w,
            "port %d of %zu control planes",
            j->plan->spec->endpoint.health_port, j->plan->control_planes.n);
}

/* ---- What a spec may say ---- */

/* Where services get ports when the spec says nothing. */
#define FIRST_NODE_PORT 30000
#define LAST_NODE_PORT 32767

static void check(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *at = check_place(c, "endpoint", "healthPort");
  int port = s->endpoint.health_port;
  int first = FIRST_NODE_PORT, last = LAST_NODE_PORT;
  const char *whose = port ? settings_port_owner(port) : NULL;
  if (s->kubernetes.api.node_ports)
    (void)ports_parse(s->kubernetes.api.node_ports, &first, &last);
  if (whose)
    yaml_fault(c->err, at,
               "the port %d of control planes is %s's; write another", port,
               whose);
  else if (port >= first && port <= last)
    yaml_fault(c->err, at,
               "a service could get the port %d; write one outside of %d to %d",
               port, first, last);
}

static const struct spec_check checks[] = {
    {check, {"endpoint.healthPort", "kubernetes.apiServer.nodePorts"}},
    {0},
};

const struct part part_health = {
    .name = "health",
    .why = why,
    .checks = checks,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
    .ask = ask,
    .verify = verify,
};
