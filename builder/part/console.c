/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a node talks to who logs in, and which keyboard is at its console. */
#include "part/part.h"
#include <string.h>

#define LOCALE "/etc/default/locale"
#define KEYBOARD "/etc/default/keyboard"

static bool has_keyboard(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.keyboard;
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->extras.locale || has_keyboard(p, n)
             ? "the spec has a locale or a keyboard for it"
             : NULL;
}

static const struct part_file files[] = {
    {LIB "steps-console.sh", "scripts/steps-console.sh", 0644, ROOT,
     has_keyboard},
    {0},
};

/* Not of the table above: without these keys they may be the author's. */
static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  if (n->extras.locale)
    *plan_file_vec_add(ret) =
        (struct plan_file){LOCALE, "user-data/locale", 0644, ROOT};
  if (n->extras.keyboard)
    *plan_file_vec_add(ret) =
        (struct plan_file){KEYBOARD, "user-data/keyboard", 0644, ROOT};
}

static const struct part_step steps[] = {{"keyboard", has_keyboard}, {0}};

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  (void)p;
  if (n->extras.locale)
    scope_set(s, "locale", n->extras.locale);
  if (!n->extras.keyboard)
    return;
  size_t len = strcspn(n->extras.keyboard, ":");
  const char *rest = n->extras.keyboard + len;
  scope_setf(s, "keyboard_layout", "%.*s", (int)len, n->extras.keyboard);
  scope_set(s, "keyboard_variant", *rest ? rest + 1 : "");
}

/* ---- What a spec may say ---- */

static const struct yaml_node *path_in(const struct yaml_node *around,
                                       const char *path) {
  const struct yaml_node *list = yaml_get(around, "files");
  for (size_t i = 0; list && i < list->n; i++) {
    const struct yaml_node *at = yaml_get(list->child[i], "path");
    if (at && strcmp(at->text, path) == 0)
      return at;
  }
  return NULL;
}

/* A file of the node that the author has written; NULL when there is none. */
static const struct yaml_node *own_file(const struct checking *c,
                                        const struct spec_node *n,
                                        const char *path) {
  const struct yaml_node *roles = yaml_get(c->root, "roles");
  const struct yaml_node *entry = yaml_get(c->root, "nodes")->child[n->entry];
  const struct yaml_node *at = path_in(c->root, path);
  for (size_t i = 0; !at && i < c->spec->roles.n; i++)
    if (c->spec->roles.v[i].role == n->role)
      at = path_in(roles->child[i], path);
  return at ? at : path_in(entry, path);
}

static bool check_own(const struct checking *c, const struct spec_node *n,
                      const char *path, const char *key) {
  const struct yaml_node *at = own_file(c, n, path);
  if (at)
    yaml_fault(c->err, at, "the file '%s' follows from %s", path, key);
  return !at;
}

static bool check_node(const struct checking *c, const struct spec_node *n) {
  const struct spec_extras *of[] = {&c->spec->extras,
                                    spec_role_extras(c->spec, n->role),
                                    &c->spec->entry_extras.v[n->entry]};
  bool locale = false, keyboard = false;
  for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
    locale |= of[i] && of[i]->locale;
    keyboard |= of[i] && of[i]->keyboard;
  }
  bool ok = !locale || check_own(c, n, LOCALE, "locale");
  return (!keyboard || check_own(c, n, KEYBOARD, "keyboard")) && ok;
}

static void check(const struct checking *c) {
  check_each_node(c, check_node);
}

static const struct spec_check checks[] = {
    {check, {"locale", "keyboard", "files", "roles", "nodes"}},
    {0},
};

const struct part part_console = {
    .name = "console",
    .why = why,
    .checks = checks,
    .files = files,
    .more_files = more_files,
    .steps = steps,
    .node_values = node_values,
};
