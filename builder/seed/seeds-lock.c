/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/seeds-lock.h"

#include "base/file.h"
#include "base/mem.h"
#include "state/layout.h"
#include <stdlib.h>
#include <string.h>

/* Ten thousand nodes in each form have a sixth of it. */
#define MAX_BYTES ((size_t)64 << 20)
#define HEX_DIGITS (SHA256_HEX - 1)
#define HEX "0123456789abcdef"

static int by_path(const void *a, const void *b) {
  return strcmp(((const struct seeds_lock_line *)a)->path,
                ((const struct seeds_lock_line *)b)->path);
}

static void sort(struct seeds_lock *l) {
  if (l->lines.n > 1)
    qsort(l->lines.v, l->lines.n, sizeof(*l->lines.v), by_path);
}

void seeds_lock_add_digest(struct seeds_lock *l, const char *path,
                           const char *digest) {
  struct seeds_lock_line *line = seeds_lock_lines_add(&l->lines);
  line->path = xstrdup(path);
  memcpy(line->digest, digest, SHA256_HEX);
}

void seeds_lock_add(struct seeds_lock *l, const char *path, const void *data,
                    size_t len) {
  char digest[SHA256_HEX];
  sha256_hex(data, len, digest);
  seeds_lock_add_digest(l, path, digest);
}

const char *seeds_lock_get(const struct seeds_lock *l, const char *path) {
  struct seeds_lock_line key = {.path = (char *)path};
  const struct seeds_lock_line *line =
      l->lines.n ? bsearch(&key, l->lines.v, l->lines.n, sizeof(key), by_path)
                 : NULL;
  return line ? line->digest : NULL;
}

/* "DIGEST  PATH\n", the path one of ours. */
static bool take_line(struct seeds_lock *l, const char *line, size_t len) {
  bool temporary = false;
  _cleanup_free_ char *node = NULL;
  if (len < HEX_DIGITS + 3 || strspn(line, HEX) != HEX_DIGITS ||
      strncmp(line + HEX_DIGITS, "  ", 2) != 0)
    return false;
  _cleanup_free_ char *digest = xstrndup(line, HEX_DIGITS);
  _cleanup_free_ char *path =
      xstrndup(line + HEX_DIGITS + 2, len - HEX_DIGITS - 2);
  if (!layout_find(path, &temporary, &node) || !node || temporary)
    return false;
  seeds_lock_add_digest(l, path, digest);
  return true;
}

static int parse(const char *path, const struct buf *text, struct seeds_lock *l,
                 struct error *err) {
  size_t number = 1;
  for (const char *at = text->data; at && *at; number++) {
    size_t len = strcspn(at, "\n");
    if (at[len] != '\n' || !take_line(l, at, len))
      return error_set(err, 0,
                       "'%s' is damaged at line %zu; put your copy of it back, "
                       "or delete it: the next `kubeseed seed` writes it anew",
                       path, number);
    at += len + 1;
  }
  sort(l);
  return 0;
}

static int read_text(const struct state *s, bool *ret_there, struct buf *ret,
                     struct error *err) {
  _cleanup_free_ char *path = state_path(s, SEEDS_LOCK);
  *ret_there = file_exists(path);
  return *ret_there ? file_read(path, MAX_BYTES, ret, err) : 0;
}

int seeds_lock_read(const struct state *s, struct seeds_lock *ret,
                    struct error *err) {
  _cleanup_seeds_lock_ struct seeds_lock l = {0};
  _cleanup_buf_ struct buf text = {0};
  _cleanup_free_ char *path = state_path(s, SEEDS_LOCK);
  if (read_text(s, &l.there, &text, err) < 0 || parse(path, &text, &l, err) < 0)
    return -1;
  *ret = l;
  l = (struct seeds_lock){0};
  return 0;
}

/* Lines of nodes that were not made now. */
static void carry(const struct seeds_lock *old, const struct plan *plan,
                  const bool *made, bool forget, struct seeds_lock *l) {
  for (size_t i = 0; i < old->lines.n; i++) {
    const struct seeds_lock_line *line = &old->lines.v[i];
    bool temporary = false;
    _cleanup_free_ char *name = NULL;
    (void)layout_find(line->path, &temporary, &name);
    const struct plan_node *node = name ? plan_find(plan, name) : NULL;
    if (node ? !made[node->index] : !forget)
      seeds_lock_add_digest(l, line->path, line->digest);
  }
}

int seeds_lock_write(const struct state *s, const struct plan *plan,
                     const size_t *made, size_t n, bool forget,
                     struct seeds_lock *l, struct error *err) {
  _cleanup_seeds_lock_ struct seeds_lock old = {0};
  _cleanup_buf_ struct buf before = {0}, text = {0};
  _cleanup_free_ bool *is_made = xcalloc(plan->nodes.n, sizeof(*is_made));
  _cleanup_free_ char *path = state_path(s, SEEDS_LOCK);
  if (read_text(s, &old.there, &before, err) < 0 ||
      parse(path, &before, &old, err) < 0)
    return -1;
  for (size_t i = 0; i < n; i++)
    is_made[made[i]] = true;
  carry(&old, plan, is_made, forget, l);
  sort(l);
  for (size_t i = 0; i < l->lines.n; i++)
    buf_addf(&text, "%s  %s\n", l->lines.v[i].digest, l->lines.v[i].path);
  if (text.len == before.len &&
      (text.len == 0 || memcmp(text.data, before.data, text.len) == 0))
    return 0;
  return file_write(path, text.data, text.len, 0600, err);
}

void seeds_lock_done(struct seeds_lock *l) {
  for (size_t i = 0; i < l->lines.n; i++)
    free(l->lines.v[i].path);
  free(l->lines.v);
  *l = (struct seeds_lock){0};
}
