/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/addons-checks.h"

#include "spec/addons.h"
#include "spec/payload-facts.h"
#include <string.h>

static const struct yaml_node *place(const struct checking *c, size_t i) {
  return yaml_get(c->root, "addons")->child[i];
}

/* Settings that the entry's add-on does not have. */
static void check_settings(const struct checking *c, const char *name,
                           const struct yaml_node *entry) {
  for (size_t i = 0; entry->kind == YAML_MAP && i < entry->n; i++) {
    enum addon owner;
    if (addon_setting(entry->child[i]->key, &owner) &&
        strcmp(addon_name(owner), name) != 0)
      yaml_fault_key(c->err, entry->child[i],
                     "'%s' is a setting of %s, and this is %s; leave it out",
                     entry->child[i]->key, addon_name(owner), name);
  }
}

static void check_names(const struct checking *c) {
  const struct spec *s = c->spec;
  for (size_t i = 0; i < s->addons.n; i++) {
    const char *name = addon_name(s->addons.v[i].name);
    const char *retired = addon_retired((enum addon)s->addons.v[i].name);
    check_settings(c, name, place(c, i));
    if (retired)
      check_warn(c, place(c, i), "the add-on %s %s", name, retired);
    for (size_t k = 0; k < i; k++)
      if (s->addons.v[k].name == s->addons.v[i].name)
        yaml_fault(c->err, place(c, i), "the add-on %s stands twice", name);
  }
}

/* Images from a payload that has them, and a release for the version. */
static void check_images(const struct checking *c) {
  const struct spec *s = c->spec;
  const char *payload = s->kubernetes.payload;
  if (!payload || !s->kubernetes.version_text)
    return;
  bool debian = payload_facts(payload)->kind == PAYLOAD_DEBIAN;
  for (size_t i = 0; i < s->addons.n; i++) {
    enum addon a = (enum addon)s->addons.v[i].name;
    const char *from = addon_too_old(s, a);
    if (debian && addon_image(s, a, 0))
      yaml_fault(c->err, place(c, i),
                 "the payload '%s' has no images of %s; leave it out, or write "
                 "another payload",
                 payload, addon_name(a));
    else if (from)
      yaml_fault(c->err, place(c, i),
                 "kubeseed knows of no %s for Kubernetes %s, only for %s and "
                 "later; leave it out",
                 addon_name(a), s->kubernetes.version_text, from);
  }
}

/* ---- Addresses of services ---- */

struct range {
  const struct yaml_node *at;
  const char *text;
  struct ip first, last;
};

static bool has(const struct range *r, struct ip a) {
  return ip_is_set(a) && a.family == r->first.family &&
         ip_compare(r->first, a) <= 0 && ip_compare(a, r->last) <= 0;
}

static bool meets(const struct range *r, const struct cidr *net) {
  return cidr_has(net, r->first) || cidr_has(net, r->last) || has(r, net->base);
}

static void taken(const struct checking *c, const struct range *r, struct ip a,
                  const char *whose) {
  char text[NET_TEXT];
  if (has(r, a))
    yaml_fault(c->err, r->at,
               "%s is among the addresses that services get, and it is %s; "
               "write a range without it",
               ip_format(a, text), whose);
}

static void check_machines(const struct checking *c, const struct range *r) {
  const struct spec *s = c->spec;
  for (size_t i = 0; i < s->nodes.n; i++) {
    const struct spec_node *n = &s->nodes.v[i];
    _cleanup_free_ char *whose = xasprintf("that of '%s'", n->name);
    taken(c, r, n->address, whose);
    taken(c, r, n->address6, whose);
    for (size_t k = 0; k < n->more.n; k++)
      taken(c, r, n->more.v[k], whose);
  }
  taken(c, r, s->endpoint.address, "the endpoint's");
  taken(c, r, s->network.gateway, "the gateway's");
  taken(c, r, s->network.ipv6.gateway, "the gateway's");
  for (size_t i = 0; i < s->network.subnets.n; i++)
    taken(c, r, s->network.subnets.v[i].gateway, "a gateway's");
  for (size_t i = 0; i < s->network.dns.n; i++)
    if (!ip_equal(s->network.dns.v[i], s->network.gateway))
      taken(c, r, s->network.dns.v[i], "a name server's");
  for (size_t i = 0; i < s->gateway.dhcp.n; i++)
    taken(c, r, s->gateway.dhcp.v[i].first, "given to others by DHCP");
}

/* Who asks for an address does so in the network that has it (RFC 826), and
 * there a node must be. */
static void check_place_of(const struct checking *c, const struct range *r) {
  const struct spec *s = c->spec;
  const struct cidr *net = r->first.family == IP_V6 ? &s->network.ipv6.subnet
                                                    : spec_net_of(s, r->first);
  char a[NET_TEXT];
  if (!net || !ip_is_set(net->base) || !cidr_has(net, r->first) ||
      !cidr_has(net, r->last))
    check_warn(c, r->at,
               "no network of the nodes has all of %s; nobody there asks for "
               "these addresses unless a router leads them to the nodes' wire",
               r->text);
  else if (has(r, net->base) ||
           (net->base.family == IP_V4 && has(r, cidr_last(net))))
    yaml_fault(c->err, r->at,
               "%s has the first or the last address of the network %s, which "
               "is no machine's; write a range without it",
               r->text, cidr_format(net, a));
}

static void check_range(const struct checking *c, const struct range *r) {
  const struct spec *s = c->spec;
  const struct {
    const struct cidr *net;
    const char *of;
  } nets[] = {{&s->network.pods, "pods"},
              {&s->network.services, "services"},
              {&s->network.ipv6.pods, "pods"},
              {&s->network.ipv6.services, "services"}};
  char a[NET_TEXT];
  if (ip_compare(r->first, r->last) > 0) {
    yaml_fault(c->err, r->at, "the first address of %s is behind the last",
               r->text);
    return;
  }
  for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
    if (ip_is_set(nets[i].net->base) && meets(r, nets[i].net)) {
      yaml_fault(c->err, r->at,
                 "%s is in the network of %s, %s, which is known within the "
                 "cluster alone; write addresses of the nodes' network",
                 r->text, nets[i].of, cidr_format(nets[i].net, a));
      return;
    }
  check_machines(c, r);
  check_place_of(c, r);
}

static void check_metallb(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct spec_addon *a = addon_of(s, ADDON_METALLB);
  if (!a)
    return;
  const struct yaml_node *entry = place(c, (size_t)(a - s->addons.v));
  if (a->addresses.n == 0)
    yaml_fault(c->err, entry,
               "metallb has no addresses to give to services; write "
               "`addresses: [192.168.4.200-192.168.4.220]`, with some that "
               "nobody has");
  if (s->kubernetes.proxy_mode == PROXY_MODE_IPVS)
    yaml_fault(c->err, entry,
               "with kube-proxy's mode ipvs every node would answer for the "
               "addresses of metallb; write iptables or nftables in "
               "kubernetes.kubeProxy.mode");
  const struct yaml_node *list =
      entry->kind == YAML_MAP ? yaml_get(entry, "addresses") : NULL;
  for (size_t i = 0; list && i < a->addresses.n; i++) {
    struct range r = {.at = list->child[i], .text = a->addresses.v[i]};
    if (addon_range_parse(r.text, &r.first, &r.last))
      check_range(c, &r);
  }
}

/* Two that have one address, and those without which another does nothing. */
static void check_together(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct spec_addon *dns = addon_of(s, ADDON_KUBE_DNS);
  if (dns && s->network.dns.n == 0)
    check_warn(c, place(c, (size_t)(dns - s->addons.v)),
               "nodes have no name server, so kube-dns answers for names of "
               "the cluster alone; write network.dns");
}

const struct spec_check addons_checks[] = {
    {check_names, {"addons"}},
    {check_images, {"addons", "kubernetes.version", "kubernetes.payload"}},
    {check_metallb,
     {"addons", "network", "nodes", "endpoint", "gateway",
      "kubernetes.kubeProxy.mode"}},
    {check_together, {"addons", "network"}},
    {0},
};
