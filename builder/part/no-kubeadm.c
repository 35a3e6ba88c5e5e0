/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What nodes run where there is no kubeadm, whichever bootstrapper it is by:
 * kube-proxy everywhere, and on a control-plane node the three others. How they
 * run, as pods or units, is a part for itself: static-pods, systemd. */
#include "part/flags.h"
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (!n->has_kubelet || plan_by_kubeadm(p))
    return NULL;
  return n->spec->role == ROLE_CONTROL_PLANE
             ? "no kubeadm: runs its own part of the control plane"
             : "no kubeadm: runs its own kube-proxy";
}

static bool control_plane(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_CONTROL_PLANE;
}

static const struct part_file files[] = {
    {"/etc/kubernetes/kube-proxy.conf", "kubeconfig:kube-proxy", 0600, ROOT,
     NULL},
    {"/etc/kubernetes/kube-proxy.yaml", "user-data/kube-proxy-config.yaml",
     0644, ROOT, NULL},
    {"/root/bin/take-seed.sh", "scripts/take-seed.sh", 0755, ROOT, NULL},
    {LIB "steps-no-kubeadm.sh", "scripts/steps-no-kubeadm.sh", 0644, ROOT,
     NULL},
    {0},
};

static const struct part_step steps[] = {
    {"kubelet", NULL}, {"control-plane", control_plane}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  (void)in;
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

const struct part part_no_kubeadm = {
    .name = "no-kubeadm",
    .why = why,
    .files = files,
    .steps = steps,
    .values = values,
    .node_values = node_values,
};
