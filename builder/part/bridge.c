/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network.cni bridge: a bridge on each node, and a route to each other node's
 * pods. Nothing but the kernel, and nothing to install; for clusters of some
 * hundred nodes, as each seed names all others.
 */
#include "base/buf.h"
#include "part/part.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->has_pods ? "network.cni bridge: a network for the node's pods"
                     : NULL;
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
            p->spec->network.cni == CNI_BRIDGE ? "false" : "true");
  /* What a bridge carries, its uplink must carry. */
  if (p->spec->network.mtu)
    scope_setf(s, "pod_mtu", "%d", p->spec->network.mtu);
  else
    scope_set(s, "pod_mtu", "");
  _cleanup_buf_ struct buf routes = {0};
  for (size_t i = 0; i < p->kubelets.n; i++)
    add_route(p->kubelets.v[i], &routes);
  scope_set(s, "pod_routes", routes.len ? routes.data : "");
}

/* All routes but the one to itself: what stands before and behind it in the
 * cluster's text, which is not copied. Without the last newline. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  (void)p;
  char a[NET_TEXT];
  _cleanup_buf_ struct buf own = {0};
  const char *all = scope_text(s->parent, "pod_routes");
  const char *own_at = all + strlen(all);
  if (n->has_pods) {
    add_route(n, &own);
    own_at = strstr(all, own.data);
    scope_set(s, "node_pods", cidr_format(&n->pods, a));
    scope_set(s, "node_pods6", cidr_format(&n->pods6, a));
  }
  const char *rest = own_at + own.len;
  size_t before = (size_t)(own_at - all), behind = strlen(rest);
  if (behind > 0)
    behind--;
  else if (before > 0)
    before--;
  scope_set_part(s, "pod_routes", all, before);
  scope_set_part(s, "pod_routes_rest", rest, behind);
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
  if (s->network.cni != CNI_BRIDGE || n == 0 || s->network.pods.bits > 24)
    return;
  if (!cidr_subnet(&s->network.pods, 24, (uint32_t)n - 1, &last))
    yaml_fault(c->err, check_place(c, "network", "pods"),
               "the pod network %s has no room for a /24 on each of %zu nodes",
               cidr_format(&s->network.pods, a), n);
  if (n > MANY_NODES)
    check_warn(c, check_place(c, "network", "cni"),
               "cni bridge gives each of %zu nodes a route to each other; for "
               "more than %d an overlay network is the right one: write `cni: "
               "none` and install it in the cluster",
               n, MANY_NODES);
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
