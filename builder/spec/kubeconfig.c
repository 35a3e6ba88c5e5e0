/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/kubeconfig.h"

#include "format/yaml.h"
#include <string.h>

static bool is_text(const struct yaml_node *n) {
  return n && n->kind == YAML_SCALAR && *n->text;
}

static bool is_text_of(const struct yaml_node *map, const char *key,
                       const char *text) {
  const struct yaml_node *n = yaml_get(map, key);
  return is_text(n) && strcmp(n->text, text) == 0;
}

/* The map called name in the list "clusters", below its key "cluster". */
static const struct yaml_node *named(const struct yaml_node *root,
                                     const char *list, const char *name,
                                     const char *key) {
  const struct yaml_node *l = yaml_get(root, list);
  for (size_t i = 0; l && l->kind == YAML_SEQ && i < l->n; i++)
    if (l->child[i]->kind == YAML_MAP && is_text_of(l->child[i], "name", name))
      return yaml_get(l->child[i], key);
  return NULL;
}

static void add_paths(const struct yaml_node *map, struct strv *ret) {
  static const char *const keys[] = {
      "certificate-authority", "client-certificate", "client-key", "tokenFile"};
  for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
    const struct yaml_node *n = yaml_get(map, keys[i]);
    if (is_text(n))
      strv_push(ret, n->text);
  }
}

const char *kubeconfig_fault(const char *name, const char *text, size_t len,
                             struct strv *ret_paths, struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = NULL;
  if (yaml_parse(name, text, len, &root, err) < 0)
    return NULL;
  if (root->kind != YAML_MAP || !is_text_of(root, "apiVersion", "v1") ||
      !is_text_of(root, "kind", "Config"))
    return "is none: it has not `apiVersion: v1` and `kind: Config`";
  const struct yaml_node *current = yaml_get(root, "current-context");
  if (!is_text(current))
    return "has no current-context";
  const struct yaml_node *context =
      named(root, "contexts", current->text, "context");
  const struct yaml_node *cluster_name = yaml_get(context, "cluster");
  const struct yaml_node *user_name = yaml_get(context, "user");
  if (!is_text(cluster_name) || !is_text(user_name))
    return "has no context with the name of its current-context that names a "
           "cluster and a user";
  const struct yaml_node *cluster =
      named(root, "clusters", cluster_name->text, "cluster");
  const struct yaml_node *server = yaml_get(cluster, "server");
  if (!is_text(server) || (strncmp(server->text, "https://", 8) != 0 &&
                           strncmp(server->text, "http://", 7) != 0))
    return "has no server, https://..., in the cluster of its current context";
  add_paths(cluster, ret_paths);
  add_paths(named(root, "users", user_name->text, "user"), ret_paths);
  return NULL;
}
