/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge.h"

#include <stdarg.h>

/* A detail names so many findings and counts the rest. */
#define WRONG_SHOWN 12

void wrong_add(struct wrong *w, const char *fmt, ...) {
  if (++w->n > WRONG_SHOWN)
    return;
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *text = xvasprintf(fmt, ap);
  va_end(ap);
  buf_addf(&w->text, "%s%s", w->text.len ? "; " : "", text);
}

char *wrong_take(struct wrong *w) {
  if (w->n > WRONG_SHOWN)
    buf_addf(&w->text, "; and %zu more", w->n - WRONG_SHOWN);
  char *text = buf_take(&w->text);
  *w = (struct wrong){0};
  return text;
}

static void add_check(struct judge *j, const char *id, const char *what,
                      enum verify_state state, char *detail) {
  *verify_check_vec_add(j->checks) = (struct verify_check){
      .id = id, .what = what, .state = state, .detail = detail};
}

void judge_add(struct judge *j, const char *id, const char *what,
               enum verify_state state, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *detail = xvasprintf(fmt, ap);
  va_end(ap);
  add_check(j, id, what, state, detail);
}

void judge_end(struct judge *j, const char *id, const char *what,
               struct wrong *w, const char *fmt, ...) {
  if (w->n) {
    add_check(j, id, what, VERIFY_FAIL, wrong_take(w));
  } else if (w->unasked) {
    judge_add(j, id, what, VERIFY_SKIP,
              "not known: %zu of the nodes it takes do%s not answer",
              w->unasked, w->unasked == 1 ? "es" : "");
  } else {
    va_list ap;
    va_start(ap, fmt);
    char *detail = xvasprintf(fmt, ap);
    va_end(ap);
    add_check(j, id, what, VERIFY_OK, detail);
  }
  *w = (struct wrong){0};
}

void judge_end_count(struct judge *j, const char *id, const char *what,
                     struct wrong *w, size_t n, const char *noun) {
  judge_end(j, id, what, w, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

const char *judge_text(const json_t *o, const char *key) {
  const char *s = json_string_value(json_object_get(o, key));
  return s ? s : "";
}

char *judge_section(const struct judge *j, const struct plan_node *n,
                    const char *section, struct wrong *w) {
  const struct verify_answer *a = &j->facts->node[n->index];
  char *text = verify_section(a, section);
  if (!a->text)
    w->unasked++;
  else if (!text)
    wrong_add(w, "%s: not known, it was cut short", n->name);
  return text;
}

size_t judge_nobody_asked(const struct judge *j) {
  size_t silent = 0;
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    if (j->plan->nodes.v[i].spec->role != ROLE_CONTROL_PLANE)
      continue;
    if (j->facts->node[i].text)
      return 0;
    silent++;
  }
  return silent;
}
