/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network.cni bridge and vxlan: a bridge on each node, and a route to each
 * other node's pods. Nothing but the kernel, and nothing to install; for
 * clusters of some hundred nodes, as each seed names all others. By what the
 * packets travel with vxlan is in vxlan.c.
 */
#include "base/buf.h"
#include "part/nodes.h"
#include "part/part.h"
#include "spec/cni.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (!n->has_pods)
    return NULL;
  return p->spec->network.cni == CNI_VXLAN
             ? "network.cni vxlan: a network for the node's pods"
             : "network.cni bridge: a network for the node's pods";
}

static const struct part_file files[] = {
    {"/etc/cni/net.d/10-kubeseed.conflist", "user-data/cni-bridge.conflist",
     0644, ROOT, NULL},
    {"/etc/nftables.conf", "user-data/nftables.conf", 0755, ROOT, NULL},
    {0},
};

static const char *const units[] = {"nftables.service", NULL};

static const struct part_step steps[] = {{"pod-network", NULL}, {0}};

/* The routes to a node's pods, as network-config has it. */
static void add_route(const struct plan_node *n, struct buf *out) {
  char to[NET_TEXT], via[NET_TEXT];
  if (n->has_pods)
    buf_addf(out, "    - to: \"%s\"\n      via: \"%s\"\n",
             cidr_format(&n->pods, to), ip_format(n->spec->address, via));
  if (n->has_pods && ip_is_set(n->pods6.base))
    buf_addf(out, "    - to: \"%s\"\n      via: \"%s\"\n",
             cidr_format(&n->pods6, to), ip_format(n->spec->address6, via));
}

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  /* Each node's pod network is known from its seed. */
  scope_set(s, "allocate_node_cidrs",
            cni_has_node_pods(p->spec) ? "false" : "true");
  /* Pods' own addresses lead back to them from nodes: where no packet of theirs
   * need be one that routers between the nodes do not know. */
  scope_set_flag(s, "nodes_know_pods", p->spec->network.cni == CNI_BRIDGE);
  /* What a bridge carries, its uplink must carry. */
  if (cni_pod_mtu(p->spec))
    scope_setf(s, "pod_mtu", "%d", cni_pod_mtu(p->spec));
  else
    scope_set(s, "pod_mtu", "");
  _cleanup_buf_ struct buf routes = {0};
  for (size_t i = 0; i < p->kubelets.n; i++)
    add_route(p->kubelets.v[i], &routes);
  scope_set(s, "pod_routes", routes.len ? routes.data : "");
}

/* All routes but the one to itself. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  (void)p;
  char a[NET_TEXT];
  _cleanup_buf_ struct buf own = {0};
  if (n->has_pods) {
    add_route(n, &own);
    scope_set(s, "node_pods", cidr_format(&n->pods, a));
    scope_set(s, "node_pods6", cidr_format(&n->pods6, a));
  }
  nodes_around(s, "pod_routes", scope_text(s->parent, "pod_routes"),
               own.len ? own.data : "");
}

/* Beyond this the seeds and the kernels' tables of routes become large: a route
 * for each node on each node. An overlay network learns them. */
#define MANY_NODES 300

static void check_pods(const struct checking *c) {
  const struct spec *s = c->spec;
  size_t n = spec_count(s, ROLE_CONTROL_PLANE) + spec_count(s, ROLE_WORKER);
  struct cidr last;
  char a[NET_TEXT];
  /* Smaller ones are wrong with any cni. */
  if (!cni_has_node_pods(s) || n == 0 || s->network.pods.bits > 24)
    return;
  if (!cidr_subnet(&s->network.pods, 24, (uint32_t)n - 1, &last))
    yaml_fault(c->err, check_place(c, "network", "pods"),
               "the pod network %s has no room for a /24 on each of %zu nodes",
               cidr_format(&s->network.pods, a), n);
  if (n > MANY_NODES)
    check_warn(c, check_place(c, "network", "cni"),
               "cni %s gives each of %zu nodes a route to each other; for "
               "more than %d an overlay network that learns them is the right "
               "one: write `cni: flannel`, or `none` and install it in the "
               "cluster",
               cni_name(s->network.cni), n, MANY_NODES);
}

static const struct spec_check checks[] = {
    {check_pods, {"nodes.name", "nodes.role", "network"}},
    {0},
};

const struct part part_bridge = {
    .name = "bridge",
    .why = why,
    .checks = checks,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
    .node_values = node_values,
};
