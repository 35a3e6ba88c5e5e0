/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint.provider pacemaker: the endpoint's address is held by corosync and
 * pacemaker on one of the load balancers, which run haproxy. */
#include "part/ask.h"
#include "part/judge-holder.h"
#include "part/part.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->runs_pacemaker ? "may hold the endpoint's address" : NULL;
}

static const struct part_file files[] = {
    {"/etc/corosync/corosync.conf", "user-data/corosync.conf", 0644, ROOT,
     NULL},
    {"/etc/corosync/authkey", "pki:corosync.secret", 0400, ROOT, NULL},
    {"/etc/default/pacemaker", "user-data/pacemaker.default", 0644, ROOT, NULL},
    {"/etc/kubeseed/pacemaker.xml", "user-data/pacemaker.xml", 0644, ROOT,
     NULL},
    {LIB "steps-vip.sh", "scripts/steps-vip.sh", 0644, ROOT, NULL},
    {LIB "steps-pacemaker.sh", "scripts/steps-pacemaker.sh", 0644, ROOT, NULL},
    {0},
};

static const char *const units[] = {"corosync.service", "pacemaker.service",
                                    NULL};

static const struct part_step steps[] = {{"pacemaker", NULL}, {0}};

/* Numbers from 1 on, as corosync wants them: a node keeps its own as long as
 * those before it in the spec stay. */
static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  char a[NET_TEXT];
  if (p->spec->endpoint.provider != PROVIDER_PACEMAKER)
    return;
  const struct cidr *net = spec_net_of(p->spec, p->spec->endpoint.address);
  scope_setf(s, "vip_bits", "%d",
             net ? net->bits : p->spec->network.subnet.bits);
  scope_set_flag(s, "two_nodes", p->balancers.n == 2);
  scope_set_list(s, "corosync_nodes");
  for (size_t i = 0; i < p->balancers.n; i++) {
    struct scope *row = scope_add(s, "corosync_nodes");
    scope_set(row, "node", p->balancers.v[i]->name);
    scope_setf(row, "id", "%zu", i + 1);
    scope_set(row, "address", ip_format(p->balancers.v[i]->spec->address, a));
  }
}

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  (void)in;
  if (n->runs_pacemaker)
    ask_set(head, "PACEMAKER", "yes");
}

static bool may_hold(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->runs_pacemaker;
}

/* The name among those that crm_node(8) lists, with blanks between. */
static bool names(const char *list, const char *name) {
  size_t len = strlen(name);
  while (*(list += strspn(list, " \n"))) {
    size_t n = strcspn(list, " \n");
    if (n == len && strncmp(list, name, len) == 0)
      return true;
    list += n;
  }
  return false;
}

/* Each is asked: whoever is alone thinks that it is the cluster. */
static void judge_members(struct judge *j) {
  const struct plan_list *all = &j->plan->balancers;
  struct wrong w = {0};
  for (size_t i = 0; i < all->n; i++) {
    _cleanup_free_ char *text = judge_section(j, all->v[i], "pacemaker", &w);
    for (size_t k = 0; text && k < all->n; k++)
      if (!names(text, all->v[k]->name))
        wrong_add(&w, "%s does not see %s: %.*s", all->v[i]->name,
                  all->v[k]->name, QUOTE_MAX, *text ? text : "nothing");
  }
  judge_end_count(j, "endpoint.members",
                  "the load balancers are members of one pacemaker cluster", &w,
                  all->n, "member");
}

static void verify(struct judge *j) {
  if (j->plan->spec->endpoint.provider != PROVIDER_PACEMAKER)
    return;
  judge_holder(j, may_hold);
  judge_members(j);
}

const struct part part_pacemaker = {
    .name = "pacemaker",
    .why = why,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
    .ask = ask,
    .verify = verify,
};
