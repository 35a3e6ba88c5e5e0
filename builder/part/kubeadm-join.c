/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joining the cluster. The founder can, too: when its disk is lost, the others
 * have a cluster that it must not found anew. */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (!n->has_kubelet || !plan_by_kubeadm(p))
    return NULL;
  return n->founder ? "joins instead when its disk was lost"
                    : "joins the cluster that the first node founds";
}

static bool v1beta4(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->kubeadm_api == KUBEADM_V1BETA4;
}

static bool older(const struct plan *p, const struct plan_node *n) {
  return !v1beta4(p, n);
}

static bool joins(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return !n->founder;
}

static const struct part_file files[] = {
    {"/etc/kubeseed/kubeadm-join.yaml", "user-data/kubeadm-join-v1beta3.yaml",
     0600, ROOT, older},
    {"/etc/kubeseed/kubeadm-join.yaml", "user-data/kubeadm-join-v1beta4.yaml",
     0600, ROOT, v1beta4},
    {0},
};

static const struct part_step steps[] = {{"kubeadm-join", joins}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct spec *spec = in->plan->spec;
  scope_set_flag(s, "token_discovery", spec->pki.discovery == DISCOVERY_TOKEN);
  scope_set(s, "ca_hash", part_key(in, "ca.hash"));
  scope_set(s, "join_skip", "preflight"); /* as with `kubeadm init` */
}

const struct part part_kubeadm_join = {
    .name = "kubeadm-join",
    .why = why,
    .files = files,
    .steps = steps,
    .values = values,
};
