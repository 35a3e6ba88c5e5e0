/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/settings-checks.h"

#include "spec/settings.h"
#include <string.h>

/* Below kubernetes.apiServer; NULL when it is not written. */
static const struct yaml_node *place_of(const struct checking *c,
                                        const char *key) {
  return yaml_get(yaml_get(yaml_get(c->root, "kubernetes"), "apiServer"), key);
}

/* ---- Plugins of admission ---- */

static void check_plugin(const struct checking *c, const char *name,
                         const struct yaml_node *at) {
  int minor;
  switch (plugin_state(name, &c->spec->kubernetes.version, &minor)) {
  case PLUGIN_EARLY:
    yaml_fault(c->err, at,
               "Kubernetes has the admission plugin '%s' from 1.%d on, and an "
               "API server does not start with one that it does not know",
               name, minor);
    break;
  case PLUGIN_GONE:
    yaml_fault(c->err, at,
               "Kubernetes has no admission plugin '%s' from 1.%d on, and an "
               "API server does not start with one that it does not know",
               name, minor);
    break;
  case PLUGIN_UNKNOWN:
    check_warn(c, at,
               "the admission plugin '%s' is not known here; an API server "
               "does not start with one that it does not know",
               name);
    break;
  case PLUGIN_KNOWN:
    break;
  }
}

static void check_plugins(const struct checking *c) {
  const struct spec_api_server *api = &c->spec->kubernetes.api;
  const struct yaml_node *both = place_of(c, "admissionPlugins");
  const struct yaml_node *enable = yaml_get(both, "enable");
  const struct yaml_node *disable = yaml_get(both, "disable");
  for (size_t i = 0; i < api->enable.n; i++)
    check_plugin(c, api->enable.v[i], enable->child[i]);
  for (size_t i = 0; i < api->disable.n; i++) {
    const char *name = api->disable.v[i];
    const struct yaml_node *at = disable->child[i];
    check_plugin(c, name, at);
    if (strv_has(&api->enable, name))
      yaml_fault(c->err, at,
                 "the admission plugin '%s' stands in both lists; write it in "
                 "one",
                 name);
    else if (strcmp(name, "NodeRestriction") == 0)
      yaml_fault(c->err, at,
                 "without NodeRestriction a kubelet may change other nodes and "
                 "read their secrets; leave it out");
  }
}

/* ---- Ports of services ---- */

/* What listens on nodes, and would be cut off by a service's rules. */
static const struct {
  int port;
  const char *who;
} taken[] = {
    {22, "sshd"},
    {2379, "etcd"},
    {2380, "etcd"},
    {2381, "etcd"},
    {6443, "the API server"},
    {10248, "the kubelet"},
    {10249, "kube-proxy"},
    {10250, "the kubelet"},
    {10256, "kube-proxy"},
    {10257, "the controller manager"},
    {10259, "the scheduler"},
};

const char *settings_port_owner(int port) {
  for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
    if (taken[i].port == port)
      return taken[i].who;
  return NULL;
}

static void check_ports(const struct checking *c) {
  const char *ports = c->spec->kubernetes.api.node_ports;
  int first, last;
  if (!ports)
    return;
  (void)ports_parse(ports, &first, &last);
  if (first > last) {
    yaml_fault(c->err, place_of(c, "nodePorts"),
               "the first port, %d, is above the last, %d", first, last);
    return;
  }
  for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
    if (taken[i].port >= first && taken[i].port <= last) {
      yaml_fault(c->err, place_of(c, "nodePorts"),
                 "the port %d is %s's, and a service could get it; write a "
                 "range without it",
                 taken[i].port, taken[i].who);
      return;
    }
}

/* ---- Addresses of kubelets ---- */

static void check_addresses(const struct checking *c) {
  const struct strv *l = &c->spec->kubernetes.api.kubelet_addresses;
  if (l->n > 0 && !strv_has(l, "InternalIP") && !strv_has(l, "Hostname"))
    yaml_fault(c->err, place_of(c, "kubeletAddresses"),
               "no node has such an address, for there is no cloud to give it "
               "one; write InternalIP or Hostname, too");
}

/* ---- Whose a token is ---- */

static void check_webhook(const struct checking *c) {
  const struct yaml_node *at = yaml_get(place_of(c, "tokenWebhook"), "version");
  if (c->spec->kubernetes.api.webhook.review == REVIEW_V1 &&
      !version_reviews_by_v1(&c->spec->kubernetes.version))
    yaml_fault(c->err, at,
               "Kubernetes before 1.17 asks in v1beta1 alone; write that");
}

void settings_check_api_server(const struct checking *c) {
  check_plugins(c);
  check_ports(c);
  check_addresses(c);
  check_webhook(c);
}

/* ---- Kubelets ---- */

/* The kubelet's arguments are stronger than its configuration; one of a role or
 * a node is for these alone. */
static void check_kubelet_args(const struct checking *c,
                               const struct yaml_node *kubelet) {
  static const struct {
    const char *key, *argument;
  } both[] = {{"kubeReserved", "kube-reserved"},
              {"systemReserved", "system-reserved"},
              {"evictionHard", "eviction-hard"},
              {"servingCertificates", "rotate-server-certificates"}};
  for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
    const struct yaml_node *arg =
        yaml_get(yaml_get(kubelet, "extraArgs"), both[i].argument);
    if (arg && yaml_get(kubelet, both[i].key))
      yaml_fault_key(c->err, arg,
                     "the argument '%s' follows from %s.%s; write one of the "
                     "two",
                     both[i].argument, "kubelet", both[i].key);
  }
}

static void check_dns(const struct checking *c, const struct yaml_node *list) {
  const struct spec *s = c->spec;
  const struct ip_vec *dns = &s->kubernetes.kubelet.dns;
  struct ip own = cidr_host(&s->network.services, 10);
  char a[NET_TEXT];
  if (dns->n > 3)
    yaml_fault(c->err, list,
               "a pod asks at most three name servers; leave %zu out",
               dns->n - 3);
  for (size_t i = 0; i < dns->n; i++) {
    const struct yaml_node *at = list->child[i];
    for (size_t k = 0; k < i; k++)
      if (ip_equal(dns->v[i], dns->v[k]))
        yaml_fault(c->err, at, "'%s' stands twice in '%s'",
                   ip_format(dns->v[i], a), "clusterDNS");
    if (cidr_has(&s->network.services, dns->v[i]) && !ip_equal(dns->v[i], own))
      check_warn(c, at,
                 "nobody answers at %s but a service that one of the manifests "
                 "makes, with this clusterIP",
                 ip_format(dns->v[i], a));
  }
}

/* Of the list's "name=value"; 0 when it is not there, or a part of all. */
static int64_t amount(const struct strv *l, const char *name, bool milli) {
  size_t n = strlen(name);
  for (size_t i = 0; i < l->n; i++)
    if (strncmp(l->v[i], name, n) == 0 && l->v[i][n] == '=') {
      int64_t v = quantity_parse(l->v[i] + n + 1, milli);
      return v > 0 ? v : 0;
    }
  return 0;
}

static bool check_reserved(const struct checking *c,
                           const struct spec_node *n) {
  const struct spec *s = c->spec;
  const struct strv *kube = &s->kubernetes.kubelet.kube_reserved;
  const struct strv *system = &s->kubernetes.kubelet.system_reserved;
  const struct strv *free = &s->kubernetes.kubelet.eviction_hard;
  if (n->role != ROLE_CONTROL_PLANE && n->role != ROLE_WORKER)
    return true;
  int64_t cpu = amount(kube, "cpu", true) + amount(system, "cpu", true);
  uint64_t memory = (uint64_t)amount(kube, "memory", false) +
                    (uint64_t)amount(system, "memory", false) +
                    (uint64_t)amount(free, "memory.available", false);
  bool enough = memory < n->memory;
  if (enough && cpu < n->cpus * INT64_C(1000))
    return true;
  check_warn(c, check_node_place(c, n, "name"),
             "nothing of the %s of '%s' is left for pods: kubernetes.kubelet "
             "reserves as much",
             enough ? "processors" : "memory", n->name);
  return false;
}

void settings_check_kubelets(const struct checking *c) {
  const struct yaml_node *kubelet =
      yaml_get(yaml_get(c->root, "kubernetes"), "kubelet");
  check_kubelet_args(c, kubelet);
  check_dns(c, yaml_get(kubelet, "clusterDNS"));
  check_each_node(c, check_reserved);
}
