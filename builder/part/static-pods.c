/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubernetes.bootstrapper static-pods: what runs on a node is a pod that its
 * kubelet finds there. */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->has_kubelet &&
                 p->spec->kubernetes.bootstrapper == BOOTSTRAPPER_STATIC_PODS
             ? "bootstrapper static-pods: its kubelet finds pods on the node"
             : NULL;
}

static bool control_plane(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_CONTROL_PLANE;
}

#define POD(name, when)                                                        \
  { PROCESSES name ".yaml", "user-data/pod-" name ".yaml", 0644, ROOT, when }

static const struct part_file files[] = {
    POD("kube-proxy", NULL),
    POD("kube-apiserver", control_plane),
    POD("kube-controller-manager", control_plane),
    POD("kube-scheduler", control_plane),
    {LIB "steps-static.sh", "scripts/steps-static.sh", 0644, ROOT, NULL},
    {0},
};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  /* Where upstream's images are, another registry's name may stand before them:
   * the node sees what it has. */
  scope_set(s, "kubernetes_images",
            p->image_repository ? p->image_repository : "@IMAGES@");
}

const struct part part_static_pods = {
    .name = "static-pods",
    .why = why,
    .files = files,
    .values = values,
};
