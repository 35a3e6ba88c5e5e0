/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint.provider nginx: nodes of the role load-balancer run it. */
#include "part/ask.h"
#include "part/nodes.h"
#include "part/proxy.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->spec->role == ROLE_LOAD_BALANCER &&
                 p->spec->endpoint.provider == PROVIDER_NGINX
             ? "endpoint.provider nginx: leads to API servers that answer"
             : NULL;
}

static const struct part_file files[] = {
    PROXY_FILES,
    {"/etc/nginx/nginx.conf", "user-data/nginx.conf", 0644, ROOT, NULL},
    {0},
};

static const char *const units[] = {"nginx.service", NULL};

static const struct part_step steps[] = {{"proxy", NULL}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  proxy_values(in->plan, s);
}

/* What nginx sees of an API server: the rest of the line "NAME CODE"; NULL when
 * it has none. The caller frees. */
static char *asked_status(const char *lines, const char *server) {
  size_t n = strlen(server);
  for (const char *p = lines; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    if (strncmp(p, server, n) == 0 && p[n] == ' ')
      return xstrndup(p + n + 1, strcspn(p + n + 1, "\n"));
  }
  return NULL;
}

/* It tells nothing of what is behind it: the node asks in its place. */
static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  const struct plan *p = in->plan;
  if (n->spec->role != ROLE_LOAD_BALANCER ||
      p->spec->endpoint.provider != PROVIDER_NGINX)
    return;
  _cleanup_buf_ struct buf servers = {0};
  for (size_t i = 0; i < p->control_planes.n; i++) {
    buf_adds(&servers, i ? " " : "");
    nodes_address(p->control_planes.v[i], &servers);
  }
  ask_set(head, "API_SERVERS", servers.data ? servers.data : "");
}

static void verify(struct judge *j) {
  static const struct proxy nginx = {"backends", "", asked_status, "200"};
  if (j->plan->spec->endpoint.provider == PROVIDER_NGINX)
    proxy_verify(j, &nginx);
}

static void check_endpoint(const struct checking *c) {
  proxy_check(c, PROVIDER_NGINX);
}

static const struct spec_check checks[] = {
    {check_endpoint, {"nodes.name", "nodes.role", "endpoint"}},
    {0},
};

const struct part part_nginx = {
    .name = "nginx",
    .why = why,
    .checks = checks,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
    .ask = ask,
    .verify = verify,
};
