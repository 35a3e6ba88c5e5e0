/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/network.h"

#include "plan/identity.h"
#include <stdlib.h>
#include <string.h>

/* A name that the kernel gives to no card, so that none is in its way. */
#define CLUSTER_INTERFACE "kube0"

static struct mac choose_mac(const struct spec *s, const struct spec_node *n) {
  static const struct mac none;
  if (memcmp(&n->mac, &none, sizeof(none)) != 0)
    return n->mac;
  uint8_t d[SHA256_BYTES];
  struct mac m;
  plan_derive(s, "mac", n->name, d);
  memcpy(m.b, d, sizeof(m.b));
  /* Locally administered, not multicast (IEEE 802, clause 8.4). */
  m.b[0] = 0x02;
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

/* The card over which the cluster talks. A packet for a service is given
 * another address only after its way has been chosen: it needs one to have. */
static void add_cluster(const struct spec *s, const struct spec_node *n,
                        bool out, struct plan_interface_vec *ret) {
  struct ip gateway = out ? s->network.gateway : (struct ip){0};
  *plan_interface_vec_add(ret) = (struct plan_interface){
      .name = xstrdup(CLUSTER_INTERFACE),
      .link = xstrdup("/etc/systemd/network/10-" CLUSTER_INTERFACE ".link"),
      .mac = choose_mac(s, n),
      .address = n->address,
      .bits = s->network.subnet.bits,
      .gateway = gateway,
      .on_link = ip_is_set(gateway) && !cidr_has(&s->network.subnet, gateway),
      .mtu = s->network.mtu,
      .routes = &s->network.routes,
      .pod_routes = s->network.cni == CNI_BRIDGE,
      .service_routes = !ip_is_set(gateway),
  };
}

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
  static const struct mac none;
  const struct spec_interface *said = use->said;
  uint32_t nth = use->for_all ? (uint32_t)(n - s->nodes.v) : n->nth;
  struct plan_interface *i = plan_interface_vec_add(ret);
  *i = (struct plan_interface){
      .name = xstrdup(use->name),
      .conf = xasprintf("/etc/systemd/network/10-cloud-init-%s.network.d/"
                        "kubeseed.conf",
                        use->name),
      .dhcp = said->address.dhcp,
      .address = counted(said->address.ip, nth),
      .bits = said->address.bits,
      .gateway = said->gateway.ip,
      .gateway_dhcp = said->gateway.dhcp,
      .mtu = said->mtu,
      .routes = &said->routes,
  };
  i->on_link =
      ip_is_set(i->gateway) && !in_network(i->address, i->bits, i->gateway);
  if (memcmp(&said->mac, &none, sizeof(none)) == 0)
    return;
  (void)mac_add(&said->mac, nth, &i->mac);
  i->link = xasprintf("/etc/systemd/network/10-%s.link", use->name);
}

void plan_interfaces(const struct spec *s, const struct spec_node *n,
                     struct plan_interface_vec *ret) {
  struct interface_use_vec others = {0};
  interfaces_of(&s->network.interfaces, &s->entry_interfaces.v[n->entry],
                &others);
  add_cluster(s, n, leads_out(&others), ret);
  for (size_t i = 0; i < others.n; i++)
    add_other(s, n, &others.v[i], ret);
  free(others.v);
}

bool plan_interface_made(const struct plan_interface *i) {
  static const struct mac none;
  return memcmp(&i->mac, &none, sizeof(none)) != 0;
}

void plan_interfaces_done(struct plan_interface_vec *v) {
  for (size_t i = 0; i < v->n; i++) {
    free(v->v[i].name);
    free(v->v[i].link);
    free(v->v[i].conf);
  }
  free(v->v);
  *v = (struct plan_interface_vec){0};
}
