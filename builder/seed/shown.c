/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/shown.h"

#include "base/codec.h"
#include "base/utf8.h"
#include "format/yaml.h"
#include "seed/redact.h"
#include <string.h>

#define USER_DATA "user-data/"

static struct shown *add(struct shown_vec *ret, const char *path, char *head,
                         const void *data, size_t len) {
  struct shown *s = shown_vec_add(ret);
  s->path = utf8_printable(path);
  s->head = head;
  s->len = len;
  sha256_hex(data, len, s->digest);
  return s;
}

/* ---- What is of the seed ---- */

static int add_meta(const struct medium_file *f, struct shown_vec *ret,
                    struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_buf_ struct buf text = {0};
  if (yaml_parse(f->name, f->data, f->len, &root, err) < 0)
    return -1;
  struct yaml_node *id = yaml_get(root, "instance-id");
  char *end = id && id->kind == YAML_SCALAR ? strrchr(id->text, '-') : NULL;
  if (end)
    *end = '\0';
  if (yaml_emit(root, &text, err) < 0)
    return -1;
  add(ret, f->name, xstrdup(""), text.data, text.len)->text = buf_take(&text);
  return 0;
}

static int add_plain(const struct medium_file *f, struct shown_vec *ret) {
  add(ret, f->name, xstrdup(""), f->data, f->len)->text =
      xstrndup(f->data, f->len);
  return 0;
}

/* ---- What is laid down ---- */

static const char *text_of(const struct yaml_node *map, const char *key) {
  const struct yaml_node *n = yaml_get(map, key);
  return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

/* Whether kubeseed makes the file of a template of its own. */
static bool is_ours(const struct plan_node *node, const char *path) {
  for (size_t i = 0; node && i < node->files.n; i++)
    if (strcmp(node->files.v[i].path, path) == 0)
      return strncmp(node->files.v[i].source, USER_DATA, strlen(USER_DATA)) ==
             0;
  return false;
}

static bool is_text(const struct buf *b) {
  return strlen(b->data) == b->len && utf8_ok(b->data);
}

static void fill(struct shown *s, const char *path, unsigned mode,
                 const struct plan_node *node, const struct buf *content) {
  bool key = strstr(content->data, "PRIVATE KEY-----") != NULL;
  bool secret = key || !(mode & 004); /* not for everybody */
  if (!secret && !is_text(content))
    s->why = "binary";
  else if (key || (secret && content->len > 0 &&
                   (!is_text(content) || !is_ours(node, path))))
    s->why = "secret";
  else if (secret)
    s->text = redact_text(content->data, &s->cut);
  else
    s->text = xstrdup(content->data);
  if (!s->text)
    s->text = xstrdup("");
  s->opaque = strncmp(s->text, "-----BEGIN ", 11) == 0 ||
              strstr(s->text, "-cert-v01@openssh.com ");
}

static int add_file(const struct yaml_node *item, const struct plan_node *node,
                    struct shown_vec *ret, struct error *err) {
  const char *path = text_of(item, "path");
  const char *content = text_of(item, "content");
  const char *mode_text = text_of(item, "permissions");
  const char *owner = text_of(item, "owner");
  _cleanup_buf_ struct buf bytes = {0};
  char *end = NULL;
  unsigned long mode = mode_text ? strtoul(mode_text, &end, 8) : 0644;
  if (!path || !content || (end && *end))
    return error_set(err, 0,
                     "user-data has a file without path, content or "
                     "permissions");
  buf_add(&bytes, "", 0);
  if (!text_of(item, "encoding"))
    buf_adds(&bytes, content);
  else if (!base64_decode(content, strlen(content), &bytes))
    return error_set(err, 0, "the content of '%s' is no base64", path);
  _cleanup_free_ char *head =
      xasprintf("%04lo %s", mode & 07777, owner ? owner : "root:root");
  fill(add(ret, path, utf8_printable(head), bytes.data, bytes.len), path,
       (unsigned)mode, node, &bytes);
  return 0;
}

/* cloud-config but its files, and these behind it. */
static int add_user_data(const struct medium_file *f,
                         const struct plan_node *node, struct shown_vec *ret,
                         struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_error_ struct error own = {0};
  _cleanup_buf_ struct buf text = {0};
  if (yaml_parse_upto(f->name, f->data, f->len, ISO_MAX_BYTES, &root, &own) <
          0 ||
      root->kind != YAML_MAP)
    return error_set(err, 0, "its user-data is no YAML that is read here");
  struct yaml_node *files = yaml_get(root, "write_files");
  for (size_t i = 0; files && files->kind == YAML_SEQ && i < files->n; i++)
    if (add_file(files->child[i], node, ret, err) < 0)
      return -1;
  for (size_t i = 0; i < root->n; i++)
    if (root->child[i] == files) {
      yaml_map_drop(root, i);
      break;
    }
  _cleanup_buf_ struct buf whole = {0};
  if (yaml_emit(root, &whole, err) < 0)
    return -1;
  bool cut = redact_tree(root);
  if (yaml_emit(root, &text, err) < 0)
    return -1;
  struct shown *s =
      add(ret, "cloud-config", xstrdup(""), whole.data, whole.len);
  s->cut = cut;
  s->text = buf_take(&text);
  return 0;
}

int shown_read(const struct medium_file *files, size_t n,
               const struct plan_node *node, struct shown_vec *ret,
               struct error *err) {
  for (size_t i = 0; i < n; i++) {
    const struct medium_file *f = &files[i];
    int r = 0;
    if (strcmp(f->name, "meta-data") == 0)
      r = add_meta(f, ret, err);
    else if (strcmp(f->name, "network-config") == 0)
      r = add_plain(f, ret);
    else if (strcmp(f->name, "user-data") == 0)
      r = add_user_data(f, node, ret, err);
    if (r < 0)
      return -1;
  }
  return 0;
}

const struct shown *shown_find(const struct shown_vec *v, const char *path) {
  for (size_t i = 0; i < v->n; i++)
    if (strcmp(v->v[i].path, path) == 0)
      return &v->v[i];
  return NULL;
}

void shown_done(struct shown_vec *v) {
  for (size_t i = 0; i < v->n; i++) {
    free(v->v[i].path);
    free(v->v[i].head);
    erase_free(v->v[i].text);
  }
  free(v->v);
  *v = (struct shown_vec){0};
}
