/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spec's registries: mirrors, CAs and credentials, on nodes that run pods.
 */
#include "spec/registries.h"
#include "part/part.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->has_kubelet && p->spec->registry_files.n > 0
             ? "the spec says how registries are reached"
             : NULL;
}

static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  plan_add_spec_files(&n->extras.registries, ret);
}

/* ---- What a spec may say ---- */

static void check_registry(const struct checking *c, size_t i,
                           const struct yaml_node *at) {
  const struct spec_registry_vec *l = &c->spec->registries;
  const struct spec_registry *r = &l->v[i];
  if (r->mirrors.n == 0 && !r->ca && !r->credentials)
    yaml_fault(c->err, at,
               "nothing is said of the registry '%s'; write mirrors, ca or "
               "credentials",
               r->name);
  if (r->credentials && strcmp(r->name, REGISTRY_ANY) == 0)
    yaml_fault(c->err, yaml_get(at, "credentials"),
               "credentials are for one registry; write its name in place of "
               "'*'");
  for (size_t k = 0; k < i; k++)
    if (strcmp(l->v[k].name, r->name) == 0) {
      yaml_fault(c->err, yaml_get(at, "name"),
                 "two registries have the name '%s'; write their mirrors in "
                 "one list",
                 r->name);
      break;
    }
}

/* The author's own file in such a folder may say something else. */
static void check_files(const struct checking *c, const struct spec_extras *e,
                        const struct yaml_node *around) {
  const struct yaml_node *files = yaml_get(around, "files");
  for (size_t i = 0; i < e->files.n; i++)
    if (strncmp(e->files.v[i].path, REGISTRY_FOLDER, strlen(REGISTRY_FOLDER)) ==
        0)
      yaml_fault(c->err, yaml_get(files->child[i], "path"),
                 "the file '%s' is written where registries are; write it "
                 "there as well",
                 e->files.v[i].path);
}

static void check(const struct checking *c) {
  const struct yaml_node *list = yaml_get(c->root, "registries");
  for (size_t i = 0; list && i < c->spec->registries.n; i++)
    check_registry(c, i, list->child[i]);
  if (list)
    check_each_extras(c, check_files);
}

static const struct spec_check checks[] = {
    {check, {"registries", "files", "roles", "nodes"}},
    {0},
};

const struct part part_registries = {
    .name = "registries",
    .why = why,
    .checks = checks,
    .more_files = more_files,
};
