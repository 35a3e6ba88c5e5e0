/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the spec's author adds: files, settings and modules of the kernel,
 * commands before and after the node joins, annotations of its Node object. */
#include "base/json.h"
#include "part/extras-checks.h"
#include <stdlib.h>
#include <string.h>

#define COMMANDS_BEFORE LIB "commands-before"
#define COMMANDS_AFTER LIB "commands-after"

static bool has_sysctls(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.sysctls.n > 0;
}

static bool has_modules(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.modules.n > 0;
}

static bool has_settings(const struct plan *p, const struct plan_node *n) {
  return has_sysctls(p, n) || has_modules(p, n);
}

static bool has_before(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.before.n > 0;
}

static bool has_after(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.after.n > 0;
}

/* Of Kubernetes' own nodes alone: what is for all nodes is not for the others.
 */
static bool has_annotations(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->has_kubelet && n->extras.annotations.n > 0;
}

static bool has_steps(const struct plan *p, const struct plan_node *n) {
  return has_settings(p, n) || has_before(p, n) || has_after(p, n) ||
         has_annotations(p, n);
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->extras.files.n > 0 || has_steps(p, n) ? "the spec adds to the node"
                                                  : NULL;
}

/* The kernel's settings come behind the image's own, 90-kubeseed.conf. */
static const struct part_file files[] = {
    {"/etc/sysctl.d/95-spec.conf", "user-data/sysctl.conf", 0644, ROOT,
     has_sysctls},
    {"/etc/modules-load.d/spec.conf", "user-data/modules.conf", 0644, ROOT,
     has_modules},
    {COMMANDS_BEFORE, "user-data/commands-before", 0600, ROOT, has_before},
    {COMMANDS_AFTER, "user-data/commands-after", 0600, ROOT, has_after},
    {LIB "annotations.json", "user-data/annotations.json", 0644, ROOT,
     has_annotations},
    {LIB "steps-extras.sh", "scripts/steps-extras.sh", 0644, ROOT, has_steps},
    {0},
};

static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  plan_add_spec_files(&n->extras.files, ret);
}

static const struct part_step steps[] = {{"settings", has_settings},
                                         {"commands-before", has_before},
                                         {"annotations", has_annotations},
                                         {"commands-after", has_after},
                                         {0}};

static void set_lines(struct scope *s, const char *name,
                      const struct strv *lines) {
  _cleanup_free_ char *text = strv_join(lines, "\n");
  scope_set(s, name, text);
}

/* A merge patch of the Node object (RFC 7386). */
static char *annotations_json(const struct strv *list) {
  json_t *all = json_object();
  for (size_t i = 0; i < list->n; i++) {
    size_t key = strcspn(list->v[i], "=");
    _cleanup_free_ char *name = xstrndup(list->v[i], key);
    (void)json_object_set_new(all, name, json_string(list->v[i] + key + 1));
  }
  _cleanup_json_ json_t *o =
      json_pack("{s:{s:o}}", "metadata", "annotations", all);
  return json_dumps(o, JSON_COMPACT);
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  if (has_sysctls(p, n))
    set_lines(s, "sysctls", &n->extras.sysctls);
  if (has_modules(p, n))
    set_lines(s, "modules", &n->extras.modules);
  if (has_annotations(p, n)) {
    _cleanup_free_ char *json = annotations_json(&n->extras.annotations);
    scope_set(s, "annotations", json);
  }
  if (has_before(p, n))
    set_lines(s, "commands_before", &n->extras.before);
  if (has_after(p, n))
    set_lines(s, "commands_after", &n->extras.after);
}

const struct part part_extras = {
    .name = "extras",
    .why = why,
    .checks = extras_checks,
    .files = files,
    .more_files = more_files,
    .steps = steps,
    .node_values = node_values,
};
