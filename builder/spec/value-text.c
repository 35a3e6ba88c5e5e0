/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/value-text.h"

void *value_member(const struct key *k, void *base) {
  return (char *)base + k->offset;
}

const char *value_scalar(const struct key *k, const struct yaml_node *value,
                         struct error *err) {
  if (value->kind == YAML_SCALAR && *value->text)
    return value->text;
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value, "'%s' must be %s", key_name(k), rule);
  return NULL;
}

void value_not_by_rule(const struct key *k, const struct yaml_node *value,
                       struct error *err) {
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value, "'%s' is '%s', but must be %s", key_name(k),
             value->text, rule);
}
