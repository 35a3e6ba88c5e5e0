/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The add-on local-volumes on the nodes: the folders that its volumes are, and
 * for the manifest which node has which. Nothing runs for them: the scheduler
 * brings a pod to where its volume is (kubernetes.io, "Volumes", local).
 */
#include "part/part.h"
#include "spec/addons.h"
#include <string.h>

/* A node that keeps pods away by a taint of its own is the author's to keep;
 * on a control plane that has kubeadm's nobody would use them. */
static bool takes_pods(const struct plan_node *n) {
  return n->has_kubelet && (n->spec->role == ROLE_WORKER || n->taints.n == 0);
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  return addon_of(p->spec, ADDON_LOCAL_VOLUMES) && takes_pods(n)
             ? "addons local-volumes: has volumes for pods"
             : NULL;
}

static const struct part_file files[] = {
    {"/etc/kubeseed/volumes", "user-data/volumes", 0644, ROOT, NULL},
    {LIB "steps-volumes.sh", "scripts/steps-volumes.sh", 0644, ROOT, NULL},
    {0},
};

/* Before the kubelet, which does not make them. */
static const struct part_step steps[] = {{"volumes", NULL}, {0}};

#define MIB (1024 * 1024)

/* All of the cluster, for the manifest, and those of any node. */
static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  const struct spec_addon *a = addon_of(p->spec, ADDON_LOCAL_VOLUMES);
  scope_set_list(s, "local_volumes");
  scope_set_list(s, "volume_folders");
  if (!a)
    return;
  if (a->size % MIB == 0)
    scope_setf(s, "volume_size", "%lluMi", (unsigned long long)(a->size / MIB));
  else
    scope_setf(s, "volume_size", "%llu", (unsigned long long)a->size);
  for (int k = 1; k <= a->volumes; k++)
    scope_setf(scope_add(s, "volume_folders"), "folder", "%s/%d", a->path, k);
  for (size_t i = 0; i < p->kubelets.n; i++)
    for (int k = 1; takes_pods(p->kubelets.v[i]) && k <= a->volumes; k++) {
      struct scope *row = scope_add(s, "local_volumes");
      scope_setf(row, "volume", "local-%s-%d", p->kubelets.v[i]->name, k);
      scope_set(row, "on_node", p->kubelets.v[i]->name);
      scope_setf(row, "folder", "%s/%d", a->path, k);
    }
}

static const struct yaml_node *
place(const struct checking *c, const struct spec_addon *a, const char *key) {
  const struct yaml_node *entry =
      yaml_get(c->root, "addons")->child[a - c->spec->addons.v];
  const struct yaml_node *value =
      entry->kind == YAML_MAP ? yaml_get(entry, key) : NULL;
  return value ? value : entry;
}

static bool may_take_pods(const struct spec *s, const struct spec_node *n) {
  const struct spec_taints *entry = &s->entry_extras.v[n->entry].taints;
  const struct spec_extras *role = spec_role_extras(s, n->role);
  if (n->role != ROLE_CONTROL_PLANE)
    return n->role == ROLE_WORKER;
  return entry->written
             ? entry->list.n == 0
             : role && role->taints.written && role->taints.list.n == 0;
}

static void check_volumes(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct spec_addon *a = addon_of(s, ADDON_LOCAL_VOLUMES);
  if (!a)
    return;
  size_t nodes = 0;
  for (size_t i = 0; i < s->nodes.n; i++)
    nodes += may_take_pods(s, &s->nodes.v[i]);
  if (nodes == 0 && spec_count(s, ROLE_CONTROL_PLANE) > 0)
    yaml_fault(
        c->err, place(c, a, "name"),
        "no node takes pods that could have such a volume; add a worker, "
        "or write `taints: []` on a control plane");
  if (nodes * (size_t)a->volumes > ADDON_VOLUMES_MAX)
    yaml_fault(c->err, place(c, a, "volumes"),
               "%d volumes on each of %zu nodes are more than %d, for which "
               "the first node would ask minutes at each boot; write fewer, or "
               "bring a provisioner by manifests",
               a->volumes, nodes, ADDON_VOLUMES_MAX);
  if (!addon_path_ok(a->path))
    yaml_fault(c->err, place(c, a, "path"),
               "'%s' has what is the node's own; write a folder like "
               "/srv/volumes",
               a->path);
}

static const struct spec_check checks[] = {
    {check_volumes, {"addons", "nodes", "roles"}},
    {0},
};

const struct part part_volumes = {
    .name = "volumes",
    .why = why,
    .checks = checks,
    .files = files,
    .steps = steps,
    .values = values,
};
