/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/merge.h"

#include "base/mem.h"
#include "format/x509.h"
#include "format/yaml.h"
#include <string.h>

/* Where the thing of that name is in the list; the list's length if nowhere. */
static size_t find(const struct yaml_node *list, const char *name) {
  size_t i = 0;
  for (; i < list->n; i++) {
    const struct yaml_node *n = yaml_get(list->child[i], "name");
    if (n && n->kind == YAML_SCALAR && strcmp(n->text, name) == 0)
      break;
  }
  return i;
}

/* The text that stands there; NULL when there is none. */
static const char *text_of(const struct yaml_node *map, const char *key) {
  const struct yaml_node *n = yaml_get(map, key);
  return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

static bool same_text(const struct yaml_node *a, const struct yaml_node *b,
                      const char *key) {
  const char *x = text_of(a, key), *y = text_of(b, key);
  return x && y && strcmp(x, y) == 0;
}

/* ---- What is ours ---- */

static struct cert *read_cert(const struct yaml_node *map, const char *key) {
  _cleanup_error_ struct error none = {0};
  _cleanup_buf_ struct buf pem = {0};
  struct cert *cert = NULL;
  const char *base64 = text_of(map, key);
  if (!base64 || pem_from_base64(base64, &pem, &none) < 0 ||
      cert_parse(pem.data, pem.len, &cert, &none) < 0)
    return NULL;
  return cert;
}

#define CA_DATA "certificate-authority-data"

/* The CA is what makes a cluster that cluster. */
static bool is_our_cluster(const struct yaml_node *was,
                           const struct yaml_node *new,
                           const struct yaml_node *ca) {
  (void)ca;
  return same_text(was, new, CA_DATA);
}

/* One of an earlier certificate, which may have ended, is ours as well. */
static bool is_our_user(const struct yaml_node *was,
                        const struct yaml_node *new,
                        const struct yaml_node *ca) {
  _cleanup_error_ struct error none = {0};
  _cleanup_cert_ struct cert *cert = read_cert(was, "client-certificate-data");
  _cleanup_cert_ struct cert *signer = read_cert(ca, CA_DATA);
  time_t begin = 0;
  return yaml_equal(was, new) ||
         (cert && signer && cert_not_before(cert, &begin, &none) == 0 &&
          cert_verify(cert, signer, begin, &none) == 0);
}

static bool is_our_context(const struct yaml_node *was,
                           const struct yaml_node *new,
                           const struct yaml_node *ca) {
  (void)ca;
  return same_text(was, new, "cluster") && same_text(was, new, "user");
}

static const struct section {
  const char *list, *inner;
  const char *named; /* a word of it by which its owner knows it */
  const char *why;
  bool (*is_ours)(const struct yaml_node *was, const struct yaml_node *new,
                  const struct yaml_node *ca);
} sections[] = {
    {"clusters", "cluster", "server",
     "has another CA, so it is another cluster, or this one before it was made "
     "anew",
     is_our_cluster},
    {"users", "user", "username",
     "has no certificate of this cluster's CA, so it is another's, or was "
     "changed by hand",
     is_our_user},
    {"contexts", "context", "cluster", "leads elsewhere or as somebody else",
     is_our_context},
};

/* Whether the old item, of the same name as the new one, is ours. ours is the
 * whole kubeconfig that the new one is of. */
static bool is_ours(const struct section *s, const struct yaml_node *old,
                    const struct yaml_node *item,
                    const struct yaml_node *ours) {
  const struct yaml_node *was = yaml_get(old, s->inner);
  const struct yaml_node *new = yaml_get(item, s->inner);
  const struct yaml_node *clusters = yaml_get(ours, "clusters");
  return was && was->kind == YAML_MAP && new &&clusters && clusters->n &&
         s->is_ours(was, new, yaml_get(clusters->child[0], "cluster"));
}

/* A fault for each thing of our name that is not ours: it would be lost. */
static int check_section(const struct section *s, const struct yaml_node *root,
                         const struct yaml_node *ours, struct error *err) {
  const struct yaml_node *list = yaml_get(root, s->list);
  const struct yaml_node *items = yaml_get(ours, s->list);
  int r = 0;
  if (!list || list->kind != YAML_SEQ)
    return 0;
  for (size_t i = 0; items && i < items->n; i++) {
    const char *name = yaml_get(items->child[i], "name")->text;
    size_t at = find(list, name);
    if (at == list->n || is_ours(s, list->child[at], items->child[i], ours))
      continue;
    const char *known = text_of(yaml_get(list->child[at], s->inner), s->named);
    r = yaml_fault(err, list->child[at],
                   "the %s '%s' here%s%s%s %s; --merge --force replaces it, "
                   "and another name in the spec keeps both",
                   s->inner, name, known ? " (" : "", known ? known : "",
                   known ? ")" : "", s->why);
    err->kind = ERROR_FAILED; /* neither the spec nor the command is wrong */
  }
  return r;
}

/* ---- Merging ---- */

/* What old says beyond new, as a namespace or a proxy, new says as well. */
static void keep(struct yaml_node *new, const struct yaml_node *old) {
  if (!new || !old || new->kind != YAML_MAP || old->kind != YAML_MAP)
    return;
  for (size_t i = 0; i < old->n; i++)
    if (!yaml_get(new, old->child[i]->key))
      yaml_map_set(new, old->child[i]->key, yaml_copy(old->child[i]));
}

static void put(const struct section *s, struct yaml_node *list,
                const struct yaml_node *item, const struct yaml_node *ours) {
  size_t i = find(list, yaml_get(item, "name")->text);
  struct yaml_node *new = yaml_copy(item);
  if (i == list->n) {
    yaml_seq_add(list, new);
    return;
  }
  struct yaml_node *old = list->child[i];
  if (is_ours(s, old, item, ours)) {
    keep(yaml_get(new, s->inner), yaml_get(old, s->inner));
    keep(new, old);
  }
  yaml_node_free(old);
  list->child[i] = new;
}

/* kubectl writes "clusters: null" for none. */
static int merge_section(const struct section *s, struct yaml_node *root,
                         const struct yaml_node *ours, struct error *err) {
  struct yaml_node *list = yaml_get(root, s->list);
  const struct yaml_node *items = yaml_get(ours, s->list);
  if (!list || yaml_is_null(list))
    list = yaml_map_set_seq(root, s->list);
  if (list->kind != YAML_SEQ)
    return yaml_fault(err, list, "'%s' is not a list, so this is no kubeconfig",
                      s->list);
  list->flow = false; /* "clusters: []" */
  for (size_t i = 0; items && i < items->n; i++)
    put(s, list, items->child[i], ours);
  return 0;
}

static int check_kind(const struct yaml_node *root, struct error *err) {
  if (root->kind != YAML_MAP)
    return yaml_fault(err, root, "this is no kubeconfig");
  const struct yaml_node *kind = yaml_get(root, "kind");
  if (kind && (kind->kind != YAML_SCALAR || strcmp(kind->text, "Config") != 0))
    return yaml_fault(err, kind,
                      "the kind is not Config, so this is no kubeconfig");
  for (size_t i = 0; !kind && root->n && i < ARRAY_SIZE(sections); i++)
    if (yaml_get(root, sections[i].list))
      return 0;
  if (!kind && root->n)
    return yaml_fault(err, root,
                      "there is neither 'kind: Config' nor a list of clusters, "
                      "so this is no kubeconfig");
  return 0;
}

int kubeconfig_merge(const char *name, const struct buf *into,
                     const struct buf *ours, bool replace, struct buf *ret,
                     struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_yaml_ struct yaml_node *new = NULL;
  _cleanup_yaml_ struct yaml_node *again = NULL;
  _cleanup_buf_ struct buf out = {0};
  if (yaml_parse(name, into->data ? into->data : "", into->len, &root, err) <
          0 ||
      yaml_parse("kubeconfig", ours->data, ours->len, &new, err) < 0)
    return -1;
  if (yaml_is_null(root)) {
    buf_add(ret, ours->data, ours->len);
    return 0;
  }
  if (check_kind(root, err) < 0)
    return -1;
  int others = 0;
  for (size_t i = 0; !replace && i < ARRAY_SIZE(sections); i++)
    others |= check_section(&sections[i], root, new, err);
  if (others)
    return -1;
  for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
    if (merge_section(&sections[i], root, new, err) < 0)
      return -1;
  const struct yaml_node *current = yaml_get(new, "current-context");
  if (current)
    yaml_map_set(root, "current-context", yaml_copy(current));
  if (yaml_emit(root, &out, err) < 0 ||
      yaml_parse(name, out.data, out.len, &again, err) < 0)
    return -1;
  if (!yaml_equal(root, again))
    return error_set(err, 0, "'%s' cannot be written as it was read", name);
  *ret = out;
  out = (struct buf){0};
  return 0;
}
