/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/value-settings.h"

#include "base/mem.h"
#include "spec/addons.h"
#include "spec/settings.h"
#include "spec/tokens.h"
#include "spec/value-text.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "90s", "30m" and "2h" to seconds; 0 when it is none. */
static int parse_duration(const char *text) {
  static const char units[] = "smh";
  static const int seconds[] = {1, 60, 3600};
  char *end;
  errno = 0;
  long v = strtol(text, &end, 10);
  const char *unit = *end && !end[1] ? strchr(units, *end) : NULL;
  if (errno || !isdigit((unsigned char)*text) || !unit || v > 1000000)
    return 0;
  long all = v * seconds[unit - units];
  return all > 365L * 24 * 3600 ? 0 : (int)all;
}

static void read_duration(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  int seconds = parse_duration(text);
  if (seconds < k->min || seconds > k->max)
    value_not_by_rule(k, value, err);
  else
    *(int *)value_member(k, base) = seconds;
}

/* A text that ok says is one. */
static void read_text(const struct key *k, const struct yaml_node *value,
                      void *base, bool (*ok)(const char *), struct error *err) {
  const char *text = value_scalar(k, value, err);
  if (text && !ok(text)) {
    value_not_by_rule(k, value, err);
  } else if (text) {
    char **dest = value_member(k, base);
    free(*dest);
    *dest = xstrdup(text);
  }
}

/* Whether it is a list or a map, as the type wants it. */
static bool is_of(const struct key *k, const struct yaml_node *value,
                  enum yaml_kind kind, struct error *err) {
  if (value->kind == kind)
    return true;
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value, "'%s' must be %s", key_name(k), rule);
  return false;
}

/* A list of texts, none of them twice. */
static void read_list(const struct key *k, const struct yaml_node *value,
                      void *base, bool (*ok)(const char *), const char *rule,
                      struct error *err) {
  struct strv *to = value_member(k, base);
  if (!is_of(k, value, YAML_SEQ, err))
    return;
  for (size_t i = 0; i < value->n; i++) {
    const struct yaml_node *entry = value->child[i];
    if (entry->kind != YAML_SCALAR || !ok(entry->text))
      yaml_fault(err, entry, "an entry of '%s' must be %s", key_name(k), rule);
    else if (strv_has(to, entry->text))
      yaml_fault(err, entry, "'%s' stands twice in '%s'", entry->text,
                 key_name(k));
    else
      strv_push(to, entry->text);
  }
}

static void read_claims(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  if (!is_of(k, value, YAML_MAP, err))
    return;
  for (size_t i = 0; i < value->n; i++) {
    const struct yaml_node *claim = value->child[i];
    if (!claim_name_ok(claim->key))
      yaml_fault_key(err, claim, "the claim '%s' must be %s", claim->key,
                     CLAIM_RULE);
    else if (claim->kind != YAML_SCALAR || !claim_value_ok(claim->text))
      yaml_fault(err, claim,
                 "the claim '%s' must be one line of text without ','",
                 claim->key);
    else
      strv_pushf(value_member(k, base), "%s=%s", claim->key, claim->text);
  }
}

/* What is reserved, or the thresholds of evictions. */
static void read_amounts(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  bool thresholds = k->type == TYPE_THRESHOLDS;
  if (!is_of(k, value, YAML_MAP, err))
    return;
  for (size_t i = 0; i < value->n; i++) {
    const struct yaml_node *n = value->child[i];
    bool named = thresholds ? signal_name_ok(n->key) : resource_name_ok(n->key);
    if (!named) {
      yaml_fault_key(err, n, "'%s' has no '%s', but %s", key_name(k), n->key,
                     thresholds ? SIGNAL_RULE : RESOURCE_RULE);
      continue;
    }
    const char *text = n->kind == YAML_SCALAR ? n->text : "";
    const char *wrong = thresholds ? threshold_ok(text) ? NULL : THRESHOLD_RULE
                                   : resource_fault(n->key, text);
    if (wrong)
      yaml_fault(err, n, "'%s' of '%s' must be %s", n->key, key_name(k), wrong);
    else
      strv_pushf(value_member(k, base), "%s=%s", n->key, text);
  }
}

static bool ports_ok(const char *text) {
  int first, last;
  return ports_parse(text, &first, &last);
}

void value_read_setting(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  switch ((int)k->type) {
  case TYPE_DURATION:
    read_duration(k, value, base, err);
    break;
  case TYPE_PORTS:
    read_text(k, value, base, ports_ok, err);
    break;
  case TYPE_ISSUER:
    read_text(k, value, base, issuer_ok, err);
    break;
  case TYPE_ADDRESS_TYPES:
    read_list(k, value, base, address_type_ok, ADDRESS_TYPES_RULE, err);
    break;
  case TYPE_PLUGINS:
    read_list(k, value, base, plugin_name_ok, PLUGIN_RULE, err);
    break;
  case TYPE_RANGES:
    read_list(k, value, base, addon_range_ok, ADDRESS_RANGE_RULE, err);
    break;
  case TYPE_TOKEN_NAME:
    read_text(k, value, base, token_name_ok, err);
    break;
  case TYPE_TOKEN_NAMES:
    read_list(k, value, base, token_name_ok, TOKEN_NAME_RULE, err);
    break;
  case TYPE_RESOURCES:
  case TYPE_THRESHOLDS:
    read_amounts(k, value, base, err);
    break;
  case TYPE_CLAIMS:
    read_claims(k, value, base, err);
    break;
  }
}
