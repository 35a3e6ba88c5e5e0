/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree itself: looked at, built and freed. */
#include "format/yaml.h"

#include "base/mem.h"
#include <stdarg.h>
#include <string.h>

static struct yaml_node *new_node(enum yaml_kind kind) {
  struct yaml_node *n = xcalloc(1, sizeof(*n));
  n->kind = kind;
  return n;
}

/* Room grows at powers of two, so a node needs no field for it. */
static struct yaml_node *add_child(struct yaml_node *parent,
                                   struct yaml_node *child) {
  if ((parent->n & (parent->n - 1)) == 0)
    parent->child = xrealloc(parent->child, parent->n ? parent->n * 2 : 1,
                             sizeof(struct yaml_node *));
  return parent->child[parent->n++] = child;
}

static char *place(const char *file, size_t line, size_t column) {
  return xasprintf("%s:%zu:%zu", file ? file : "-", line, column);
}

/* Takes where. */
static int fault(struct error *err, char *where, const char *fmt, va_list ap) {
  _cleanup_free_ char *owned = where;
  _cleanup_free_ char *msg = xvasprintf(fmt, ap);
  (void)error_at(err, owned, "%s", msg);
  error_format(err, fmt);
  return -1;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key) {
  if (!map || map->kind != YAML_MAP)
    return NULL;
  for (size_t i = 0; i < map->n; i++)
    if (strcmp(map->child[i]->key, key) == 0)
      return map->child[i];
  return NULL;
}

bool yaml_is_null(const struct yaml_node *node) {
  if (node->kind != YAML_SCALAR || node->quoted)
    return false;
  static const char *const words[] = {"", "~", "null", "Null", "NULL"};
  for (size_t i = 0; i < ARRAY_SIZE(words); i++)
    if (strcmp(node->text, words[i]) == 0)
      return true;
  return false;
}

static bool same_text(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

bool yaml_equal(const struct yaml_node *a, const struct yaml_node *b) {
  if (a->kind != b->kind || a->n != b->n || !same_text(a->key, b->key))
    return false;
  if (a->kind == YAML_SCALAR)
    return (yaml_is_null(a) && yaml_is_null(b)) || same_text(a->text, b->text);
  for (size_t i = 0; i < a->n; i++)
    if (!yaml_equal(a->child[i], b->child[i]))
      return false;
  return true;
}

char *yaml_where(const struct yaml_node *node) {
  return place(node->file, (size_t)node->line, (size_t)node->column);
}

char *yaml_where_key(const struct yaml_node *node) {
  return place(node->file, (size_t)node->key_line, (size_t)node->key_column);
}

int yaml_fault(struct error *err, const struct yaml_node *node, const char *fmt,
               ...) {
  va_list ap;
  va_start(ap, fmt);
  int r = fault(err, yaml_where(node), fmt, ap);
  va_end(ap);
  return r;
}

int yaml_fault_key(struct error *err, const struct yaml_node *node,
                   const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int r = fault(err, yaml_where_key(node), fmt, ap);
  va_end(ap);
  return r;
}

struct yaml_node *yaml_new_map(void) {
  return new_node(YAML_MAP);
}

struct yaml_node *yaml_new_seq(void) {
  return new_node(YAML_SEQ);
}

struct yaml_node *yaml_new_strn(const char *text, size_t len) {
  struct yaml_node *n = new_node(YAML_SCALAR);
  n->text = xstrndup(text, len);
  n->quoted = true;
  return n;
}

struct yaml_node *yaml_new_str(const char *text) {
  return yaml_new_strn(text, strlen(text));
}

struct yaml_node *yaml_new_bool(bool value) {
  struct yaml_node *n = yaml_new_str(value ? "true" : "false");
  n->quoted = false;
  return n;
}

struct yaml_node *yaml_copy(const struct yaml_node *node) {
  struct yaml_node *n = new_node(node->kind);
  n->file = node->file;
  n->line = node->line;
  n->column = node->column;
  n->text = xstrdup(node->text);
  n->quoted = node->quoted;
  n->flow = node->flow;
  for (size_t i = 0; i < node->n; i++) {
    struct yaml_node *c = add_child(n, yaml_copy(node->child[i]));
    c->key = xstrdup(node->child[i]->key);
    c->key_line = node->child[i]->key_line;
    c->key_column = node->child[i]->key_column;
  }
  return n;
}

struct yaml_node *yaml_map_set(struct yaml_node *map, const char *key,
                               struct yaml_node *value) {
  erase_free(value->key);
  value->key = xstrdup(key);
  for (size_t i = 0; i < map->n; i++) {
    if (strcmp(map->child[i]->key, key) != 0)
      continue;
    yaml_node_free(map->child[i]);
    return map->child[i] = value;
  }
  return add_child(map, value);
}

struct yaml_node *yaml_map_set_str(struct yaml_node *map, const char *key,
                                   const char *text) {
  return yaml_map_set(map, key, yaml_new_str(text));
}

struct yaml_node *yaml_map_set_strf(struct yaml_node *map, const char *key,
                                    const char *fmt, ...) {
  struct yaml_node *n = new_node(YAML_SCALAR);
  va_list ap;
  va_start(ap, fmt);
  n->text = xvasprintf(fmt, ap);
  va_end(ap);
  n->quoted = true;
  return yaml_map_set(map, key, n);
}

struct yaml_node *yaml_map_set_bool(struct yaml_node *map, const char *key,
                                    bool value) {
  return yaml_map_set(map, key, yaml_new_bool(value));
}

struct yaml_node *yaml_map_set_seq(struct yaml_node *map, const char *key) {
  return yaml_map_set(map, key, yaml_new_seq());
}

void yaml_map_drop(struct yaml_node *map, size_t i) {
  yaml_node_free(map->child[i]);
  map->n--;
  for (; i < map->n; i++)
    map->child[i] = map->child[i + 1];
}

struct yaml_node *yaml_seq_add(struct yaml_node *seq, struct yaml_node *value) {
  erase_free(value->key);
  value->key = NULL;
  return add_child(seq, value);
}

struct yaml_node *yaml_seq_add_str(struct yaml_node *seq, const char *text) {
  return yaml_seq_add(seq, yaml_new_str(text));
}

struct yaml_node *yaml_seq_add_map(struct yaml_node *seq) {
  return yaml_seq_add(seq, yaml_new_map());
}

void yaml_node_free(struct yaml_node *node) {
  if (!node)
    return;
  for (size_t i = 0; i < node->n; i++)
    yaml_node_free(node->child[i]);
  free(node->child);
  erase_free(node->key);
  erase_free(node->text);
  free(node);
}
