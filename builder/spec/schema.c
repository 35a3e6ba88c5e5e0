/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/schema.h"

#include "base/buf.h"
#include "spec/table.h"
#include <stdlib.h>

static json_t *keys_schema(const struct key *of);

/* It may be of this type as well. */
static void or_type(json_t *o, const char *type) {
  json_t *types = json_object_get(o, "type");
  json_t *list =
      json_is_array(types) ? json_copy(types) : json_pack("[O]", types);
  json_array_append_new(list, json_string(type));
  json_object_set_new(o, "type", list);
}

/* A text of the type's pattern. Where YAML takes some texts for numbers or
 * bools, these are as good. */
static json_t *text_schema(const struct key *k) {
  const struct type_info *type = type_info(k->type);
  json_t *o = json_object();
  json_object_set_new(o, "type",
                      type->number
                          ? json_pack("[sss]", "string", "number", "boolean")
                          : json_string("string"));
  json_object_set_new(o, "pattern", json_string(type->pattern));
  return o;
}

static json_t *word_schema(const struct key *k) {
  json_t *words = json_array();
  for (const struct word *w = k->words; w->word; w++)
    json_array_append_new(words, json_string(w->word));
  return json_pack("{so}", "enum", words);
}

/* A map of texts, whose keys are the author's. */
static json_t *labels_schema(const struct key *k) {
  const struct type_info *type = type_info(k->type);
  return json_pack("{sss{s{s[ssss]ss}}sb}", "type", "object",
                   "patternProperties", type->keys, "type", "string", "number",
                   "boolean", "null", "pattern", type->pattern,
                   "additionalProperties", 0);
}

/* The map, the text that may stand in its place, or nothing. */
static json_t *brief_schema(const struct key *k) {
  json_t *o = text_schema(key_brief(k));
  json_t *map = keys_schema(k);
  or_type(o, "object");
  json_object_update_missing(o, map);
  json_decref(map);
  return o;
}

/* An entry of a list: the map, or the text that may stand in its place. */
static json_t *entry_schema(const struct key *k) {
  json_t *map = keys_schema(k);
  return k->brief ? json_pack("{s{ss}soso}", "if", "type", "string", "then",
                              word_schema(key_brief(k)), "else", map)
                  : map;
}

/* A text by a rule, or a list of such texts, which may be empty. */
static json_t *texts_schema(const struct key *k) {
  switch ((int)k->type) {
  case TYPE_KEYS:
  case TYPE_TAINTS:
  case TYPE_GROUPS:
  case TYPE_MODULES:
  case TYPE_KERNEL_ARGS:
  case TYPE_NO_PROXY:
  case TYPE_CA_FILES:
  case TYPE_IMAGES:
  case TYPE_DEBS:
  case TYPE_COMMANDS:
  case TYPE_MANIFESTS:
  case TYPE_PATCHES:
  case TYPE_SANS:
  case TYPE_ADDRESS_TYPES:
  case TYPE_PLUGINS:
  case TYPE_RANGES:
  case TYPE_TOKEN_NAMES:
  case TYPE_REGISTRY_MIRRORS:
    return json_pack("{ssso}", "type", "array", "items", text_schema(k));
  default:
    return text_schema(k);
  }
}

static json_t *value_schema(const struct key *k) {
  switch ((int)k->type) {
  case TYPE_MAP:
    return k->brief ? brief_schema(k) : keys_schema(k);
  case TYPE_LIST:
    return json_pack("{sssosi}", "type", "array", "items", entry_schema(k),
                     "minItems", k->may_be_empty ? 0 : 1);
  case TYPE_WORD:
    return word_schema(k);
  case TYPE_CLOUD:
    return json_pack("{ss}", "type", "object");
  case TYPE_INT:
    return json_pack("{sssisi}", "type", "integer", "minimum", k->min,
                     "maximum", k->max);
  case TYPE_LABELS:
  case TYPE_SYSCTLS:
  case TYPE_ARGUMENTS:
  case TYPE_GATES:
  case TYPE_NOTES:
  case TYPE_CLAIMS:
  case TYPE_RESOURCES:
  case TYPE_THRESHOLDS:
    return labels_schema(k);
  case TYPE_ADDRESSES:
  case TYPE_MEMBERS:
  case TYPE_SERVERS:
    return json_pack("{sssosi}", "type", "array", "items", text_schema(k),
                     "minItems", 1);
  default:
    return texts_schema(k);
  }
}

/* All that editors show: the sentences, what each word means, the default. */
static json_t *description(const struct key *k) {
  _cleanup_buf_ struct buf text = {0};
  buf_adds(&text, k->doc);
  for (const struct word *w = k->words; w && w->word; w++)
    buf_addf(&text, "\n%s: %s.", w->word, w->doc);
  if (k->derived)
    buf_addf(&text, "\nUnless given: %s.", k->derived);
  return json_string(text.data);
}

static json_t *key_schema(const struct key *k) {
  json_t *o = value_schema(k);
  /* Left empty it counts as not written, and a file's content as empty. */
  if ((key_holds_more(k) && !k->required) || k->type == TYPE_CONTENT)
    or_type(o, "null");
  json_object_set_new(o, "description", description(k));
  if (k->value)
    json_object_set_new(o, "default",
                        k->type == TYPE_INT
                            ? json_integer(strtol(k->value, NULL, 10))
                            : json_string(k->value));
  return o;
}

static json_t *keys_schema(const struct key *of) {
  json_t *properties = json_object();
  json_t *required = json_array();
  for (const struct key *k = key_first(of); k; k = key_next(k)) {
    json_object_set_new(properties, key_name(k), key_schema(k));
    if (k->required)
      json_array_append_new(required, json_string(key_name(k)));
  }
  json_t *o = json_pack("{sssosb}", "type", "object", "properties", properties,
                        "additionalProperties", 0);
  if (json_array_size(required) > 0)
    json_object_set(o, "required", required);
  json_decref(required);
  return o;
}

json_t *spec_schema(void) {
  json_t *o = json_pack("{ssssss}", "$schema",
                        "http://json-schema.org/draft-07/schema#", "title",
                        "kubeseed/v1 Cluster", "description",
                        "One cluster, as kubeseed makes it.");
  json_t *keys = keys_schema(NULL);
  json_object_update(o, keys);
  json_decref(keys);
  return o;
}
