/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/check-names.h"

#include "base/mem.h"
#include <string.h>

#define DNS_MAX 253 /* RFC 1035, 2.3.4, as text */

/* name is parent, or below it. */
static bool within(const char *name, const char *parent) {
  size_t n = strlen(name), m = strlen(parent);
  return n >= m && strcmp(name + n - m, parent) == 0 &&
         (n == m || name[n - m - 1] == '.');
}

/* What a name is that leads elsewhere on every machine, for behind "which is";
 * NULL for others. RFC 6761, 6.3; user-data/hosts. */
static const char *leads_elsewhere(const struct spec *s, const char *name) {
  if (within(name, "localhost") || within(name, "localhost.localdomain") ||
      strcmp(name, "ip6-localhost") == 0 || strcmp(name, "ip6-loopback") == 0)
    return "each machine's own name for itself";
  if (s->kubernetes.cluster_domain &&
      within(name, s->kubernetes.cluster_domain))
    return "in the zone of the cluster's own DNS (kubernetes.clusterDomain)";
  return NULL;
}

/* As it was written; NULL when it follows from the domain. */
static const struct yaml_node *endpoint_name(const struct checking *c) {
  const struct yaml_node *endpoint = yaml_get(c->root, "endpoint");
  return endpoint ? yaml_get(endpoint, "name") : NULL;
}

static void check_domain(const struct checking *c) {
  const char *domain = c->spec->network.domain;
  const char *wrong = domain ? leads_elsewhere(c->spec, domain) : NULL;
  if (wrong)
    yaml_fault(c->err, check_place(c, "network", "domain"),
               "the domain is '%s', which is %s; write another one", domain,
               wrong);
}

static void check_endpoint_name(const struct checking *c) {
  const char *name = c->spec->endpoint.name;
  const char *wrong = name ? leads_elsewhere(c->spec, name) : NULL;
  /* One that follows from the domain is told there. */
  if (wrong && endpoint_name(c))
    yaml_fault(c->err, check_place(c, "endpoint", "name"),
               "the endpoint's name is '%s', which is %s; write another one",
               name, wrong);
}

/* The longest name before the domain: of a node, or "api" where the endpoint's
 * name follows from the domain. */
static void check_length(const struct checking *c) {
  const struct spec *s = c->spec;
  const char *longest = endpoint_name(c) ? "" : "api";
  for (size_t i = 0; i < s->nodes.n; i++)
    if (strlen(s->nodes.v[i].name) > strlen(longest))
      longest = s->nodes.v[i].name;
  size_t n =
      strlen(longest) + 1 + (s->network.domain ? strlen(s->network.domain) : 0);
  if (n > DNS_MAX)
    yaml_fault(c->err, check_place(c, "network", "domain"),
               "with the name '%s' before the domain a DNS name is %zu long, "
               "and at most %d are possible; write a shorter domain",
               longest, n, DNS_MAX);
}

/* False after a fault. */
static bool check_node_name(const struct checking *c,
                            const struct spec_node *n) {
  const struct spec *s = c->spec;
  const struct yaml_node *at = check_node_place(c, n, "name");
  const struct yaml_node *written = endpoint_name(c);
  const char *wrong = leads_elsewhere(s, n->name);
  _cleanup_free_ char *full = xasprintf("%s.%s", n->name, s->network.domain);
  if (wrong) {
    yaml_fault(c->err, at,
               "a node has the name '%s', which is %s; write "
               "another one",
               n->name, wrong);
    return false;
  }
  if (strcmp(s->endpoint.name, full) != 0 &&
      strcmp(s->endpoint.name, n->name) != 0)
    return true;
  if (written)
    yaml_fault(c->err, written,
               "the endpoint's name '%s' is that of the node '%s'; write one "
               "of its own",
               s->endpoint.name, n->name);
  else
    yaml_fault(c->err, at,
               "the node '%s' has the endpoint's name '%s'; write another name "
               "for the node, or an endpoint.name",
               n->name, s->endpoint.name);
  return false;
}

static void check_node_names(const struct checking *c) {
  check_each_node(c, check_node_name);
}

const struct spec_check check_names_table[] = {
    {check_domain, {"network.domain", "kubernetes.clusterDomain"}},
    {check_endpoint_name, {"endpoint.name", "kubernetes.clusterDomain"}},
    {check_length, {"network.domain", "name", "nodes.name", "endpoint.name"}},
    {check_node_names,
     {"network.domain", "name", "nodes.name", "endpoint.name"}},
    {0},
};
