/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is so for every member of etcd, of whatever etcd.mode. */
#include "part/nodes.h"
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->has_member ? "a member of etcd, which tells when its disk is empty"
                       : NULL;
}

/* A control-plane node has the script already, as etcd's client. */
static bool alone(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_ETCD;
}

static const struct part_file files[] = {
    {"/etc/systemd/system/etcd-empty.service", "user-data/etcd-empty.service",
     0644, ROOT, NULL},
    {LIB "etcd-empty", "scripts/etcd-empty", 0755, ROOT, NULL},
    {LIB "steps-etcd.sh", "scripts/steps-etcd.sh", 0644, ROOT, alone},
    {0},
};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_set(s, "etcd_mode", etcd_mode_name(p->spec->etcd.mode));
  scope_setf(s, "etcd_heartbeat", "%d", p->spec->etcd.heartbeat_ms);
  scope_setf(s, "etcd_election", "%d", p->spec->etcd.election_ms);
  scope_set_flag(s, "etcd_own", false);
  nodes_set(s, "etcd_members", &p->members, NULL, ", ", nodes_name);
  nodes_set(s, "etcd_peers", &p->members, NULL, ",", nodes_etcd);
  /* Who is no member asks whoever answers. */
  nodes_set(s, "etcd_ask", &p->members, NULL, ",", nodes_etcd);
  scope_set(s, "etcd_cert", ETCD_PKI "server");
  scope_set(s, "etcd_ca", ETCD_PKI "ca.crt");
}

/* The other members, and whom to ask: a member itself, where it is a unit. */
static void set_peers(const struct plan *p, const struct plan_node *n,
                      struct scope *s) {
  char a[NET_TEXT];
  nodes_set(s, "etcd_peers", &p->members, n, ",", nodes_etcd);
  if (n->runs_etcd)
    scope_setf(s, "etcd_ask", "https://%s:2379",
               ip_format(n->spec->address, a));
  else
    nodes_set(s, "etcd_ask", &p->members, n, ",", nodes_etcd);
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  if (n->runs_etcd)
    scope_set_flag(s, "etcd_own", true);
  if (n->has_member)
    set_peers(p, n, s);
  /* What the node shows to etcd when it asks something. */
  if (n->spec->role == ROLE_CONTROL_PLANE) {
    scope_set(s, "etcd_cert",
              p->spec->etcd.mode == ETCD_STACKED
                  ? KUBE_PKI "etcd/healthcheck-client"
                  : KUBE_PKI "apiserver-etcd-client");
    scope_set(s, "etcd_ca", KUBE_PKI "etcd/ca.crt");
  }
}

const struct part part_etcd = {
    .name = "etcd",
    .why = why,
    .files = files,
    .values = values,
    .node_values = node_values,
};
