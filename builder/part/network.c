/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and network cards. */
#include "part/network.h"

#include "part/nodes.h"
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  (void)n;
  return "every node";
}

static const struct part_file files[] = {
    {"/etc/hosts", "user-data/hosts", 0644, ROOT, NULL},
    {"/etc/resolv.conf", "user-data/resolv.conf", 0644, ROOT, NULL},
    {0},
};

static void add_file(const char *path, const char *source,
                     struct plan_file_vec *ret) {
  if (path)
    *plan_file_vec_add(ret) = (struct plan_file){path, source, 0644, ROOT};
}

/* Of each card; seed/render finds the card by the path. */
static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  for (size_t i = 0; i < n->interfaces.n; i++) {
    const struct plan_interface *card = &n->interfaces.v[i];
    add_file(card->link, "user-data/interface.link", ret);
    add_file(card->conf, "user-data/interface.conf", ret);
    add_file(card->netdev, "user-data/interface.netdev", ret);
    add_file(card->network, "user-data/interface.network", ret);
  }
}

/* For /etc/hosts: those that others look for. Not the workers, of which there
 * may be thousands, each with a seed that would name all others. */
static void set_nodes(const struct plan *p, struct scope *s) {
  struct plan_list sought = {0};
  for (size_t i = 0; i < p->nodes.n; i++)
    if (p->nodes.v[i].spec->role != ROLE_WORKER)
      *plan_list_add(&sought) = &p->nodes.v[i];
  nodes_rows(s, "nodes", &sought, NULL);
  free(sought.v);
}

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  const struct spec *spec = p->spec;
  char a[NET_TEXT];
  scope_set(s, "subnet", cidr_format(&spec->network.subnet, a));
  scope_set(s, "domain", spec->network.domain);
  scope_set_flag(s, "has_ipv6", spec_has_ipv6(spec));
  scope_set(s, "subnet6", cidr_format(&spec->network.ipv6.subnet, a));
  scope_set(s, "pods6", cidr_format(&spec->network.ipv6.pods, a));
  scope_set(s, "services6", cidr_format(&spec->network.ipv6.services, a));
  scope_set(s, "endpoint", p->endpoint);
  scope_set(s, "endpoint_name", spec->endpoint.name);
  scope_set(s, "vip", ip_format(spec->endpoint.address, a));
  scope_set_list(s, "dns");
  for (size_t i = 0; i < spec->network.dns.n; i++)
    scope_set(scope_add(s, "dns"), "address",
              ip_format(spec->network.dns.v[i], a));
  set_nodes(p, s);
}

void network_card(struct scope *s, const struct plan_interface *card) {
  char a[NET_TEXT];
  scope_set(s, "interface", card->name);
  scope_set(s, "mac", mac_format(&card->mac, a));
  scope_set(s, "address", ip_format(card->address, a));
  scope_setf(s, "bits", "%d", card->bits);
  scope_set(s, "gateway", ip_format(card->gateway, a));
  scope_set(s, "address6", ip_format(card->address6, a));
  scope_setf(s, "bits6", "%d", card->bits6);
  scope_set(s, "gateway6", ip_format(card->gateway6, a));
}

void network_files(struct scope *s, const struct plan_interface *card) {
  network_card(s, card);
  scope_set_flag(s, "by_mac", interface_is_known(&card->mac));
  scope_set_flag(s, "reserved", card->dhcp && !card->further);
  scope_set_flag(s, "further", card->further);
  scope_set_flag(s, "is_vlan", card->kind == LINK_VLAN);
  scope_set_flag(s, "is_bond", card->kind == LINK_BOND);
  scope_set_flag(s, "is_lacp", card->mode == BOND_8023AD);
  scope_set(s, "bond_mode", word_of(bond_words, (int)card->mode));
  scope_setf(s, "vlan", "%d", card->vlan);
  scope_set(s, "of", card->of ? card->of : "");
  scope_set_list(s, "vlans");
  for (size_t i = 0; i < card->vlans.n; i++)
    scope_set(scope_add(s, "vlans"), "name", card->vlans.v[i]);
}

/* What network-config has of a card besides. */
static void set_row(struct scope *row, const struct plan_interface *card) {
  char a[NET_TEXT];
  scope_set_flag(row, "by_mac", plan_interface_made(card));
  scope_set_flag(row, "dhcp", card->dhcp);
  bool fixed = ip_is_set(card->address) && !card->dhcp;
  scope_set_flag(row, "fixed", fixed);
  scope_set_flag(row, "has_addresses", fixed || ip_is_set(card->address6));
  scope_set_flag(row, "gateway_dhcp", card->gateway_dhcp);
  scope_set_flag(row, "on_link", card->on_link);
  scope_set_flag(row, "service_routes", card->service_routes);
  scope_set_flag(row, "service_routes6", card->service_routes6);
  if (card->mtu)
    scope_setf(row, "mtu", "%d", card->mtu);
  else
    scope_set(row, "mtu", "");
  scope_set_list(row, "more_addresses");
  for (size_t i = 0; card->more && i < card->more->n; i++)
    scope_set(scope_add(row, "more_addresses"), "more",
              ip_format(card->more->v[i], a));
  scope_set_list(row, "routes");
  for (size_t i = 0; card->routes && i < card->routes->n; i++) {
    struct scope *route = scope_add(row, "routes");
    scope_set(route, "to", cidr_format(&card->routes->v[i].to, a));
    scope_set(route, "via", ip_format(card->routes->v[i].via, a));
  }
}

/* The cluster's card, and all of them for network-config. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  network_card(s, plan_cluster_interface(n));
  scope_set_flag(s, "reserved", plan_cluster_interface(n)->dhcp);
  scope_setf(s, "node_ip", "%s%s%s", scope_text(s, "address"),
             ip_is_set(n->spec->address6) ? "," : "",
             scope_text(s, "address6"));
  scope_set_list(s, "interfaces");
  for (size_t i = 0; i < n->interfaces.n; i++) {
    const struct plan_interface *card = &n->interfaces.v[i];
    /* It has nothing that network-config could tell. */
    if (card->kind == LINK_MEMBER)
      continue;
    struct scope *row = scope_add(s, "interfaces");
    /* Other nodes have pods, and they are on this side. */
    bool pods = card->pod_routes && p->kubelets.n > n->has_pods;
    network_card(row, card);
    scope_set_flag(row, "pods_behind", pods);
    set_row(row, card);
    scope_set_flag(row, "routed",
                   pods || ip_is_set(card->gateway) || card->service_routes ||
                       ip_is_set(card->gateway6) || card->service_routes6 ||
                       (card->routes && card->routes->n > 0));
  }
}

const char *network_vip_card(const struct plan *p, const struct plan_node *n) {
  const struct plan_interface *own = plan_cluster_interface(n);
  const struct cidr *net = spec_net_of(p->spec, p->spec->endpoint.address);
  if (!net || cidr_has(net, own->address))
    return own->name;
  for (size_t i = 0; i < n->interfaces.n; i++)
    if (cidr_has(net, n->interfaces.v[i].address))
      return n->interfaces.v[i].name;
  return own->name;
}

const struct part part_network = {
    .name = "network",
    .why = why,
    .files = files,
    .more_files = more_files,
    .values = values,
    .node_values = node_values,
};
