/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node's network cards. Today there is one, over which the cluster talks; a
 * second one is a second member of the list, and whatever is made for each card
 * (network-config, systemd.link files, a card of the virtual machine) follows.
 */
#pragma once

#include "base/vec.h"
#include "spec/spec.h"

struct plan_interface {
  const char *name; /* on the node: "kube0" */
  char *link;       /* where the node has its systemd.link(5) */
  struct mac mac;
  struct ip address;
  int bits;          /* prefix length of the network that address is in */
  struct ip gateway; /* where the default route goes; absent: not this way */
  bool pod_routes;   /* the pods of the other nodes are behind it */
};
DEFINE_VEC(plan_interface_vec, struct plan_interface);

/* Adds the cards of a node to ret; the first is the cluster's. */
void plan_interfaces(const struct spec *s, const struct spec_node *n,
                     struct plan_interface_vec *ret);

void plan_interfaces_done(struct plan_interface_vec *v);
