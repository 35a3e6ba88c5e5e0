/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small templates for plain files, after mustache(5) but without its lenience:
 * an unknown name is an error, and nothing is HTML-escaped.
 *
 *   {{ name }}                 the string, as it is; a flag is true or false
 *   {{ name | yaml }}          as a double-quoted YAML scalar
 *   {{ name | sh }}            single-quoted for a POSIX shell
 *   {{ name | unit }}          a word of a command in a systemd unit
 *   {{ name | base64 }}        RFC 4648, one line
 *   {{ name | indent 4 }}      4 spaces before each line but the first
 *                              and empty ones
 *   {{# list }} .. {{/ list }} once per scope of the list
 *   {{? flag }} .. {{/ flag }} when true: a true flag, a string that is not
 *                              empty, a list that is not empty
 *   {{^ flag }} .. {{/ flag }} when not true
 *   {{! comment }}
 *
 * Filters chain: {{ name | base64 | indent 4 }}. A section tag or comment
 * alone on its line removes the whole line (mustache's standalone rule). A
 * name is letters, digits, '_', '-' and '.'. A tag ends on the line it begins
 * on, but a comment may be longer. A "{{" in a value is nothing special.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define TEMPLATE_MAX_DEPTH 16  /* sections inside sections */
#define TEMPLATE_MAX_FILTERS 4 /* in one tag */
#define TEMPLATE_MAX_INDENT 80 /* columns for the filter indent */

/*
 * Names and their values. A name that is not here is looked for in parent (may
 * be NULL), so that what a cluster's nodes share is set once. In a section the
 * scope of the list's member comes first.
 */
struct scope {
  const struct scope *parent;
  struct scope_value *v; /* in the order set */
  size_t n;
};

/* All copy their strings; a name set again gets the new value. */
void scope_set(struct scope *s, const char *name, const char *value);
void scope_setf(struct scope *s, const char *name, const char *fmt, ...)
    _printf_(3, 4);
void scope_set_flag(struct scope *s, const char *name, bool value);

/* Sets name to len bytes of text, which is borrowed and not copied: it must
 * outlive s. For long texts that many scopes have parts of. */
void scope_set_part(struct scope *s, const char *name, const char *text,
                    size_t len);

/* The text called name, here or in a parent, borrowed; "" when there is none.
 */
const char *scope_text(const struct scope *s, const char *name);

/* Makes name a list, empty until scope_add. */
void scope_set_list(struct scope *s, const char *name);

/* Adds a new scope to the list, which is made when missing; owned by s, valid
 * until s is done. */
struct scope *scope_add(struct scope *s, const char *name);

/* Overwrites and frees all values; the parent is left alone. */
void scope_done(struct scope *s);

#define _cleanup_scope_ _cleanup_(scope_done)

struct template;

/*
 * name is for messages: "name:line:column", and is copied, as the text is.
 * ret is the caller's to template_free.
 */
int template_parse(const char *name, const char *text, size_t len,
                   struct template **ret, struct error *err) _must_check_;

/*
 * Adds the rendered text to out. On failure (all unknown names of one run,
 * each at its place) out holds what was rendered so far. A parsed template is
 * not changed: any number of threads may render it.
 */
int template_render(const struct template *t, const struct scope *scope,
                    struct buf *out, struct error *err) _must_check_;

void template_free(struct template *t);

static inline void template_freep(struct template **t) {
  template_free(*t);
}
#define _cleanup_template_ _cleanup_(template_freep)
