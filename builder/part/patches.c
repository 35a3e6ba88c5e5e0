/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubernetes.patches: the spec's changes to what kubeadm writes, in the folder
 * in which kubeseed's own are (control-plane.c, etcd-stacked.c). */
#include "part/part.h"
#include "spec/patch.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.patches.n > 0 ? "the spec's patches of what kubeadm writes"
                                 : NULL;
}

static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  plan_add_spec_files(&n->extras.patches, ret);
}

/* A worker has none of kubeseed's own, and no folder for them. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  (void)p;
  if (n->extras.patches.n > 0 && n->spec->role == ROLE_WORKER)
    scope_set_flag(s, "patches_in_config", true);
}

/* ---- What a spec may say ---- */

static void check_patch(const struct checking *c, const struct spec_file *f,
                        const struct yaml_node *at) {
  const struct version *v = &c->spec->kubernetes.version;
  enum patch_target target = patch_target(f->source);
  if (target == PATCH_ETCD && c->spec->etcd.mode != ETCD_STACKED)
    yaml_fault(c->err, at,
               "etcd is no pod of kubeadm's with etcd.mode '%s'; write "
               "arguments for it in etcd.extraArgs",
               etcd_mode_name(c->spec->etcd.mode));
  if (target == PATCH_KUBELET && !version_patches_kubelets(v))
    yaml_fault(c->err, at,
               "kubeadm patches the kubelets' configuration from 1.25 on; "
               "write kubernetes.kubelet.extraArgs");
  if (target == PATCH_COREDNS && !version_patches_coredns(v))
    yaml_fault(c->err, at,
               "kubeadm patches CoreDNS from 1.32 on; write what is to be in "
               "its place as one of the manifests");
}

static void check(const struct checking *c) {
  const struct spec_file_vec *l = &c->spec->kubernetes.patches;
  const struct yaml_node *at =
      yaml_get(yaml_get(c->root, "kubernetes"), "patches");
  if (l->n > 0 && !version_has_patches(&c->spec->kubernetes.version)) {
    yaml_fault(c->err, at, "kubeadm takes patches from 1.19 on");
    return;
  }
  for (size_t i = 0; i < l->n; i++)
    check_patch(c, &l->v[i], at->child[i]);
}

static const struct spec_check checks[] = {
    {check, {"kubernetes.patches", "kubernetes.version", "etcd.mode"}},
    {0},
};

const struct part part_patches = {
    .name = "patches",
    .why = why,
    .checks = checks,
    .more_files = more_files,
    .node_values = node_values,
};
