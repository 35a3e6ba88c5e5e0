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

void settings_check_plugins(const struct checking *c) {
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

void settings_check_ports(const struct checking *c) {
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

void settings_check_addresses(const struct checking *c) {
  const struct strv *l = &c->spec->kubernetes.api.kubelet_addresses;
  if (l->n > 0 && !strv_has(l, "InternalIP") && !strv_has(l, "Hostname"))
    yaml_fault(c->err, place_of(c, "kubeletAddresses"),
               "no node has such an address, for there is no cloud to give it "
               "one; write InternalIP or Hostname, too");
}

/* ---- Whose a token is ---- */

void settings_check_webhook(const struct checking *c) {
  const struct yaml_node *at = yaml_get(place_of(c, "tokenWebhook"), "version");
  if (c->spec->kubernetes.api.webhook.review == REVIEW_V1 &&
      !version_reviews_by_v1(&c->spec->kubernetes.version))
    yaml_fault(c->err, at,
               "Kubernetes before 1.17 asks in v1beta1 alone; write that");
}
