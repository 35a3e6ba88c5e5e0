/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/defaults.h"

#include "format/yaml.h"
#include "spec/addons.h"
#include "spec/cni.h"
#include "spec/payload-facts.h"
#include "spec/value.h"
#include <string.h>

/* A defaulted address is looked for from here in the subnet. */
#define DEFAULT_VIP_HOST 20
#define DEFAULT_NODE_HOST 31

#define GIB ((uint64_t)1 << 30)
#define MIB ((uint64_t)1 << 20)

void defaults_constant(const struct key *of, void *base, struct error *err) {
  for (const struct key *k = key_first(of); k; k = key_next(k)) {
    if (k->type == TYPE_MAP)
      defaults_constant(k, base, err);
    if (k->value) {
      _cleanup_yaml_ struct yaml_node *value = yaml_new_str(k->value);
      value_read(k, value, base, err);
    }
  }
}

static int by_address(const void *a, const void *b) {
  return ip_compare(*(const struct ip *)a, *(const struct ip *)b);
}

/* The addresses that the author or a default has given away, sorted. */
static struct ip_vec taken_addresses(const struct spec *s) {
  struct ip_vec taken = {0};
  if (ip_is_set(s->endpoint.address))
    *ip_vec_add(&taken) = s->endpoint.address;
  if (ip_is_set(s->network.gateway))
    *ip_vec_add(&taken) = s->network.gateway;
  for (size_t i = 0; i < s->nodes.n; i++)
    *ip_vec_add(&taken) = s->nodes.v[i].address;
  qsort(taken.v, taken.n, sizeof(*taken.v), by_address);
  return taken;
}

/* Gives each node without an address the next free one in the subnet; those
 * for which there is none stay without, which spec_check refuses. */
static void default_addresses(struct spec *s) {
  const struct cidr *net = &s->network.subnet;
  struct ip_vec taken = taken_addresses(s);
  uint32_t host = DEFAULT_NODE_HOST;
  for (size_t i = 0; i < s->nodes.n; i++) {
    struct ip *address = &s->nodes.v[i].address;
    if (ip_is_set(*address))
      continue;
    struct ip next;
    do
      next = cidr_host(net, host++);
    while (ip_is_set(next) &&
           bsearch(&next, taken.v, taken.n, sizeof(next), by_address));
    if (!ip_is_set(next) || ip_equal(next, cidr_last(net)))
      break;
    *address = next;
    s->nodes.v[i].address_made = true;
  }
  free(taken.v);
}

/* The same number in the network of IPv6; what does not fit stays without,
 * which the checks refuse. */
static void default_addresses6(struct spec *s) {
  const struct cidr *net = &s->network.subnet, *net6 = &s->network.ipv6.subnet;
  for (size_t i = 0; i < s->nodes.n; i++) {
    struct spec_node *n = &s->nodes.v[i];
    if (!ip_is_set(n->address6) && cidr_has(net, n->address))
      n->address6 = cidr_host(net6, ip_distance(net->base, n->address));
  }
}

/* The gateway is where the others look for it. */
static void default_gateway_node(struct spec *s) {
  for (size_t i = 0; i < s->nodes.n; i++) {
    struct spec_node *n = &s->nodes.v[i];
    if (n->role != ROLE_GATEWAY)
      continue;
    if (!ip_is_set(n->address))
      n->address = s->network.gateway;
    return;
  }
}

static void default_nodes(struct spec *s) {
  for (size_t i = 0; i < s->nodes.n; i++) {
    struct spec_node *n = &s->nodes.v[i];
    bool small = n->role == ROLE_LOAD_BALANCER || n->role == ROLE_GATEWAY ||
                 n->role == ROLE_JUMP;
    if (n->cpus == 0)
      n->cpus = small ? 1 : 2;
    if (n->memory == 0)
      n->memory = small ? 512 * MIB : 2 * GIB;
    if (n->disk == 0)
      n->disk = s->image.disk;
  }
  default_gateway_node(s);
  default_addresses(s);
  if (spec_has_ipv6(s))
    default_addresses6(s);
}

static void default_network(struct spec *s) {
  if (!ip_is_set(s->network.gateway) && !s->network.no_gateway)
    s->network.gateway = cidr_host(&s->network.subnet, 1);
  if (s->network.dns.n == 0 && ip_is_set(s->network.gateway))
    *ip_vec_add(&s->network.dns) = s->network.gateway;
  if (!s->network.domain && s->name)
    s->network.domain = xasprintf("%s.internal", s->name);
  if (!ip_is_set(s->endpoint.address) &&
      s->endpoint.provider != PROVIDER_FIRST_NODE &&
      s->endpoint.provider != PROVIDER_EXTERNAL)
    s->endpoint.address = cidr_host(&s->network.subnet, DEFAULT_VIP_HOST);
  if (!s->endpoint.name && s->network.domain)
    s->endpoint.name = xasprintf("api.%s", s->network.domain);
}

void defaults_derived(struct spec *s) {
  if (!s->kubernetes.payload && s->kubernetes.version_text)
    s->kubernetes.payload =
        xstrdup(payload_default(s->kubernetes.version_text));
  if (s->image.debian == 0)
    s->image.debian = version_debian(&s->kubernetes.version);
  if (s->users.n == 0)
    spec_user_vec_add(&s->users)->name = xstrdup("debian");
  if (s->kubernetes.version_text)
    cni_add_images(s);
  if (s->kubernetes.version_text)
    addons_add_images(s);
  default_network(s);
  default_nodes(s);
  const struct spec_node *first = spec_first(s, ROLE_CONTROL_PLANE);
  if (s->endpoint.provider == PROVIDER_FIRST_NODE && first &&
      !ip_is_set(s->endpoint.address))
    s->endpoint.address = first->address;
}
