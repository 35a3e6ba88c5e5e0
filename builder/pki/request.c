/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/request.h"

#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE 65536

bool pki_authority(const struct pair *pair, enum authority *ret) {
  static const struct {
    const struct pair *pair;
    enum authority authority;
  } rows[] = {{&PAIR_KUBERNETES, AUTHORITY_KUBERNETES},
              {&PAIR_ETCD, AUTHORITY_ETCD},
              {&PAIR_FRONT_PROXY, AUTHORITY_FRONT_PROXY},
              {&PAIR_SA, AUTHORITY_SERVICE_ACCOUNTS},
              {&PAIR_SSH_CA, AUTHORITY_SSH}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    *ret = rows[i].authority;
    if (rows[i].pair == pair)
      return true;
  }
  return false;
}

bool pki_is_elsewhere(const struct plan *plan, const struct pair *ca) {
  enum authority a;
  if (!ca || ca->kind != PAIR_CA || !pki_authority(ca, &a))
    return false;
  const struct spec_authority *own = &plan->spec->pki.authorities[a];
  return own->cert && !own->key;
}

char *pki_request_name(const struct pair *pair, const char *node) {
  const char *ca = pair->signer == &PAIR_ETCD          ? "etcd"
                   : pair->signer == &PAIR_FRONT_PROXY ? "front-proxy"
                                                       : "kubernetes";
  const char *file = entry_file(pair->public);
  int len = (int)(strlen(file) - strlen(".crt"));
  return xasprintf("%s/%s%s%.*s", ca, node ? node : "", node ? "." : "", len,
                   file);
}

/* ---- What was signed ---- */

static int take(struct pki_entry_vec *l, const struct pair *pair,
                struct cert *cert, struct error *err) {
  _cleanup_key_ struct key *key = NULL;
  _cleanup_buf_ struct buf pem = {0};
  const struct pki_entry *old = entry_find(l, pair->public);
  if (entry_key(l, pair->secret, &key, err) < 0 ||
      cert_pem(cert, &pem, err) < 0)
    return -1;
  if (!cert_has_key(cert, key))
    return error_set(err, 0,
                     "it is not for the key of the request beside it, which is "
                     "the one to sign");
  if (old && old->data.len == pem.len &&
      memcmp(old->data.data, pem.data, pem.len) == 0)
    return 0;
  entry_drop(l, pair->public);
  struct pki_entry *e = entry_add(l, pair->public, false);
  e->unsaved = true;
  e->data = pem;
  pem = (struct buf){0};
  e->cert = cert_share(cert);
  return 0;
}

int pki_request_take(const char *dir, const struct pair *pair, const char *node,
                     struct pki_entry_vec *l, struct error *err) {
  _cleanup_free_ char *name = pki_request_name(pair, node);
  _cleanup_free_ char *path = xasprintf("%s/requests/%s.crt", dir, name);
  _cleanup_error_ struct error why = {0};
  _cleanup_buf_ struct buf text = {0};
  _cleanup_cert_ struct cert *cert = NULL;
  if (file_read(path, MAX_FILE, &text, &why) < 0) {
    if (why.errnum == ENOENT)
      return 0;
    error_move(err, &why);
    return -1;
  }
  if (cert_parse(text.data, text.len, &cert, &why) == 0 &&
      take(l, pair, cert, &why) == 0)
    return 0;
  return error_set(err, 0,
                   "cannot use '%s': %s; put the right one there, or remove it",
                   path, why.faults[0].msg);
}

/* ---- What is asked ---- */

static int put(const char *path, const struct buf *pem, struct error *err) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_free_ char *folder = file_parent(path);
  _cleanup_buf_ struct buf old = {0};
  if (file_read(path, MAX_FILE, &old, &ignored) == 0 &&
      cert_request_same(&old, pem))
    return 0;
  if (file_mkdirs(folder, 0700, err) < 0)
    return -1;
  return file_write(path, pem->data, pem->len, 0600, err);
}

static int drop(const char *dir, const char *name, const char *end,
                struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/requests/%s%s", dir, name, end);
  if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
    return error_set(err, errno, "cannot delete '%s'", path);
  return 0;
}

int pki_requests_write(const char *dir, const struct pki_request_vec *l,
                       struct error *err) {
  for (size_t i = 0; i < l->n; i++) {
    const struct pki_request *r = &l->v[i];
    _cleanup_free_ char *path = xasprintf("%s/requests/%s.csr", dir, r->name);
    if (r->pem.len > 0 ? put(path, &r->pem, err) < 0
                       : drop(dir, r->name, ".crt", err) < 0 ||
                             drop(dir, r->name, ".csr", err) < 0)
      return -1;
  }
  return 0;
}

void pki_requests_done(struct pki_request_vec *l) {
  for (size_t i = 0; i < l->n; i++) {
    free(l->v[i].name);
    buf_done(&l->v[i].pem);
  }
  free(l->v);
  *l = (struct pki_request_vec){0};
}
