/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a tree to text: libyaml's emitter. */
#include "format/yaml.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <string.h>
#include <strings.h>
/* libyaml's header has the name of ours, and -Ibuilder comes first. */
#include <../include/yaml.h>

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
