/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/check-interfaces.h"

#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* One list of interfaces: of all nodes, or of an entry. */
struct cards {
  const struct yaml_node *list; /* NULL: not written */
  const struct spec_interface_vec *said;
  size_t nodes; /* how many have them */
};

static struct cards cards_of_all(const struct checking *c) {
  return (struct cards){
      yaml_get(yaml_get(c->root, "network"), "interfaces"),
      &c->spec->network.interfaces,
      c->spec->nodes.n,
  };
}

static struct cards cards_of_entry(const struct checking *c, size_t entry) {
  struct cards cards = {
      yaml_get(yaml_get(c->root, "nodes")->child[entry], "interfaces"),
      &c->spec->entry_interfaces.v[entry],
      0,
  };
  for (size_t i = 0; i < c->spec->nodes.n; i++)
    cards.nodes += c->spec->nodes.v[i].entry == entry;
  return cards;
}

/* The cluster's own networks: who answers there is decided. */
#define OWN_NETWORKS 3
struct own {
  const char *name;
  const struct cidr *net;
};
static void own_networks(const struct spec *s, struct own ret[OWN_NETWORKS]) {
  ret[0] = (struct own){"subnet", &s->network.subnet};
  ret[1] = (struct own){"pods", &s->network.pods};
  ret[2] = (struct own){"services", &s->network.services};
}

/* The name of the one that net is within, or NULL. */
static const char *own_network(const struct spec *s, const struct cidr *net) {
  struct own nets[OWN_NETWORKS];
  own_networks(s, nets);
  for (size_t i = 0; i < OWN_NETWORKS; i++)
    if (cidr_has(nets[i].net, net->base) && net->bits >= nets[i].net->bits)
      return nets[i].name;
  return NULL;
}

/* The routes of a card, whose own address may be absent; net is the network in
 * which its routers are, or NULL where a DHCP server tells. */
static void check_routes(const struct checking *c, const struct yaml_node *list,
                         const struct spec_route_vec *routes,
                         const struct cidr *net, struct ip own) {
  char a[NET_TEXT], b[NET_TEXT];
  for (size_t i = 0; list && i < routes->n; i++) {
    const struct spec_route *r = &routes->v[i];
    const char *name = own_network(c->spec, &r->to);
    if (name)
      yaml_fault(c->err, yaml_get(list->child[i], "to"),
                 "a route to %s would lead away from the cluster's own network "
                 "'%s'; write another network",
                 cidr_format(&r->to, a), name);
    if (net && !cidr_has(net, r->via))
      yaml_fault(c->err, yaml_get(list->child[i], "via"),
                 "the router %s is not in the card's network %s",
                 ip_format(r->via, a), cidr_format(net, b));
    if (ip_equal(own, r->via))
      yaml_fault(c->err, yaml_get(list->child[i], "via"),
                 "the router %s is the card's own address",
                 ip_format(r->via, a));
    for (size_t k = 0; k < i; k++)
      if (routes->v[k].to.bits == r->to.bits &&
          ip_equal(routes->v[k].to.base, r->to.base)) {
        yaml_fault(c->err, yaml_get(list->child[i], "to"),
                   "two routes lead to %s", cidr_format(&r->to, a));
        break;
      }
  }
}

static void check_own_routes(const struct checking *c) {
  check_routes(c, yaml_get(yaml_get(c->root, "network"), "routes"),
               &c->spec->network.routes, &c->spec->network.subnet,
               (struct ip){0});
}

/* For several nodes something must count up. */
static void check_count(const struct checking *c, const struct cards *cards,
                        const struct yaml_node *entry, const char *key) {
  const struct yaml_node *value = yaml_get(entry, key);
  if (!value || cards->nodes < 2 || strcmp(value->text, "dhcp") == 0 ||
      value->text[strlen(value->text) - 1] == '+')
    return;
  yaml_fault(c->err, value,
             "%zu nodes cannot share the %s %s; write %s+ to count up",
             cards->nodes, key, value->text, value->text);
}

static void check_mac(const struct checking *c, const struct cards *cards,
                      const struct yaml_node *entry,
                      const struct spec_interface *card) {
  const struct yaml_node *mac = yaml_get(entry, "mac");
  struct mac last;
  if (!mac) {
    if (!card->name && !card->vlan && card->bond.members.n == 0)
      yaml_fault(c->err, entry,
                 "an interface needs a mac, or the name that its card has");
    return;
  }
  check_count(c, cards, entry, "mac");
  if (cards->nodes > 0 &&
      !mac_add(&card->mac, (uint32_t)(cards->nodes - 1), &last))
    yaml_fault(c->err, mac,
               "'mac' is '%s', but its vendor has no %zu addresses from there "
               "on",
               mac->text, cards->nodes);
}

static void check_address(const struct checking *c, const struct cards *cards,
                          const struct yaml_node *entry,
                          const struct spec_interface *card) {
  const struct spec *s = c->spec;
  const struct yaml_node *at = yaml_get(entry, "address");
  struct cidr net = cidr_around(card->address.ip, card->address.bits);
  struct ip last = card->address.ip;
  char a[NET_TEXT], b[NET_TEXT];
  struct own nets[OWN_NETWORKS];
  if (!ip_is_set(card->address.ip))
    return;
  check_count(c, cards, entry, "address");
  own_networks(s, nets);
  for (size_t i = 0; i < OWN_NETWORKS; i++)
    if (cidr_overlap(&net, nets[i].net))
      yaml_fault(c->err, at,
                 "the card's network %s overlaps '%s' (%s), and nodes would "
                 "not know by which card to answer",
                 cidr_format(&net, a), nets[i].name,
                 cidr_format(nets[i].net, b));
  if (cards->nodes > 1)
    (void)ip_add(last, (uint32_t)(cards->nodes - 1), &last);
  if (net.bits <= 30 &&
      (ip_equal(card->address.ip, net.base) || !cidr_has(&net, last) ||
       ip_compare(last, cidr_last(&net)) >= 0))
    yaml_fault(
        c->err, at, "from %s on the network %s has no addresses for %zu nodes",
        ip_format(card->address.ip, a), cidr_format(&net, b), cards->nodes);
}

/* As check_address, of IPv6. */
static void check_address6(const struct checking *c, const struct cards *cards,
                           const struct yaml_node *entry,
                           const struct spec_interface *card) {
  const struct spec *s = c->spec;
  const struct yaml_node *at = yaml_get(entry, "ipv6");
  struct cidr net = cidr_around(card->address6.ip, card->address6.bits);
  struct ip last = card->address6.ip;
  const struct own nets[] = {{"ipv6.subnet", &s->network.ipv6.subnet},
                             {"ipv6.pods", &s->network.ipv6.pods},
                             {"ipv6.services", &s->network.ipv6.services}};
  char a[NET_TEXT], b[NET_TEXT];
  if (!ip_is_set(card->address6.ip))
    return;
  check_count(c, cards, entry, "ipv6");
  for (size_t i = 0; spec_has_ipv6(s) && i < ARRAY_SIZE(nets); i++)
    if (cidr_overlap(&net, nets[i].net))
      yaml_fault(c->err, at,
                 "the card's network %s overlaps '%s' (%s), and nodes would "
                 "not know by which card to answer",
                 cidr_format(&net, a), nets[i].name,
                 cidr_format(nets[i].net, b));
  if (cards->nodes > 1 && (!ip_add(last, (uint32_t)(cards->nodes - 1), &last) ||
                           !cidr_has(&net, last)))
    yaml_fault(
        c->err, at, "from %s on the network %s has no addresses for %zu nodes",
        ip_format(card->address6.ip, a), cidr_format(&net, b), cards->nodes);
}

/* Further addresses of a card that has own in net, in whose list at is. */
static void check_more(const struct checking *c, const struct yaml_node *list,
                       const struct ip_vec *more, struct ip own,
                       const struct cidr *net) {
  char a[NET_TEXT], b[NET_TEXT];
  for (size_t i = 0; list && i < more->n; i++) {
    bool twice = ip_equal(more->v[i], own);
    for (size_t k = 0; k < i; k++)
      twice |= ip_equal(more->v[i], more->v[k]);
    if (twice)
      yaml_fault(c->err, list->child[i], "the card has the address %s already",
                 ip_format(more->v[i], a));
    if (!cidr_has(net, more->v[i]) || ip_equal(more->v[i], net->base) ||
        ip_equal(more->v[i], cidr_last(net)))
      yaml_fault(c->err, list->child[i],
                 "%s is no machine's address in the card's network %s",
                 ip_format(more->v[i], a), cidr_format(net, b));
  }
}

static void check_more_of(const struct checking *c, const struct cards *cards,
                          const struct yaml_node *entry,
                          const struct spec_interface *card) {
  const struct yaml_node *list = yaml_get(entry, "moreAddresses");
  struct cidr net = cidr_around(card->address.ip, card->address.bits);
  if (!list)
    return;
  if (!ip_is_set(card->address.ip))
    yaml_fault(c->err, list,
               "a card without an address has no further ones; write its "
               "address");
  else if (cards->nodes > 1)
    yaml_fault(c->err, list,
               "%zu nodes cannot share further addresses; write an entry for "
               "each",
               cards->nodes);
  else
    check_more(c, list, &card->more, card->address.ip, &net);
}

/* Those of the card over which the cluster talks are nobody else's. */
static bool check_more_own(const struct checking *c,
                           const struct spec_node *n) {
  const struct spec *s = c->spec;
  const struct yaml_node *list =
      yaml_get(yaml_get(c->root, "nodes")->child[n->entry], "moreAddresses");
  const struct cidr *net = spec_net_of(s, n->address);
  char a[NET_TEXT];
  check_more(c, list, &n->more, n->address, net ? net : &s->network.subnet);
  for (size_t i = 0; list && i < n->more.n; i++) {
    if (s->endpoint.provider != PROVIDER_FIRST_NODE &&
        ip_equal(n->more.v[i], s->endpoint.address))
      yaml_fault(c->err, list->child[i],
                 "the node '%s' has the endpoint's address; that must be one "
                 "of its own",
                 n->name);
    for (size_t k = 0; k < s->nodes.n; k++)
      if (&s->nodes.v[k] != n && ip_equal(s->nodes.v[k].address, n->more.v[i]))
        yaml_fault(c->err, list->child[i],
                   "the nodes '%s' and '%s' have the same address %s",
                   s->nodes.v[k].name, n->name, ip_format(n->more.v[i], a));
  }
  return true;
}

static void check_more_addresses(const struct checking *c) {
  check_each_node(c, check_more_own);
}

static void check_gateway(const struct checking *c,
                          const struct yaml_node *entry,
                          const struct spec_interface *card) {
  const struct yaml_node *at = yaml_get(entry, "gateway");
  if (!at)
    return;
  if (card->gateway.dhcp && !card->address.dhcp)
    yaml_fault(c->err, at,
               "gateway: dhcp takes what a DHCP server tells, and the address "
               "is not from one; write address: dhcp, or the gateway's "
               "address");
  if (!card->address.dhcp && !ip_is_set(card->address.ip))
    yaml_fault(c->err, at,
               "a card without an address leads to no gateway; write its "
               "address");
  if (ip_is_set(card->gateway.ip))
    (void)check_outside(c, at, "the gateway", card->gateway.ip,
                        "no router is there");
}

/* Members of a bond of so many nodes. */
static void check_bond(const struct checking *c, const struct yaml_node *around,
                       const struct spec_bond *bond, size_t nodes) {
  const struct yaml_node *list = yaml_get(yaml_get(around, "bond"), "members");
  for (size_t i = 0; i < bond->members.n; i++) {
    const char *text = bond->members.v[i];
    struct mac mac, last;
    (void)bond_member_read(text, &mac);
    if (!interface_is_known(&mac))
      continue;
    if (nodes > 1 && text[strlen(text) - 1] != '+')
      yaml_fault(c->err, list->child[i],
                 "%zu nodes cannot share the %s %s; write %s+ to count up",
                 nodes, "card", text, text);
    else if (nodes > 0 && !mac_add(&mac, (uint32_t)(nodes - 1), &last))
      yaml_fault(
          c->err, list->child[i],
          "'mac' is '%s', but its vendor has no %zu addresses from there "
          "on",
          text, nodes);
  }
}

/* A VLAN is nothing but its number on something else. */
static void check_kind(const struct checking *c, const struct yaml_node *entry,
                       const struct spec_interface *card) {
  const struct yaml_node *at = yaml_get(entry, "vlan");
  if (card->link && !card->vlan)
    yaml_fault(c->err, yaml_get(entry, "link"),
               "link is what a VLAN is on; write vlan, or leave it out");
  if (card->vlan && (card->bond.members.n > 0 || yaml_get(entry, "mac")))
    yaml_fault(
        c->err, at,
        "a VLAN is on a card or bond and has its MAC address; write that "
        "as an interface of its own, and its name as link");
}

static void check_cards(const struct checking *c, const struct cards *cards) {
  for (size_t i = 0; cards->list && i < cards->said->n; i++) {
    const struct yaml_node *entry = cards->list->child[i];
    const struct spec_interface *card = &cards->said->v[i];
    const struct yaml_node *routes = yaml_get(entry, "routes");
    struct cidr net = cidr_around(card->address.ip, card->address.bits);
    bool fixed = ip_is_set(card->address.ip);
    check_mac(c, cards, entry, card);
    check_kind(c, entry, card);
    check_bond(c, entry, &card->bond, cards->nodes);
    check_address(c, cards, entry, card);
    check_address6(c, cards, entry, card);
    check_more_of(c, cards, entry, card);
    check_gateway(c, entry, card);
    if (routes && !fixed && !card->address.dhcp)
      yaml_fault(c->err, routes,
                 "a card without an address leads to no router; write its "
                 "address");
    check_routes(c, routes, &card->routes, fixed ? &net : NULL,
                 card->address.ip);
  }
}

static bool same_text(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_overlap(const struct checking *c, const struct yaml_node *at,
                          const char *a, const struct spec_card_address *x,
                          const char *b, const struct spec_card_address *y) {
  struct cidr nx = cidr_around(x->ip, x->bits);
  struct cidr ny = cidr_around(y->ip, y->bits);
  char tx[NET_TEXT], ty[NET_TEXT];
  if (ip_is_set(x->ip) && ip_is_set(y->ip) && cidr_overlap(&nx, &ny))
    yaml_fault(c->err, at,
               "the networks %s and %s of one node's interfaces '%s' and '%s' "
               "overlap",
               cidr_format(&nx, tx), cidr_format(&ny, ty), a, b);
}

/* What cards of one node have twice; it is told where the later one stands. */
static void check_pair(const struct checking *c, const struct yaml_node *at,
                       const struct interface_use *a,
                       const struct interface_use *b) {
  const struct spec_interface *x = a->said, *y = b->said;
  if (strcmp(a->name, b->name) == 0)
    yaml_fault(c->err, at, "two interfaces of a node have the name '%s'",
               a->name);
  check_overlap(c, at, a->name, &x->address, b->name, &y->address);
  check_overlap(c, at, a->name, &x->address6, b->name, &y->address6);
  if (x->vlan && x->vlan == y->vlan && same_text(x->link, y->link))
    yaml_fault(c->err, at, "'%s' and '%s' are both VLAN %d of one card",
               a->name, b->name, x->vlan);
  if ((x->gateway.dhcp || ip_is_set(x->gateway.ip)) &&
      (y->gateway.dhcp || ip_is_set(y->gateway.ip)))
    yaml_fault(c->err, at,
               "the interfaces '%s' and '%s' of one node have a gateway both; "
               "one leads everywhere, for others write routes",
               a->name, b->name);
}

static const struct interface_use *use_of(const struct interface_use_vec *uses,
                                          const char *name) {
  for (size_t i = 0; i < uses->n; i++)
    if (strcmp(uses->v[i].name, name) == 0)
      return &uses->v[i];
  return NULL;
}

/* What a VLAN is on; at is the entry of its interface. */
static void check_link(const struct checking *c, const struct yaml_node *at,
                       const struct interface_use_vec *uses,
                       const struct spec_interface *vlan) {
  const struct spec *s = c->spec;
  const struct interface_use *on = vlan->link ? use_of(uses, vlan->link) : NULL;
  int most = on ? on->said->mtu : s->network.mtu;
  if (!vlan->vlan)
    return;
  if (vlan->link && (!on || on->said->vlan))
    yaml_fault(c->err, yaml_get(at, "link"),
               "'link' is '%s', but must be the name of another interface of "
               "the node that is a card or a bond",
               vlan->link);
  else if (!vlan->link && vlan->vlan == s->network.vlan)
    yaml_fault(c->err, yaml_get(at, "vlan"),
               "VLAN %d of the cluster's card is the subnet itself",
               vlan->vlan);
  else if (vlan->mtu > (most ? most : 1500))
    yaml_fault(
        c->err, yaml_get(at, "mtu"),
        "a VLAN cannot send larger packets than what it is on, which has "
        "%d",
        most ? most : 1500);
}

/* A card is in one bond, and nothing else besides. */
static void check_member(const struct checking *c, const struct yaml_node *at,
                         const struct interface_use_vec *uses, const char *bond,
                         const struct spec_bond *own) {
  for (size_t i = 0; i < own->members.n; i++) {
    const char *text = own->members.v[i];
    if (use_of(uses, text))
      yaml_fault(c->err, at,
                 "'%s' is an interface, and a member of the bond '%s'; it "
                 "cannot be both",
                 text, bond);
    for (size_t k = 0; k < i; k++)
      if (strcmp(own->members.v[k], text) == 0)
        yaml_fault(c->err, at, "'%s' is twice a member of the bond '%s'", text,
                   bond);
  }
}

static void check_made_of(const struct checking *c, const struct yaml_node *at,
                          const struct interface_use_vec *uses,
                          const struct interface_use *use) {
  const struct yaml_node *bond = yaml_get(at, "bond");
  check_link(c, at, uses, use->said);
  check_member(c, bond, uses, use->name, &use->said->bond);
}

/* The one over which the cluster talks; around has the key bond. */
static void check_cluster_bond(const struct checking *c,
                               const struct yaml_node *around,
                               const struct interface_use_vec *uses,
                               const struct spec_bond *bond, size_t nodes) {
  check_bond(c, around, bond, nodes);
  check_member(c, yaml_get(around, "bond"), uses, "kube0", bond);
}

static void check_entry_bond(const struct checking *c, const struct cards *all,
                             const struct cards *own, size_t entry) {
  struct interface_use_vec uses = {0};
  const struct spec *s = c->spec;
  size_t first = 0;
  while (first < s->nodes.n && s->nodes.v[first].entry != entry)
    first++;
  if (first == s->nodes.n)
    return;
  interfaces_of(all->said, own->said, &uses);
  check_cluster_bond(c, yaml_get(c->root, "nodes")->child[entry], &uses,
                     &s->nodes.v[first].bond, own->nodes);
  free(uses.v);
}

static void check_node(const struct checking *c, const struct cards *all,
                       const struct cards *own) {
  struct interface_use_vec uses = {0};
  interfaces_of(all->said, own->said, &uses);
  for (size_t i = 0; i < uses.n; i++) {
    const struct interface_use *b = &uses.v[i];
    if (!b->for_all)
      check_made_of(c, own->list->child[b->index], &uses, b);
    /* Two that all nodes have are told of once, elsewhere. */
    for (size_t k = 0; k < i && !b->for_all; k++)
      check_pair(c, own->list->child[b->index], &uses.v[k], b);
  }
  free(uses.v);
}

static void check_interfaces(const struct checking *c) {
  const struct spec_interface_vec none = {0};
  struct cards all = cards_of_all(c);
  struct interface_use_vec uses = {0};
  check_cards(c, &all);
  interfaces_of(all.said, &none, &uses);
  for (size_t i = 0; i < uses.n; i++) {
    check_made_of(c, all.list->child[i], &uses, &uses.v[i]);
    for (size_t k = 0; k < i; k++)
      check_pair(c, all.list->child[i], &uses.v[k], &uses.v[i]);
  }
  check_cluster_bond(c, yaml_get(c->root, "network"), &uses,
                     &c->spec->network.bond, c->spec->nodes.n);
  free(uses.v);
  for (size_t i = 0; i < c->spec->entry_interfaces.n; i++) {
    struct cards own = cards_of_entry(c, i);
    check_cards(c, &own);
    if (own.list)
      check_node(c, &all, &own);
    check_entry_bond(c, &all, &own, i);
  }
}

const struct spec_check check_interfaces_table[] = {
    {check_own_routes, {"network"}},
    {check_interfaces, {"network", "nodes"}},
    {check_more_addresses, {"network", "nodes", "endpoint"}},
    {0},
};
