/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The endpoint's address as a virtual IP (VRRP, RFC 5798): who may hold it. */
#include "part/judge-holder.h"
#include "part/network.h"
#include "part/nodes.h"
#include "part/part.h"
#include "part/proxy.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->runs_keepalived ? "may hold the endpoint's address" : NULL;
}

static const struct part_file files[] = {
    {"/etc/keepalived/keepalived.conf", "user-data/keepalived.conf", 0600, ROOT,
     NULL},
    {"/etc/keepalived/peers.conf", "user-data/keepalived-peers.conf", 0600,
     ROOT, NULL},
    {"/etc/systemd/system/keepalived.service.d/kubeseed.conf",
     "user-data/keepalived-start.conf", 0644, ROOT, NULL},
    {LIB "vip", "scripts/vip", 0755, ROOT, NULL},
    {LIB "steps-vip.sh", "scripts/steps-vip.sh", 0644, ROOT, NULL},
    {0},
};

static const char *const units[] = {"keepalived.service", NULL};

static const struct part_step steps[] = {{"vip", NULL}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_setf(s, "router_id", "%d", p->router_id);
  scope_set(s, "vrrp_secret", part_key(in, "vrrp.secret"));
  nodes_set(s, "vip_macs", &p->holders, NULL, " ", nodes_mac);
  nodes_set(s, "vip_other_macs", &p->holders, NULL, "", nodes_macs);
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  scope_set(s, "vip_card", "");
  if (!n->runs_keepalived && !n->runs_pacemaker)
    return;
  /* Pacemaker's as well. */
  const char *card = network_vip_card(p, n);
  if (strcmp(card, plan_cluster_interface(n)->name) != 0)
    scope_set(s, "vip_card", card);
  scope_set(s, "vip_interface", card);
  if (!n->runs_keepalived)
    return;
  scope_setf(s, "vip_priority", "%d", n->vip_priority);
  nodes_rows(s, "vip_peers", &p->holders, n);
  if (n->spec->role == ROLE_CONTROL_PLANE)
    scope_set(s, "vip_check", LIB "vip check " LIB "check-apiserver");
  else
    scope_setf(s, "vip_check", LIB "vip check " LIB "check-proxy %s",
               proxy_name(p->spec));
}

static bool may_hold(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->runs_keepalived;
}

static void verify(struct judge *j) {
  if (j->plan->holders.n > 0 && j->plan->holders.v[0]->runs_keepalived)
    judge_holder(j, may_hold);
  else if (j->plan->spec->endpoint.provider == PROVIDER_EXTERNAL)
    judge_add(j, HOLDER_ID, HOLDER_WHAT, VERIFY_SKIP,
              "endpoint.provider is external");
}

const struct part part_keepalived = {
    .name = "keepalived",
    .why = why,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
    .node_values = node_values,
    .verify = verify,
};
