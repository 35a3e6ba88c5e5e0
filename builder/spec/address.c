/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/address.h"

#include "base/mem.h"

static const struct {
  struct cidr net;
  const char *is;     /* of an address in it */
  const char *within; /* of a network that has some of it */
} unusable[] = {
    {{{IP_V4, {0}}, 8},
     "in 0.0.0.0/8, where no machine is",
     "no machine is in 0.0.0.0/8"},
    {{{IP_V4, {127}}, 8},
     "a loopback address: each machine has it for itself",
     "127.0.0.0/8 is loopback, which each machine has for itself"},
    {{{IP_V4, {224}}, 4},
     "a multicast address, and no machine's",
     "224.0.0.0/4 is multicast, and no network of machines"},
    {{{IP_V4, {240}}, 4},
     "in 240.0.0.0/4, which is reserved, and no machine's",
     "240.0.0.0/4 is reserved, and no network of machines"},
};

/* What machines have is a part of IPv6 (IANA's registry of its address space):
 * global unicast, and unique local (RFC 4193). */
#define IPV6_RULE "outside of 2000::/3 and fc00::/7, where machines' ones are"
static bool usable6(const struct cidr *net) {
  static const struct cidr global = {{IP_V6, {0x20}}, 3};
  static const struct cidr local = {{IP_V6, {0xfc}}, 7};
  return (net->bits >= global.bits && cidr_has(&global, net->base)) ||
         (net->bits >= local.bits && cidr_has(&local, net->base));
}

const char *address_fault(struct ip a) {
  const struct cidr alone = {a, 128};
  if (a.family == IP_V6)
    return usable6(&alone) ? NULL : IPV6_RULE;
  for (size_t i = 0; i < ARRAY_SIZE(unusable); i++)
    if (cidr_has(&unusable[i].net, a))
      return unusable[i].is;
  return NULL;
}

const char *network_fault(const struct cidr *net) {
  if (net->base.family == IP_V6)
    return usable6(net) ? NULL : "it is " IPV6_RULE;
  for (size_t i = 0; i < ARRAY_SIZE(unusable); i++)
    if (cidr_overlap(&unusable[i].net, net))
      return unusable[i].within;
  return NULL;
}
