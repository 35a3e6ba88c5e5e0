/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/check-subnets.h"

#include "base/mem.h"
#include "spec/cni.h"
#include <stdlib.h>

static const struct yaml_node *list_of(const struct checking *c) {
  return yaml_get(yaml_get(c->root, "network"), "subnets");
}

/* Those that are not a further one, as a fault names them. */
struct own {
  const char *name;
  const struct cidr *net;
};

static void check_apart(const struct checking *c, const struct yaml_node *at,
                        size_t i) {
  const struct spec *s = c->spec;
  const struct cidr *net = &s->network.subnets.v[i].net;
  const struct own own[] = {{"subnet", &s->network.subnet},
                            {"pods", &s->network.pods},
                            {"services", &s->network.services}};
  char a[NET_TEXT], b[NET_TEXT];
  for (size_t k = 0; k < ARRAY_SIZE(own); k++)
    if (cidr_overlap(net, own[k].net))
      yaml_fault(c->err, at, "the network '%s' (%s) overlaps '%s' (%s)",
                 "subnets", cidr_format(net, a), own[k].name,
                 cidr_format(own[k].net, b));
  for (size_t k = 0; k < i; k++)
    if (cidr_overlap(net, &s->network.subnets.v[k].net))
      yaml_fault(c->err, at, "the network '%s' (%s) overlaps '%s' (%s)",
                 "subnets", cidr_format(net, a), "subnets",
                 cidr_format(&s->network.subnets.v[k].net, b));
}

static void check_router(const struct checking *c, const struct yaml_node *at,
                         const struct spec_subnet *of) {
  char a[NET_TEXT], b[NET_TEXT];
  ip_format(of->gateway, a);
  cidr_format(&of->net, b);
  if (!cidr_has(&of->net, of->gateway) || ip_equal(of->gateway, of->net.base) ||
      ip_equal(of->gateway, cidr_last(&of->net)))
    yaml_fault(c->err, at,
               "the router %s is no machine's address in its network %s", a, b);
}

static void check_subnets(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *list = list_of(c);
  char a[NET_TEXT];
  for (size_t i = 0; i < s->network.subnets.n; i++) {
    const struct spec_subnet *n = &s->network.subnets.v[i];
    const struct yaml_node *at = yaml_get(list->child[i], "subnet");
    check_apart(c, at, i);
    check_router(c, yaml_get(list->child[i], "gateway"), n);
    if (n->net.bits > 30)
      yaml_fault(c->err, at,
                 "the network %s has no room for a router and a node; /30 is "
                 "the smallest",
                 cidr_format(&n->net, a));
  }
  if (s->network.subnets.n > 0 && s->network.no_gateway)
    yaml_fault(c->err, check_place(c, "network", "gateway"),
               "nodes of the subnet find those of network.subnets by the "
               "gateway; write it");
  if (s->network.subnets.n > 0 && spec_has_ipv6(s))
    yaml_fault(c->err, list,
               "nodes have IPv6 in one network only; leave out network.subnets "
               "or network.ipv6");
}

/* Pods are found by the addresses of their nodes, on the wire. */
static void check_bridge(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct cidr *first = NULL;
  for (size_t i = 0; cni_is_on_wire(s) && i < s->nodes.n; i++) {
    const struct spec_node *n = &s->nodes.v[i];
    const struct cidr *net = spec_net_of(s, n->address);
    if (n->role != ROLE_CONTROL_PLANE && n->role != ROLE_WORKER)
      continue;
    if (first && net && net != first) {
      yaml_fault(c->err, check_node_place(c, n, "address"),
                 "the node '%s' is in another network than the nodes before "
                 "it, and with cni %s packets of pods are handed to the next "
                 "node on the wire; write `cni: vxlan`",
                 n->name, cni_name(s->network.cni));
      return;
    }
    first = first ? first : net;
  }
}

/* Whether a node has a card in the network. */
static bool is_in(const struct spec *s, const struct spec_node *n,
                  const struct cidr *net) {
  struct interface_use_vec uses = {0};
  bool found = cidr_has(net, n->address);
  interfaces_of(&s->network.interfaces, &s->entry_interfaces.v[n->entry],
                &uses);
  for (size_t i = 0; i < uses.n && !found; i++)
    found = cidr_has(net, uses.v[i].said->address.ip);
  free(uses.v);
  return found;
}

static bool check_holder(const struct checking *c, const struct spec_node *n) {
  const struct spec *s = c->spec;
  const struct cidr *net = spec_net_of(s, s->endpoint.address);
  char a[NET_TEXT], b[NET_TEXT];
  if (!net || !spec_may_hold(s, n->role) || is_in(s, n, net))
    return true;
  yaml_fault(c->err, check_node_place(c, n, "address"),
             "the node '%s' may hold the endpoint's address %s, and has no "
             "card in its network %s; write an interface with an address there",
             n->name, ip_format(s->endpoint.address, a), cidr_format(net, b));
  return false;
}

static void check_holders(const struct checking *c) {
  if (c->spec->network.subnets.n > 0)
    check_each_node(c, check_holder);
}

/* Of its own network, if that is a further one; with network.subnet it is a
 * fault for every node (check-interfaces.c). */
static bool check_cards(const struct checking *c, const struct spec_node *n) {
  const struct spec *s = c->spec;
  const struct cidr *own = spec_net_of(s, n->address);
  struct interface_use_vec uses = {0};
  bool good = true;
  char a[NET_TEXT], b[NET_TEXT];
  interfaces_of(&s->network.interfaces, &s->entry_interfaces.v[n->entry],
                &uses);
  for (size_t i = 0; own && own != &s->network.subnet && good && i < uses.n;
       i++) {
    const struct spec_card_address *at = &uses.v[i].said->address;
    struct cidr net = cidr_around(at->ip, at->bits);
    good = !ip_is_set(at->ip) || !cidr_overlap(&net, own);
    if (!good)
      yaml_fault(c->err, check_node_place(c, n, "interfaces"),
                 "the card's network %s overlaps '%s' (%s), and nodes would "
                 "not know by which card to answer",
                 cidr_format(&net, a), "subnets", cidr_format(own, b));
  }
  free(uses.v);
  return good;
}

static void check_node_cards(const struct checking *c) {
  check_each_node(c, check_cards);
}

const struct spec_check check_subnets_table[] = {
    {check_subnets, {"network"}},
    {check_bridge, {"network", "nodes.name", "nodes.role", "nodes.address"}},
    {check_holders, {"network", "endpoint", "nodes"}},
    {check_node_cards, {"network", "nodes"}},
    {0},
};
