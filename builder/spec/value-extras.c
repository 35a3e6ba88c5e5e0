/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/value-extras.h"

#include "spec/account.h"
#include "spec/component.h"
#include "spec/debian.h"
#include "spec/extras.h"
#include "spec/label.h"
#include "spec/manifest.h"
#include "spec/mirror.h"
#include "spec/patch.h"
#include "spec/registries.h"
#include "spec/spec.h"
#include <string.h>

static void *member(const struct key *k, void *base) {
  return (char *)base + k->offset;
}

static void not_by_rule(const struct key *k, const struct yaml_node *value,
                        struct error *err) {
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value, "'%s' must be %s", key_name(k), rule);
}

/* A text that ok says is one, or a fault. */
static void read_text(const struct key *k, const struct yaml_node *value,
                      void *base, bool (*ok)(const char *), struct error *err) {
  char **dest = member(k, base);
  if (value->kind != YAML_SCALAR || !ok(value->text)) {
    not_by_rule(k, value, err);
    if (k->type == TYPE_PASSWORD)
      error_secret(err);
    return;
  }
  free(*dest);
  *dest = xstrdup(value->text);
}

/* Nothing is said of it: it may be a secret. */
static void read_content(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct spec_file *f = base;
  if (value->kind != YAML_SCALAR) {
    not_by_rule(k, value, err);
    return;
  }
  buf_adds(&f->content, yaml_is_null(value) ? "" : value->text);
  f->written = true;
}

static void read_mode(const struct key *k, const struct yaml_node *value,
                      void *base, struct error *err) {
  if (value->kind != YAML_SCALAR ||
      !extras_mode_parse(value->text, member(k, base)))
    not_by_rule(k, value, err);
}

static void read_sysctl(const struct yaml_node *value, struct strv *to,
                        struct error *err) {
  if (!extras_sysctl_ok(value->key))
    yaml_fault_key(err, value, "the setting '%s' must be %s", value->key,
                   EXTRAS_SYSCTL_RULE);
  else if (value->kind != YAML_SCALAR || !extras_line_ok(value->text))
    yaml_fault(err, value, "the setting '%s' must be one line of text",
               value->key);
  else
    strv_pushf(to, "%s=%s", value->key, value->text);
}

static void read_argument(const struct yaml_node *value, struct strv *to,
                          struct error *err) {
  if (!argument_name_ok(value->key))
    yaml_fault_key(err, value, "the argument '%s' must be %s", value->key,
                   ARGUMENT_RULE);
  else if (value->kind != YAML_SCALAR || !extras_line_ok(value->text))
    yaml_fault(err, value, "the argument '%s' must be one line of text",
               value->key);
  else
    strv_pushf(to, "%s=%s", value->key, value->text);
}

static void read_gate(const struct yaml_node *value, struct strv *to,
                      struct error *err) {
  if (!gate_name_ok(value->key))
    yaml_fault_key(err, value, "the feature gate '%s' must be %s", value->key,
                   GATE_RULE);
  else if (value->kind != YAML_SCALAR || (strcmp(value->text, "true") != 0 &&
                                          strcmp(value->text, "false") != 0))
    yaml_fault(err, value, "the feature gate '%s' must be true or false",
               value->key);
  else
    strv_pushf(to, "%s=%s", value->key, value->text);
}

/* A map of the author's own keys, each read by one. */
static void read_map(const struct key *k, const struct yaml_node *value,
                     void *base,
                     void (*one)(const struct yaml_node *value, struct strv *to,
                                 struct error *err),
                     struct error *err) {
  if (value->kind != YAML_MAP) {
    not_by_rule(k, value, err);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    one(value->child[i], member(k, base), err);
}

static void read_annotation(const struct yaml_node *value, struct strv *to,
                            struct error *err) {
  const char *text = yaml_is_null(value) ? "" : value->text;
  if (!label_key_ok(value->key, strlen(value->key)))
    yaml_fault_key(err, value, "the annotation's key '%s' must be %s",
                   value->key, LABEL_KEY_RULE);
  else if (value->kind != YAML_SCALAR || !extras_annotation_ok(text))
    yaml_fault(err, value, "the annotation '%s' must be a plain text",
               value->key);
  else
    strv_pushf(to, "%s=%s", value->key, text);
}

/* A list of texts, each as ok has it. */
static void read_texts(const struct key *k, const struct yaml_node *value,
                       void *base, bool (*ok)(const char *), const char *rule,
                       struct error *err) {
  if (value->kind != YAML_SEQ) {
    not_by_rule(k, value, err);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    const struct yaml_node *entry = value->child[i];
    if (entry->kind != YAML_SCALAR || !ok(entry->text))
      yaml_fault(err, entry, "an entry of '%s' must be %s", key_name(k), rule);
    else
      strv_push(member(k, base), entry->text);
  }
}

#define MANIFESTS_MAX 99 /* two digits tell their order */

static void read_manifest(const struct key *k, const struct yaml_node *entry,
                          struct spec_file_vec *to, struct error *err) {
  if (entry->kind != YAML_SCALAR || !extras_line_ok(entry->text))
    yaml_fault(err, entry, "an entry of '%s' must be %s", key_name(k),
               MANIFEST_RULE);
  else if (manifest_is_address(entry->text))
    yaml_fault(
        err, entry,
        "'%s' is not fetched: seeds are the same whenever they are made, "
        "and nodes need no network; fetch it once with curl -LO, and "
        "name the file",
        entry->text);
  else if (to->n == MANIFESTS_MAX)
    yaml_fault(err, entry, "more than %d manifests; put them into a folder",
               MANIFESTS_MAX);
  else {
    size_t i = to->n;
    *spec_file_vec_add(to) = (struct spec_file){
        .path = manifest_path(i, entry->text),
        .source = xstrdup(entry->text),
        .where = yaml_where(entry),
        .mode = 0600,
        .owner = xstrdup("root:root"),
    };
  }
}

static void read_manifests(const struct key *k, const struct yaml_node *value,
                           void *base, struct error *err) {
  if (value->kind != YAML_SEQ) {
    not_by_rule(k, value, err);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_manifest(k, value->child[i], member(k, base), err);
}

static void read_ca_files(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  struct spec_file_vec *to = member(k, base);
  if (value->kind != YAML_SEQ) {
    not_by_rule(k, value, err);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    const struct yaml_node *entry = value->child[i];
    if (entry->kind != YAML_SCALAR || !extras_line_ok(entry->text)) {
      yaml_fault(err, entry, "an entry of '%s' must be the name of a file",
                 key_name(k));
      continue;
    }
    *spec_file_vec_add(to) = (struct spec_file){
        .path = xasprintf(CA_FILES "%02zu.pem", i),
        .source = xstrdup(entry->text),
        .where = yaml_where(entry),
        .mode = 0644,
        .owner = xstrdup("root:root"),
    };
  }
}

/* Words of commands are texts, also one like 1 or true. */
static void make_texts(struct yaml_node *list) {
  for (size_t i = 0; i < list->n; i++) {
    struct yaml_node *n = list->child[i];
    if (n->kind == YAML_SEQ)
      make_texts(n);
    else if (n->kind == YAML_SCALAR && !yaml_is_null(n))
      n->quoted = true;
  }
}

static void read_cloud(const struct key *k, const struct yaml_node *value,
                       void *base, struct error *err) {
  struct yaml_node **dest = member(k, base);
  if (value->kind != YAML_MAP) {
    not_by_rule(k, value, err);
    return;
  }
  yaml_node_free(*dest);
  *dest = yaml_copy(value);
  for (size_t i = 0; i < (*dest)->n; i++)
    if ((*dest)->child[i]->kind == YAML_SEQ)
      make_texts((*dest)->child[i]);
}

static void read_patch(const struct key *k, const struct yaml_node *entry,
                       struct spec_file_vec *to, struct error *err) {
  if (entry->kind != YAML_SCALAR || !patch_name_ok(entry->text))
    yaml_fault(err, entry, "an entry of '%s' must be %s", key_name(k),
               PATCH_RULE);
  else if (to->n == PATCHES_MAX)
    yaml_fault(err, entry, "more than %d patches", PATCHES_MAX);
  else {
    size_t i = to->n;
    *spec_file_vec_add(to) = (struct spec_file){
        .path = patch_path(i, entry->text),
        .source = xstrdup(entry->text),
        .where = yaml_where(entry),
        .mode = 0600,
        .owner = xstrdup("root:root"),
    };
  }
}

static void read_patches(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  if (value->kind != YAML_SEQ) {
    not_by_rule(k, value, err);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_patch(k, value->child[i], member(k, base), err);
}

/* What nodes have from the spec, as far as it has a type of its own. */
static void read_of_nodes(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  switch ((int)k->type) {
  case TYPE_KERNEL_ARGS:
    read_texts(k, value, base, extras_argument_ok, EXTRAS_ARGUMENT_RULE, err);
    break;
  case TYPE_LOCALE:
    read_text(k, value, base, locale_name_ok, err);
    break;
  case TYPE_KEYBOARD:
    read_text(k, value, base, keyboard_name_ok, err);
    break;
  case TYPE_CLOUD:
    read_cloud(k, value, base, err);
    break;
  case TYPE_CA_FILES:
    read_ca_files(k, value, base, err);
    break;
  case TYPE_NO_PROXY:
    read_texts(k, value, base, extras_host_ok, EXTRAS_HOST_RULE, err);
    break;
  }
}

void value_read_extra(const struct key *k, const struct yaml_node *value,
                      void *base, struct error *err) {
  switch ((int)k->type) {
  case TYPE_PASSWORD:
    read_text(k, value, base, account_password_ok, err);
    break;
  case TYPE_GROUPS:
    read_texts(k, value, base, account_name_ok, ACCOUNT_RULE, err);
    break;
  case TYPE_PATH:
    read_text(k, value, base, extras_path_ok, err);
    break;
  case TYPE_OWNER:
    read_text(k, value, base, extras_owner_ok, err);
    break;
  case TYPE_CONTENT:
    read_content(k, value, base, err);
    break;
  case TYPE_MODE:
    read_mode(k, value, base, err);
    break;
  case TYPE_SYSCTLS:
    read_map(k, value, base, read_sysctl, err);
    break;
  case TYPE_ARGUMENTS:
    read_map(k, value, base, read_argument, err);
    break;
  case TYPE_GATES:
    read_map(k, value, base, read_gate, err);
    break;
  case TYPE_SANS:
    read_texts(k, value, base, san_ok, SAN_RULE, err);
    break;
  case TYPE_NOTES:
    read_map(k, value, base, read_annotation, err);
    break;
  case TYPE_MODULES:
    read_texts(k, value, base, extras_module_ok, EXTRAS_MODULE_RULE, err);
    break;
  case TYPE_IMAGES:
    read_texts(k, value, base, image_name_ok, IMAGE_RULE, err);
    break;
  case TYPE_DEBS:
    read_texts(k, value, base, deb_name_ok, DEB_RULE, err);
    break;
  case TYPE_REGISTRY_HOST:
    read_text(k, value, base, registry_host_ok, err);
    break;
  case TYPE_REGISTRY_MIRRORS:
    read_texts(k, value, base, registry_mirror_ok, REGISTRY_MIRROR_RULE, err);
    break;
  case TYPE_MANIFESTS:
    read_manifests(k, value, base, err);
    break;
  case TYPE_PATCHES:
    read_patches(k, value, base, err);
    break;
  case TYPE_ZONE:
    read_text(k, value, base, zone_name_ok, err);
    break;
  case TYPE_COMMANDS:
    read_texts(k, value, base, extras_command_ok, EXTRAS_COMMAND_RULE, err);
    break;
  default:
    read_of_nodes(k, value, base, err);
    break;
  }
}
