/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/admin.h"

#include "base/file.h"
#include "base/mem.h"
#include "format/yaml.h"
#include <string.h>

/* ---- Reading a node's ---- */

/* The only item of a list, "clusters" say; NULL when it is something else. */
static const struct yaml_node *only(const struct yaml_node *root,
                                    const char *list, const char *what) {
  const struct yaml_node *l = yaml_get(root, list);
  return l && l->kind == YAML_SEQ && l->n == 1 ? yaml_get(l->child[0], what)
                                               : NULL;
}

/* Adds the PEM text that stands there as base64. */
static int add_entry(struct pki *pki, const char *name, bool secret,
                     const struct yaml_node *where, const char *key,
                     struct error *err) {
  const struct yaml_node *value = yaml_get(where, key);
  if (!value || value->kind != YAML_SCALAR)
    return error_set(err, 0, "there is no %s in it", key);
  struct pki_entry *e = pki_entry_vec_add(&pki->entries);
  *e = (struct pki_entry){.name = name, .secret = secret};
  return pem_from_base64(value->text, &e->data, err);
}

/* The PEM texts are what their names say, and belong together. */
static int check_entries(const struct pki *pki, time_t now, struct error *err) {
  _cleanup_cert_ struct cert *ca = NULL;
  _cleanup_cert_ struct cert *cert = NULL;
  _cleanup_key_ struct key *key = NULL;
  const struct buf *ca_pem = &pki_get(pki, "ca.crt")->data;
  const struct buf *cert_text = &pki_get(pki, "admin.crt")->data;
  const struct buf *key_text = &pki_get(pki, "admin.key")->data;
  if (cert_parse(ca_pem->data, ca_pem->len, &ca, err) < 0 ||
      cert_parse(cert_text->data, cert_text->len, &cert, err) < 0 ||
      key_parse(key_text->data, key_text->len, &key, err) < 0)
    return -1;
  if (!cert_has_key(cert, key))
    return error_set(err, 0, "the key in it does not fit the certificate");
  return cert_verify(cert, ca, now, err);
}

int admin_read(const char *text, size_t len, time_t now, struct pki *ret,
               struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_pki_ struct pki pki = {0};
  if (yaml_parse("admin.conf", text, len, &root, err) < 0)
    return -1;
  const struct yaml_node *cluster = only(root, "clusters", "cluster");
  const struct yaml_node *user = only(root, "users", "user");
  if (!cluster || !user)
    return error_set(err, 0, "it is no kubeconfig of one cluster and one user");
  if (add_entry(&pki, "ca.crt", false, cluster, "certificate-authority-data",
                err) < 0 ||
      add_entry(&pki, "admin.crt", false, user, "client-certificate-data",
                err) < 0 ||
      add_entry(&pki, "admin.key", true, user, "client-key-data", err) < 0 ||
      check_entries(&pki, now, err) < 0)
    return -1;
  *ret = pki;
  pki = (struct pki){0};
  return 0;
}

/* ---- Writing ours ---- */

int admin_write_contexts(const struct plan *plan, const struct pki *pki,
                         const struct state *s, const char *file,
                         const struct kubeconfig_context *contexts, size_t n,
                         struct error *err) {
  if (!pki_get(pki, "admin.crt"))
    return 0;
  _cleanup_render_ struct render *render = NULL;
  _cleanup_buf_ struct buf conf = {0};
  _cleanup_free_ char *path = state_path(s, "%s", file);
  _cleanup_free_ char *user = xasprintf("%s-admin", plan->spec->name);
  /* Nothing in a kubeconfig depends on when the seeds were made. */
  if (render_new(plan, pki, 0, NULL, &render, err) < 0 ||
      render_admin_conf(render, user, contexts, n, &conf, err) < 0)
    return -1;
  return file_refresh(path, conf.data, conf.len, 0600, err);
}

int admin_write(const struct plan *plan, const struct pki *pki,
                const struct state *s, struct error *err) {
  _cleanup_free_ char *server = xasprintf("https://%s", plan->endpoint);
  const struct kubeconfig_context context = {plan->spec->name, server};
  return admin_write_contexts(plan, pki, s, "admin.conf", &context, 1, err);
}

int admin_of_person(const struct plan *plan, const struct pki *pki,
                    const char *name, struct buf *ret, struct error *err) {
  _cleanup_render_ struct render *render = NULL;
  _cleanup_free_ char *server = xasprintf("https://%s", plan->endpoint);
  _cleanup_free_ char *user = xasprintf("%s-%s", plan->spec->name, name);
  /* Named so that it can stand beside the administrator's in one file. */
  const struct kubeconfig_context context = {user, server};
  if (render_new(plan, pki, 0, NULL, &render, err) < 0)
    return -1;
  return render_admin_conf(render, user, &context, 1, ret, err);
}
