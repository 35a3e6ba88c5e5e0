/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A gateway: DNS and DHCP by dnsmasq for the networks that it is in, and by
 * nftables the way from them to each other and, under its own address, out.
 */
#include "part/judge-gateway.h"
#include "part/nodes.h"
#include "part/part.h"
#include <arpa/inet.h>
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_GATEWAY
             ? "role gateway: names, addresses and the way out for the others"
             : NULL;
}

static const struct part_file files[] = {
    {"/etc/nftables.conf", "user-data/gateway.nft", 0755, ROOT, NULL},
    {"/etc/dnsmasq.d/kubeseed.conf", "user-data/dnsmasq.conf", 0644, ROOT,
     NULL},
    {LIB "steps-gateway.sh", "scripts/steps-gateway.sh", 0644, ROOT, NULL},
    {0},
};

static const char *const units[] = {"nftables.service", "dnsmasq.service",
                                    NULL};

static const struct part_step steps[] = {{"gateway", NULL}, {0}};

/* ---- What its templates need ---- */

static bool is_wan(const struct spec *s, const char *interface) {
  return s->gateway.wan && strcmp(s->gateway.wan, interface) == 0;
}

/* Those that have an address, but for the one that leads out. */
static void set_lans(const struct spec *s, const struct plan_node *n,
                     struct scope *scope) {
  scope_set_list(scope, "lans");
  for (size_t i = 0; i < n->interfaces.n; i++) {
    const struct plan_interface *card = &n->interfaces.v[i];
    if (!is_wan(s, card->name) && (card->dhcp || ip_is_set(card->address)))
      scope_set(scope_add(scope, "lans"), "interface", card->name);
  }
}

static const struct plan_interface *card_of(const struct plan_node *n,
                                            const char *name) {
  if (!name)
    return plan_cluster_interface(n);
  for (size_t i = 0; i < n->interfaces.n; i++)
    if (strcmp(n->interfaces.v[i].name, name) == 0)
      return &n->interfaces.v[i];
  return NULL;
}

static const char *mask_of(int bits, char buf[static NET_TEXT]) {
  uint32_t mask = htonl(bits == 0 ? 0 : UINT32_MAX << (32 - bits));
  return inet_ntop(AF_INET, &mask, buf, NET_TEXT);
}

/* Who asks by DHCP is told of the cluster's gateway where it is one of that
 * network's machines, and else of this one. */
static struct ip router_of(const struct spec *s, const struct spec_dhcp *d,
                           const struct plan_interface *card) {
  struct cidr net = cidr_around(card->address, card->bits);
  if (ip_is_set(d->router))
    return d->router;
  return cidr_has(&net, s->network.gateway) ? s->network.gateway
                                            : card->address;
}

static void add_range(const struct spec *s, const struct spec_dhcp *d,
                      const struct plan_interface *card, struct scope *scope) {
  struct cidr net = cidr_around(card->address, card->bits);
  struct scope *row = scope_add(scope, "dhcp");
  char a[NET_TEXT];
  scope_set(row, "interface", card->name);
  scope_set(row, "first", ip_format(d->first, a));
  scope_set(row, "last", ip_format(d->last, a));
  scope_set(row, "mask", mask_of(card->bits, a));
  scope_set(row, "broadcast", ip_format(cidr_last(&net), a));
  scope_setf(row, "hours", "%d", d->hours);
  scope_set(row, "router", ip_format(router_of(s, d, card), a));
  scope_set(row, "server", ip_format(card->address, a));
}

/* A card of a node that is in one of the networks served. */
static void add_reservation(const struct plan *p, const struct plan_node *to,
                            const struct plan_node *n,
                            const struct plan_interface *card,
                            struct scope *scope) {
  char a[NET_TEXT];
  const struct spec_dhcp_vec *dhcp = &p->spec->gateway.dhcp;
  if (!plan_interface_made(card) || !ip_is_set(card->address))
    return;
  for (size_t i = 0; i < dhcp->n; i++) {
    const struct plan_interface *own = card_of(to, dhcp->v[i].interface);
    struct cidr net = cidr_around(own->address, own->bits);
    if (!cidr_has(&net, card->address))
      continue;
    struct scope *row = scope_add(scope, "reservations");
    scope_set(row, "mac", mac_format(&card->mac, a));
    scope_set(row, "address", ip_format(card->address, a));
    scope_set(row, "node", n->name);
    return;
  }
}

static void set_dhcp(const struct plan *p, const struct plan_node *n,
                     struct scope *scope) {
  const struct spec_dhcp_vec *dhcp = &p->spec->gateway.dhcp;
  scope_set_list(scope, "dhcp");
  scope_set_list(scope, "reservations");
  scope_set_flag(scope, "serves_dhcp", dhcp->n > 0);
  for (size_t i = 0; i < dhcp->n; i++)
    add_range(p->spec, &dhcp->v[i], card_of(n, dhcp->v[i].interface), scope);
  for (size_t i = 0; i < p->nodes.n; i++)
    for (size_t k = 0; p->nodes.v + i != n && k < p->nodes.v[i].interfaces.n;
         k++)
      add_reservation(p, n, &p->nodes.v[i], &p->nodes.v[i].interfaces.v[k],
                      scope);
}

static void set_names(const struct plan *p, struct scope *scope) {
  struct plan_list all = {0};
  for (size_t i = 0; i < p->nodes.n; i++)
    *plan_list_add(&all) = &p->nodes.v[i];
  nodes_rows(scope, "dns_names", &all, NULL);
  free(all.v);
}

/* There is one, so it may walk over all nodes. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *scope) {
  const struct spec *s = p->spec;
  char a[NET_TEXT];
  if (n->spec->role != ROLE_GATEWAY)
    return;
  scope_set(scope, "wan", s->gateway.wan ? s->gateway.wan : "");
  scope_set(scope, "tftp", s->gateway.tftp ? s->gateway.tftp : "");
  scope_set(scope, "boot_file",
            s->gateway.boot_file ? s->gateway.boot_file : "");
  scope_set_list(scope, "forwarders");
  for (size_t i = 0; i < s->gateway.forwarders.n; i++)
    scope_set(scope_add(scope, "forwarders"), "address",
              ip_format(s->gateway.forwarders.v[i], a));
  set_lans(s, n, scope);
  set_names(p, scope);
  set_dhcp(p, n, scope);
}

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  if (n->spec->role == ROLE_GATEWAY)
    judge_gateway_ask(in->plan, head);
}

/* ---- What fits together ---- */

/* The gateway's network at one of its interfaces, with its own address; false
 * where there is no such interface, or none with an address of the spec's. */
static bool network_of(const struct spec *s, const struct spec_node *n,
                       const char *interface, struct cidr *ret,
                       struct ip *ret_own) {
  struct interface_use_vec uses = {0};
  bool found = !interface;
  const struct cidr *net = spec_net_of(s, n->address);
  *ret = net ? *net : s->network.subnet;
  *ret_own = n->address;
  interfaces_of(&s->network.interfaces, &s->entry_interfaces.v[n->entry],
                &uses);
  for (size_t i = 0; interface && i < uses.n; i++) {
    const struct spec_card_address *a = &uses.v[i].said->address;
    if (strcmp(uses.v[i].name, interface) != 0 || !ip_is_set(a->ip))
      continue;
    *ret = cidr_around(a->ip, a->bits);
    *ret_own = a->ip;
    found = true;
  }
  free(uses.v);
  return found;
}

static bool has_interface(const struct spec *s, const struct spec_node *n,
                          const char *name) {
  struct interface_use_vec uses = {0};
  bool found = false;
  interfaces_of(&s->network.interfaces, &s->entry_interfaces.v[n->entry],
                &uses);
  for (size_t i = 0; i < uses.n; i++)
    found |= strcmp(uses.v[i].name, name) == 0;
  free(uses.v);
  return found;
}

/* One end of a range; false after a fault. */
static bool check_end(const struct checking *c, const struct yaml_node *at,
                      struct ip a, const struct cidr *net) {
  char x[NET_TEXT], y[NET_TEXT];
  if (cidr_has(net, a) && !ip_equal(a, net->base) &&
      !ip_equal(a, cidr_last(net)))
    return true;
  yaml_fault(c->err, at,
             "%s is no machine's address in the network %s, which the gateway "
             "has there",
             ip_format(a, x), cidr_format(net, y));
  return false;
}

/* An address that is somebody's already. */
static void check_taken(const struct checking *c, const struct yaml_node *at,
                        const struct spec_dhcp *d, struct ip a,
                        const char *whose) {
  char x[NET_TEXT];
  if (ip_is_set(a) && ip_compare(d->first, a) <= 0 &&
      ip_compare(a, d->last) <= 0)
    yaml_fault(c->err, at,
               "the range holds %s, the address of %s; write one that has no "
               "machine's",
               ip_format(a, x), whose);
}

static void check_free(const struct checking *c, const struct yaml_node *at,
                       const struct spec_dhcp *d) {
  const struct spec *s = c->spec;
  if (s->endpoint.provider != PROVIDER_FIRST_NODE)
    check_taken(c, at, d, s->endpoint.address, "the endpoint");
  check_taken(c, at, d, s->network.gateway, "the router");
  for (size_t i = 0; i < s->nodes.n; i++) {
    _cleanup_free_ char *who = xasprintf("the node '%s'", s->nodes.v[i].name);
    if (!ip_equal(s->nodes.v[i].address, s->network.gateway))
      check_taken(c, at, d, s->nodes.v[i].address, who);
  }
}

static void check_range(const struct checking *c, const struct spec_node *n,
                        const struct spec_dhcp *d, const struct yaml_node *at) {
  struct cidr net;
  struct ip own;
  char x[NET_TEXT], y[NET_TEXT];
  if (d->interface && is_wan(c->spec, d->interface)) {
    yaml_fault(c->err, yaml_get(at, "interface"),
               "'%s' leads out, and who is there has addresses from elsewhere; "
               "write another interface",
               d->interface);
    return;
  }
  if (!network_of(c->spec, n, d->interface, &net, &own)) {
    yaml_fault(c->err, yaml_get(at, "interface"),
               "'%s' is no interface of the gateway '%s' with an address of "
               "its own",
               d->interface, n->name);
    return;
  }
  if (check_end(c, yaml_get(at, "first"), d->first, &net) &&
      check_end(c, yaml_get(at, "last"), d->last, &net)) {
    if (ip_compare(d->first, d->last) > 0)
      yaml_fault(c->err, yaml_get(at, "last"),
                 "the range ends before it begins");
    check_taken(c, yaml_get(at, "first"), d, own, "the gateway itself");
    check_free(c, yaml_get(at, "first"), d);
  }
  if (ip_is_set(d->broadcast) && !ip_equal(d->broadcast, cidr_last(&net)))
    yaml_fault(c->err, yaml_get(at, "broadcast"),
               "the broadcast address of %s is %s; write that, or leave it out",
               cidr_format(&net, x), ip_format(cidr_last(&net), y));
  if (ip_is_set(d->router))
    (void)check_end(c, yaml_get(at, "router"), d->router, &net);
}

static void check_ranges(const struct checking *c, const struct spec_node *n,
                         const struct yaml_node *map) {
  const struct spec_dhcp_vec *dhcp = &c->spec->gateway.dhcp;
  const struct yaml_node *list = yaml_get(map, "dhcp");
  for (size_t i = 0; list && i < dhcp->n; i++) {
    check_range(c, n, &dhcp->v[i], list->child[i]);
    for (size_t k = 0; k < i; k++) {
      const char *a = dhcp->v[i].interface, *b = dhcp->v[k].interface;
      if (a && b ? strcmp(a, b) == 0 : a == b) {
        yaml_fault(c->err, list->child[i],
                   "two ranges are for one interface; write one");
        break;
      }
    }
  }
}

static void check_gateway(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *map = yaml_get(c->root, "gateway");
  const struct spec_node *n = spec_first(s, ROLE_GATEWAY);
  if (spec_count(s, ROLE_GATEWAY) > 1)
    yaml_fault(c->err, check_place(c, "nodes", NULL),
               "%zu gateways; one has the networks' addresses, and two would "
               "give the same ones to different machines",
               spec_count(s, ROLE_GATEWAY));
  else if (!n && map)
    yaml_fault(c->err, map,
               "no node has the role gateway, and no other does what stands "
               "here");
  if (!n || !map)
    return;
  if (s->gateway.wan && !has_interface(s, n, s->gateway.wan))
    yaml_fault(c->err, yaml_get(map, "wan"),
               "'%s' is no interface of the gateway '%s'; it must be one of "
               "its 'interfaces'",
               s->gateway.wan, n->name);
  if (s->gateway.boot_file && !s->gateway.tftp)
    yaml_fault(c->err, yaml_get(map, "bootFile"),
               "there is no TFTP from which it could come; write tftp");
  check_ranges(c, n, map);
}

static const struct spec_check checks[] = {
    {check_gateway,
     {"gateway", "nodes.name", "nodes.role", "nodes.address",
      "nodes.interfaces", "network", "endpoint"}},
    {0},
};

const struct part part_gateway = {
    .name = "gateway",
    .why = why,
    .checks = checks,
    .files = files,
    .units = units,
    .steps = steps,
    .node_values = node_values,
    .ask = ask,
    .verify = judge_gateway,
};
