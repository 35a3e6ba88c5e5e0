/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/label-checks.h"

#include <string.h>

/*
 * The labels in kubernetes.io and k8s.io that a kubelet may give itself
 * (kubernetes/staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go): it
 * ends at once for any other one, and the API server refuses them by
 * NodeRestriction. These, and all below two names.
 */
static const char *const kubelet_labels[] = {
    "kubernetes.io/hostname",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/instance-type",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    NULL,
};
static const char *const kubelet_domains[] = {"kubelet.kubernetes.io",
                                              "node.kubernetes.io", NULL};
static const char *const kubernetes_domains[] = {"kubernetes.io", "k8s.io",
                                                 NULL};

/* Whether the first n characters of name are one of the domains or below it. */
static bool within(const char *name, size_t n, const char *const *domains) {
  for (; *domains; domains++) {
    size_t len = strlen(*domains);
    if (n >= len && memcmp(name + n - len, *domains, len) == 0 &&
        (n == len || name[n - len - 1] == '.'))
      return true;
  }
  return false;
}

static bool kubelet_may_set(const char *key) {
  size_t n = strcspn(key, "/");
  if (!key[n] || !within(key, n, kubernetes_domains))
    return true;
  for (const char *const *l = kubelet_labels; *l; l++)
    if (strcmp(key, *l) == 0)
      return true;
  return within(key, n, kubelet_domains);
}

/* What the kubelet itself sets a label to, but for the host's name, which is
 * another one on each node; NULL for one that it leaves alone
 * (kubernetes/pkg/kubelet/kubelet_node_status.go, initialNode). */
static const char *kubelet_sets(const char *key) {
  const char *beta = "beta.";
  if (strncmp(key, beta, strlen(beta)) == 0)
    key += strlen(beta);
  if (strcmp(key, "kubernetes.io/os") == 0)
    return "linux";
  return strcmp(key, "kubernetes.io/arch") == 0 ? "amd64" : NULL;
}

/* A label of a node, or of several when node is NULL; map is where it is
 * written. False after a fault or warning. */
static bool check_label(const struct checking *c, const char *node,
                        const char *label, const struct yaml_node *map) {
  size_t len = strcspn(label, "=");
  _cleanup_free_ char *key = xstrndup(label, len);
  const char *value = label + len + 1;
  bool of_host = strcmp(key, "kubernetes.io/hostname") == 0;
  const char *own = of_host ? node : kubelet_sets(key);
  bool may = kubelet_may_set(key);
  if (may && !(of_host && !node) && (!own || strcmp(own, value) == 0))
    return true;
  /* To look for the place of each label would be quadratic. */
  const struct yaml_node *at = yaml_get(map, key);
  if (!may)
    yaml_fault_key(c->err, at,
                   "a kubelet may not give itself the label '%s' "
                   "(NodeRestriction); set it when the cluster runs: kubectl "
                   "label node %s %s",
                   key, node ? node : "NODE", label);
  else if (own)
    check_warn(c, at,
               "the kubelet sets the label '%s' itself, to '%s'; with another "
               "value pods are not placed as they ask",
               key, own);
  else
    check_warn(c, at,
               "the kubelet sets the label '%s' itself, to each node's name; "
               "with another value pods are not placed as they ask",
               key);
  return false;
}

static void check_all(const struct checking *c) {
  const struct yaml_node *map = yaml_get(c->root, "labels");
  for (size_t i = 0; i < c->spec->extras.labels.n; i++)
    (void)check_label(c, NULL, c->spec->extras.labels.v[i], map);
}

static bool is_node(enum role role) {
  return role == ROLE_CONTROL_PLANE || role == ROLE_WORKER;
}

static void check_roles(const struct checking *c) {
  const struct yaml_node *list = yaml_get(c->root, "roles");
  for (size_t i = 0; i < c->spec->roles.n; i++) {
    const struct spec_role *r = &c->spec->roles.v[i];
    const struct spec_extras *e = &r->extras;
    const struct yaml_node *labels = yaml_get(list->child[i], "labels");
    if (!is_node(r->role) && (e->labels.n > 0 || e->taints.written)) {
      yaml_fault(c->err,
                 e->labels.n > 0 ? labels : yaml_get(list->child[i], "taints"),
                 "labels and taints belong to Kubernetes nodes: workers and "
                 "control planes");
      continue;
    }
    for (size_t k = 0; k < e->labels.n; k++)
      (void)check_label(c, NULL, e->labels.v[k], labels);
  }
}

/* False after a fault. */
static bool check_node(const struct checking *c, const struct spec_node *n) {
  const struct spec_extras *e = &c->spec->entry_extras.v[n->entry];
  bool ok = true;
  if (!is_node(n->role) && (e->labels.n > 0 || e->taints.list.n > 0)) {
    yaml_fault(c->err,
               check_node_place(c, n, e->labels.n > 0 ? "labels" : "taints"),
               "labels and taints belong to Kubernetes nodes; '%s' has the "
               "role %s",
               n->name, role_name(n->role));
    return false;
  }
  const struct yaml_node *map = check_node_place(c, n, "labels");
  for (size_t i = 0; i < e->labels.n; i++)
    ok = check_label(c, n->name, e->labels.v[i], map) && ok;
  return ok;
}

static void check_nodes(const struct checking *c) {
  check_each_node(c, check_node);
}

const struct spec_check label_checks[] = {
    {check_all, {"labels"}},
    {check_roles, {"roles"}},
    {check_nodes, {"nodes"}},
    {0},
};
