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

const struct part part_first_node = {
    .name = "first-node",
    .why = why,
    .verify = verify,
};
