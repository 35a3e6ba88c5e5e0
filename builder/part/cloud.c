/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fragments of cloud-config that the spec adds to the node's user-data. */
#include "spec/cloud.h"
#include "part/part.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.cloud_config ? "the spec adds to its cloud-config" : NULL;
}

/* ---- What a spec may say ---- */

/* A command is a text for a shell, or a list of a program and its arguments. */
static bool is_command(const struct yaml_node *value) {
  if (value->kind == YAML_SCALAR)
    return !yaml_is_null(value);
  for (size_t i = 0; i < value->n; i++)
    if (value->kind != YAML_SEQ || value->child[i]->kind != YAML_SCALAR)
      return false;
  return value->n > 0;
}

static void check_value(const struct checking *c, const struct cloud_key *key,
                        const struct yaml_node *value) {
  static const char *const kinds[] = {
      [YAML_SCALAR] = "a text", [YAML_MAP] = "a map", [YAML_SEQ] = "a list"};
  if (value->kind != key->kind || (value->kind != YAML_SCALAR && value->n == 0))
    yaml_fault(c->err, value, "cloud-init's '%s' must be %s", key->name,
               kinds[key->kind]);
  for (size_t i = 0; value->kind == YAML_SEQ && i < value->n; i++)
    if (!is_command(value->child[i]))
      yaml_fault(c->err, value->child[i],
                 "an entry of cloud-init's '%s' must be a text, or a list of "
                 "texts",
                 key->name);
}

static void check_place_of(const struct checking *c,
                           const struct spec_extras *e,
                           const struct yaml_node *around) {
  const struct yaml_node *map = yaml_get(around, "cloudConfig");
  for (size_t i = 0; e->cloud_config && i < map->n; i++) {
    const struct yaml_node *value = map->child[i];
    const struct cloud_key *key = cloud_key_find(value->key);
    if (key)
      check_value(c, key, value);
    else
      yaml_fault_key(c->err, value,
                     "cloud-init's '%s' cannot be one of yours: %s", value->key,
                     cloud_key_instead(value->key));
  }
}

static void check(const struct checking *c) {
  check_each_extras(c, check_place_of);
}

static const struct spec_check checks[] = {
    {check, {"cloudConfig", "roles", "nodes"}},
    {0},
};

const struct part part_cloud = {
    .name = "cloud-config",
    .why = why,
    .checks = checks,
};
