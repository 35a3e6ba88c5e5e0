/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/network.h"

#include "plan/identity.h"
#include <stdlib.h>
#include <string.h>

/* A name that the kernel gives to no card, so that none is in its way. */
#define CLUSTER_INTERFACE "kube0"
/* What is below it where the cluster's network is a VLAN. */
#define CLUSTER_CARD "kubelan0"

#define FOLDER "/etc/systemd/network/"

static struct mac choose_mac(const struct spec *s, const struct spec_node *n) {
  if (interface_is_known(&n->mac))
    return n->mac;
  struct mac m;
  plan_mac(s, "mac", n->name, &m);
  return m;
}

/* Whether none of the others has the default route. */
static bool leads_out(const struct interface_use_vec *others) {
  for (size_t i = 0; i < others->n; i++)
    if (others->v[i].said->gateway.dhcp ||
        ip_is_set(others->v[i].said->gateway.ip))
      return false;
  return true;
}

/* ---- What carries packets ---- */

static char *conf_path(const char *name) {
  return xasprintf(FOLDER "10-cloud-init-%s.network.d/kubeseed.conf", name);
}

/* Gives an interface that has its kind, name and mac the files that make it. */
static void set_files(struct plan_interface *i) {
  if (i->kind == LINK_CARD && interface_is_known(&i->mac))
    i->link = xasprintf(FOLDER "10-%s.link", i->name);
  if (i->kind == LINK_VLAN || i->kind == LINK_BOND)
    i->netdev = xasprintf(FOLDER "10-%s.netdev", i->name);
  if (i->kind == LINK_MEMBER)
    i->network = xasprintf(FOLDER "10-%s.network", i->name);
}

static void add_members(const struct spec_bond *bond, const char *name,
                        uint32_t nth, struct plan_interface_vec *ret) {
  for (size_t k = 0; k < bond->members.n; k++) {
    struct mac first;
    struct plan_interface *i = plan_interface_vec_add(ret);
    *i = (struct plan_interface){
        .kind = LINK_MEMBER, .of = xstrdup(name), .further = true};
    (void)bond_member_read(bond->members.v[k], &first);
    if (interface_is_known(&first)) {
      i->name = xasprintf("%sp%zu", name, k + 1);
      (void)mac_add(&first, nth, &i->mac);
    } else {
      i->name = xstrdup(bond->members.v[k]);
    }
    set_files(i);
  }
}

/* Each VLAN is named by what it is on. */
static void link_vlans(struct plan_interface_vec *v) {
  for (size_t i = 0; i < v->n; i++)
    for (size_t k = 0; k < v->n; k++) {
      struct plan_interface *on = &v->v[k];
      if (v->v[i].kind != LINK_VLAN || strcmp(on->name, v->v[i].of) != 0)
        continue;
      strv_push(&on->vlans, v->v[i].name);
      if (!on->conf)
        on->conf = conf_path(on->name);
    }
}

/* ---- The cluster's ---- */

static const struct spec_bond *bond_of(const struct spec *s,
                                       const struct spec_node *n) {
  return n->bond.members.n > 0 ? &n->bond : &s->network.bond;
}

/* A packet for a service is given another address only after its way has been
 * chosen: it needs one to have. */
static bool is_own(const struct spec_node *n, struct ip a) {
  for (size_t i = 0; i < n->more.n; i++)
    if (ip_equal(n->more.v[i], a))
      return true;
  return ip_equal(n->address, a);
}

/* The gateway has the others' router's address itself. */
static struct plan_interface
cluster_interface(const struct spec *s, const struct spec_node *n, bool out) {
  struct ip router = spec_gateway_of(s, n->address);
  bool own = is_own(n, router);
  struct ip gateway = out && !own ? router : (struct ip){0};
  const struct cidr *net = spec_net_of(s, n->address);
  return (struct plan_interface){
      .name = xstrdup(CLUSTER_INTERFACE),
      .mac = choose_mac(s, n),
      .dhcp = s->network.addresses == ADDRESSING_DHCP,
      .address = n->address,
      .more = &n->more,
      .bits = net->bits,
      .gateway = gateway,
      .on_link = ip_is_set(gateway) && !cidr_has(net, gateway),
      .address6 = n->address6,
      .bits6 = s->network.ipv6.subnet.bits,
      .gateway6 = s->network.ipv6.gateway,
      .mtu = s->network.mtu,
      .routes = &s->network.routes,
      .pod_routes = s->network.cni == CNI_BRIDGE,
      .service_routes = !ip_is_set(gateway) && !own,
      .service_routes6 =
          spec_has_ipv6(s) && !ip_is_set(s->network.ipv6.gateway),
  };
}

static void add_cluster(const struct spec *s, const struct spec_node *n,
                        bool out, struct plan_interface_vec *ret) {
  const struct spec_bond *bond = bond_of(s, n);
  enum plan_link below = bond->members.n > 0 ? LINK_BOND : LINK_CARD;
  const char *card = s->network.vlan ? CLUSTER_CARD : CLUSTER_INTERFACE;
  struct plan_interface *i = plan_interface_vec_add(ret);
  *i = cluster_interface(s, n, out);
  i->kind = s->network.vlan ? LINK_VLAN : below;
  i->mode = bond->mode;
  if (i->dhcp)
    i->conf = conf_path(i->name);
  set_files(i);
  if (s->network.vlan) {
    i->vlan = s->network.vlan;
    i->of = xstrdup(card);
    struct mac mac = i->mac;
    i = plan_interface_vec_add(ret);
    *i = (struct plan_interface){.kind = below,
                                 .name = xstrdup(card),
                                 .mac = mac,
                                 .mode = bond->mode,
                                 .mtu = s->network.mtu,
                                 .further = true};
    set_files(i);
  }
  add_members(bond, card,
              bond == &n->bond ? n->nth : (uint32_t)(n - s->nodes.v), ret);
}

/* ---- Further ones ---- */

static struct ip counted(struct ip a, uint32_t n) {
  (void)ip_add(a, n, &a); /* absent stays so */
  return a;
}

static bool in_network(struct ip of, int bits, struct ip a) {
  struct cidr net = cidr_around(of, bits);
  return cidr_has(&net, a);
}

static void add_other(const struct spec *s, const struct spec_node *n,
                      const struct interface_use *use,
                      struct plan_interface_vec *ret) {
  const struct spec_interface *said = use->said;
  const char *card = s->network.vlan ? CLUSTER_CARD : CLUSTER_INTERFACE;
  uint32_t nth = use->for_all ? (uint32_t)(n - s->nodes.v) : n->nth;
  struct plan_interface *i = plan_interface_vec_add(ret);
  *i = (struct plan_interface){
      .kind = said->vlan                 ? LINK_VLAN
              : said->bond.members.n > 0 ? LINK_BOND
                                         : LINK_CARD,
      .name = xstrdup(use->name),
      .conf = conf_path(use->name),
      .further = true,
      .vlan = said->vlan,
      .mode = said->bond.mode,
      .dhcp = said->address.dhcp,
      .address = counted(said->address.ip, nth),
      .more = &said->more,
      .bits = said->address.bits,
      .address6 = counted(said->address6.ip, nth),
      .bits6 = said->address6.bits,
      .gateway = said->gateway.ip,
      .gateway_dhcp = said->gateway.dhcp,
      .mtu = said->mtu,
      .routes = &said->routes,
  };
  i->on_link =
      ip_is_set(i->gateway) && !in_network(i->address, i->bits, i->gateway);
  if (said->vlan)
    i->of = xstrdup(said->link ? said->link : card);
  if (interface_is_known(&said->mac))
    (void)mac_add(&said->mac, nth, &i->mac);
  set_files(i);
  add_members(&said->bond, use->name, nth, ret);
}

void plan_interfaces(const struct spec *s, const struct spec_node *n,
                     struct plan_interface_vec *ret) {
  struct interface_use_vec others = {0};
  interfaces_of(&s->network.interfaces, &s->entry_interfaces.v[n->entry],
                &others);
  add_cluster(s, n, leads_out(&others), ret);
  for (size_t i = 0; i < others.n; i++)
    add_other(s, n, &others.v[i], ret);
  link_vlans(ret);
  free(others.v);
}

bool plan_interface_made(const struct plan_interface *i) {
  return (i->kind == LINK_CARD || i->kind == LINK_MEMBER) &&
         interface_is_known(&i->mac);
}

/* What is on another card or made of some is on their wire. */
size_t plan_interface_wire(const struct plan_interface_vec *v, size_t i) {
  size_t wire = 0;
  /* A VLAN of the cluster comes before its card, and a bond before its members.
   */
  for (size_t k = v->v[0].kind == LINK_VLAN ? 2 : 1; k <= i; k++)
    wire += v->v[k].kind == LINK_CARD || v->v[k].kind == LINK_BOND;
  return wire;
}

int plan_interfaces_check(const char *node, const struct plan_interface_vec *v,
                          struct error *err) {
  if (v->v[0].dhcp)
    return error_usage(err,
                       "%s: on the network of machines that are made here no "
                       "DHCP server answers; leave network.addresses out for "
                       "them",
                       node);
  for (size_t i = 0; i < v->n; i++)
    if (plan_interface_made(&v->v[i]) && plan_interface_wire(v, i) == 0)
      return 0;
  return error_usage(err,
                     "%s: a machine that is made has cards by their MAC "
                     "addresses only; write those of the bond's members in "
                     "place of their names",
                     node);
}

void plan_interfaces_done(struct plan_interface_vec *v) {
  for (size_t i = 0; i < v->n; i++) {
    free(v->v[i].name);
    free(v->v[i].link);
    free(v->v[i].conf);
    free(v->v[i].netdev);
    free(v->v[i].network);
    free(v->v[i].of);
    strv_done(&v->v[i].vlans);
  }
  free(v->v);
  *v = (struct plan_interface_vec){0};
}
