/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint.provider first-node: the endpoint is that node's own address. */
#include "part/judge-holder.h"
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->founder && p->spec->endpoint.provider == PROVIDER_FIRST_NODE
             ? "endpoint.provider first-node: the endpoint is its address"
             : NULL;
}

static bool is_founder(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->founder;
}

static void verify(struct judge *j) {
  if (j->plan->spec->endpoint.provider == PROVIDER_FIRST_NODE)
    judge_holder(j, is_founder);
}

static void check_endpoint(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct spec_node *first = spec_first(s, ROLE_CONTROL_PLANE);
  char a[NET_TEXT];
  if (s->endpoint.provider != PROVIDER_FIRST_NODE)
    return;
  /* Of a single one it is said that it is not highly available. */
  if (spec_count(s, ROLE_CONTROL_PLANE) > 1)
    check_warn(c, check_place(c, "endpoint", "provider"),
               "the endpoint is the first node: when it is down, so is the "
               "API; this is not highly available");
  if (first && !ip_equal(first->address, s->endpoint.address))
    yaml_fault(c->err, check_place(c, "endpoint", "address"),
               "with the provider first-node the endpoint is the address of "
               "'%s', %s; leave it out",
               first->name, ip_format(first->address, a));
}

static const struct spec_check checks[] = {
    {check_endpoint,
     {"nodes.name", "nodes.role", "nodes.address", "network.subnet",
      "endpoint"}},
    {0},
};

const struct part part_first_node = {
    .name = "first-node",
    .why = why,
    .checks = checks,
    .verify = verify,
};
