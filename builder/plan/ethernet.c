/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/ethernet.h"

#include <stdio.h>
#include <string.h>

/* The name says what the Ethernet is, whatever else is in the spec: machines
 * that are switched on after a change of it find the same one. */
static void name_ethernet(const struct spec *s,
                          const struct plan_interface_vec *v, size_t i) {
  struct plan_interface *c = &v->v[i];
  size_t wire = plan_interface_wire(v, i);
  *c->ethernet = '\0';
  if (c->address.family == IP_V4) {
    struct cidr net = cidr_around(c->address, c->bits);
    const uint8_t *b = net.base.b;
    if (net.bits != s->network.subnet.bits ||
        !ip_equal(net.base, s->network.subnet.base))
      (void)snprintf(c->ethernet, sizeof(c->ethernet),
                     "net-%02x%02x%02x%02x-%u", b[0], b[1], b[2], b[3],
                     (unsigned)net.bits % 100);
  } else if (c->kind == LINK_VLAN) {
    (void)snprintf(c->ethernet, sizeof(c->ethernet), "vlan-%d", c->vlan);
  } else if (wire > 0) {
    (void)snprintf(c->ethernet, sizeof(c->ethernet), "wire-%zu", wire % 1000);
  }
}

void ethernet_set(const struct spec *s, struct plan_interface_vec *v) {
  for (size_t i = 0; i < v->n; i++)
    name_ethernet(s, v, i);
}

/* The VLAN's number is in the vendor's part, where no counting along a list of
 * nodes reaches; no vendor has it (the local bit, IEEE 802). */
static struct mac vlan_mac(struct mac m, int vlan) {
  m.b[0] = (uint8_t)((m.b[0] | 0x02) & ~0x01);
  m.b[1] ^= (uint8_t)(0x80 | vlan >> 8);
  m.b[2] ^= (uint8_t)vlan;
  return m;
}

bool ethernet_card(const struct plan_interface_vec *v, size_t i,
                   struct mac *ret) {
  const struct plan_interface *c = &v->v[i];
  if (c->kind != LINK_VLAN) {
    *ret = c->mac;
    return plan_interface_made(c);
  }
  for (size_t k = 0; k < v->n; k++)
    if (strcmp(v->v[k].name, c->of) == 0 && plan_interface_made(&v->v[k])) {
      *ret = vlan_mac(v->v[k].mac, c->vlan);
      return true;
    }
  return false;
}
