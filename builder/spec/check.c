/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/check.h"

#include "format/authorized.h"
#include "spec/codes.h"
#include "spec/table.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const struct yaml_node *check_place(const struct checking *c,
                                    const char *section, const char *key) {
  const struct yaml_node *map = yaml_get(c->root, section);
  const struct yaml_node *value = map && key ? yaml_get(map, key) : NULL;
  if (value)
    return value;
  return map ? map : c->root;
}

const struct yaml_node *check_node_place(const struct checking *c,
                                         const struct spec_node *n,
                                         const char *key) {
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

void check_warn(const struct checking *c, const struct yaml_node *at,
                const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *text = xvasprintf(fmt, ap);
  va_end(ap);
  _cleanup_free_ char *where = yaml_where(at);
  strv_pushf(&c->spec->warnings, "%s: warning: %s [%s]", where, text,
             code_of(fmt)->name);
}

/* Why a cannot be the address of something in net, or NULL. */
static const char *outside(const struct cidr *net, struct ip a) {
  if (!cidr_has(net, a))
    return "is not in the subnet";
  if (ip_equal(a, net->base))
    return "is the network address of the subnet";
  if (ip_equal(a, cidr_last(net)))
    return "is the broadcast address of the subnet";
  return NULL;
}

bool check_outside(const struct checking *c, const struct yaml_node *at,
                   const char *what, struct ip a, const char *why) {
  const struct spec *s = c->spec;
  const struct cidr *net = cidr_has(&s->network.pods, a) ? &s->network.pods
                           : cidr_has(&s->network.services, a)
                               ? &s->network.services
                               : NULL;
  char buf[NET_TEXT], in[NET_TEXT];
  if (net)
    yaml_fault(c->err, at, "%s %s is in the network '%s' (%s): %s", what,
               ip_format(a, buf), net == &s->network.pods ? "pods" : "services",
               cidr_format(net, in), why);
  return !net;
}

/* Two that are both absent do not clash. */
static bool same(struct ip a, struct ip b) {
  return ip_is_set(a) && ip_equal(a, b);
}

static bool check_address(const struct checking *c, const struct yaml_node *at,
                          const char *what, struct ip a) {
  const struct spec *s = c->spec;
  const struct cidr *in = spec_net_of(s, a);
  char buf[NET_TEXT];
  char net[NET_TEXT];
  cidr_format(in ? in : &s->network.subnet, net);
  if (!ip_is_set(a)) {
    yaml_fault(c->err, at,
               "%s: the subnet %s has no default address left for it; write an "
               "address, or a larger subnet",
               what, net);
    return false;
  }
  const char *wrong = outside(in ? in : &s->network.subnet, a);
  if (!in && s->network.subnets.n > 0)
    yaml_fault(c->err, at,
               "%s: the address %s is neither in the subnet %s nor in one of "
               "network.subnets",
               what, ip_format(a, buf), net);
  else if (wrong)
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

static void check_doubles(const struct checking *c) {
  const struct spec_node_vec *nodes = &c->spec->nodes;
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
      yaml_fault(c->err, check_node_place(c, owners[i].node, "address"),
                 "the nodes '%s' and '%s' have the same address %s",
                 owners[i - 1].node->name, owners[i].node->name,
                 ip_format(owners[i].address, buf));
  memset(told, 0, n_entries * sizeof(*told));
  qsort(owners, nodes->n, sizeof(*owners), by_name);
  for (size_t i = 1; i < nodes->n; i++)
    if (strcmp(owners[i].node->name, owners[i - 1].node->name) == 0 &&
        first_of_entry(told, owners[i].node))
      yaml_fault(c->err, check_node_place(c, owners[i].node, "name"),
                 "two nodes have the name '%s'", owners[i].node->name);
}

/* One of another network is reached on the wire all the same, as hosters have
 * it (on-link); more often it is a slip. */
static void check_gateway(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *at = check_place(c, "network", "gateway");
  char a[NET_TEXT], net[NET_TEXT];
  if (s->network.no_gateway)
    return;
  if (!ip_is_set(s->network.gateway) ||
      cidr_has(&s->network.subnet, s->network.gateway)) {
    (void)check_address(c, at, "the gateway", s->network.gateway);
    return;
  }
  if (!check_outside(c, at, "the gateway", s->network.gateway,
                     "no router is there"))
    return;
  check_warn(c, at,
             "the gateway %s is not in the subnet %s; nodes take it to be on "
             "the same wire (on-link)",
             ip_format(s->network.gateway, a),
             cidr_format(&s->network.subnet, net));
}

static void check_fixed_addresses(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *vip = check_place(c, "endpoint", "address");
  check_gateway(c);
  if (s->endpoint.provider == PROVIDER_EXTERNAL)
    return;
  (void)check_address(c, vip, "the endpoint", s->endpoint.address);
  if (same(s->endpoint.address, spec_gateway_of(s, s->endpoint.address)))
    yaml_fault(c->err, vip, "the endpoint has the gateway's address");
}

/* False after a fault. */
static bool check_node_address(const struct checking *c,
                               const struct spec_node *n) {
  const struct spec *s = c->spec;
  const struct yaml_node *at = check_node_place(c, n, "address");
  _cleanup_free_ char *what = xasprintf("the node '%s'", n->name);
  if (!check_address(c, at, what, n->address))
    return false;
  if (same(n->address, spec_gateway_of(s, n->address)) &&
      n->role != ROLE_GATEWAY) {
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

void check_each_node(const struct checking *c,
                     bool (*check)(const struct checking *c,
                                   const struct spec_node *n)) {
  size_t told = SIZE_MAX;
  for (size_t i = 0; i < c->spec->nodes.n; i++) {
    const struct spec_node *n = &c->spec->nodes.v[i];
    if (n->entry != told && !check(c, n))
      told = n->entry;
  }
}

void check_each_extras(const struct checking *c,
                       void (*check)(const struct checking *c,
                                     const struct spec_extras *e,
                                     const struct yaml_node *around)) {
  const struct spec *s = c->spec;
  check(c, &s->extras, c->root);
  const struct yaml_node *roles = yaml_get(c->root, "roles");
  for (size_t i = 0; i < s->roles.n; i++)
    check(c, &s->roles.v[i].extras, roles->child[i]);
  const struct yaml_node *entries = yaml_get(c->root, "nodes");
  for (size_t i = 0; i < s->entry_extras.n; i++)
    check(c, &s->entry_extras.v[i], entries->child[i]);
}

static void check_node_addresses(const struct checking *c) {
  check_each_node(c, check_node_address);
}

static void check_endpoint(const struct checking *c) {
  const struct yaml_node *map = check_place(c, "endpoint", NULL);
  if (c->spec->endpoint.provider != PROVIDER_EXTERNAL ||
      yaml_get(map, "address"))
    return;
  if (!yaml_get(map, "name"))
    yaml_fault(c->err, check_place(c, "endpoint", "provider"),
               "the provider external needs endpoint.address, the address of "
               "your load balancer, or endpoint.name, its DNS name");
  else if (c->spec->network.dns.n == 0)
    yaml_fault(
        c->err, yaml_get(map, "name"),
        "nodes know the endpoint by its DNS name alone, and have no name "
        "server; write network.dns, or endpoint.address");
}

/* False after a fault. */
static bool check_disk(const struct checking *c, const struct spec_node *n) {
  if (n->disk >= c->spec->image.disk)
    return true;
  yaml_fault(c->err, check_node_place(c, n, "disk"),
             "the disk of '%s' is smaller than image.disk", n->name);
  return false;
}

static void check_disks(const struct checking *c) {
  check_each_node(c, check_disk);
}

/* Debian and Kubernetes do not fit on less. */
#define LEAST_IMAGE_MIB 2048
/* Its kernel does not start in less. */
#define LEAST_MEMORY_MIB 256
#define MIB ((uint64_t)1 << 20)

/* False after a fault. Both are counted in MiB by those who make them. */
static bool check_size(const struct checking *c, const struct yaml_node *at,
                       const char *what, uint64_t size, unsigned least) {
  if (size % MIB == 0 && size / MIB >= least)
    return true;
  yaml_fault(c->err, at, "%s must be at least %uM, in whole MiB", what, least);
  return false;
}

static void check_image_size(const struct checking *c) {
  (void)check_size(c, check_place(c, "image", "disk"), "image.disk",
                   c->spec->image.disk, LEAST_IMAGE_MIB);
}

static bool check_node_memory(const struct checking *c,
                              const struct spec_node *n) {
  _cleanup_free_ char *what = xasprintf("the memory of '%s'", n->name);
  return check_size(c, check_node_place(c, n, "memory"), what, n->memory,
                    LEAST_MEMORY_MIB);
}

static void check_memory(const struct checking *c) {
  check_each_node(c, check_node_memory);
}

/* Keys that are right as lines, and still let nobody in. */
static void check_keys(const struct checking *c) {
  const struct yaml_node *list = yaml_get(c->root, "users");
  for (size_t i = 0; list && i < list->n; i++) {
    const struct yaml_node *keys = yaml_get(list->child[i], "sshKeys");
    for (size_t j = 0; keys && j < keys->n; j++) {
      const char *why;
      if (authorized_judge(keys->child[j]->text, &why) == AUTHORIZED_USELESS)
        check_warn(c, keys->child[j], "this entry of 'sshKeys' %s", why);
    }
  }
}

/* The cluster's own key is the first one's, by which `kubeseed ssh` logs in. */
static void check_ways_in(const struct checking *c) {
  const struct spec_user_vec *users = &c->spec->users;
  const struct yaml_node *list = yaml_get(c->root, "users");
  for (size_t i = 1; list && i < users->n; i++)
    if (users->v[i].ssh_keys.n == 0 && !users->v[i].password &&
        users->v[i].shell != SHELL_NOLOGIN)
      check_warn(c, yaml_get(list->child[i], "name"),
                 "nobody can log in as '%s' without sshKeys: the cluster's own "
                 "key lets in the first user only",
                 users->v[i].name);
}

/* kubeseed's own way in, and what sudo can ask for. */
static void check_rights(const struct checking *c) {
  const struct spec_user_vec *users = &c->spec->users;
  const struct yaml_node *list = yaml_get(c->root, "users");
  if (!list)
    return;
  if (users->v[0].sudo != SUDO_NOPASSWD)
    yaml_fault(
        c->err, yaml_get(list->child[0], "sudo"),
        "the first user is the one that kubeseed logs in as, so its sudo "
        "must be nopasswd; write another user first");
  if (users->v[0].shell == SHELL_NOLOGIN)
    yaml_fault(c->err, yaml_get(list->child[0], "shell"),
               "the first user is the one that kubeseed logs in as, so its "
               "shell cannot be /usr/sbin/nologin; write another user first");
  for (size_t i = 1; i < users->n; i++)
    if (users->v[i].sudo == SUDO_PASSWORD && !users->v[i].password)
      yaml_fault(c->err, yaml_get(list->child[i], "sudo"),
                 "sudo asks '%s' for a password, and there is none; write "
                 "password",
                 users->v[i].name);
}

/* useradd makes a group with each user and fails where that is there already;
 * cloud-init makes a user's groups before it makes the user. */
static void check_group(const struct checking *c, size_t user,
                        const char *group, const struct yaml_node *at) {
  const struct spec_user_vec *users = &c->spec->users;
  for (size_t i = user; i < users->n; i++) {
    if (strcmp(users->v[i].name, group) != 0)
      continue;
    if (i == user)
      yaml_fault(c->err, at,
                 "'%s' is in the group of that name without this; leave it out",
                 group);
    else
      yaml_fault(c->err, at,
                 "the group '%s' is made with the user of that name; write "
                 "that user before this one",
                 group);
    return;
  }
}

static void check_groups(const struct checking *c) {
  const struct spec_user_vec *users = &c->spec->users;
  const struct yaml_node *list = yaml_get(c->root, "users");
  for (size_t i = 0; list && i < users->n; i++) {
    const struct yaml_node *groups = yaml_get(list->child[i], "groups");
    for (size_t k = 0; k < users->v[i].groups.n; k++)
      check_group(c, i, users->v[i].groups.v[k], groups->child[k]);
  }
}

static void check_users(const struct checking *c) {
  const struct spec_user_vec *users = &c->spec->users;
  const struct yaml_node *list = yaml_get(c->root, "users");
  for (size_t i = 1; list && i < users->n; i++)
    for (size_t j = 0; j < i; j++)
      if (strcmp(users->v[i].name, users->v[j].name) == 0) {
        yaml_fault(c->err, yaml_get(list->child[i], "name"),
                   "two users have the name '%s'", users->v[i].name);
        break;
      }
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

static void run_checks(const struct checking *c,
                       const struct spec_check *checks, const bool *bad) {
  for (; checks->check; checks++)
    if (readable(checks->reads, bad))
      checks->check(c);
}

void spec_check(struct spec *s, const struct yaml_node *root, const bool *bad,
                const struct spec_check *const *tables, struct error *err) {
  const struct checking c = {.spec = s, .root = root, .err = err};
  for (; *tables; tables++)
    run_checks(&c, *tables, bad);
}

const struct spec_check check_table[] = {
    {check_fixed_addresses,
     {"network.subnet", "network.gateway", "network.pods", "network.services",
      "endpoint.address", "endpoint.provider", "nodes.address", "nodes.role"}},
    {check_node_addresses,
     {"network.subnet", "network.gateway", "endpoint.address",
      "endpoint.provider", "nodes.name", "nodes.address"}},
    {check_doubles, {"network.subnet", "nodes.name", "nodes.address"}},
    {check_endpoint, {"endpoint", "network"}},
    {check_disks, {"nodes", "image.disk"}},
    {check_image_size, {"image.disk"}},
    {check_memory, {"nodes"}},
    {check_users, {"users.name"}},
    {check_keys, {"users"}},
    {check_ways_in, {"users"}},
    {check_rights, {"users"}},
    {check_groups, {"users"}},
    {0},
};
