/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/origin.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "format/yaml.h"
#include "part/parts.h"
#include "pki/store.h"
#include "seed/render.h"
#include "seed/shown.h"
#include "spec/sources.h"
#include <ctype.h>
#include <string.h>

struct asking {
  const char *spec, *node, *path;
  const struct pki *pki;
  const struct pki_node *keys;
  time_t now;
  bool by_subnet;
  char digest[SHA256_HEX]; /* of the file as it is */
  char *text;              /* of it, without secrets */
  bool *lines;             /* those that count, by number */
  size_t n_lines;
  size_t values;
};

/* ---- The file of one form of the spec ---- */

static int make(const struct asking *a, const struct plan *plan,
                char digest[static SHA256_HEX], char **ret_text,
                struct error *err) {
  const struct plan_node *node = plan_find(plan, a->node);
  _cleanup_render_ struct render *render = NULL;
  _cleanup_seed_ struct seed seed = {0};
  _cleanup_shown_ struct shown_vec shown = {0};
  if (!node)
    return error_set(err, 0, "there is no such node");
  if (render_new(plan, a->pki, a->now, "", &render, err) < 0 ||
      render_node(render, node, a->keys, &seed, err) < 0)
    return -1;
  const struct medium_file files[] = {
      {"network-config", 0400, seed.network_config.data,
       seed.network_config.len},
      {"user-data", 0400, seed.user_data.data, seed.user_data.len},
  };
  if (shown_read(files, ARRAY_SIZE(files), node, &shown, err) < 0)
    return -1;
  const struct shown *s = shown_find(&shown, a->path);
  if (!s)
    return error_set(err, 0, "there is no such file");
  memcpy(digest, s->digest, SHA256_HEX);
  if (ret_text)
    *ret_text = xstrdup(s->text);
  return 0;
}

/* What the spec of this text makes of the file: 0 the same, 1 another, -1 the
 * spec is none. */
static int try_text(const struct asking *a, const struct buf *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_(spec_done) struct spec spec = {0};
  _cleanup_plan_ struct plan plan = {0};
  char digest[SHA256_HEX];
  if (parts_read_spec(a->spec, text->data, text->len, &spec, &err) < 0 ||
      sources_read(&spec, &err) < 0)
    return -1;
  spec.by_subnet = a->by_subnet;
  if (parts_plan(&spec, &plan, &err) < 0)
    return -1;
  if (make(a, &plan, digest, NULL, &err) < 0)
    return 1;
  return strcmp(digest, a->digest) != 0;
}

/* ---- Leaving out ---- */

static void count(struct asking *a, const struct yaml_node *n) {
  int line = n->key_line ? n->key_line : n->line;
  if (line > 0 && (size_t)line < a->n_lines)
    a->lines[line] = true;
}

/* Whether the value stands in the file as a word of its own. What every spec
 * says of itself is no reason. */
static bool stands_there(const struct asking *a, const struct yaml_node *n) {
  size_t len = n->kind == YAML_SCALAR ? strlen(n->text) : 0;
  if (len < 2 || (n->key && (strcmp(n->key, "kind") == 0 ||
                             strcmp(n->key, "apiVersion") == 0)))
    return false;
  for (const char *at = a->text; (at = strstr(at, n->text)); at += len)
    if ((at == a->text || !isalnum((unsigned char)at[-1])) &&
        !isalnum((unsigned char)at[len]))
      return true;
  return false;
}

/* root has this->child[i] as a descendant; it is taken out for the question. */
static int try_without(struct asking *a, struct yaml_node *root,
                       struct yaml_node *at, size_t i, struct error *err) {
  struct yaml_node *left = at->child[i];
  _cleanup_buf_ struct buf text = {0};
  if (++a->values > ORIGIN_MAX_VALUES)
    return error_set(err, 0, "a spec with more than %d values is not explained",
                     ORIGIN_MAX_VALUES);
  memmove(&at->child[i], &at->child[i + 1],
          (at->n - i - 1) * sizeof(*at->child));
  at->n--;
  int r = yaml_emit(root, &text, err) < 0 ? -2 : try_text(a, &text);
  memmove(&at->child[i + 1], &at->child[i], (at->n - i) * sizeof(*at->child));
  at->n++;
  at->child[i] = left;
  if (r == -2)
    return -1;
  if (r == 1 || (r == -1 && stands_there(a, left)))
    count(a, left);
  return 0;
}

static int ask_all(struct asking *a, struct yaml_node *root,
                   struct yaml_node *at, struct error *err) {
  for (size_t i = 0; at->kind != YAML_SCALAR && i < at->n; i++) {
    struct yaml_node *child = at->child[i];
    bool whole = child->kind == YAML_SCALAR || at->kind == YAML_SEQ;
    if ((whole && try_without(a, root, at, i, err) < 0) ||
        ask_all(a, root, child, err) < 0)
      return -1;
  }
  return 0;
}

/* ---- Lines ---- */

static void add_lines(const struct asking *a, const char *text,
                      struct strv *ret) {
  size_t number = 1;
  for (const char *at = text; *at; number++) {
    size_t len = strcspn(at, "\n");
    _cleanup_free_ char *line = xstrndup(at, len);
    _cleanup_free_ char *shown = utf8_printable(line + strspn(line, " "));
    if (number < a->n_lines && a->lines[number])
      strv_pushf(ret, "%s:%zu: %s", a->spec, number,
                 strcasestr(shown, "password") ? "(a password)" : shown);
    at += len + (at[len] == '\n');
  }
}

static size_t count_lines(const char *text) {
  size_t n = 2;
  for (; *text; text++)
    n += *text == '\n';
  return n;
}

int origin_lines(const struct plan *plan, const char *text, size_t len,
                 const struct state *state, const char *node, const char *path,
                 time_t now, struct strv *ret, struct error *err) {
  _cleanup_pki_ struct pki old = {0}, pki = {0};
  _cleanup_pki_node_ struct pki_node old_keys = {0}, keys = {0};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_free_ char *dir = state_path(state, "pki"), *as_is = NULL;
  const struct plan_node *n = plan_find(plan, node);
  size_t n_lines = count_lines(text);
  _cleanup_free_ bool *lines = xcalloc(n_lines, sizeof(*lines));
  if (pki_load(dir, plan, &old, err) < 0 ||
      pki_make(plan, &old, now, &pki, err) < 0 ||
      pki_node_load(dir, plan, n, &old_keys, err) < 0 ||
      pki_node_make(&pki, plan, n, &old_keys, now, &keys, err) < 0 ||
      yaml_parse(plan->spec->file, text, len, &root, err) < 0)
    return -1;
  struct asking a = {.spec = plan->spec->file,
                     .node = node,
                     .path = path,
                     .pki = &pki,
                     .keys = &keys,
                     .now = now,
                     .by_subnet = plan->spec->by_subnet,
                     .lines = lines,
                     .n_lines = n_lines};
  if (make(&a, plan, a.digest, &as_is, err) < 0)
    return -1;
  a.text = as_is;
  if (ask_all(&a, root, root, err) < 0)
    return -1;
  add_lines(&a, text, ret);
  return 0;
}
