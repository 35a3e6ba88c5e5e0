/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/proxy.h"

#include "part/nodes.h"
#include <string.h>

#define MAX_BALANCERS 9
#define SSH_PORT 22
/* Of the API servers, and of load balancers as well: the nodes' own checks, and
 * what forwards ports to machines, ask there. */
#define API_PORT 6443

const char *proxy_name(const struct spec *s) {
  return s->endpoint.provider == PROVIDER_NGINX ? "nginx" : "haproxy";
}

void proxy_values(const struct plan *p, struct scope *s) {
  scope_set(s, "proxy", proxy_name(p->spec));
  scope_set(s, "other_port", "");
  if (p->spec->endpoint.port != API_PORT)
    scope_setf(s, "other_port", "%d", p->spec->endpoint.port);
  nodes_rows(s, "api_servers", &p->control_planes, NULL);
}

static void judge_balancer(const struct judge *j, const struct proxy *b,
                           const char *node, const char *text,
                           struct wrong *w) {
  if (strncmp(text, b->head, strlen(b->head)) != 0) {
    wrong_add(w, "%s: %.*s", node, QUOTE_MAX, *text ? text : "nothing");
    return;
  }
  for (size_t i = 0; i < j->plan->control_planes.n; i++) {
    const struct plan_node *n = j->plan->control_planes.v[i];
    _cleanup_free_ char *status = b->status(text, n->name);
    if (!status)
      wrong_add(w, "%s does not know %s", node, n->name);
    else if (strncmp(status, b->up, strlen(b->up)) != 0)
      wrong_add(w, "%s sees %s %.*s", node, n->name, QUOTE_MAX, status);
  }
}

void proxy_verify(struct judge *j, const struct proxy *b) {
  struct wrong w = {0};
  for (size_t i = 0; i < j->plan->balancers.n; i++) {
    const struct plan_node *n = j->plan->balancers.v[i];
    _cleanup_free_ char *text = judge_section(j, n, b->section, &w);
    _cleanup_free_ char *through = judge_section(j, n, "balancer", &w);
    if (text)
      judge_balancer(j, b, n->name, text, &w);
    if (through && strcmp(through, "200") != 0)
      wrong_add(&w, "/readyz through %s: %.*s", n->name, QUOTE_MAX, through);
  }
  judge_end(j, "endpoint.backends",
            "the load balancers find every API server up", &w,
            "asked on %zu load balancers", j->plan->balancers.n);
}

void proxy_check(const struct checking *c, enum provider provider) {
  size_t n = spec_count(c->spec, ROLE_LOAD_BALANCER);
  const struct yaml_node *at = check_place(c, "endpoint", "provider");
  if (c->spec->endpoint.provider != provider)
    return;
  if (n == 0)
    yaml_fault(c->err, at,
               "the provider %s needs nodes of the role "
               "load-balancer, two for high availability",
               provider_name(provider));
  if (n == 1)
    check_warn(c, at,
               "one load balancer is a single point of failure; two are not");
  if (n > MAX_BALANCERS)
    yaml_fault(c->err, check_place(c, "nodes", NULL),
               "%zu load balancers; one at a time holds the endpoint, at most "
               "%d make sense",
               n, MAX_BALANCERS);
}

/* Whether nodes of the role load-balancer have something to run. */
static bool balanced(enum provider provider) {
  return provider_is_haproxy(provider) || provider == PROVIDER_NGINX;
}

void proxy_check_port(const struct checking *c) {
  enum provider provider = c->spec->endpoint.provider;
  int port = c->spec->endpoint.port;
  const struct yaml_node *at = check_place(c, "endpoint", "port");
  if (port == API_PORT || provider == PROVIDER_EXTERNAL)
    return;
  if (!balanced(provider))
    yaml_fault(
        c->err, at,
        "with the provider %s the API servers answer at the endpoint "
        "themselves, and they are at %d; for another port write provider: "
        "haproxy, nginx, pacemaker or external",
        provider_name(provider), API_PORT);
  else if (port == SSH_PORT)
    yaml_fault(c->err, at,
               "the endpoint's port is %d, where sshd listens; write another "
               "one",
               SSH_PORT);
}

void proxy_check_unused(const struct checking *c) {
  enum provider provider = c->spec->endpoint.provider;
  if (!balanced(provider) && spec_count(c->spec, ROLE_LOAD_BALANCER) > 0)
    yaml_fault(c->err, check_place(c, "endpoint", "provider"),
               "nodes of the role load-balancer need the provider "
               "haproxy, nginx or pacemaker, not %s",
               provider_name(provider));
}
