/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint.provider haproxy: nodes of the role load-balancer run it. */
#include "part/proxy.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->spec->role == ROLE_LOAD_BALANCER &&
                 p->spec->endpoint.provider == PROVIDER_HAPROXY
             ? "endpoint.provider haproxy: leads to API servers that are ready"
             : NULL;
}

static const struct part_file files[] = {
    PROXY_FILES,
    {"/etc/haproxy/haproxy.cfg", "user-data/haproxy.cfg", 0600, ROOT, NULL},
    {0},
};

static const char *const units[] = {"haproxy.service", NULL};

static const struct part_step steps[] = {{"proxy", NULL}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  proxy_values(p, s);
  scope_setf(s, "stats_port", "%d", p->spec->endpoint.stats_port);
  scope_set(s, "stats_secret", part_key(in, "stats.secret"));
}

const struct part part_haproxy = {
    .name = "haproxy",
    .why = why,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
};
