/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/merge.h"

#include "base/mem.h"
#include "format/yaml.h"
#include <string.h>

/* Where the thing of that name is in the list; the list's length if nowhere. */
static size_t find(const struct yaml_node *list, const char *name) {
  size_t i = 0;
  for (; i < list->n; i++) {
    const struct yaml_node *n = yaml_get(list->child[i], "name");
    if (n && n->kind == YAML_SCALAR && strcmp(n->text, name) == 0)
      break;
  }
  return i;
}

/* Where an old context has a namespace, or what else `kubectl config
 * set-context` and others put there, the new one keeps it. */
static void keep_settings(struct yaml_node *item, const struct yaml_node *old) {
  struct yaml_node *context = yaml_get(item, "context");
  const struct yaml_node *was = yaml_get(old, "context");
  if (!context || context->kind != YAML_MAP || !was || was->kind != YAML_MAP)
    return;
  for (size_t i = 0; i < was->n; i++)
    if (!yaml_get(context, was->child[i]->key))
      yaml_map_set(context, was->child[i]->key, yaml_copy(was->child[i]));
}

static void put(struct yaml_node *list, const struct yaml_node *item) {
  size_t i = find(list, yaml_get(item, "name")->text);
  struct yaml_node *new = yaml_copy(item);
  if (i == list->n) {
    yaml_seq_add(list, new);
    return;
  }
  keep_settings(new, list->child[i]);
  yaml_node_free(list->child[i]);
  list->child[i] = new;
}

/* The CA is what makes a cluster that cluster. */
static bool same_ca(const struct yaml_node *a, const struct yaml_node *b) {
  const struct yaml_node *of[] = {a, b};
  for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
    const struct yaml_node *c = yaml_get(of[i], "cluster");
    of[i] = c && c->kind == YAML_MAP ? yaml_get(c, "certificate-authority-data")
                                     : NULL;
  }
  return of[0] && of[1] && of[0]->kind == YAML_SCALAR &&
         of[1]->kind == YAML_SCALAR && strcmp(of[0]->text, of[1]->text) == 0;
}

/* Another's cluster of the same name would be lost with its keys. */
static int check_clusters(const struct yaml_node *root,
                          const struct yaml_node *ours, struct error *err) {
  const struct yaml_node *list = yaml_get(root, "clusters");
  const struct yaml_node *items = yaml_get(ours, "clusters");
  if (!list || list->kind != YAML_SEQ)
    return 0;
  for (size_t i = 0; items && i < items->n; i++) {
    const char *name = yaml_get(items->child[i], "name")->text;
    size_t at = find(list, name);
    if (at == list->n || same_ca(list->child[at], items->child[i]))
      continue;
    (void)yaml_fault(err, list->child[at],
                     "the cluster '%s' here has another CA, so it is another "
                     "cluster, or this one before it was made anew; --merge "
                     "--force replaces it, and another name in the spec keeps "
                     "both",
                     name);
    err->kind = ERROR_FAILED; /* neither the spec nor the command is wrong */
    return -1;
  }
  return 0;
}

/* kubectl writes "clusters: null" for none. */
static int merge_list(struct yaml_node *root, const struct yaml_node *ours,
                      const char *key, struct error *err) {
  struct yaml_node *list = yaml_get(root, key);
  const struct yaml_node *items = yaml_get(ours, key);
  if (!list || yaml_is_null(list))
    list = yaml_map_set_seq(root, key);
  if (list->kind != YAML_SEQ)
    return yaml_fault(err, list, "'%s' is not a list, so this is no kubeconfig",
                      key);
  list->flow = false; /* "clusters: []" */
  for (size_t i = 0; items && i < items->n; i++)
    put(list, items->child[i]);
  return 0;
}

static int check_kind(const struct yaml_node *root, struct error *err) {
  if (root->kind != YAML_MAP)
    return yaml_fault(err, root, "this is no kubeconfig");
  const struct yaml_node *kind = yaml_get(root, "kind");
  if (kind && (kind->kind != YAML_SCALAR || strcmp(kind->text, "Config") != 0))
    return yaml_fault(err, kind,
                      "the kind is not Config, so this is no kubeconfig");
  return 0;
}

int kubeconfig_merge(const char *name, const struct buf *into,
                     const struct buf *ours, bool replace, struct buf *ret,
                     struct error *err) {
  static const char *const lists[] = {"clusters", "users", "contexts"};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_yaml_ struct yaml_node *new = NULL;
  _cleanup_yaml_ struct yaml_node *again = NULL;
  _cleanup_buf_ struct buf out = {0};
  if (yaml_parse(name, into->data ? into->data : "", into->len, &root, err) <
          0 ||
      yaml_parse("kubeconfig", ours->data, ours->len, &new, err) < 0)
    return -1;
  if (yaml_is_null(root)) {
    buf_add(ret, ours->data, ours->len);
    return 0;
  }
  if (check_kind(root, err) < 0 ||
      (!replace && check_clusters(root, new, err) < 0))
    return -1;
  for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
    if (merge_list(root, new, lists[i], err) < 0)
      return -1;
  const struct yaml_node *current = yaml_get(new, "current-context");
  if (current)
    yaml_map_set(root, "current-context", yaml_copy(current));
  if (yaml_emit(root, &out, err) < 0 ||
      yaml_parse(name, out.data, out.len, &again, err) < 0)
    return -1;
  if (!yaml_equal(root, again))
    return error_set(err, 0, "'%s' cannot be written as it was read", name);
  *ret = out;
  out = (struct buf){0};
  return 0;
}
