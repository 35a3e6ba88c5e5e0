/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node's network cards, as its templates have them. */
#pragma once

#include "format/template.h"
#include "plan/network.h"
#include "plan/plan.h"

/* What a template that is rendered for one card says of it: interface, mac,
 * address, bits and gateway. */
void network_card(struct scope *s, const struct plan_interface *card);

/* The same, and what the card's own files are made of. */
void network_files(struct scope *s, const struct plan_interface *card);

/* The name of the node's card in the network of the endpoint's address,
 * borrowed: the cluster's own, unless that is one of network.subnets. */
const char *network_vip_card(const struct plan *p, const struct plan_node *n);
