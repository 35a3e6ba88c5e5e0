/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/members.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/net.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1 << 20 };

void members_done(struct members *m) {
  strv_done(&m->lists);
  strv_done(&m->gone);
  *m = (struct members){0};
}

static void add_name(struct buf *list, const char *name) {
  buf_addf(list, "%s%s", list->len ? "," : "", name);
}

/* Those of the plan's members for which keep says yes; the caller frees. */
static char *list_of(const struct state *state, const struct plan *plan,
                     bool only_seeded) {
  _cleanup_buf_ struct buf list = {0};
  buf_adds(&list, "");
  for (size_t i = 0; i < plan->members.n; i++) {
    const char *name = plan->members.v[i]->name;
    _cleanup_free_ char *path = state_path(state, "seeds/%s.iso", name);
    if (!only_seeded || file_exists(path))
      add_name(&list, name);
  }
  return buf_take(&list);
}

static bool is_member(const struct plan *plan, const char *name) {
  const struct plan_node *n = plan_find(plan, name);
  return n && n->has_member;
}

/* The names of a list that are the plan's members, and their number; the caller
 * frees. */
static char *known_of(const char *list, const struct plan *plan, size_t *all,
                      size_t *known) {
  _cleanup_free_ char *copy = xstrdup(list);
  _cleanup_buf_ struct buf left = {0};
  buf_adds(&left, "");
  *all = *known = 0;
  char *rest = copy;
  for (char *name; (name = strsep(&rest, ","));) {
    ++*all;
    if (!is_member(plan, name))
      continue;
    ++*known;
    add_name(&left, name);
  }
  return buf_take(&left);
}

/* Once each, and none that is empty. */
static void add_list(struct members *m, const char *list) {
  if (*list && !strv_has(&m->lists, list))
    strv_push(&m->lists, list);
}

/* The present list is the last, also when it was there before. */
static void end_with(struct members *m, const char *list) {
  struct strv others = {0};
  for (size_t i = 0; i < m->lists.n; i++)
    if (strcmp(m->lists.v[i], list) != 0)
      strv_push(&others, m->lists.v[i]);
  if (*list)
    strv_push(&others, list);
  strv_done(&m->lists);
  m->lists = others;
}

static void note_gone(struct members *m, const char *list,
                      const struct plan *plan) {
  _cleanup_free_ char *copy = xstrdup(list);
  char *rest = copy;
  for (char *name; (name = strsep(&rest, ","));) {
    if (*name && !is_member(plan, name) && !strv_has(&m->gone, name))
      strv_push(&m->gone, name);
  }
}

/* "m1,m2,m3" */
static bool list_ok(const char *list) {
  _cleanup_free_ char *copy = xstrdup(list);
  char *rest = copy;
  for (char *name; (name = strsep(&rest, ","));)
    if (!dns_label_ok(name))
      return false;
  return true;
}

/* What is forgotten here could let a second cluster be founded. */
static int damaged(const char *path, struct error *err) {
  return error_set(err, 0,
                   "'%s' is damaged: it must hold a line for each list of "
                   "etcd's members that seeds were made for, names with commas "
                   "between them; put the right file back, or remove it to go "
                   "on with those that have a seed",
                   path);
}

static int read_lists(const char *path, const struct plan *plan, bool forget,
                      struct buf *text, struct members *m, struct error *err) {
  if (file_read(path, MAX_FILE, text, err) < 0)
    return -1;
  if (text->len == 0 || text->data[text->len - 1] != '\n' ||
      memchr(text->data, '\0', text->len))
    return damaged(path, err);
  _cleanup_free_ char *copy = xstrndup(text->data, text->len - 1);
  char *rest = copy;
  for (char *line; (line = strsep(&rest, "\n"));) {
    size_t all, known;
    if (!list_ok(line))
      return damaged(path, err);
    _cleanup_free_ char *left = known_of(line, plan, &all, &known);
    add_list(m, forget ? left : line);
    note_gone(m, line, plan);
  }
  return 0;
}

int members_load(const struct state *state, const struct plan *plan,
                 bool forget, struct members *ret, struct error *err) {
  _cleanup_members_ struct members m = {0};
  _cleanup_free_ char *path = state_path(state, "pki/members");
  _cleanup_free_ char *seeded = list_of(state, plan, true);
  _cleanup_free_ char *list = list_of(state, plan, false);
  _cleanup_buf_ struct buf old = {0}, new = {0};
  if (file_exists(path)) {
    if (read_lists(path, plan, forget, &old, &m, err) < 0)
      return -1;
  } else {
    buf_adds(&old, "");
    add_list(&m, seeded);
  }
  end_with(&m, list);
  members_write(&m, &new);
  m.changed = strcmp(old.data, new.data) != 0;
  *ret = m;
  m = (struct members){0};
  return 0;
}

void members_write(const struct members *m, struct buf *out) {
  buf_adds(out, "");
  for (size_t i = 0; i < m->lists.n; i++)
    buf_addf(out, "%s\n", m->lists.v[i]);
}

char *members_earlier(const struct members *m) {
  _cleanup_buf_ struct buf text = {0};
  buf_adds(&text, "");
  for (size_t i = 0; i + 1 < m->lists.n; i++)
    buf_addf(&text, "%s%s", i ? " " : "", m->lists.v[i]);
  return buf_take(&text);
}

char *members_unreachable(const struct members *m, const struct plan *plan) {
  _cleanup_buf_ struct buf text = {0};
  for (size_t i = 0; i + 1 < m->lists.n; i++) {
    size_t all, known;
    _cleanup_free_ char *left = known_of(m->lists.v[i], plan, &all, &known);
    if (known * 2 <= all)
      buf_addf(&text, "%s%s", text.len ? " " : "", m->lists.v[i]);
  }
  return text.len ? buf_take(&text) : NULL;
}
