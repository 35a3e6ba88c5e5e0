/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/template.h"

#include "base/codec.h"
#include "base/mem.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "base/vec.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

enum value_kind { VALUE_TEXT, VALUE_PART, VALUE_FLAG, VALUE_LIST };

struct scope_value {
  char *name;
  enum value_kind kind;
  char *text;          /* VALUE_TEXT */
  const char *part;    /* VALUE_PART: borrowed, without a NUL at its end */
  size_t len;          /* VALUE_PART */
  bool flag;           /* VALUE_FLAG */
  struct scope **list; /* VALUE_LIST */
  size_t n;
};

enum filter_kind {
  FILTER_YAML,
  FILTER_SH,
  FILTER_UNIT,
  FILTER_BASE64,
  FILTER_INDENT,
};

struct filter {
  enum filter_kind kind;
  int arg; /* FILTER_INDENT: columns */
};

enum op_kind { OP_TEXT, OP_VALUE, OP_LIST, OP_IF, OP_UNLESS, OP_END };

/* A template is a flat list of these; a section knows where it ends. */
struct op {
  enum op_kind kind;
  int line, column;  /* of the tag */
  size_t start, len; /* OP_TEXT: part of the template's text */
  char *name;
  struct filter filters[TEMPLATE_MAX_FILTERS];
  size_t n_filters;
  size_t end; /* OP_LIST, OP_IF, OP_UNLESS: index of its OP_END */
};
DEFINE_VEC(op_vec, struct op);

struct template {
  char *name;
  char *text;
  struct op_vec ops;
};

/* ---- scopes ---- */

static void value_clear(struct scope_value *v) {
  erase_free(v->text);
  for (size_t i = 0; i < v->n; i++) {
    scope_done(v->list[i]);
    free(v->list[i]);
  }
  free(v->list);
  *v = (struct scope_value){.name = v->name};
}

static struct scope_value *scope_find(const struct scope *s, const char *name) {
  for (size_t i = 0; i < s->n; i++)
    if (strcmp(s->v[i].name, name) == 0)
      return &s->v[i];
  return NULL;
}

/* The value called name, emptied or new. */
static struct scope_value *scope_slot(struct scope *s, const char *name) {
  struct scope_value *v = scope_find(s, name);
  if (v) {
    value_clear(v);
    return v;
  }
  if ((s->n & (s->n - 1)) == 0)
    s->v = xrealloc(s->v, s->n ? s->n * 2 : 1, sizeof(*s->v));
  v = &s->v[s->n++];
  *v = (struct scope_value){.name = xstrdup(name)};
  return v;
}

void scope_set(struct scope *s, const char *name, const char *value) {
  char *copy = xstrdup(value ? value : ""); /* before value may be freed */
  scope_slot(s, name)->text = copy;
}

void scope_setf(struct scope *s, const char *name, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *text = xvasprintf(fmt, ap);
  va_end(ap);
  scope_slot(s, name)->text = text;
}

void scope_set_flag(struct scope *s, const char *name, bool value) {
  struct scope_value *v = scope_slot(s, name);
  v->kind = VALUE_FLAG;
  v->flag = value;
}

void scope_set_part(struct scope *s, const char *name, const char *text,
                    size_t len) {
  struct scope_value *v = scope_slot(s, name);
  v->kind = VALUE_PART;
  v->part = text;
  v->len = len;
}

const char *scope_text(const struct scope *s, const char *name) {
  for (; s; s = s->parent) {
    const struct scope_value *v = scope_find(s, name);
    if (v)
      return v->kind == VALUE_TEXT ? v->text : "";
  }
  return "";
}

void scope_set_list(struct scope *s, const char *name) {
  scope_slot(s, name)->kind = VALUE_LIST;
}

struct scope *scope_add(struct scope *s, const char *name) {
  struct scope_value *v = scope_find(s, name);
  if (!v || v->kind != VALUE_LIST) {
    scope_set_list(s, name);
    v = scope_find(s, name);
  }
  if ((v->n & (v->n - 1)) == 0)
    v->list = xrealloc(v->list, v->n ? v->n * 2 : 1, sizeof(struct scope *));
  return v->list[v->n++] = xcalloc(1, sizeof(struct scope));
}

void scope_done(struct scope *s) {
  for (size_t i = 0; i < s->n; i++) {
    value_clear(&s->v[i]);
    free(s->v[i].name);
  }
  free(s->v);
  *s = (struct scope){0};
}

/* ---- parsing ---- */

struct parser {
  struct template *t;
  size_t len;
  size_t pos;       /* next byte to look at */
  size_t counted;   /* bytes counted into line and column */
  int line, column; /* of the byte at counted */
  size_t open[TEMPLATE_MAX_DEPTH];
  size_t n_open;
  struct error *err;
};

static int _printf_(5, 6) fault(const struct template *t, int line, int column,
                                struct error *err, const char *fmt, ...) {
  _cleanup_free_ char *where = xasprintf("%s:%d:%d", t->name, line, column);
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *msg = xvasprintf(fmt, ap);
  va_end(ap);
  return error_at(err, where, "%s", msg);
}

static void count_to(struct parser *p, size_t pos) {
  for (; p->counted < pos; p->counted++) {
    unsigned char c = (unsigned char)p->t->text[p->counted];
    if (c == '\n') {
      p->line++;
      p->column = 1;
    } else if ((c & 0xC0) != 0x80) {
      p->column++;
    }
  }
}

static void add_text(struct parser *p, size_t start, size_t end) {
  if (end <= start)
    return;
  struct op *op = op_vec_add(&p->t->ops);
  op->kind = OP_TEXT;
  op->start = start;
  op->len = end - start;
}

static const char *skip_space(const char *s, const char *end) {
  while (s < end && (*s == ' ' || *s == '\t'))
    s++;
  return s;
}

static bool is_name_char(char c) {
  return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* A word at *s, which moves behind it; NULL when there is none. */
static char *take_word(const char **s, const char *end) {
  const char *start = skip_space(*s, end);
  const char *stop = start;
  while (stop < end && is_name_char(*stop))
    stop++;
  *s = skip_space(stop, end);
  return stop == start ? NULL : xstrndup(start, (size_t)(stop - start));
}

static bool filter_by_name(const char *name, enum filter_kind *ret) {
  static const char *const names[] = {
      [FILTER_YAML] = "yaml",     [FILTER_SH] = "sh",
      [FILTER_UNIT] = "unit",     [FILTER_BASE64] = "base64",
      [FILTER_INDENT] = "indent",
  };
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    if (strcmp(name, names[i]) != 0)
      continue;
    *ret = (enum filter_kind)i;
    return true;
  }
  return false;
}

static int parse_indent(struct parser *p, const char **s, const char *end,
                        int *ret) {
  _cleanup_free_ char *word = take_word(s, end);
  char *rest = NULL;
  long n = word ? strtol(word, &rest, 10) : -1;
  if (n < 0 || n > TEMPLATE_MAX_INDENT || *rest != '\0')
    return fault(p->t, p->line, p->column, p->err,
                 "the filter indent needs a number of columns, 0 to %d",
                 TEMPLATE_MAX_INDENT);
  *ret = (int)n;
  return 0;
}

static int parse_filter(struct parser *p, struct op *op, const char **s,
                        const char *end) {
  if (op->n_filters == TEMPLATE_MAX_FILTERS)
    return fault(p->t, p->line, p->column, p->err, "more than %d filters",
                 TEMPLATE_MAX_FILTERS);
  struct filter *f = &op->filters[op->n_filters++];
  _cleanup_free_ char *name = take_word(s, end);
  if (!name || !filter_by_name(name, &f->kind))
    return fault(p->t, p->line, p->column, p->err,
                 "there is no filter '%s'; there are yaml, sh, unit, base64 "
                 "and indent",
                 name ? name : "");
  return f->kind == FILTER_INDENT ? parse_indent(p, s, end, &f->arg) : 0;
}

/* name and filters, from s to end. */
static int parse_value(struct parser *p, struct op *op, const char *s,
                       const char *end) {
  op->name = take_word(&s, end);
  if (!op->name)
    return fault(p->t, p->line, p->column, p->err, "a tag without a name");
  while (s < end && *s == '|' && op->kind == OP_VALUE) {
    s++;
    if (parse_filter(p, op, &s, end) < 0)
      return -1;
  }
  if (s < end)
    return fault(p->t, p->line, p->column, p->err,
                 "cannot read this tag from '%.*s' on", (int)(end - s), s);
  return 0;
}

static int open_section(struct parser *p) {
  if (p->n_open == TEMPLATE_MAX_DEPTH)
    return fault(p->t, p->line, p->column, p->err,
                 "more than %d sections inside each other", TEMPLATE_MAX_DEPTH);
  p->open[p->n_open++] = p->t->ops.n - 1;
  return 0;
}

static int close_section(struct parser *p) {
  struct op_vec *ops = &p->t->ops;
  const char *name = ops->v[ops->n - 1].name;
  if (p->n_open == 0)
    return fault(p->t, p->line, p->column, p->err,
                 "'%s' is closed here but not open", name);
  struct op *open = &ops->v[p->open[--p->n_open]];
  if (strcmp(open->name, name) != 0)
    return fault(p->t, p->line, p->column, p->err,
                 "'%s' is closed here, but '%s' from line %d is open", name,
                 open->name, open->line);
  open->end = ops->n - 1;
  return 0;
}

/* The tag whose inside is s to end, its first character already skipped. */
static int parse_tag(struct parser *p, char sigil, const char *s,
                     const char *end) {
  struct op *op = op_vec_add(&p->t->ops);
  op->line = p->line;
  op->column = p->column;
  op->kind = sigil == '#'   ? OP_LIST
             : sigil == '?' ? OP_IF
             : sigil == '^' ? OP_UNLESS
             : sigil == '/' ? OP_END
                            : OP_VALUE;
  if (parse_value(p, op, s, end) < 0)
    return -1;
  if (op->kind == OP_VALUE)
    return 0;
  return op->kind == OP_END ? close_section(p) : open_section(p);
}

/*
 * Mustache's standalone rule: when only white space stands beside the tag on
 * its line, *start moves to the line's begin and *end behind its newline.
 */
static void widen_standalone(const struct parser *p, size_t *start,
                             size_t *end) {
  const char *text = p->t->text;
  size_t a = *start, b = *end;
  while (a > 0 && (text[a - 1] == ' ' || text[a - 1] == '\t'))
    a--;
  while (b < p->len && (text[b] == ' ' || text[b] == '\t' || text[b] == '\r'))
    b++;
  if ((a > 0 && text[a - 1] != '\n') || (b < p->len && text[b] != '\n'))
    return;
  *start = a;
  *end = b < p->len ? b + 1 : b;
}

/* The text before the tag at start, and the tag. */
static int parse_at(struct parser *p, size_t start) {
  const char *text = p->t->text;
  const char *inside = text + start + 2;
  const char *close = memmem(inside, p->len - start - 2, "}}", 2);
  count_to(p, start);
  const char *s = close ? skip_space(inside, close) : NULL;
  char sigil = s && s < close && strchr("#?^/!", *s) ? *s : '\0';
  if (!close ||
      (sigil != '!' && memchr(inside, '\n', (size_t)(close - inside)) != NULL))
    return fault(p->t, p->line, p->column, p->err,
                 "'{{' without '}}' on the same line");
  size_t from = start, to = (size_t)(close - text) + 2;
  if (sigil)
    widen_standalone(p, &from, &to);
  add_text(p, p->pos, from);
  p->pos = to;
  if (sigil == '!')
    return 0;
  return parse_tag(p, sigil, sigil ? s + 1 : s, close);
}

static int parse_all(struct parser *p) {
  const char *text = p->t->text;
  for (const char *tag;
       (tag = memmem(text + p->pos, p->len - p->pos, "{{", 2));)
    if (parse_at(p, (size_t)(tag - text)) < 0)
      return -1;
  add_text(p, p->pos, p->len);
  if (p->n_open == 0)
    return 0;
  const struct op *open = &p->t->ops.v[p->open[p->n_open - 1]];
  return fault(p->t, open->line, open->column, p->err,
               "the section '%s' is not closed", open->name);
}

int template_parse(const char *name, const char *text, size_t len,
                   struct template **ret, struct error *err) {
  _cleanup_template_ struct template *t = xcalloc(1, sizeof(*t));
  t->name = xstrdup(name);
  t->text = xcalloc(len + 1, 1);
  if (len)
    memcpy(t->text, text, len);
  struct parser p = {.t = t, .len = len, .line = 1, .column = 1, .err = err};
  if (parse_all(&p) < 0)
    return -1;
  *ret = TAKE_PTR(t);
  return 0;
}

void template_free(struct template *t) {
  if (!t)
    return;
  for (size_t i = 0; i < t->ops.n; i++)
    free(t->ops.v[i].name);
  free(t->ops.v);
  free(t->text);
  free(t->name);
  free(t);
}

/* ---- filters ---- */

static void filter_indent(const char *s, int columns, struct buf *out) {
  for (const char *nl; (nl = strchr(s, '\n')); s = nl + 1) {
    buf_add(out, s, (size_t)(nl - s) + 1);
    if (nl[1] != '\n' && nl[1] != '\0')
      buf_addf(out, "%*s", columns, "");
  }
  buf_adds(out, s);
}

/* systemd.service(5), "COMMAND LINES": '%' and '$' begin something there unless
 * doubled. */
static void filter_unit(const char *s, struct buf *out) {
  buf_adds(out, "\"");
  for (; *s; s++) {
    if (*s == '"' || *s == '\\')
      buf_adds(out, "\\");
    else if (*s == '%' || *s == '$')
      buf_add(out, s, 1);
    buf_add(out, s, 1);
  }
  buf_adds(out, "\"");
}

/* ---- rendering ---- */

/* The scopes of the sections around, innermost first. */
struct frame {
  const struct scope *scope;
  const struct frame *up;
};

struct renderer {
  const struct template *t;
  struct buf *out;
  struct error *err;
};

static const struct scope_value *lookup(const struct frame *f,
                                        const char *name) {
  for (; f; f = f->up) {
    for (const struct scope *s = f->scope; s; s = s->parent) {
      const struct scope_value *v = scope_find(s, name);
      if (v)
        return v;
    }
  }
  return NULL;
}

static int fault_op(const struct renderer *r, const struct op *op,
                    const char *msg) {
  return fault(r->t, op->line, op->column, r->err, "'%s' %s", op->name, msg);
}

static bool apply_filter(const struct filter *f, const char *in,
                         struct buf *out) {
  switch (f->kind) {
  case FILTER_YAML:
    return quote_yaml(in, out);
  case FILTER_SH:
    quote_sh(in, out);
    return true;
  case FILTER_UNIT:
    filter_unit(in, out);
    return true;
  case FILTER_BASE64:
    base64_encode(in, strlen(in), 0, out);
    return true;
  case FILTER_INDENT:
    filter_indent(in, f->arg, out);
    return true;
  }
  return false;
}

static int render_value(const struct renderer *r, const struct op *op,
                        const struct scope_value *v) {
  if (v->kind == VALUE_LIST)
    return fault_op(r, op, "is a list; write {{# ... }}");
  if (v->kind == VALUE_PART && op->n_filters == 0) {
    buf_add(r->out, v->part, v->len);
    return 0;
  }
  _cleanup_buf_ struct buf held = {0};
  if (v->kind == VALUE_PART)
    buf_add(&held, v->part, v->len);
  const char *text = v->kind == VALUE_TEXT   ? v->text
                     : v->kind == VALUE_PART ? held.data
                     : v->flag               ? "true"
                                             : "false";
  for (size_t i = 0; i < op->n_filters; i++) {
    struct buf next = {0};
    bool ok = apply_filter(&op->filters[i], text, &next);
    buf_add(&next, "", 0);
    buf_done(&held);
    held = next;
    if (!ok)
      return fault_op(r, op, "is not text in UTF-8");
    text = held.data;
  }
  buf_adds(r->out, text);
  return 0;
}

static bool is_true(const struct scope_value *v) {
  return v->kind == VALUE_FLAG   ? v->flag
         : v->kind == VALUE_LIST ? v->n > 0
         : v->kind == VALUE_PART ? v->len > 0
                                 : *v->text != '\0';
}

static int render_ops(const struct renderer *r, size_t from, size_t to,
                      const struct frame *f);

/* Stops at the first member that fails: the others would say the same. */
static int render_list(const struct renderer *r, size_t i,
                       const struct scope_value *v, const struct frame *f) {
  const struct op *op = &r->t->ops.v[i];
  if (v->kind != VALUE_LIST)
    return fault_op(r, op, "is not a list; write {{? ... }}");
  for (size_t k = 0; k < v->n; k++) {
    struct frame inner = {.scope = v->list[k], .up = f};
    if (render_ops(r, i + 1, op->end, &inner) < 0)
      return -1;
  }
  return 0;
}

static int render_tag(const struct renderer *r, size_t i,
                      const struct frame *f) {
  const struct op *op = &r->t->ops.v[i];
  const struct scope_value *v = lookup(f, op->name);
  if (!v)
    return fault_op(r, op, "is not known here");
  if (op->kind == OP_VALUE)
    return render_value(r, op, v);
  if (op->kind == OP_LIST)
    return render_list(r, i, v, f);
  if (is_true(v) == (op->kind == OP_IF))
    return render_ops(r, i + 1, op->end, f);
  return 0;
}

/* Renders all of it, faults or not, so that one run shows all faults. */
static int render_ops(const struct renderer *r, size_t from, size_t to,
                      const struct frame *f) {
  int result = 0;
  for (size_t i = from; i < to; i++) {
    const struct op *op = &r->t->ops.v[i];
    if (op->kind == OP_TEXT)
      buf_add(r->out, r->t->text + op->start, op->len);
    else if (render_tag(r, i, f) < 0)
      result = -1;
    if (op->kind == OP_LIST || op->kind == OP_IF || op->kind == OP_UNLESS)
      i = op->end; /* its OP_END is passed over */
  }
  return result;
}

int template_render(const struct template *t, const struct scope *scope,
                    struct buf *out, struct error *err) {
  struct renderer r = {.t = t, .out = out, .err = err};
  struct frame top = {.scope = scope};
  return render_ops(&r, 0, t->ops.n, &top);
}
