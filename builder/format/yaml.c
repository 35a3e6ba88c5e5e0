/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/yaml.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
/* libyaml's header has the name of ours, and -Ibuilder comes first. */
#include <../include/yaml.h>

#define _cleanup_event_ _cleanup_(yaml_event_delete)

/* One run of libyaml's parser over one text. */
struct reader {
  yaml_parser_t parser;
  const char *name;
  const char *text;
  size_t len;
  size_t nodes;
  bool faulty; /* a fault was recorded, and reading went on */
  struct error *err;
};

static int reader_init(struct reader *r, const char *name, const char *text,
                       size_t len, struct error *err) {
  *r = (struct reader){.name = name, .text = text, .len = len, .err = err};
  if (len > YAML_MAX_BYTES)
    return error_at(err, name, "more than %zu bytes are too much for this file",
                    YAML_MAX_BYTES);
  if (!yaml_parser_initialize(&r->parser))
    return error_set(err, 0, "cannot start the YAML parser");
  yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
  return 0;
}

/* The text may hold keys: overwrite what the parser kept of it. */
static void reader_done(struct reader *r) {
  yaml_parser_t *p = &r->parser;
  if (p->raw_buffer.start)
    explicit_bzero(p->raw_buffer.start,
                   (size_t)(p->raw_buffer.end - p->raw_buffer.start));
  if (p->buffer.start)
    explicit_bzero(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
  yaml_parser_delete(p);
}

#define _cleanup_reader_ _cleanup_(reader_done)

static char *place(const char *file, size_t line, size_t column) {
  return xasprintf("%s:%zu:%zu", file ? file : "-", line, column);
}

/* Takes where. */
static int fault(struct error *err, char *where, const char *fmt, va_list ap) {
  _cleanup_free_ char *owned = where;
  _cleanup_free_ char *msg = xvasprintf(fmt, ap);
  return error_at(err, owned, "%s", msg);
}

static int _printf_(3, 4)
    fault_at(struct reader *r, const yaml_mark_t *mark, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int result =
      fault(r->err, place(r->name, mark->line + 1, mark->column + 1), fmt, ap);
  va_end(ap);
  r->faulty = true;
  return result;
}

/* Line and column of a byte, for bytes that are not even UTF-8. */
static yaml_mark_t mark_of_offset(const struct reader *r, size_t offset) {
  yaml_mark_t mark = {0};
  for (size_t i = 0; i < offset && i < r->len; i++) {
    if (r->text[i] == '\n') {
      mark.line++;
      mark.column = 0;
    } else if (((unsigned char)r->text[i] & 0xC0) != 0x80) {
      mark.column++;
    }
  }
  return mark;
}

static int fault_syntax(struct reader *r) {
  const yaml_parser_t *p = &r->parser;
  const char *problem = p->problem ? p->problem : "unknown problem";
  if (p->error == YAML_MEMORY_ERROR)
    return error_set(r->err, 0, "out of memory while reading '%s'", r->name);
  if (p->error == YAML_READER_ERROR) {
    yaml_mark_t mark = mark_of_offset(r, p->problem_offset);
    return fault_at(r, &mark, "this is not text in UTF-8: %s", problem);
  }
  _cleanup_free_ char *detail =
      p->context ? xasprintf("%s, %s (begun at line %zu)", problem, p->context,
                             p->context_mark.line + 1)
                 : xstrdup(problem);
  return fault_at(r, &p->problem_mark, "this is not YAML: %s", detail);
}

static int next_event(struct reader *r, yaml_event_t *ret) {
  return yaml_parser_parse(&r->parser, ret) ? 0 : fault_syntax(r);
}

static bool is_collection_start(const yaml_event_t *ev) {
  return ev->type == YAML_SEQUENCE_START_EVENT ||
         ev->type == YAML_MAPPING_START_EVENT;
}

/* The limits of one more node at this depth; the root has depth 1. */
static int check_limits(struct reader *r, const yaml_event_t *ev, int depth) {
  if (is_collection_start(ev) && depth > YAML_MAX_DEPTH)
    return fault_at(r, &ev->start_mark, "more than %d levels are too deep",
                    YAML_MAX_DEPTH);
  if (++r->nodes > YAML_MAX_NODES)
    return fault_at(r, &ev->start_mark, "more than %d values are too many",
                    YAML_MAX_NODES);
  return 0;
}

/* Anchor and tag of a node's event; ret_anchor and ret_tag may become NULL. */
static void properties(const yaml_event_t *ev, const yaml_char_t **ret_anchor,
                       const yaml_char_t **ret_tag) {
  *ret_anchor = NULL;
  *ret_tag = NULL;
  if (ev->type == YAML_SCALAR_EVENT) {
    *ret_anchor = ev->data.scalar.anchor;
    *ret_tag = ev->data.scalar.tag;
  } else if (ev->type == YAML_SEQUENCE_START_EVENT) {
    *ret_anchor = ev->data.sequence_start.anchor;
    *ret_tag = ev->data.sequence_start.tag;
  } else if (ev->type == YAML_MAPPING_START_EVENT) {
    *ret_anchor = ev->data.mapping_start.anchor;
    *ret_tag = ev->data.mapping_start.tag;
  } else if (ev->type == YAML_ALIAS_EVENT) {
    *ret_anchor = ev->data.alias.anchor;
  }
}

/* Records what is not accepted about the node; reading goes on. */
static void check_properties(struct reader *r, const yaml_event_t *ev) {
  const yaml_char_t *anchor, *tag;
  properties(ev, &anchor, &tag);
  if (ev->type == YAML_ALIAS_EVENT)
    (void)fault_at(r, &ev->start_mark,
                   "the alias '*%s' is not accepted; write the value out",
                   (const char *)anchor);
  else if (anchor)
    (void)fault_at(r, &ev->start_mark,
                   "the anchor '&%s' is not accepted; leave it out",
                   (const char *)anchor);
  if (tag)
    (void)fault_at(r, &ev->start_mark,
                   "the tag '%s' is not accepted; leave it out, or put the "
                   "value in quotes",
                   (const char *)tag);
  if (ev->type == YAML_SCALAR_EVENT &&
      memchr(ev->data.scalar.value, '\0', ev->data.scalar.length))
    (void)fault_at(r, &ev->start_mark, "a text cannot hold a NUL byte");
}

static struct yaml_node *new_node(enum yaml_kind kind) {
  struct yaml_node *n = xcalloc(1, sizeof(*n));
  n->kind = kind;
  return n;
}

static struct yaml_node *node_of_event(const struct reader *r,
                                       const yaml_event_t *ev) {
  struct yaml_node *n = new_node(YAML_SCALAR);
  n->file = r->name;
  n->line = (int)ev->start_mark.line + 1;
  n->column = (int)ev->start_mark.column + 1;
  if (ev->type == YAML_SEQUENCE_START_EVENT) {
    n->kind = YAML_SEQ;
    n->flow = ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
  } else if (ev->type == YAML_MAPPING_START_EVENT) {
    n->kind = YAML_MAP;
    n->flow = ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
  } else if (ev->type == YAML_SCALAR_EVENT) {
    n->text = xstrndup((char *)ev->data.scalar.value, ev->data.scalar.length);
    n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  } else {
    n->text = xstrdup("");
  }
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

/* FNV-1a. */
static size_t hash_key(const char *key) {
  uint64_t h = 14695981039346656037u;
  for (; *key; key++)
    h = (h ^ (unsigned char)*key) * 1099511628211u;
  return (size_t)(h ^ (h >> 32));
}

/* Faults each key that stands in map a second time, in the order written. */
static void check_duplicates(struct reader *r, const struct yaml_node *map) {
  size_t size = 8;
  while (size < map->n * 2)
    size *= 2;
  _cleanup_free_ const struct yaml_node **seen =
      xcalloc(size, sizeof(struct yaml_node *));
  for (size_t i = 0; i < map->n; i++) {
    const struct yaml_node *c = map->child[i];
    size_t h = hash_key(c->key) & (size - 1);
    while (seen[h] && strcmp(seen[h]->key, c->key) != 0)
      h = (h + 1) & (size - 1);
    if (seen[h]) {
      r->faulty = true;
      (void)yaml_fault_key(r->err, c,
                           "the key '%s' stands here twice; first at line %d",
                           c->key, seen[h]->key_line);
    } else {
      seen[h] = c;
    }
  }
}

static int read_node(struct reader *r, const yaml_event_t *ev, int depth,
                     struct yaml_node **ret);

static int read_seq(struct reader *r, int depth, struct yaml_node *seq) {
  for (;;) {
    _cleanup_event_ yaml_event_t ev = {0};
    if (next_event(r, &ev) < 0)
      return -1;
    if (ev.type == YAML_SEQUENCE_END_EVENT)
      return 0;
    struct yaml_node *child = NULL;
    if (read_node(r, &ev, depth + 1, &child) < 0)
      return -1;
    add_child(seq, child);
  }
}

/* Moves the key's text and place into the value. */
static void give_key(struct yaml_node *value, struct yaml_node *key) {
  value->key = TAKE_PTR(key->text);
  value->key_line = key->line;
  value->key_column = key->column;
}

static int read_map(struct reader *r, int depth, struct yaml_node *map) {
  for (;;) {
    _cleanup_event_ yaml_event_t key_ev = {0};
    if (next_event(r, &key_ev) < 0)
      return -1;
    if (key_ev.type == YAML_MAPPING_END_EVENT)
      break;
    if (is_collection_start(&key_ev))
      (void)fault_at(r, &key_ev.start_mark,
                     "a key must be a single word or text, not a list or map");
    _cleanup_yaml_ struct yaml_node *key = NULL;
    if (read_node(r, &key_ev, depth + 1, &key) < 0)
      return -1;
    _cleanup_event_ yaml_event_t ev = {0};
    struct yaml_node *value = NULL;
    if (next_event(r, &ev) < 0 || read_node(r, &ev, depth + 1, &value) < 0)
      return -1;
    if (key->kind == YAML_SCALAR)
      give_key(add_child(map, value), key);
    else
      yaml_node_free(value);
  }
  check_duplicates(r, map);
  return 0;
}

static int read_node(struct reader *r, const yaml_event_t *ev, int depth,
                     struct yaml_node **ret) {
  if (check_limits(r, ev, depth) < 0)
    return -1;
  check_properties(r, ev);
  _cleanup_yaml_ struct yaml_node *n = node_of_event(r, ev);
  if (n->kind == YAML_SEQ && read_seq(r, depth, n) < 0)
    return -1;
  if (n->kind == YAML_MAP && read_map(r, depth, n) < 0)
    return -1;
  *ret = TAKE_PTR(n);
  return 0;
}

/* Passes over one event: the start of the stream, the end of a document. */
static int skip_event(struct reader *r) {
  _cleanup_event_ yaml_event_t ev = {0};
  return next_event(r, &ev);
}

static int read_root(struct reader *r, struct yaml_node **ret) {
  _cleanup_event_ yaml_event_t ev = {0};
  return next_event(r, &ev) < 0 ? -1 : read_node(r, &ev, 1, ret);
}

static int read_document(struct reader *r, struct yaml_node **ret) {
  _cleanup_event_ yaml_event_t start = {0};
  if (skip_event(r) < 0 || next_event(r, &start) < 0)
    return -1;
  if (start.type == YAML_STREAM_END_EVENT) {
    *ret = node_of_event(r, &start);
    (*ret)->line = (*ret)->column = 1;
    return 0;
  }
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_event_ yaml_event_t end = {0};
  if (read_root(r, &root) < 0 || skip_event(r) < 0 || next_event(r, &end) < 0)
    return -1;
  if (end.type != YAML_STREAM_END_EVENT)
    return fault_at(r, &end.start_mark,
                    "a second document; this file must be a single one");
  *ret = TAKE_PTR(root);
  return 0;
}

int yaml_parse(const char *name, const char *text, size_t len,
               struct yaml_node **ret_root, struct error *err) {
  _cleanup_reader_ struct reader r;
  _cleanup_yaml_ struct yaml_node *root = NULL;
  if (reader_init(&r, name, text, len, err) < 0 ||
      read_document(&r, &root) < 0 || r.faulty)
    return -1;
  *ret_root = TAKE_PTR(root);
  return 0;
}

int yaml_check(const char *name, const char *text, size_t len,
               struct error *err) {
  _cleanup_reader_ struct reader r;
  if (reader_init(&r, name, text, len, err) < 0)
    return -1;
  int depth = 0;
  for (bool end = false; !end;) {
    _cleanup_event_ yaml_event_t ev = {0};
    if (next_event(&r, &ev) < 0)
      return -1;
    if (is_collection_start(&ev))
      depth++;
    if (check_limits(&r, &ev, depth) < 0)
      return -1;
    if (ev.type == YAML_SEQUENCE_END_EVENT || ev.type == YAML_MAPPING_END_EVENT)
      depth--;
    end = ev.type == YAML_STREAM_END_EVENT;
  }
  return 0;
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

/* Takes text. */
static struct yaml_node *new_plain(char *text) {
  struct yaml_node *n = new_node(YAML_SCALAR);
  n->text = text;
  return n;
}

struct yaml_node *yaml_new_int(long long value) {
  return new_plain(xasprintf("%lld", value));
}

struct yaml_node *yaml_new_bool(bool value) {
  return new_plain(xstrdup(value ? "true" : "false"));
}

struct yaml_node *yaml_new_null(void) {
  return new_plain(xstrdup("null"));
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

static struct yaml_node *new_strf(const char *fmt, va_list ap) {
  struct yaml_node *n = new_plain(NULL);
  n->text = xvasprintf(fmt, ap);
  n->quoted = true;
  return n;
}

struct yaml_node *yaml_map_set_strf(struct yaml_node *map, const char *key,
                                    const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  struct yaml_node *n = new_strf(fmt, ap);
  va_end(ap);
  return yaml_map_set(map, key, n);
}

struct yaml_node *yaml_map_set_int(struct yaml_node *map, const char *key,
                                   long long value) {
  return yaml_map_set(map, key, yaml_new_int(value));
}

struct yaml_node *yaml_map_set_bool(struct yaml_node *map, const char *key,
                                    bool value) {
  return yaml_map_set(map, key, yaml_new_bool(value));
}

struct yaml_node *yaml_map_set_map(struct yaml_node *map, const char *key) {
  return yaml_map_set(map, key, yaml_new_map());
}

struct yaml_node *yaml_map_set_seq(struct yaml_node *map, const char *key) {
  return yaml_map_set(map, key, yaml_new_seq());
}

struct yaml_node *yaml_seq_add(struct yaml_node *seq, struct yaml_node *value) {
  erase_free(value->key);
  value->key = NULL;
  return add_child(seq, value);
}

struct yaml_node *yaml_seq_add_str(struct yaml_node *seq, const char *text) {
  return yaml_seq_add(seq, yaml_new_str(text));
}

struct yaml_node *yaml_seq_add_strf(struct yaml_node *seq, const char *fmt,
                                    ...) {
  va_list ap;
  va_start(ap, fmt);
  struct yaml_node *n = new_strf(fmt, ap);
  va_end(ap);
  return yaml_seq_add(seq, n);
}

struct yaml_node *yaml_seq_add_map(struct yaml_node *seq) {
  return yaml_seq_add(seq, yaml_new_map());
}

struct yaml_node *yaml_seq_add_seq(struct yaml_node *seq) {
  return yaml_seq_add(seq, yaml_new_seq());
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

/* One run of libyaml's emitter. */
struct writer {
  yaml_emitter_t emitter;
  struct error *err;
};

/* The output is wiped before the emitter frees it. */
static void writer_done(struct writer *w) {
  yaml_emitter_t *e = &w->emitter;
  if (e->buffer.start)
    explicit_bzero(e->buffer.start, (size_t)(e->buffer.end - e->buffer.start));
  yaml_emitter_delete(e);
}

#define _cleanup_writer_ _cleanup_(writer_done)

static int write_to_buf(void *out, unsigned char *data, size_t len) {
  buf_add(out, data, len);
  return 1;
}

/*
 * Words that YAML 1.1 (yaml.org/type: bool, null) or 1.2 (10.3.2) would read
 * as something else than a string, in any case for good measure.
 */
static bool is_reserved_word(const char *s) {
  static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                      "off", "true", "false", "null"};
  for (size_t i = 0; i < ARRAY_SIZE(words); i++)
    if (strcasecmp(s, words[i]) == 0)
      return true;
  return false;
}

/*
 * Whether a plain scalar is certainly read back as a string. All numbers,
 * dates and times begin with a digit, a sign or a dot; nothing that begins
 * with a letter, '/' or '_' is more than a word. libyaml itself looks for
 * indicators inside.
 */
static bool plain_is_string(const char *s) {
  bool first_ok = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                  *s == '/' || *s == '_';
  return first_ok && !is_reserved_word(s);
}

/*
 * Whether a literal block gives the text back: the first line tells the
 * indentation, so it must not begin with white space (YAML 1.2, 8.1.1.1), and
 * line breaks other than '\n' would be read as '\n' (5.4).
 */
static bool literal_ok(const char *s) {
  static const char *const breaks[] = {"\r", "\xC2\x85", "\xE2\x80\xA8",
                                       "\xE2\x80\xA9"};
  if (*s == '\n' || *s == ' ' || *s == '\t')
    return false;
  for (size_t i = 0; i < ARRAY_SIZE(breaks); i++)
    if (strstr(s, breaks[i]))
      return false;
  return true;
}

static yaml_scalar_style_t string_style(const char *s, bool is_key) {
  if (!is_key && strchr(s, '\n') && literal_ok(s))
    return YAML_LITERAL_SCALAR_STYLE;
  if (strpbrk(s, "\n\r") || strstr(s, "\xC2\x85") || strstr(s, "\xE2\x80"))
    return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
  if (plain_is_string(s))
    return YAML_PLAIN_SCALAR_STYLE;
  return strpbrk(s, "\"\\") ? YAML_SINGLE_QUOTED_SCALAR_STYLE
                            : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

/* Takes the event. */
static int emit(struct writer *w, yaml_event_t *ev) {
  if (yaml_emitter_emit(&w->emitter, ev))
    return 0;
  return error_set(w->err, 0, "cannot write YAML: %s",
                   w->emitter.problem ? w->emitter.problem : "out of memory");
}

static int emit_scalar(struct writer *w, const char *text,
                       yaml_scalar_style_t style) {
  /* libyaml would let surrogates pass, which no parser takes back. */
  if (!utf8_ok(text))
    return error_set(w->err, 0, "cannot write YAML: a text is not UTF-8");
  yaml_event_t ev;
  if (!yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)text,
                                    (int)strlen(text), 1, 1, style))
    return error_set(w->err, 0, "cannot write YAML: out of memory");
  return emit(w, &ev);
}

static int emit_node(struct writer *w, const struct yaml_node *n);

static int emit_children(struct writer *w, const struct yaml_node *n) {
  for (size_t i = 0; i < n->n; i++) {
    const struct yaml_node *c = n->child[i];
    if (n->kind == YAML_MAP &&
        emit_scalar(w, c->key, string_style(c->key, true)) < 0)
      return error_prefix(w->err, "a key");
    if (emit_node(w, c) < 0)
      return c->key ? error_prefix(w->err, "'%s'", c->key) : -1;
  }
  return 0;
}

static int emit_collection(struct writer *w, const struct yaml_node *n) {
  bool map = n->kind == YAML_MAP;
  yaml_event_t ev;
  int ok =
      map ? yaml_mapping_start_event_initialize(
                &ev, NULL, NULL, 1,
                n->flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE)
          : yaml_sequence_start_event_initialize(
                &ev, NULL, NULL, 1,
                n->flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
  if (!ok)
    return error_set(w->err, 0, "cannot write YAML: out of memory");
  if (emit(w, &ev) < 0 || emit_children(w, n) < 0)
    return -1;
  ok = map ? yaml_mapping_end_event_initialize(&ev)
           : yaml_sequence_end_event_initialize(&ev);
  return ok ? emit(w, &ev) : -1;
}

static int emit_node(struct writer *w, const struct yaml_node *n) {
  if (n->kind != YAML_SCALAR)
    return emit_collection(w, n);
  if (n->quoted)
    return emit_scalar(w, n->text, string_style(n->text, false));
  /* In [,] and as a key libyaml would quote an empty null to a string. */
  return emit_scalar(w, *n->text ? n->text : "null", YAML_PLAIN_SCALAR_STYLE);
}

static int emit_document(struct writer *w, const struct yaml_node *root) {
  yaml_event_t ev;
  if (!yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING) ||
      emit(w, &ev) < 0)
    return -1;
  if (!yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1) ||
      emit(w, &ev) < 0)
    return -1;
  if (emit_node(w, root) < 0)
    return -1;
  if (!yaml_document_end_event_initialize(&ev, 1) || emit(w, &ev) < 0)
    return -1;
  return yaml_stream_end_event_initialize(&ev) ? emit(w, &ev) : -1;
}

int yaml_emit(const struct yaml_node *root, struct buf *out,
              struct error *err) {
  _cleanup_writer_ struct writer w = {.err = err};
  if (!yaml_emitter_initialize(&w.emitter))
    return error_set(err, 0, "cannot start the YAML emitter");
  yaml_emitter_set_output(&w.emitter, write_to_buf, out);
  yaml_emitter_set_encoding(&w.emitter, YAML_UTF8_ENCODING);
  yaml_emitter_set_unicode(&w.emitter, 1);
  yaml_emitter_set_indent(&w.emitter, 2);
  yaml_emitter_set_width(&w.emitter, -1); /* no folding: one line stays one */
  return emit_document(&w, root);
}
