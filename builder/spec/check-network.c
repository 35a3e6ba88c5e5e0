/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/check-network.h"

#include "base/mem.h"
#include "spec/addons.h"
#include "spec/cni.h"

/* What each node has of the pod network: kubeadm's default for IPv4. */
#define NODE_BITS 24
/* kubeadm: "pod subnet mask and node-mask difference can not be greater than
 * 16" (cmd/kubeadm/app/apis/kubeadm/validation). */
#define MAX_PODS_BITS 16
/* resolv.conf(5), MAXNS. */
#define MAX_SERVERS 3

/* What kubeadm takes, and the controller manager after it, with any cni. */
static void check_pods(const struct checking *c) {
  int bits = c->spec->network.pods.bits;
  if (bits > NODE_BITS || bits < NODE_BITS - MAX_PODS_BITS)
    yaml_fault(c->err, check_place(c, "network", "pods"),
               "the pod network must be a /%d to /%d, as kubeadm wants it: "
               "each node has a /%d of it",
               NODE_BITS - MAX_PODS_BITS, NODE_BITS, NODE_BITS);
}

/* With cni bridge it is a fault (part/bridge.c). */
static void check_room(const struct checking *c) {
  const struct spec *s = c->spec;
  size_t n = spec_count(s, ROLE_CONTROL_PLANE) + spec_count(s, ROLE_WORKER);
  char a[NET_TEXT];
  /* calico takes from the whole of it what each node needs. */
  if (cni_has_node_pods(s) || s->network.cni == CNI_CALICO ||
      s->network.pods.bits > NODE_BITS)
    return;
  size_t room = (size_t)1 << (NODE_BITS - s->network.pods.bits);
  if (n > room)
    check_warn(c, check_place(c, "network", "pods"),
               "the pod network %s has a /%d for %zu nodes, and there are %zu: "
               "the others get none from Kubernetes",
               cidr_format(&s->network.pods, a), NODE_BITS, room, n);
}

static void check_networks(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct {
    const char *key;
    const struct cidr *net;
  } nets[] = {
      {"subnet", &s->network.subnet},
      {"pods", &s->network.pods},
      {"services", &s->network.services},
  };
  char a[NET_TEXT];
  char b[NET_TEXT];
  for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
    for (size_t j = 0; j < i; j++)
      if (cidr_overlap(nets[i].net, nets[j].net))
        yaml_fault(c->err, check_place(c, "network", nets[i].key),
                   "the network '%s' (%s) overlaps '%s' (%s)", nets[i].key,
                   cidr_format(nets[i].net, a), nets[j].key,
                   cidr_format(nets[j].net, b));
  if (s->network.subnet.bits > 29)
    yaml_fault(c->err, check_place(c, "network", "subnet"),
               "the subnet %s has no room for a cluster; /29 is the smallest",
               cidr_format(&s->network.subnet, a));
  if (s->network.services.bits > 24 || s->network.services.bits < 12)
    yaml_fault(c->err, check_place(c, "network", "services"),
               "the service network must be a /12 to /24, as the API server "
               "wants it");
}

static void check_external(const struct checking *c) {
  const struct spec *s = c->spec;
  if (s->endpoint.provider == PROVIDER_EXTERNAL)
    (void)check_outside(c, check_place(c, "endpoint", "address"),
                        "the endpoint", s->endpoint.address,
                        "your load balancer is outside of the cluster");
}

/* The node with the address, or NULL. */
static const struct spec_node *node_with(const struct spec *s, struct ip a) {
  for (size_t i = 0; i < s->nodes.n; i++)
    if (ip_equal(s->nodes.v[i].address, a))
      return &s->nodes.v[i];
  return NULL;
}

static void check_server(const struct checking *c, const struct yaml_node *at,
                         struct ip a) {
  const struct spec *s = c->spec;
  const struct cidr *net = &s->network.subnet;
  const struct spec_node *n = node_with(s, a);
  char buf[NET_TEXT];
  ip_format(a, buf);
  if (!check_outside(c, at, "the name server", a,
                     "nodes need it before the cluster is there"))
    return;
  if (ip_equal(a, net->base) || ip_equal(a, cidr_last(net)))
    yaml_fault(c->err, at,
               "the name server %s is no machine's address, but the first or "
               "last one of the subnet",
               buf);
  else if (n && n->role != ROLE_GATEWAY)
    check_warn(c, at,
               "the name server %s is the node '%s', and no node answers DNS "
               "unless you make it",
               buf, n->name);
  else if (s->endpoint.provider != PROVIDER_EXTERNAL &&
           ip_equal(a, s->endpoint.address))
    check_warn(c, at,
               "the name server %s is the endpoint's address, and no node "
               "answers DNS there",
               buf);
}

static void check_servers(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *list = yaml_get(yaml_get(c->root, "network"), "dns");
  /* Unless written it is the gateway. */
  for (size_t i = 0; list && i < s->network.dns.n; i++)
    check_server(c, list->child[i], s->network.dns.v[i]);
  if (s->network.dns.n == 0 && s->kubernetes.payload && addons_leave_coredns(s))
    check_warn(c, check_place(c, "network", "gateway"),
               "without a gateway nodes have no name server, and CoreDNS does "
               "not start without one; write network.dns");
  if (s->network.dns.n > MAX_SERVERS)
    check_warn(c, list,
               "of %zu name servers only the first %d are asked "
               "(resolv.conf(5))",
               s->network.dns.n, MAX_SERVERS);
}

static void check_time_servers(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *list = yaml_get(yaml_get(c->root, "network"), "ntp");
  for (size_t i = 0; list && i < s->network.ntp.n; i++) {
    struct ip a;
    if (ip_parse(s->network.ntp.v[i], &a))
      (void)check_outside(c, list->child[i], "the time server", a,
                          "nodes need it before the cluster is there");
    else if (s->network.dns.n == 0)
      yaml_fault(c->err, list->child[i],
                 "the time server '%s' is a DNS name, and nodes have no name "
                 "server; write network.dns, or its address",
                 s->network.ntp.v[i]);
  }
}

const struct spec_check check_network_table[] = {
    {check_networks, {"network.subnet", "network.pods", "network.services"}},
    {check_pods, {"network.pods"}},
    {check_room, {"network.pods", "network.cni", "nodes.name", "nodes.role"}},
    {check_external, {"network", "endpoint"}},
    {check_servers, {"network", "endpoint", "nodes.name", "nodes.address"}},
    {check_time_servers, {"network"}},
    {0},
};
