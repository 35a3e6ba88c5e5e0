/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/check-ipv6.h"

#include "base/mem.h"
#include <string.h>

/* kubeadm: "pod subnet mask and node-mask difference can not be greater than
 * 16", and at most 20 bits of addresses for services. */
#define PODS_WIDEST (IPV6_NODE_BITS - 16)
#define SERVICES_WIDEST 108
#define SMALLEST 120

/* Where it stands, or the nearest above. */
static const struct yaml_node *place(const struct checking *c,
                                     const char *key) {
  const struct yaml_node *map = check_place(c, "network", "ipv6");
  const struct yaml_node *value = key ? yaml_get(map, key) : NULL;
  return value ? value : map;
}

static void check_version(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct strv *gates = &s->kubernetes.feature_gates;
  if (!spec_has_ipv6(s))
    return;
  if (!version_has_ipv6(&s->kubernetes.version))
    yaml_fault(c->err, place(c, NULL),
               "addresses of both families need Kubernetes 1.20 or later");
  if (strv_has(gates, "IPv6DualStack=false"))
    yaml_fault(c->err, place(c, NULL),
               "addresses of both families are what the feature gate "
               "IPv6DualStack switches off; leave one of the two out");
}

static void check_overlaps(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct {
    const char *key;
    const struct cidr *net;
  } nets[] = {
      {"subnet", &s->network.ipv6.subnet},
      {"pods", &s->network.ipv6.pods},
      {"services", &s->network.ipv6.services},
  };
  char a[NET_TEXT], b[NET_TEXT];
  for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
    for (size_t j = 0; j < i; j++)
      if (cidr_overlap(nets[i].net, nets[j].net))
        yaml_fault(c->err, place(c, nets[i].key),
                   "the network '%s' (%s) overlaps '%s' (%s)", nets[i].key,
                   cidr_format(nets[i].net, a), nets[j].key,
                   cidr_format(nets[j].net, b));
}

static void check_sizes(const struct checking *c) {
  const struct spec *s = c->spec;
  if (s->network.ipv6.subnet.bits > SMALLEST)
    yaml_fault(c->err, place(c, "subnet"),
               "a subnet of IPv6 must be a /%d or larger", SMALLEST);
  if (s->network.ipv6.pods.bits > IPV6_NODE_BITS ||
      s->network.ipv6.pods.bits < PODS_WIDEST)
    yaml_fault(c->err, place(c, "pods"),
               "the pods' network of IPv6 must be a /%d to /%d, as kubeadm "
               "wants it: each node has a /%d of it",
               PODS_WIDEST, IPV6_NODE_BITS, IPV6_NODE_BITS);
  if (s->network.ipv6.services.bits > SMALLEST ||
      s->network.ipv6.services.bits < SERVICES_WIDEST)
    yaml_fault(c->err, place(c, "services"),
               "the services' network of IPv6 must be a /%d to /%d, as "
               "kubeadm wants it",
               SERVICES_WIDEST, SMALLEST);
}

/* With another CNI the nodes that come last get none from Kubernetes. */
static void check_room(const struct checking *c) {
  const struct spec *s = c->spec;
  size_t n = spec_count(s, ROLE_CONTROL_PLANE) + spec_count(s, ROLE_WORKER);
  int wider = IPV6_NODE_BITS - s->network.ipv6.pods.bits;
  char a[NET_TEXT];
  if (wider >= 0 && wider < 32 && n > (size_t)1 << wider)
    yaml_fault(
        c->err, place(c, "pods"),
        "the pods' network %s has no room for a /%d on each of %zu nodes",
        cidr_format(&s->network.ipv6.pods, a), IPV6_NODE_BITS, n);
}

static void check_networks(const struct checking *c) {
  if (!spec_has_ipv6(c->spec))
    return;
  check_overlaps(c);
  check_sizes(c);
  check_room(c);
}

/* Why a machine cannot have the address, or NULL. A network's first one is any
 * router's (RFC 4291, 2.6.1). */
static const char *outside(const struct cidr *net, struct ip a) {
  if (!cidr_has(net, a))
    return "is not in";
  return ip_equal(a, net->base) ? "is the first one, any router's, of" : NULL;
}

static bool check_address(const struct checking *c, const struct yaml_node *at,
                          const char *what, struct ip a) {
  const struct cidr *net = &c->spec->network.ipv6.subnet;
  const char *wrong = outside(net, a);
  char buf[NET_TEXT], text[NET_TEXT];
  if (wrong)
    yaml_fault(c->err, at, "%s: the address %s %s the subnet %s", what,
               ip_format(a, buf), wrong, cidr_format(net, text));
  return !wrong;
}

static void check_gateway(const struct checking *c) {
  struct ip gateway = c->spec->network.ipv6.gateway;
  if (ip_is_set(gateway))
    (void)check_address(c, place(c, "gateway"), "the gateway of IPv6", gateway);
}

/* False after a fault. */
static bool check_node(const struct checking *c, const struct spec_node *n) {
  const struct spec *s = c->spec;
  const struct yaml_node *at = check_node_place(c, n, "ipv6");
  _cleanup_free_ char *what = xasprintf("the node '%s'", n->name);
  char net[NET_TEXT];
  if (!spec_has_ipv6(s)) {
    if (ip_is_set(n->address6))
      yaml_fault(c->err, at,
                 "the node '%s' has an address of IPv6, and the cluster no "
                 "network of it; write network.ipv6",
                 n->name);
    return !ip_is_set(n->address6);
  }
  if (!ip_is_set(n->address6)) {
    yaml_fault(c->err, at,
               "%s: the subnet %s has no address like its one of IPv4; write "
               "ipv6, or a larger subnet",
               what, cidr_format(&s->network.ipv6.subnet, net));
    return false;
  }
  if (!check_address(c, at, what, n->address6))
    return false;
  if (ip_equal(n->address6, s->network.ipv6.gateway)) {
    yaml_fault(c->err, at, "the node '%s' has the gateway's address", n->name);
    return false;
  }
  return true;
}

static int by_address(const void *a, const void *b) {
  const struct spec_node *const *x = a, *const *y = b;
  int order = ip_compare((*x)->address6, (*y)->address6);
  /* The author's order, so that the later of two is the one at fault. */
  return order ? order : (*x < *y ? -1 : *x > *y);
}

static void check_doubles(const struct checking *c) {
  const struct spec_node_vec *nodes = &c->spec->nodes;
  _cleanup_free_ const struct spec_node **v =
      xcalloc(nodes->n, sizeof(struct spec_node *));
  char a[NET_TEXT];
  for (size_t i = 0; i < nodes->n; i++)
    v[i] = &nodes->v[i];
  qsort(v, nodes->n, sizeof(*v), by_address);
  for (size_t i = 1; i < nodes->n; i++)
    if (ip_is_set(v[i]->address6) &&
        ip_equal(v[i]->address6, v[i - 1]->address6)) {
      yaml_fault(c->err, check_node_place(c, v[i], "ipv6"),
                 "the nodes '%s' and '%s' have the same address %s",
                 v[i - 1]->name, v[i]->name, ip_format(v[i]->address6, a));
      return;
    }
}

static void check_nodes(const struct checking *c) {
  check_each_node(c, check_node);
  check_doubles(c);
}

const struct spec_check check_ipv6_table[] = {
    {check_version,
     {"network.ipv6.subnet", "kubernetes.version", "kubernetes.featureGates"}},
    {check_networks,
     {"network.ipv6.subnet", "network.ipv6.pods", "network.ipv6.services",
      "nodes.name", "nodes.role"}},
    {check_gateway, {"network.ipv6.subnet", "network.ipv6.gateway"}},
    {check_nodes,
     {"network.subnet", "network.ipv6.subnet", "network.ipv6.gateway",
      "nodes.name", "nodes.address", "nodes.ipv6"}},
    {0},
};
