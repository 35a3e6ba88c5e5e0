/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/patch.h"

#include "base/mem.h"
#include "format/yaml.h"
#include <string.h>

#define SUFFIX_MAX 32

static const char *const targets[] = {
    [PATCH_API_SERVER] = "kube-apiserver",
    [PATCH_CONTROLLER_MANAGER] = "kube-controller-manager",
    [PATCH_SCHEDULER] = "kube-scheduler",
    [PATCH_ETCD] = "etcd",
    [PATCH_KUBELET] = "kubeletconfiguration",
    [PATCH_COREDNS] = "corednsdeployment",
};

struct parts {
  size_t target;    /* ARRAY_SIZE(targets): none of them */
  size_t suffix;    /* its length */
  const char *rest; /* "+merge.yaml" */
};

static struct parts split(const char *source) {
  const char *slash = strrchr(source, '/');
  const char *name = slash ? slash + 1 : source;
  struct parts p = {0, 0, name};
  for (; p.target < ARRAY_SIZE(targets); p.target++) {
    size_t n = strlen(targets[p.target]);
    if (strncmp(name, targets[p.target], n) != 0)
      continue;
    p.suffix = strspn(name + n, "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    p.rest = name + n + p.suffix;
    break;
  }
  return p;
}

static bool is_json_patch(const char *source) {
  return strncmp(split(source).rest, "+json.", 6) == 0;
}

bool patch_name_ok(const char *source) {
  static const char *const types[] = {"", "+strategic", "+merge", "+json"};
  struct parts p = split(source);
  if (p.target == ARRAY_SIZE(targets) || p.suffix > SUFFIX_MAX)
    return false;
  for (const char *c = source; *c; c++)
    if ((unsigned char)*c < ' ' || *c == '\x7f')
      return false;
  for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
    size_t n = strlen(types[i]);
    if (strncmp(p.rest, types[i], n) == 0 &&
        (strcmp(p.rest + n, ".yaml") == 0 || strcmp(p.rest + n, ".json") == 0))
      return true;
  }
  return false;
}

enum patch_target patch_target(const char *source) {
  return (enum patch_target)split(source).target;
}

/* A letter comes behind the '+', '0' and '9' of kubeseed's own. */
char *patch_path(size_t i, const char *source) {
  struct parts p = split(source);
  return xasprintf(PATCH_FOLDER "%sspec%02zu%s", targets[p.target], i + 1,
                   p.rest);
}

static const char *text_of(const struct yaml_node *map, const char *key) {
  const struct yaml_node *n = yaml_get(map, key);
  return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

/* RFC 6902, section 4; a path is a JSON pointer (RFC 6901). */
static const char *operation_fault(const struct yaml_node *map) {
  static const char *const known[] = {"add",  "remove", "replace",
                                      "move", "copy",   "test"};
  const char *op = text_of(map, "op"), *path = text_of(map, "path");
  size_t i = 0;
  if (!op || !path)
    return "has an operation without 'op' or 'path'";
  while (i < ARRAY_SIZE(known) && strcmp(known[i], op) != 0)
    i++;
  if (i == ARRAY_SIZE(known))
    return "has an 'op' that is none of add, remove, replace, move, copy and "
           "test";
  return *path && *path != '/' ? "has a 'path' that does not begin with '/'"
                               : NULL;
}

static const char *operations_fault(const struct yaml_node *list) {
  const char *wrong = NULL;
  if (list->kind != YAML_SEQ || list->n == 0)
    return "is no list of operations, as a patch of the type json has it";
  for (size_t i = 0; i < list->n && !wrong; i++)
    wrong = operation_fault(list->child[i]);
  return wrong;
}

const char *patch_fault(const char *source, const char *text, size_t len,
                        struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = NULL;
  if (yaml_parse(source, text, len, &root, err) < 0)
    return "";
  if (is_json_patch(source))
    return operations_fault(root);
  return root->kind == YAML_MAP && root->n > 0
             ? NULL
             : "is no map of what is to be changed";
}
