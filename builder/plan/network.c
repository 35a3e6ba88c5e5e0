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

void plan_interfaces(const struct spec *s, const struct spec_node *n,
                     struct plan_interface_vec *ret) {
  *plan_interface_vec_add(ret) = (struct plan_interface){
      .name = CLUSTER_INTERFACE,
      .link = xstrdup("/etc/systemd/network/10-" CLUSTER_INTERFACE ".link"),
      .mac = choose_mac(s, n),
      .address = n->address,
      .bits = s->network.subnet.bits,
      .gateway = s->network.gateway,
      .pod_routes = s->network.cni == CNI_BRIDGE,
  };
}

void plan_interfaces_done(struct plan_interface_vec *v) {
  for (size_t i = 0; i < v->n; i++)
    free(v->v[i].link);
  free(v->v);
  *v = (struct plan_interface_vec){0};
}
