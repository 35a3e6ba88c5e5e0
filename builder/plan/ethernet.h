/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What machines have of a node's network where this host's kernel carries it
 * (containers): a card for each card of the plan and for each VLAN on one, and
 * an Ethernet for each network of the spec. So a card is in its network as a
 * switch has it there, tagged or not, and no kernel has to know VLANs.
 */
#pragma once

#include "plan/network.h"

/* Sets each interface's ethernet: that of the network of its address; without
 * one a VLAN's of its number, and a card's as plan_interface_wire has it. */
void ethernet_set(const struct spec *s, struct plan_interface_vec *v);

/* Whether the i-th interface is such a card; ret is its MAC address then, a
 * VLAN's another one than that of the card it is on. */
bool ethernet_card(const struct plan_interface_vec *v, size_t i,
                   struct mac *ret);
