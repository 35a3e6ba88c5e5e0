/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kubernetes.kubelet.controlPlanes absent: on control-plane nodes a kubelet
 * runs pods of its own, and no node registers that others could be sent to.
 */
#include "part/ask.h"
#include "part/part.h"
#include "spec/cni.h"
#include <string.h>

static bool are_absent(const struct spec *s) {
  return s->kubernetes.kubelet.control_planes == CONTROL_PLANES_ABSENT;
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->has_kubelet && !n->registered
             ? "controlPlanes absent: its kubelet knows of no API server"
             : NULL;
}

static const struct part_file files[] = {
    {LIB "steps-unregistered.sh", "scripts/steps-unregistered.sh", 0644, ROOT,
     NULL},
    {0},
};

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  scope_set_flag(s, "unregistered", why(p, n) != NULL);
}

/* An API server knows nothing of such a node's pods; where they are units, it
 * knows of none in any case (systemd.c). */
static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  if (why(in->plan, n) &&
      in->plan->spec->kubernetes.bootstrapper == BOOTSTRAPPER_STATIC_PODS)
    ask_set(head, "PODS",
            "kube-proxy kube-apiserver kube-controller-manager kube-scheduler");
}

/* ---- What a spec may say ---- */

static const struct yaml_node *place(const struct checking *c) {
  const struct yaml_node *kubelet =
      yaml_get(yaml_get(c->root, "kubernetes"), "kubelet");
  return yaml_get(kubelet, "controlPlanes");
}

static void check_fit(const struct checking *c) {
  const struct spec *s = c->spec;
  if (!are_absent(s))
    return;
  if (s->kubernetes.bootstrapper == BOOTSTRAPPER_KUBEADM)
    yaml_fault(c->err, place(c),
               "kubeadm marks the node that a control plane has joined as, and "
               "waits for it; write `bootstrapper: static-pods` or `systemd`, "
               "or leave it out");
  else if (spec_count(s, ROLE_WORKER) == 0)
    yaml_fault(c->err, place(c),
               "without workers no node is left that takes pods; write "
               "`registered`, or a node of the role worker");
  else if (cni_runs_in_pods(s->network.cni))
    check_warn(c, place(c),
               "the network of pods runs in pods, of which control planes get "
               "none: their API servers reach no webhook or aggregated API");
}

/* What only a registered node has. */
static bool check_node(const struct checking *c, const struct spec_node *n) {
  static const char *const keys[] = {"labels", "taints", "annotations"};
  if (n->role != ROLE_CONTROL_PLANE)
    return true;
  for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
    const struct yaml_node *at = check_node_place(c, n, keys[i]);
    if (!at || !at->key || strcmp(at->key, keys[i]) != 0)
      continue;
    yaml_fault(c->err, at,
               "with kubelet.controlPlanes absent '%s' is no node of "
               "Kubernetes, which could have %s",
               n->name, keys[i]);
    return false;
  }
  return true;
}

static void check_nodes(const struct checking *c) {
  static const char *const keys[] = {"labels", "taints", "annotations"};
  const struct yaml_node *roles = yaml_get(c->root, "roles");
  if (!are_absent(c->spec))
    return;
  check_each_node(c, check_node);
  for (size_t i = 0; roles && i < roles->n; i++) {
    const struct yaml_node *role = yaml_get(roles->child[i], "role");
    if (!role || strcmp(role->text, role_name(ROLE_CONTROL_PLANE)) != 0)
      continue;
    for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
      if (yaml_get(roles->child[i], keys[k]))
        yaml_fault_key(
            c->err, yaml_get(roles->child[i], keys[k]),
            "with kubelet.controlPlanes absent control planes are no "
            "nodes of Kubernetes, which could have %s",
            keys[k]);
  }
}

static const struct spec_check checks[] = {
    {check_fit,
     {"kubernetes.kubelet.controlPlanes", "kubernetes.bootstrapper",
      "nodes.role", "network.cni"}},
    {check_nodes,
     {"kubernetes.kubelet.controlPlanes", "nodes.name", "nodes.role"}},
    {0},
};

const struct part part_unregistered = {
    .name = "unregistered",
    .why = why,
    .checks = checks,
    .files = files,
    .node_values = node_values,
    .ask = ask,
};
