/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/read.h"

#include "base/word.h"
#include "spec/authorities.h"
#include "spec/check-interfaces.h"
#include "spec/check-ipv6.h"
#include "spec/check-names.h"
#include "spec/check-needs.h"
#include "spec/check-network.h"
#include "spec/check-subnets.h"
#include "spec/check.h"
#include "spec/defaults.h"
#include "spec/expand.h"
#include "spec/look-alike.h"
#include "spec/payload-facts.h"
#include "spec/registries.h"
#include "spec/settings.h"
#include "spec/table.h"
#include "spec/value.h"
#include <string.h>

#define MAX_KEYS 64 /* below one map */

struct reading {
  struct error *err;
  /* For each key of the table: */
  bool *bad;     /* no cross-check can rely on it */
  bool *meant;   /* it was written under another name */
  bool *written; /* it was written */
};

static size_t faults(const struct reading *r) {
  return r->err->n_faults + r->err->n_dropped;
}

/* k, or the whole spec, and all below it is not what the author means. */
static void mark(struct reading *r, const struct key *k) {
  if (k)
    r->bad[k - spec_keys] = true;
  for (const struct key *i = key_first(k); i; i = key_next(i))
    mark(r, i);
}

/* The key below `of` that was meant, or NULL: one that others call so, or one
 * that is written wrongly. */
static const struct key *key_meant(const struct key *of, const char *name) {
  const char *names[MAX_KEYS];
  size_t n = 0;
  const struct key *called = key_called(of, name);
  for (const struct key *k = key_first(of); k && n < MAX_KEYS; k = key_next(k))
    names[n++] = key_name(k);
  const char *near = called ? NULL : nearest_word(name, names, n);
  return near ? key_below(of, near) : called;
}

/* "apiVersion, kind, name"; the caller frees. */
static char *known_keys(const struct key *of) {
  struct buf list = {0};
  for (const struct key *k = key_first(of); k; k = key_next(k))
    buf_addf(&list, "%s%s", list.len ? ", " : "", key_name(k));
  return buf_take(&list);
}

/* As a manifest of Kubernetes has it. */
static bool is_manifest(const struct key *of, const char *name) {
  return !of && (strcmp(name, "metadata") == 0 || strcmp(name, "spec") == 0);
}

/* The key of another map that was meant, or NULL: where that holds one text, a
 * map or a list is something else. */
static const struct key *meant_elsewhere(const struct key *of,
                                         const struct yaml_node *value) {
  const struct key *k = key_elsewhere(of, value->key);
  return k && (value->kind == YAML_SCALAR || key_holds_more(k)) ? k : NULL;
}

/* The key may be one of ours that is written wrongly, so the value that holds
 * instead means nothing. */
static void unknown_key(struct reading *r, const struct key *of,
                        const char *what, const struct yaml_node *value) {
  const char *name = value->key;
  const struct key *near = key_meant(of, name);
  const struct key *elsewhere = near ? NULL : meant_elsewhere(of, value);
  _cleanup_free_ char *known = known_keys(of);
  if (is_manifest(of, name))
    yaml_fault_key(r->err, value,
                   "there is no '%s' here, as Kubernetes' manifests have it: "
                   "write its keys at the top, such as 'name'; known are: %s",
                   name, known);
  else if (near)
    yaml_fault_key(r->err, value, "unknown key '%s' in %s; did you mean '%s'?",
                   name, what, key_name(near));
  else if (elsewhere)
    yaml_fault_key(r->err, value,
                   "unknown key '%s' in %s; did you mean '%s', in '%.*s'?",
                   name, what, key_name(elsewhere),
                   (int)(strrchr(elsewhere->path, '.') - elsewhere->path),
                   elsewhere->path);
  else
    yaml_fault_key(r->err, value, "unknown key '%s' in %s; known are: %s", name,
                   what, known);
  if (near)
    r->meant[near - spec_keys] = true;
  if (elsewhere)
    mark(r, elsewhere);
  mark(r, near ? near : of);
}

static void read_keys(struct reading *r, const struct key *of, const char *what,
                      const struct yaml_node *map, void *base);

/* A text in a map's place, which messages know by the map's name. */
static void read_brief(struct reading *r, const struct key *k,
                       const struct yaml_node *value, void *base) {
  struct key one = *key_brief(k);
  one.path = k->path;
  size_t before = faults(r);
  value_read(&one, value, base, r->err);
  if (faults(r) != before)
    mark(r, k);
}

static void read_list(struct reading *r, const struct key *k,
                      const struct yaml_node *value, void *base) {
  if (value->kind != YAML_SEQ || (value->n == 0 && !k->may_be_empty)) {
    yaml_fault(r->err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    mark(r, k);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    void *entry = k->add((char *)base + k->offset);
    defaults_constant(k, entry, r->err);
    if (k->brief && value->child[i]->kind == YAML_SCALAR)
      read_brief(r, k, value->child[i], entry);
    else
      read_keys(r, k, k->item, value->child[i], entry);
  }
}

static void read_one(struct reading *r, const struct key *k,
                     const struct yaml_node *value, void *base) {
  r->written[k - spec_keys] = true;
  if (k->brief && k->type == TYPE_MAP && value->kind == YAML_SCALAR) {
    r->written[key_brief(k) - spec_keys] = true;
    read_brief(r, k, value, base);
  } else if (k->type == TYPE_MAP) {
    _cleanup_free_ char *what = xasprintf("'%s'", key_name(k));
    read_keys(r, k, what, value, base);
  } else if (k->type == TYPE_LIST) {
    read_list(r, k, value, base);
  } else {
    size_t before = faults(r);
    value_read(k, value, base, r->err);
    if (faults(r) != before)
      mark(r, k);
  }
}

/* What stands there when it is right, with the keys that must be in it. */
static char *map_rule(const struct key *of) {
  if (of && of->brief)
    return key_rule(of);
  _cleanup_buf_ struct buf rule = {0};
  buf_addf(&rule, "%s", type_info(TYPE_MAP)->rule);
  const char *before = ": ";
  for (const struct key *k = key_first(of); k; k = key_next(k))
    if (k->required) {
      buf_addf(&rule, "%s%s", before, key_name(k));
      before = ", ";
    }
  return xstrdup(rule.data);
}

/* Reads a map by the keys below `of`; what names it in messages ("a node"). */
static void read_keys(struct reading *r, const struct key *of, const char *what,
                      const struct yaml_node *map, void *base) {
  if (map->kind != YAML_MAP) {
    _cleanup_free_ char *rule = map_rule(of);
    yaml_fault(r->err, map, "%s must be %s", what, rule);
    mark(r, of);
    return;
  }
  for (size_t i = 0; i < map->n; i++) {
    const struct key *k = key_below(of, map->child[i]->key);
    if (k)
      read_one(r, k, map->child[i], base);
    else
      unknown_key(r, of, what, map->child[i]);
  }
  for (const struct key *k = key_first(of); k; k = key_next(k))
    if (k->required && !yaml_get(map, key_name(k)) &&
        !r->meant[k - spec_keys]) {
      yaml_fault(r->err, map, "%s needs the key '%s'", what, key_name(k));
      mark(r, k);
    }
}

/* Drops the maps and lists below `of` that are empty, as they are when all of
 * their lines are commented out: such a key counts as not written. */
static void drop_empty(const struct key *of, struct yaml_node *map) {
  if (map->kind != YAML_MAP)
    return;
  for (size_t i = map->n; i-- > 0;) {
    struct yaml_node *value = map->child[i];
    const struct key *k = key_below(of, value->key);
    if (!k || !key_holds_more(k))
      continue;
    if (yaml_is_null(value) && !k->required)
      yaml_map_drop(map, i);
    else if (k->type == TYPE_MAP)
      drop_empty(k, value);
    else if (k->type == TYPE_LIST && value->kind == YAML_SEQ)
      for (size_t j = 0; j < value->n; j++)
        drop_empty(k, value->child[j]);
  }
}

static void move_beside(const struct spec *s, char **name) {
  _cleanup_free_ char *written = *name;
  *name = written ? spec_beside(s->file, written) : NULL;
}

/* Files and folders are where the spec says, from wherever that is read. */
static void find_payload(struct spec *s, const struct yaml_node *root) {
  const struct yaml_node *value =
      yaml_get(yaml_get(root, "kubernetes"), "payload");
  const struct yaml_node *source = yaml_get(value, "source");
  if (!value)
    return;
  s->kubernetes.payload_where = yaml_where(source ? source : value);
  if (s->kubernetes.payload &&
      payload_facts(s->kubernetes.payload)->kind == PAYLOAD_FOLDER)
    move_beside(s, &s->kubernetes.payload);
  move_beside(s, &s->kubernetes.from.key);
  move_beside(s, &s->kubernetes.from.ca);
}

static void find_containerd(struct spec *s, const struct yaml_node *root) {
  const struct yaml_node *map = yaml_get(yaml_get(root, "image"), "containerd");
  const struct yaml_node *file = yaml_get(map, "file");
  if (!file)
    return;
  s->image.containerd.where = yaml_where(file);
  move_beside(s, &s->image.containerd.file);
}

static void find_authorities(struct spec *s, const struct yaml_node *root) {
  const struct yaml_node *all = yaml_get(yaml_get(root, "pki"), "authorities");
  for (int a = 0; a < N_AUTHORITIES; a++) {
    const struct yaml_node *map = yaml_get(all, authority_name(a));
    const struct yaml_node *key = yaml_get(map, "key");
    const struct yaml_node *at = key ? key : yaml_get(map, "cert");
    if (at)
      s->pki.authorities[a].where = yaml_where(at);
  }
}

static void find_sources(struct spec_extras *e,
                         const struct yaml_node *around) {
  const struct yaml_node *files = yaml_get(around, "files");
  for (size_t i = 0; i < e->files.n; i++) {
    const struct yaml_node *source = yaml_get(files->child[i], "source");
    e->files.v[i].where = source ? yaml_where(source) : NULL;
  }
}

/* Files beside the spec that API servers are given, and where they are named
 * below kubernetes.apiServer: by a key, or by one within it. */
static void find_api_files(struct spec *s, const struct yaml_node *root) {
  struct spec_api_server *api = &s->kubernetes.api;
  const struct {
    const char *source, *path, *key, *within;
  } files[] = {
      {s->kubernetes.audit_policy, AUDIT_POLICY, "auditPolicy", NULL},
      {api->webhook.config, TOKEN_WEBHOOK, "tokenWebhook", "config"},
      {api->oidc.ca, OIDC_CA, "oidc", "ca"},
  };
  const struct yaml_node *around =
      yaml_get(yaml_get(root, "kubernetes"), "apiServer");
  const struct yaml_node *tokens = yaml_get(around, "tokens");
  for (size_t i = 0; i < api->tokens.n; i++) {
    const struct yaml_node *file = yaml_get(tokens->child[i], "file");
    api->tokens.v[i].where = file ? yaml_where(file) : NULL;
  }
  for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
    const struct yaml_node *at = yaml_get(around, files[i].key);
    const struct yaml_node *within =
        files[i].within ? yaml_get(at, files[i].within) : NULL;
    if (files[i].source)
      *spec_file_vec_add(&s->api_files) = (struct spec_file){
          .path = xstrdup(files[i].path),
          .source = xstrdup(files[i].source),
          .where = yaml_where(within ? within : at),
          .mode = 0600,
          .owner = xstrdup("root:root"),
      };
  }
}

/* Of what was read without a fault: for who opens them. */
static void find_all_sources(struct spec *s, const struct yaml_node *root) {
  const struct yaml_node *entries = yaml_get(root, "nodes");
  const struct yaml_node *registries = yaml_get(root, "registries");
  for (size_t i = 0; i < s->registries.n; i++) {
    const struct yaml_node *at = registries->child[i];
    const struct yaml_node *ca = yaml_get(at, "ca");
    const struct yaml_node *login = yaml_get(at, "credentials");
    s->registries.v[i].ca_where = ca ? yaml_where(ca) : NULL;
    s->registries.v[i].credentials_where = login ? yaml_where(login) : NULL;
  }
  registries_plan(s);
  find_authorities(s, root);
  find_api_files(s, root);
  find_sources(&s->extras, root);
  const struct yaml_node *roles = yaml_get(root, "roles");
  for (size_t i = 0; i < s->roles.n; i++)
    find_sources(&s->roles.v[i].extras, roles->child[i]);
  for (size_t i = 0; i < s->entry_extras.n; i++)
    find_sources(&s->entry_extras.v[i], entries->child[i]);
}

static void read_nodes(struct reading *r, struct spec *s,
                       const struct yaml_node *root) {
  size_t before = faults(r);
  expand_nodes(s, yaml_get(root, "nodes"), r->err);
  if (faults(r) != before)
    mark(r, key_find("nodes"));
}

int spec_read_with(const struct spec_check *const *more, const char *file,
                   const char *text, size_t len, struct spec *ret,
                   struct error *err) {
  static const struct spec_check *const own[] = {
      check_network_table,    check_table,
      check_interfaces_table, check_names_table,
      check_needs_table,      check_ipv6_table,
      check_subnets_table,    NULL};
  _cleanup_error_ struct error found = {0};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_free_ bool *bad = xcalloc(n_spec_keys, sizeof(*bad));
  _cleanup_free_ bool *meant = xcalloc(n_spec_keys, sizeof(*meant));
  if (yaml_parse(file, text, len, &root, err) < 0)
    return -1;
  _cleanup_spec_ struct spec s = {
      .file = xstrdup(file), .written = xcalloc(n_spec_keys, sizeof(bool))};
  struct reading r = {
      .err = &found, .bad = bad, .meant = meant, .written = s.written};
  look_alikes(root, &found);
  if (error_is_set(&found)) {
    error_move(err, &found);
    return -1;
  }
  drop_empty(NULL, root);
  defaults_constant(NULL, &s, &found);
  read_keys(&r, NULL, "the spec", root, &s);
  find_payload(&s, root);
  find_containerd(&s, root);
  read_nodes(&r, &s, root);
  s.addons_written = yaml_get(root, "addons") != NULL;
  defaults_derived(&s);
  spec_check(&s, root, bad, own, &found);
  if (more)
    spec_check(&s, root, bad, more, &found);
  if (error_is_set(&found)) {
    error_move(err, &found);
    return -1;
  }
  find_all_sources(&s, root);
  *ret = s;
  s = (struct spec){0};
  return 0;
}

int spec_read(const char *file, const char *text, size_t len, struct spec *ret,
              struct error *err) {
  return spec_read_with(NULL, file, text, len, ret, err);
}
