/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What runs in the cluster besides (addons): manifests that the first node
 * applies when it is ready, and looks at again at each boot. Each object has
 * the label kubeseed/addon with the add-on's name, by which all of it is found
 * when the spec has it no more.
 */
#include "spec/addons.h"
#include "part/part.h"
#include <string.h>

static bool applies_them(const struct plan_node *n) {
  return n->founder;
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (!applies_them(n) || !p->spec->addons_written)
    return NULL;
  return p->spec->addons.n > 0 ? "applies the spec's add-ons"
                               : "removes the add-ons of an earlier spec";
}

static bool local_volumes(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return addon_of(p->spec, ADDON_LOCAL_VOLUMES);
}

static const struct part_file files[] = {
    {"/etc/kubeseed/addons.list", "user-data/addons.list", 0644, ROOT, NULL},
    {LIB "steps-addons.sh", "scripts/steps-addons.sh", 0644, ROOT, NULL},
    {ADDON_FOLDER "local-volumes.yaml", "user-data/addon-local-volumes.yaml",
     0644, ROOT, local_volumes},
    {0},
};

static const struct part_step steps[] = {{"addons", NULL}, {0}};

/* Whether the file is of the add-on: NAME.yaml or NAME-WHAT.yaml. */
static bool is_file_of(const struct part_file *f, const char *name) {
  size_t folder = strlen(ADDON_FOLDER), len = strlen(name);
  return strncmp(f->path, ADDON_FOLDER, folder) == 0 &&
         strncmp(f->path + folder, name, len) == 0 &&
         strchr(".-", f->path[folder + len]);
}

/* For addons.list. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  const struct spec *spec = p->spec;
  scope_set_list(s, "addon_files");
  if (!why(p, n))
    return;
  for (size_t i = 0; i < spec->addons.n; i++) {
    const char *name = addon_name(spec->addons.v[i].name);
    for (const struct part_file *f = files; f->path; f++) {
      if (!is_file_of(f, name) || !f->when(p, n))
        continue;
      struct scope *row = scope_add(s, "addon_files");
      scope_set(row, "name", name);
      scope_set(row, "path", f->path);
    }
  }
}

static const struct yaml_node *place(const struct checking *c, size_t i) {
  return yaml_get(c->root, "addons")->child[i];
}

static void check_names(const struct checking *c) {
  const struct spec *s = c->spec;
  for (size_t i = 0; i < s->addons.n; i++) {
    const char *name = addon_name(s->addons.v[i].name);
    for (size_t k = 0; k < i; k++)
      if (s->addons.v[k].name == s->addons.v[i].name)
        yaml_fault(c->err, place(c, i), "the add-on %s stands twice", name);
  }
}

static const struct spec_check checks[] = {
    {check_names, {"addons"}},
    {0},
};

const struct part part_addons = {
    .name = "addons",
    .why = why,
    .checks = checks,
    .files = files,
    .steps = steps,
    .node_values = node_values,
};
