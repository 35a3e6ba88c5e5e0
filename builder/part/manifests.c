/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spec's manifests, which the node that founds the cluster applies. */
#include "base/digest.h"
#include "part/part.h"
#include "spec/cni.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (n->extras.manifests.n > 0)
    return "applies the spec's manifests";
  return n->founder && cni_runs_in_pods(p->spec->network.cni)
             ? "applies what network.cni needs"
             : NULL;
}

static const struct part_file files[] = {
    {"/etc/kubeseed/manifests.list", "user-data/manifests.list", 0644, ROOT,
     NULL},
    {LIB "steps-manifests.sh", "scripts/steps-manifests.sh", 0644, ROOT, NULL},
    {0},
};

static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  plan_add_spec_files(&n->extras.manifests, ret);
}

/* Before the spec's own commands, which may need what is in them; before the
 * node is ready, for a network of pods may be what they bring. */
static const struct part_step steps[] = {{"manifests", NULL}, {0}};

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  (void)p;
  scope_set_list(s, "manifests");
  for (size_t i = 0; i < n->extras.manifests.n; i++) {
    const struct spec_file *f = n->extras.manifests.v[i];
    char digest[SHA256_HEX];
    sha256_hex(f->content.data ? f->content.data : "", f->content.len, digest);
    struct scope *row = scope_add(s, "manifests");
    scope_set(row, "digest", digest);
    scope_set(row, "path", f->path);
  }
}

const struct part part_manifests = {
    .name = "manifests",
    .why = why,
    .files = files,
    .more_files = more_files,
    .steps = steps,
    .node_values = node_values,
};
