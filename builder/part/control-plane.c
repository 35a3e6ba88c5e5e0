/* SPDX-License-Identifier: GPL-3.0-or-later */
/* API server, controller manager and scheduler, and what is patched in them. */
#include "part/nodes.h"
#include "part/objects.h"
#include "part/part.h"
#include "part/settings-checks.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_CONTROL_PLANE ? "role control-plane" : NULL;
}

/* What is patched is kubeadm's. */
static bool by_kubeadm(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return plan_by_kubeadm(p);
}

static bool readiness_is_late(const struct plan *p, const struct plan_node *n) {
  return by_kubeadm(p, n) &&
         version_readiness_is_late(&p->spec->kubernetes.version);
}

static const struct part_file files[] = {
    {LIB "check-apiserver", "scripts/check-apiserver", 0755, ROOT, NULL},
    {"/etc/kubeseed/patches/kube-apiserver+strategic.yaml",
     "user-data/kube-apiserver.patch.yaml", 0644, ROOT, by_kubeadm},
    {"/etc/kubeseed/patches/kube-controller-manager+strategic.yaml",
     "user-data/kube-controller-manager.patch.yaml", 0644, ROOT,
     readiness_is_late},
    {"/etc/kubeseed/patches/kube-scheduler+strategic.yaml",
     "user-data/kube-scheduler.patch.yaml", 0644, ROOT, readiness_is_late},
    {"/etc/kubeseed/emulated/kube-apiserver0+json.yaml",
     "user-data/kube-apiserver-emulated.patch.yaml", 0644, ROOT, by_kubeadm},
    {"/etc/kubeseed/emulated/kube-controller-manager0+json.yaml",
     "user-data/controller-emulated.patch.yaml", 0644, ROOT, by_kubeadm},
    {"/etc/kubeseed/emulated/kube-scheduler0+json.yaml",
     "user-data/controller-emulated.patch.yaml", 0644, ROOT, by_kubeadm},
    {0},
};

static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  plan_add_spec_files(&n->extras.api_files, ret);
}

static const struct part_step steps[] = {{"kubeconfig", NULL}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  const struct version *v = &p->spec->kubernetes.version;
  scope_set_flag(s, "fairness_is_busy", version_fairness_is_busy(v));
  scope_set_flag(s, "readiness_is_late", version_readiness_is_late(v));
  scope_set_flag(s, "patches_in_config", false);
  nodes_set(s, "peers", &p->control_planes, NULL, " ", nodes_address);
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  if (n->spec->role != ROLE_CONTROL_PLANE)
    return;
  nodes_set(s, "peers", &p->control_planes, n, " ", nodes_address);
  scope_set_flag(s, "patches_in_config",
                 version_patches_in_config(&p->spec->kubernetes.version));
}

static void verify(struct judge *j) {
  const struct plan_list *l = &j->plan->control_planes;
  judge_component(j, "pods.kube-apiserver",
                  "kube-apiserver runs on every control-plane node",
                  "kube-apiserver", l, true);
  judge_component(j, "pods.kube-controller-manager",
                  "kube-controller-manager runs on every control-plane node",
                  "kube-controller-manager", l, true);
  judge_component(j, "pods.kube-scheduler",
                  "kube-scheduler runs on every control-plane node",
                  "kube-scheduler", l, true);
}

#define MAX_CONTROL_PLANES 5

static void check_count(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *at = check_place(c, "nodes", NULL);
  size_t n = spec_count(s, ROLE_CONTROL_PLANE);
  if (n == 0)
    yaml_fault(c->err, at, "no node has the role control-plane");
  if (n == 1)
    check_warn(c, at,
               "one control-plane node is not highly available; three are");
  /* Elsewhere each has a member of etcd (etcd.c). */
  if (n > MAX_CONTROL_PLANES && s->etcd.mode == ETCD_EXTERNAL)
    yaml_fault(c->err, at, "%zu control-plane nodes; at most %d", n,
               MAX_CONTROL_PLANES);
}

static const struct spec_check checks[] = {
    {check_count, {"nodes.name", "nodes.role", "etcd.mode"}},
    {settings_check_api_server, SETTINGS_READ_API_SERVER},
    {settings_check_kubelets, SETTINGS_READ_KUBELETS},
    {0},
};

const struct part part_control_plane = {
    .name = "control-plane",
    .why = why,
    .checks = checks,
    .files = files,
    .more_files = more_files,
    .steps = steps,
    .values = values,
    .node_values = node_values,
    .verify = verify,
};
