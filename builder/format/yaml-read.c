/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From text to a tree: libyaml's parser. */
#include "format/yaml.h"

#include "base/mem.h"
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
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
  if (!yaml_parser_initialize(&r->parser))
    return error_set(err, 0, "cannot start the YAML parser");
  yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
  /* What Windows' editors begin a file with; the parser, once told the
   * encoding, takes it for text. */
  if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
    text += 3;
    len -= 3;
  }
  yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
  return 0;
}

/* Overwrites what the parser kept of the text. Both its buffers hold UTF-8, the
 * second with a NUL at its end, so a short text has filled no more of them:
 * most are far shorter than the 64 KiB that they have together. */
static void wipe(unsigned char *start, const unsigned char *end,
                 const struct reader *r) {
  size_t room = (size_t)(end - start), used = r->len + 1;
  if (start)
    explicit_bzero(start, used < room ? used : room);
}

/* The text may hold keys. */
static void reader_done(struct reader *r) {
  yaml_parser_t *p = &r->parser;
  wipe(p->raw_buffer.start, p->raw_buffer.end, r);
  wipe(p->buffer.start, p->buffer.end, r);
  yaml_parser_delete(p);
}

#define _cleanup_reader_ _cleanup_(reader_done)

static int _printf_(3, 4)
    fault_at(struct reader *r, const yaml_mark_t *mark, const char *fmt, ...) {
  const struct yaml_node at = {.file = r->name,
                               .line = (int)mark->line + 1,
                               .column = (int)mark->column + 1};
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *msg = xvasprintf(fmt, ap);
  va_end(ap);
  int result = yaml_fault(r->err, &at, "%s", msg);
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

/* With its mark, or with the NUL that each Latin letter has in it. */
static bool is_utf16(const struct reader *r) {
  const char *t = r->text;
  return r->len >= 2 && (memcmp(t, "\xff\xfe", 2) == 0 ||
                         memcmp(t, "\xfe\xff", 2) == 0 || !t[0] != !t[1]);
}

/* Whether the character at the mark is a tab, which no line may begin with. */
static bool is_tab(const struct reader *r, const yaml_mark_t *mark) {
  const char *line = r->text, *end = r->text + r->len;
  for (size_t i = 0; i < mark->line && line; i++) {
    line = memchr(line, '\n', (size_t)(end - line));
    line = line ? line + 1 : NULL;
  }
  /* Only blanks stand before one that is in the way. */
  return line && mark->column < (size_t)(end - line) &&
         line[mark->column] == '\t';
}

static int fault_syntax(struct reader *r) {
  const yaml_parser_t *p = &r->parser;
  const char *problem = p->problem ? p->problem : "unknown problem";
  if (p->error == YAML_MEMORY_ERROR)
    return error_set(r->err, 0, "out of memory while reading '%s'", r->name);
  if (p->error == YAML_READER_ERROR) {
    yaml_mark_t mark = mark_of_offset(r, p->problem_offset);
    if (is_utf16(r))
      return fault_at(r, &mark,
                      "this is UTF-16, as PowerShell's > writes it; save it as "
                      "UTF-8");
    return fault_at(r, &mark, "this is not text in UTF-8: %s", problem);
  }
  if (is_tab(r, &p->problem_mark))
    return fault_at(r, &p->problem_mark,
                    "this is not YAML: a tab stands here; indent with spaces");
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

static struct yaml_node *node_of_event(const struct reader *r,
                                       const yaml_event_t *ev) {
  struct yaml_node *n = xcalloc(1, sizeof(*n));
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
    (void)yaml_seq_add(seq, child);
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
    /* Not yaml_map_set: a key that stands twice is a fault, told below. */
    if (key->kind == YAML_SCALAR)
      give_key(yaml_seq_add(map, value), key);
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
  return yaml_parse_upto(name, text, len, YAML_MAX_BYTES, ret_root, err);
}

int yaml_parse_upto(const char *name, const char *text, size_t len, size_t max,
                    struct yaml_node **ret_root, struct error *err) {
  _cleanup_reader_ struct reader r = {0};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  if (len > max)
    return error_at(err, name, "more than %zu bytes are too much for this file",
                    max);
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
