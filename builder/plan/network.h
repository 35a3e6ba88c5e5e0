/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node's network cards: first the one over which the cluster talks, then what
 * the spec says of others. Whatever is made for each (network-config, files of
 * systemd-networkd, a card of the virtual machine) follows the list.
 */
#pragma once

#include "base/strv.h"
#include "base/vec.h"
#include "spec/spec.h"

/* What an interface is: a card, or what systemd.netdev(5) makes of some. */
enum plan_link {
  LINK_CARD,
  LINK_VLAN,
  LINK_BOND,
  LINK_MEMBER, /* a card that is part of a bond, with nothing of its own */
};

struct plan_interface {
  enum plan_link kind;
  char *name;   /* on the node: "kube0"; of a member by MAC in the plan alone */
  char *link;   /* where the node has its systemd.link(5); NULL: nowhere */
  char *conf;   /* and more of its systemd.network(5); NULL: nowhere */
  char *netdev; /* a VLAN's or bond's systemd.netdev(5) */
  char *network;     /* a member's systemd.network(5) */
  struct mac mac;    /* all 0: known by its name; of a bond: the kernel's */
  bool further;      /* nothing waits for it */
  int vlan;          /* a VLAN's number */
  char *of;          /* a VLAN's card or bond, a member's bond */
  struct strv vlans; /* which are on it */
  char ethernet[16]; /* where containers have it (ethernet.h), as a name of
                        Linux's; "": with network.subnet */
  enum bond_mode mode;
  bool dhcp;         /* the address comes from a DHCP server */
  struct ip address; /* absent: none, or whatever DHCP gives; the cluster's is
                        reserved there */
  const struct ip_vec *more; /* further ones of that network; or NULL */
  int bits;           /* prefix length of the network that address is in */
  struct ip gateway;  /* where the default route goes; absent: not this way */
  bool gateway_dhcp;  /* the DHCP server tells where */
  bool on_link;       /* the gateway is not in the network of the address */
  struct ip address6; /* of IPv6, absent: none */
  int bits6;
  struct ip gateway6;                  /* absent: not this way */
  int mtu;                             /* 0: the card's own */
  const struct spec_route_vec *routes; /* further ones, of the spec; or NULL */
  bool pod_routes;      /* the pods of the other nodes are behind it */
  bool service_routes;  /* so are services, which the default route misses */
  bool service_routes6; /* the same of IPv6 */
};
DEFINE_VEC(plan_interface_vec, struct plan_interface);

/* Adds the cards of a node to ret; the first is the cluster's. */
void plan_interfaces(const struct spec *s, const struct spec_node *n,
                     struct plan_interface_vec *ret);

/* Whether a machine that is made is to have a card for it: one that is known by
 * its name is there. */
bool plan_interface_made(const struct plan_interface *i);

/* The number of the wire that the i-th card is on, where machines are made:
 * those with the same number are on one. The cluster's is 0, for the members of
 * its bond as well. */
size_t plan_interface_wire(const struct plan_interface_vec *v, size_t i);

/* Whether a machine that is made for the node has a card for the cluster's
 * network, and its address there: not where all members of its bond are known
 * by their names, or a DHCP server is to tell. A usage error says what to
 * write. */
int plan_interfaces_check(const char *node, const struct plan_interface_vec *v,
                          struct error *err) _must_check_;

void plan_interfaces_done(struct plan_interface_vec *v);
