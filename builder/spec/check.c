/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/check.h"

#include "spec/table.h"
#include <stdlib.h>
#include <string.h>

/* More etcd members than this only make writes slower (etcd FAQ). */
#define MAX_MEMBERS 5
#define MAX_BALANCERS 9

struct check {
  struct spec *s;
  const struct yaml_node *root;
  struct error *err;
};

/* The node of "section.key", or the nearest one above that was written. */
static const struct yaml_node *place(const struct check *c, const char *section,
                                     const char *key) {
  const struct yaml_node *map = yaml_get(c->root, section);
  const struct yaml_node *value = map && key ? yaml_get(map, key) : NULL;
  if (value)
    return value;
  return map ? map : c->root;
}

/* The same of a node's entry, which may stand for several nodes. */
static const struct yaml_node *
node_place(const struct check *c, const struct spec_node *n, const char *key) {
  const struct yaml_node *entry = yaml_get(c->root, "nodes")->child[n->entry];
  const struct yaml_node *value = yaml_get(entry, key);
  return value ? value : entry;
}

/* Whether this is the first time that a fault of the node's entry is told. */
static bool first_of_entry(bool *told, const struct spec_node *n) {
  bool first = !told[n->entry];
  told[n->entry] = true;
  return first;
}

static void warn(const struct check *c, const struct yaml_node *at,
                 const char *text) {
  _cleanup_free_ char *where = yaml_where(at);
  strv_pushf(&c->s->warnings, "%s: %s", where, text);
}

static void check_networks(const struct check *c) {
  const struct spec *s = c->s;
  const struct {
    const char *key;
    const struct cidr *net;
  } nets[] = {
      {"subnet", &s->network.subnet},
      {"pods", &s->network.pods},
      {"services", &s->network.services},
  };
  char a[NET_TEXT];
  char b[NET_TEXT];
  for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
    for (size_t j = 0; j < i; j++)
      if (cidr_overlap(nets[i].net, nets[j].net))
        yaml_fault(c->err, place(c, "network", nets[i].key),
                   "the network '%s' (%s) overlaps '%s' (%s)", nets[i].key,
                   cidr_format(nets[i].net, a), nets[j].key,
                   cidr_format(nets[j].net, b));
  if (s->network.subnet.bits > 29)
    yaml_fault(c->err, place(c, "network", "subnet"),
               "the subnet %s has no room for a cluster; /29 is the smallest",
               cidr_format(&s->network.subnet, a));
  if (s->network.services.bits > 24 || s->network.services.bits < 12)
    yaml_fault(c->err, place(c, "network", "services"),
               "the service network must be a /12 to /24, as the API server "
               "wants it");
}

/* Why a cannot be the address of something in the subnet, or NULL. */
static const char *address_fault(const struct spec *s, struct ip a) {
  const struct cidr *net = &s->network.subnet;
  if (!cidr_has(net, a))
    return "is not in the subnet";
  if (ip_equal(a, net->base))
    return "is the subnet's own network address";
  if (ip_equal(a, cidr_last(net)))
    return "is the subnet's broadcast address";
  return NULL;
}

/* Two that are both absent do not clash. */
static bool same(struct ip a, struct ip b) {
  return ip_is_set(a) && ip_equal(a, b);
}

static bool check_address(const struct check *c, const struct yaml_node *at,
                          const char *what, struct ip a) {
  char buf[NET_TEXT];
  char net[NET_TEXT];
  cidr_format(&c->s->network.subnet, net);
  if (!ip_is_set(a)) {
    yaml_fault(c->err, at,
               "%s: the subnet %s has no default address left for it; write an "
               "address, or a larger subnet",
               what, net);
    return false;
  }
  const char *wrong = address_fault(c->s, a);
  if (wrong)
    yaml_fault(c->err, at, "%s: the address %s %s %s", what, ip_format(a, buf),
               wrong, net);
  return !wrong;
}

/* An address or name with the node it belongs to, for finding doubles. */
struct owner {
  struct ip address;
  const struct spec_node *node;
};

static int by_address(const void *a, const void *b) {
  const struct owner *x = a;
  const struct owner *y = b;
  int order = ip_compare(x->address, y->address);
  if (order)
    return order;
  /* The author's order, so that the later of two is the one at fault. */
  return x->node < y->node ? -1 : x->node > y->node;
}

static int by_name(const void *a, const void *b) {
  const struct owner *x = a;
  const struct owner *y = b;
  int order = strcmp(x->node->name, y->node->name);
  return order ? order : (x->node < y->node ? -1 : x->node > y->node);
}

static void check_doubles(const struct check *c) {
  const struct spec_node_vec *nodes = &c->s->nodes;
  _cleanup_free_ struct owner *owners = xcalloc(nodes->n, sizeof(*owners));
  size_t n_entries = yaml_get(c->root, "nodes")->n;
  _cleanup_free_ bool *told = xcalloc(n_entries, sizeof(*told));
  for (size_t i = 0; i < nodes->n; i++)
    owners[i] = (struct owner){nodes->v[i].address, &nodes->v[i]};
  char buf[NET_TEXT];
  qsort(owners, nodes->n, sizeof(*owners), by_address);
  for (size_t i = 1; i < nodes->n; i++)
    if (same(owners[i].address, owners[i - 1].address) &&
        first_of_entry(told, owners[i].node))
      yaml_fault(c->err, node_place(c, owners[i].node, "address"),
                 "the nodes '%s' and '%s' have the same address %s",
                 owners[i - 1].node->name, owners[i].node->name,
                 ip_format(owners[i].address, buf));
  memset(told, 0, n_entries * sizeof(*told));
  qsort(owners, nodes->n, sizeof(*owners), by_name);
  for (size_t i = 1; i < nodes->n; i++)
    if (strcmp(owners[i].node->name, owners[i - 1].node->name) == 0 &&
        first_of_entry(told, owners[i].node))
      yaml_fault(c->err, node_place(c, owners[i].node, "name"),
                 "two nodes have the name '%s'", owners[i].node->name);
}

static void check_fixed_addresses(const struct check *c) {
  const struct spec *s = c->s;
  const struct yaml_node *vip = place(c, "endpoint", "address");
  (void)check_address(c, place(c, "network", "gateway"), "the gateway",
                      s->network.gateway);
  if (s->endpoint.provider == PROVIDER_EXTERNAL)
    return;
  (void)check_address(c, vip, "the endpoint", s->endpoint.address);
  if (same(s->endpoint.address, s->network.gateway))
    yaml_fault(c->err, vip, "the endpoint has the gateway's address");
}

/* False after a fault. */
static bool check_node_address(const struct check *c,
                               const struct spec_node *n) {
  const struct spec *s = c->s;
  const struct yaml_node *at = node_place(c, n, "address");
  _cleanup_free_ char *what = xasprintf("the node '%s'", n->name);
  if (!check_address(c, at, what, n->address))
    return false;
  if (same(n->address, s->network.gateway)) {
    yaml_fault(c->err, at, "the node '%s' has the gateway's address", n->name);
    return false;
  }
  if (s->endpoint.provider != PROVIDER_FIRST_NODE &&
      same(n->address, s->endpoint.address)) {
    yaml_fault(c->err, at,
               "the node '%s' has the endpoint's address; that must be one of "
               "its own",
               n->name);
    return false;
  }
  return true;
}

/* Calls check for each node, but not for the rest of a range after a fault. */
static void each_node(const struct check *c,
                      bool (*check)(const struct check *c,
                                    const struct spec_node *n)) {
  size_t told = SIZE_MAX;
  for (size_t i = 0; i < c->s->nodes.n; i++) {
    const struct spec_node *n = &c->s->nodes.v[i];
    if (n->entry != told && !check(c, n))
      told = n->entry;
  }
}

static void check_node_addresses(const struct check *c) {
  each_node(c, check_node_address);
}

/* The number of etcd members must be odd: an even one tolerates no more
 * failures than the next smaller odd one and has more ways to fail. */
static void check_members(const struct check *c, size_t n, const char *what) {
  const struct yaml_node *at = place(c, "nodes", NULL);
  if (n > MAX_MEMBERS)
    yaml_fault(c->err, at,
               "%zu %s, but at most %d make sense: each write "
               "waits for a majority of them",
               n, what, MAX_MEMBERS);
  else if (n > 0 && n % 2 == 0)
    yaml_fault(
        c->err, at,
        "%zu %s: %zu etcd members survive no more failures than %zu do (%zu), "
        "and lose their quorum more easily; use %zu or %zu",
        n, what, n, n - 1, n / 2 - 1, n - 1, n + 1);
}

static void check_counts(const struct check *c) {
  const struct spec *s = c->s;
  const struct yaml_node *at = place(c, "nodes", NULL);
  size_t masters = spec_count(s, ROLE_CONTROL_PLANE);
  size_t members = spec_count(s, ROLE_ETCD);
  if (masters == 0)
    yaml_fault(c->err, at, "no node has the role control-plane");
  if (masters == 1)
    warn(c, at, "one control-plane node is not highly available; three are");
  if (s->etcd.mode == ETCD_EXTERNAL) {
    if (members == 0)
      yaml_fault(c->err, place(c, "etcd", "mode"),
                 "etcd.mode is external, but no node has the role etcd");
    check_members(c, members, "nodes of role etcd");
    if (members == 1)
      warn(c, at, "one node of role etcd is not highly available; three are");
    if (masters > MAX_MEMBERS)
      yaml_fault(c->err, at, "%zu control-plane nodes; at most %d", masters,
                 MAX_MEMBERS);
  } else {
    if (members)
      yaml_fault(c->err, at,
                 "nodes of role etcd need etcd.mode external; with '%s' etcd "
                 "runs on the control-plane nodes",
                 etcd_mode_name(s->etcd.mode));
    check_members(c, masters, "control-plane nodes");
  }
}

static void check_first_node(const struct check *c,
                             const struct yaml_node *at) {
  const struct spec_node *first = spec_first(c->s, ROLE_CONTROL_PLANE);
  char buf[NET_TEXT];
  warn(c, at,
       "the endpoint is the first node: when it is down, so is the "
       "API; this is not highly available");
  if (first && !ip_equal(first->address, c->s->endpoint.address))
    yaml_fault(c->err, place(c, "endpoint", "address"),
               "with the provider first-node the endpoint is the address of "
               "'%s', %s; leave it out",
               first->name, ip_format(first->address, buf));
}

static void check_endpoint(const struct check *c) {
  const struct spec *s = c->s;
  size_t balancers = spec_count(s, ROLE_LOAD_BALANCER);
  const struct yaml_node *at = place(c, "endpoint", "provider");
  bool on_balancers = s->endpoint.provider == PROVIDER_HAPROXY ||
                      s->endpoint.provider == PROVIDER_NGINX;
  if (on_balancers && balancers == 0)
    yaml_fault(c->err, at,
               "the provider %s needs nodes of the role "
               "load-balancer, two for high availability",
               provider_name(s->endpoint.provider));
  if (on_balancers && balancers == 1)
    warn(c, at, "one load balancer is a single point of failure; two are not");
  if (!on_balancers && balancers)
    yaml_fault(c->err, at,
               "nodes of the role load-balancer need the provider "
               "haproxy or nginx, not %s",
               provider_name(s->endpoint.provider));
  if (balancers > MAX_BALANCERS)
    yaml_fault(c->err, place(c, "nodes", NULL),
               "%zu load balancers; one at a time holds the endpoint, at most "
               "%d make sense",
               balancers, MAX_BALANCERS);
  if (s->endpoint.provider == PROVIDER_HAPROXY &&
      s->endpoint.stats_port == s->endpoint.port)
    yaml_fault(c->err, place(c, "endpoint", "statsPort"),
               "statsPort is the endpoint's own port; write another one");
  if (s->endpoint.provider == PROVIDER_FIRST_NODE)
    check_first_node(c, at);
  if (s->endpoint.provider == PROVIDER_EXTERNAL &&
      !yaml_get(place(c, "endpoint", NULL), "address"))
    yaml_fault(c->err, at,
               "the provider external needs endpoint.address, "
               "the address of your load balancer");
}

static void check_modes(const struct check *c) {
  const struct spec *s = c->s;
  char buf[NET_TEXT];
  if (s->pki.mode == PKI_COPIED && s->etcd.mode != ETCD_STACKED)
    yaml_fault(c->err, place(c, "pki", "mode"),
               "pki.mode copied needs etcd.mode stacked: with '%s' the etcd "
               "certificates must exist before the first boot, so their CA "
               "cannot be made on the first node",
               etcd_mode_name(s->etcd.mode));
  if (s->pki.mode == PKI_COPIED && s->pki.discovery == DISCOVERY_TOKEN)
    yaml_fault(c->err, place(c, "pki", "discovery"),
               "discovery by token needs the CA's hash, and with pki.mode "
               "copied the CA is made on the first node; write `discovery: "
               "file`");
  if (s->pki.algorithm == KEY_ECDSA_P256 &&
      !version_has_ecdsa(&s->kubernetes.version))
    yaml_fault(c->err, place(c, "pki", "algorithm"),
               "kubeadm before 1.19 makes no ECDSA keys; write `pki: "
               "{algorithm: rsa-2048}`");
  if (s->etcd.election_ms < 5 * s->etcd.heartbeat_ms)
    yaml_fault(c->err, place(c, "etcd", "electionMs"),
               "electionMs must be at least five times heartbeatMs (etcd "
               "refuses less)");
  size_t kubelets =
      spec_count(s, ROLE_CONTROL_PLANE) + spec_count(s, ROLE_WORKER);
  struct cidr last;
  if (s->network.cni == CNI_BRIDGE && kubelets > 0 &&
      !cidr_subnet(&s->network.pods, 24, (uint32_t)kubelets - 1, &last))
    yaml_fault(c->err, place(c, "network", "pods"),
               "the pod network %s has no room for a /24 on each of %zu nodes",
               cidr_format(&s->network.pods, buf), kubelets);
}

/* False after a fault. */
static bool check_node(const struct check *c, const struct spec_node *n) {
  size_t before = c->err->n_faults;
  bool kubelet = n->role == ROLE_CONTROL_PLANE || n->role == ROLE_WORKER;
  if (!kubelet && (n->labels.n || n->taints.n))
    yaml_fault(c->err, node_place(c, n, n->labels.n ? "labels" : "taints"),
               "labels and taints belong to Kubernetes nodes; '%s' has the "
               "role %s",
               n->name, role_name(n->role));
  if (n->disk < c->s->image.disk)
    yaml_fault(c->err, node_place(c, n, "disk"),
               "the disk of '%s' is smaller than image.disk", n->name);
  for (size_t j = 0; j < n->labels.n; j++)
    if (strncmp(n->labels.v[j], "node-role.kubernetes.io/", 24) == 0)
      yaml_fault(c->err, node_place(c, n, "labels"),
                 "a kubelet may not give itself the label '%s' "
                 "(NodeRestriction)",
                 n->labels.v[j]);
  return c->err->n_faults == before;
}

static void check_nodes(const struct check *c) {
  each_node(c, check_node);
}

/* A check makes sense only when what it reads is what the author wrote. */
static bool readable(const char *const *keys, const bool *bad) {
  for (; *keys; keys++) {
    size_t n = strlen(*keys);
    for (size_t i = 0; i < n_spec_keys; i++) {
      const char *path = spec_keys[i].path;
      bool within = strncmp(path, *keys, n) == 0 && strchr(".", path[n]);
      if (within && bad[i])
        return false;
    }
  }
  return true;
}

#define MAX_READ 8

void spec_check(struct spec *s, const struct yaml_node *root, const bool *bad,
                struct error *err) {
  static const struct {
    void (*check)(const struct check *c);
    const char *reads[MAX_READ]; /* keys, or maps with all that is below */
  } checks[] = {
      {check_networks, {"network.subnet", "network.pods", "network.services"}},
      {check_fixed_addresses,
       {"network.subnet", "network.gateway", "endpoint.address",
        "endpoint.provider", "nodes.address", "nodes.role"}},
      {check_node_addresses,
       {"network.subnet", "network.gateway", "endpoint.address",
        "endpoint.provider", "nodes.name", "nodes.address"}},
      {check_doubles, {"network.subnet", "nodes.name", "nodes.address"}},
      {check_counts, {"nodes.name", "nodes.role", "etcd.mode"}},
      {check_endpoint,
       {"nodes.name", "nodes.role", "nodes.address", "network.subnet",
        "endpoint"}},
      {check_modes,
       {"nodes.name", "nodes.role", "pki", "etcd", "kubernetes.version",
        "network"}},
      {check_nodes, {"nodes", "image.disk"}},
  };
  const struct check c = {.s = s, .root = root, .err = err};
  for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
    if (readable(checks[i].reads, bad))
      checks[i].check(&c);
}
