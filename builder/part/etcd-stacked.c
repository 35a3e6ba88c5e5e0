/* SPDX-License-Identifier: GPL-3.0-or-later */
/* etcd.mode stacked: kubeadm's own static pod, joined one at a time. */
#include "part/objects.h"
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE &&
                 p->spec->etcd.mode == ETCD_STACKED
             ? "etcd.mode stacked: kubeadm runs a member beside the API server"
             : NULL;
}

static bool offline(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->spec->pki.mode == PKI_OFFLINE;
}

static const struct part_file files[] = {
    {"/etc/kubeseed/etcd-pod.yaml", "user-data/etcd-pod.yaml", 0600, ROOT,
     NULL},
    {"/etc/kubeseed/patches/etcd+json.yaml", "user-data/etcd.patch.yaml", 0644,
     ROOT, NULL},
    {LIB "steps-etcd.sh", "scripts/steps-etcd.sh", 0644, ROOT, NULL},
    {LIB "steps-stacked.sh", "scripts/steps-stacked.sh", 0644, ROOT, NULL},
    {KUBE_PKI "etcd/ca.key", "pki:etcd/ca.key", 0600, ROOT, offline},
    {0},
};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_set(s, "etcd_image_tag", p->etcd_image_tag ? p->etcd_image_tag : "");
  scope_set_flag(s, "etcd_probes_ask_all",
                 version_etcd_probes_ask_all(&p->spec->kubernetes.version));
}

/* Stacked etcd grows one member at a time, in the order of the plan; a founder
 * that comes back joins after everybody else. */
static const struct plan_node *predecessor(const struct plan *p,
                                           const struct plan_node *n) {
  size_t all = p->control_planes.n;
  size_t in_front = n->founder || n->ordinal > all ? all : n->ordinal;
  if (in_front == 0)
    return NULL;
  const struct plan_node *last = p->control_planes.v[in_front - 1];
  return last == n ? NULL : last;
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  const struct plan_node *before = predecessor(p, n);
  char a[NET_TEXT];
  scope_set(s, "predecessor", before ? before->name : "");
  scope_set(s, "predecessor_address",
            before ? ip_format(before->spec->address, a) : "");
}

static void verify(struct judge *j) {
  if (j->plan->spec->etcd.mode == ETCD_STACKED)
    judge_component(j, "pods.etcd", "etcd runs on every control-plane node",
                    "etcd", &j->plan->control_planes, false);
}

const struct part part_etcd_stacked = {
    .name = "etcd-stacked",
    .why = why,
    .files = files,
    .values = values,
    .node_values = node_values,
    .verify = verify,
};
