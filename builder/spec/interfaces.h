/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a spec says of a node's network cards besides the one over which the
 * cluster talks: cards of all nodes, and behind them, or in their place where
 * both have one name, those of a node's entry.
 */
#pragma once

#include "base/net.h"
#include "base/strv.h"
#include "base/vec.h"
#include "spec/words.h"
#include <stdbool.h>

/* The longest name of an interface with its NUL: the kernel's IFNAMSIZ. */
#define INTERFACE_NAME 16

DEFINE_VEC(ip_vec, struct ip);

struct spec_route {
  struct cidr to;
  struct ip via;
};
DEFINE_VEC(spec_route_vec, struct spec_route);

/* An address with its prefix, or that of a DHCP server; neither: none. */
struct spec_card_address {
  bool dhcp;
  struct ip ip;
  int bits;
};

/* A router, or that of a DHCP server; neither: none. */
struct spec_card_gateway {
  bool dhcp;
  struct ip ip;
};

/* Several cards that are one. No members: none. */
struct spec_bond {
  struct strv members; /* names of cards, or MAC addresses, with a + or not */
  enum bond_mode mode;
};

/* Of a range of nodes the first one's; the others' are counted up. */
struct spec_interface {
  char *name;     /* NULL: by its place, "net1" */
  struct mac mac; /* all 0: the card that the kernel calls by the name */
  struct spec_card_address address;
  struct spec_card_address address6;
  struct ip_vec more; /* further addresses, of the same network */
  struct spec_card_gateway gateway;
  int mtu; /* 0: the card's own */
  struct spec_route_vec routes;
  int vlan;   /* it is this VLAN of another one; 0: none */
  char *link; /* of which; NULL: of the cluster's card */
  struct spec_bond bond;
};
DEFINE_VEC(spec_interface_vec, struct spec_interface);

void spec_interfaces_done(struct spec_interface_vec *v);

/* Whether it is an address, and not all 0. */
bool interface_is_known(const struct mac *m);

/* Whether text is a member of a bond, a MAC address if ret_mac becomes other
 * than all 0. */
bool bond_member_read(const char *text, struct mac *ret_mac);
#define BOND_MEMBER_RULE                                                       \
  "the name of a card, like eno1, or its MAC address, like 52:54:00:12:34:56+"

/* A card as a node has it. */
struct interface_use {
  const struct spec_interface *said;
  bool for_all; /* said of all nodes, and not of the node's entry */
  size_t index; /* in its list */
  char name[INTERFACE_NAME];
};
DEFINE_VEC(interface_use_vec, struct interface_use);

/* Adds those of a node to ret, by what is said of all nodes and of its entry;
 * the caller frees ret->v. */
void interfaces_of(const struct spec_interface_vec *all,
                   const struct spec_interface_vec *entry,
                   struct interface_use_vec *ret);

/* What a card of a node can be called: not by what the kernel, kubeseed or a
 * network of pods call theirs. */
#define INTERFACE_NAME_RULE                                                    \
  "a name like net1 or enp0s8, at most 15 long, and none that kubeseed, the "  \
  "kernel or a network of pods has for its own, such as kube0, lo or cni0"
#define INTERFACE_NAME_TAKEN                                                   \
  "lo$|bonding_masters$|all$|default$|dummy|kube|cni|veth|cali|flannel|"       \
  "vxlan|tunl|cilium|lxc|weave|antrea|docker|nodelocaldns|cloud-init"
bool interface_name_ok(const char *name);
