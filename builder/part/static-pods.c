/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubernetes.bootstrapper static-pods: what runs on a node is a pod that its
 * kubelet finds there. */
#include "part/flags.h"
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (!n->has_kubelet ||
      p->spec->kubernetes.bootstrapper != BOOTSTRAPPER_STATIC_PODS)
    return NULL;
  return n->spec->role == ROLE_CONTROL_PLANE
             ? "bootstrapper static-pods: runs its own part of the control "
               "plane"
             : "bootstrapper static-pods: runs its own kube-proxy";
}

static bool control_plane(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_CONTROL_PLANE;
}

#define PODS "/etc/kubeseed/static-pods/"

static const struct part_file files[] = {
    {"/etc/kubernetes/kube-proxy.conf", "kubeconfig:kube-proxy", 0600, ROOT,
     NULL},
    {"/etc/kubernetes/kube-proxy.yaml", "user-data/kube-proxy-config.yaml",
     0644, ROOT, NULL},
    {PODS "kube-proxy.yaml", "user-data/pod-kube-proxy.yaml", 0644, ROOT, NULL},
    {PODS "kube-apiserver.yaml", "user-data/pod-kube-apiserver.yaml", 0644,
     ROOT, control_plane},
    {PODS "kube-controller-manager.yaml",
     "user-data/pod-kube-controller-manager.yaml", 0644, ROOT, control_plane},
    {PODS "kube-scheduler.yaml", "user-data/pod-kube-scheduler.yaml", 0644,
     ROOT, control_plane},
    {LIB "steps-static.sh", "scripts/steps-static.sh", 0644, ROOT, NULL},
    {0},
};

static const struct part_step steps[] = {
    {"kubelet", NULL}, {"static-pods", control_plane}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  /* Where upstream's images are, another registry's name may stand before them:
   * the node sees what it has. */
  scope_set(s, "kubernetes_images",
            p->image_repository ? p->image_repository : "@IMAGES@");
  scope_set(s, "bootstrapper", "");
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  if (!why(p, n))
    return;
  scope_set(s, "bootstrapper",
            word_of(bootstrapper_words, p->spec->kubernetes.bootstrapper));
  if (control_plane(p, n))
    flags_control_plane(p, n, s);
}

const struct part part_static_pods = {
    .name = "static-pods",
    .why = why,
    .files = files,
    .steps = steps,
    .values = values,
    .node_values = node_values,
};
