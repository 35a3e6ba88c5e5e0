/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network.cni vxlan: the way between the bridges of bridge.c. What pods of a
 * node send to those of another is put into a packet of UDP between the two
 * nodes' own addresses (VXLAN, RFC 7348), so that routers between them need
 * know of no pods. Whom to send it to stands in every seed: nothing is learned,
 * and no daemon runs. The device's address and MAC address, the entries of its
 * tables and the routes are those that flannel's backend of the name makes.
 */
#include "part/nodes.h"
#include "part/part.h"
#include "spec/cni.h"

#define DEVICE "kubevx0"
#define NETWORKD "/etc/systemd/network/10-" DEVICE

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->has_vtep ? "network.cni vxlan: the way to other nodes' pods" : NULL;
}

static const struct part_file files[] = {
    {NETWORKD ".netdev", "user-data/vxlan.netdev", 0644, ROOT, NULL},
    {NETWORKD ".network", "user-data/vxlan.network", 0644, ROOT, NULL},
    {0},
};

/* A node's packets of UDP, and its pods behind the address of its own device:
 * of IPv6 pods the same, but for the first line. */
static void add_pods(const struct plan_node *n, const struct cidr *pods,
                     struct buf *out) {
  char net[NET_TEXT], first[NET_TEXT], mac[NET_TEXT];
  cidr_format(pods, net);
  ip_format(pods->base, first);
  buf_addf(out, "\n[Neighbor]\nAddress=%s\nLinkLayerAddress=%s\n", first,
           mac_format(&n->vtep, mac));
  buf_addf(out, "\n[Route]\nDestination=%s\nGateway=%s\nGatewayOnLink=yes\n",
           net, first);
}

static void add_peer(const struct plan_node *n, struct buf *out) {
  char mac[NET_TEXT], a[NET_TEXT];
  if (!n->has_vtep)
    return;
  buf_addf(out, "\n# %s\n[BridgeFDB]\nMACAddress=%s\nDestination=%s\n", n->name,
           mac_format(&n->vtep, mac), ip_format(n->spec->address, a));
  add_pods(n, &n->pods, out);
  if (ip_is_set(n->pods6.base))
    add_pods(n, &n->pods6, out);
}

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_setf(s, "vni", "%d", p->spec->network.vxlan.vni);
  scope_setf(s, "vxlan_port", "%d", p->spec->network.vxlan.port);
  _cleanup_buf_ struct buf peers = {0};
  for (size_t i = 0; i < p->kubelets.n; i++)
    add_peer(p->kubelets.v[i], &peers);
  scope_set(s, "vxlan_peers", peers.len ? peers.data : "");
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  (void)p;
  char a[NET_TEXT];
  _cleanup_buf_ struct buf own = {0};
  if (!n->has_vtep)
    return;
  add_peer(n, &own);
  nodes_around(s, "vxlan_peers", scope_text(s->parent, "vxlan_peers"),
               own.data);
  scope_set(s, "vtep", ip_format(n->pods.base, a));
  scope_set(s, "vtep6", ip_format(n->pods6.base, a));
  scope_set(s, "vtep_mac", mac_format(&n->vtep, a));
}

/* RFC 8200, 5. */
#define IPV6_MTU 1280

static void check_mtu(const struct checking *c) {
  const struct spec *s = c->spec;
  int less = s->network.mtu - cni_pod_mtu(s);
  if (!cni_has_vxlan(s) || !s->network.mtu || !spec_has_ipv6(s) ||
      cni_pod_mtu(s) >= IPV6_MTU)
    return;
  yaml_fault(c->err, check_place(c, "network", "mtu"),
             "with cni %s pods' packets are %d bytes smaller than 'mtu', and "
             "IPv6 needs %d; write at least %d",
             cni_name(s->network.cni), less, IPV6_MTU, IPV6_MTU + less);
}

static void check_use(const struct checking *c) {
  const struct yaml_node *map = yaml_get(yaml_get(c->root, "network"), "vxlan");
  if (map && map->n > 0 && !cni_has_vxlan(c->spec))
    yaml_fault(c->err, map,
               "with cni %s pods' packets do not travel in VXLAN; leave out "
               "'vxlan', or write `cni: vxlan`",
               cni_name(c->spec->network.cni));
}

/* The API server's --service-node-port-range, unless one is written. */
#define NODE_PORTS_FROM 30000
#define NODE_PORTS_TO 32767

static void check_port(const struct checking *c) {
  const struct spec *s = c->spec;
  int port = s->network.vxlan.port;
  if (cni_has_vxlan(s) && port >= NODE_PORTS_FROM && port <= NODE_PORTS_TO)
    check_warn(c, yaml_get(check_place(c, "network", "vxlan"), "port"),
               "the port %d of network.vxlan is one of those that services of "
               "type NodePort get on every node, %d to %d; where one gets it, "
               "pods of different nodes do not reach each other",
               port, NODE_PORTS_FROM, NODE_PORTS_TO);
}

static const struct spec_check checks[] = {
    {check_port, {"network"}},
    {check_mtu, {"network"}},
    {check_use, {"network"}},
    {0},
};

const struct part part_vxlan = {
    .name = "vxlan",
    .why = why,
    .checks = checks,
    .files = files,
    .values = values,
    .node_values = node_values,
};
