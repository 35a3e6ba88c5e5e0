/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/sources.h"

#include "base/file.h"
#include "spec/authorities.h"
#include "spec/codes.h"
#include "spec/kubeconfig.h"
#include "spec/manifest.h"
#include "spec/patch.h"
#include "spec/registries.h"
#include "spec/settings.h"
#include "spec/tokens.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void read_source(const struct spec *s, struct spec_file *f,
                        struct error *err) {
  if (!f->source || f->written)
    return;
  _cleanup_error_ struct error own = {0};
  _cleanup_free_ char *path = spec_beside(s->file, f->source);
  if (file_read(path, SOURCE_MAX_BYTES, &f->content, &own) == 0)
    f->written = true;
  else
    error_at(err, f->where, "the source of '%s': %s", f->path,
             own.faults[0].msg);
}

static void read_all(const struct spec *s, struct spec_extras *e,
                     struct error *err) {
  for (size_t i = 0; i < e->files.n; i++)
    read_source(s, &e->files.v[i], err);
}

/* ---- Manifests ---- */

/* One file, added to the manifest f. */
static int add_manifest(struct spec_file *f, const char *path, size_t *left,
                        struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  size_t line;
  if (file_read(path, *left, &text, err) < 0)
    return -1;
  buf_adds(&text, "");
  const char *wrong = strlen(text.data) != text.len
                          ? "is no text"
                          : manifest_fault(text.data, &line);
  if (wrong && strlen(text.data) == text.len)
    return error_set(err, 0, "'%s', line %zu: it %s", path, line, wrong);
  if (wrong)
    return error_set(err, 0, "'%s' %s", path, wrong);
  *left -= text.len;
  buf_add(&f->content, text.data, text.len);
  return 0;
}

static int is_taken(const struct dirent *entry) {
  return manifest_is_named_so(entry->d_name);
}

/* By the bytes of their names, whatever the user's locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct spec_file *f, const char *path, size_t *left,
                      struct error *err) {
  struct dirent **names = NULL;
  int n = scandir(path, &names, is_taken, by_bytes);
  if (n < 0)
    return error_set(err, errno, "cannot read '%s'", path);
  int r = n ? 0
            : error_set(err, 0,
                        "no file in '%s' has a name that ends with .yaml, .yml "
                        "or .json",
                        path);
  for (int i = 0; i < n; i++) {
    _cleanup_free_ char *below = xasprintf("%s/%s", path, names[i]->d_name);
    /* Also before the first: with a '{' kubectl would take all for JSON. */
    buf_addf(&f->content, "%s---\n", i ? "\n" : "");
    if (r == 0)
      r = add_manifest(f, below, left, err);
    free(names[i]);
  }
  free(names);
  return r;
}

/* Those that a node would have to fetch when a pod needs them. */
static void warn_of_images(struct spec *s, const struct spec_file *f) {
  static const char fmt[] =
      "'%s' takes the image %s, which is not among kubernetes.images: a node "
      "without a way to its registry cannot start it";
  _cleanup_strv_ struct strv images = {0};
  manifest_images(f->content.data, &images);
  for (size_t i = 0; i < images.n; i++) {
    if (strv_has(&s->kubernetes.images, images.v[i]))
      continue;
    _cleanup_free_ char *text = xasprintf(fmt, f->source, images.v[i]);
    strv_pushf(&s->warnings, "%s: warning: %s [%s]", f->where, text,
               code_of(fmt)->name);
  }
}

static void read_manifest(struct spec *s, struct spec_file *f, size_t *left,
                          struct error *err) {
  _cleanup_error_ struct error own = {0};
  _cleanup_free_ char *path = spec_beside(s->file, f->source);
  struct stat st;
  bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
  int r = folder ? add_folder(f, path, left, &own)
                 : add_manifest(f, path, left, &own);
  if (r < 0) {
    error_at(err, f->where, "the manifest '%s': %s", f->source,
             own.faults[0].msg);
    return;
  }
  f->written = true;
  warn_of_images(s, f);
}

/* ---- CAs ---- */

static void read_ca(const struct spec *s, struct spec_file *f,
                    struct error *err) {
  _cleanup_error_ struct error own = {0};
  _cleanup_free_ char *path = spec_beside(s->file, f->source);
  if (file_read(path, SOURCE_MAX_BYTES, &f->content, &own) < 0) {
    error_at(err, f->where, "the file of certificates: %s", own.faults[0].msg);
    return;
  }
  buf_adds(&f->content, "");
  const char *text = f->content.data;
  const char *wrong =
      strlen(text) == f->content.len ? registry_ca_fault(text) : "is no text";
  if (wrong)
    error_at(err, f->where, "the file of certificates, '%s': it %s", path,
             wrong);
  else
    f->written = true;
}

/* ---- Registries ---- */

/* A file that the spec names at `where`, of which `fault` says what is wrong.
 */
static int read_text(const struct spec *s, const char *name, const char *where,
                     const char *(*fault)(const char *text), struct buf *ret,
                     struct error *err) {
  _cleanup_error_ struct error own = {0};
  _cleanup_free_ char *path = spec_beside(s->file, name);
  const char *wrong = NULL;
  if (file_read(path, SOURCE_MAX_BYTES, ret, &own) < 0) {
    error_at(err, where, "the file of this registry: %s", own.faults[0].msg);
    return -1;
  }
  buf_adds(ret, "");
  wrong = strlen(ret->data) == ret->len ? fault(ret->data) : "is no text";
  if (wrong)
    error_at(err, where, "the file of this registry, '%s': it %s", path, wrong);
  return wrong ? -1 : 0;
}

/* The registries' files still to be written are in their order: a ca.crt for
 * each that has one, and behind those the credentials of all. */
static void read_registries(struct spec *s, struct error *err) {
  size_t next = 0;
  _cleanup_buf_ struct buf logins = {0};
  for (size_t i = 0; i < s->registries.n; i++) {
    const struct spec_registry *r = &s->registries.v[i];
    _cleanup_buf_ struct buf login = {0};
    while (r->ca && s->registry_files.v[next].written)
      next++;
    struct spec_file *f = &s->registry_files.v[next];
    if (r->ca && read_text(s, r->ca, r->ca_where, registry_ca_fault,
                           &f->content, err) == 0)
      f->written = true;
    next += r->ca != NULL;
    if (r->credentials && read_text(s, r->credentials, r->credentials_where,
                                    registry_login_fault, &login, err) == 0)
      registry_login_add(r->name, login.data, &logins);
  }
  if (logins.len == 0)
    return;
  registry_logins_end(&logins);
  struct spec_file *last = &s->registry_files.v[s->registry_files.n - 1];
  buf_add(&last->content, logins.data, logins.len);
  last->written = true;
}

/* Its path where it is a pod's, as a kubeconfig or a volume may bring it. */
static bool pod_has(const struct spec *s, const char *path) {
  static const char *const always[] = {"/etc/kubernetes/pki/",
                                       "/etc/ssl/certs/"};
  const struct spec_volume_vec *l =
      &s->kubernetes.components[COMPONENT_API_SERVER].volumes;
  for (size_t i = 0; i < ARRAY_SIZE(always); i++)
    if (strncmp(path, always[i], strlen(always[i])) == 0)
      return true;
  for (size_t i = 0; i < l->n; i++) {
    const char *mount =
        l->v[i].mount_path ? l->v[i].mount_path : l->v[i].host_path;
    size_t n = strlen(mount);
    if (strncmp(path, mount, n) == 0 && (!path[n] || path[n] == '/'))
      return true;
  }
  return false;
}

static void read_webhook(const struct spec *s, const struct spec_file *f,
                         struct error *err) {
  _cleanup_error_ struct error own = {0};
  _cleanup_strv_ struct strv paths = {0};
  const char *wrong = kubeconfig_fault(f->source, f->content.data,
                                       f->content.len, &paths, &own);
  if (error_is_set(&own))
    error_at(err, f->where, "the kubeconfig '%s', at %s: %s", f->source,
             own.faults[0].where, own.faults[0].msg);
  else if (wrong)
    error_at(err, f->where, "the kubeconfig '%s' %s", f->source, wrong);
  for (size_t i = 0; i < paths.n; i++)
    if (!pod_has(s, paths.v[i]))
      error_at(err, f->where,
               "the kubeconfig '%s' names '%s', which API servers do not have: "
               "put what is in it there (certificate-authority-data and the "
               "like), or bring it by files and apiServer.extraVolumes",
               f->source, paths.v[i]);
}

static void read_oidc_ca(const struct spec_file *f, struct error *err) {
  const char *wrong = registry_ca_fault(f->content.data);
  if (wrong)
    error_at(err, f->where, "the file of the issuer's CA, '%s': it %s",
             f->source, wrong);
}

static void read_audit(const struct spec_file *f, struct error *err) {
  const char *text = f->content.data;
  if (!manifest_says(text, "apiVersion", "audit.k8s.io/v1") ||
      !manifest_says(text, "kind", "Policy"))
    error_at(err, f->where,
             "'%s' is no audit policy: it has no lines `apiVersion: "
             "audit.k8s.io/v1` and `kind: Policy`",
             f->source);
}

static void read_token(const struct spec *s, struct spec_token *t,
                       struct error *err) {
  _cleanup_error_ struct error own = {0};
  if (!t->file)
    return;
  _cleanup_free_ char *path = spec_beside(s->file, t->file);
  if (file_read(path, SOURCE_MAX_BYTES, &t->given, &own) < 0) {
    error_at(err, t->where, "the token of '%s': %s", t->user,
             own.faults[0].msg);
    return;
  }
  buf_adds(&t->given, "");
  const char *wrong = strlen(t->given.data) == t->given.len
                          ? token_fault(t->given.data)
                          : "is no text";
  if (wrong)
    error_at(err, t->where, "the token of '%s', in '%s', %s", t->user, t->file,
             wrong);
}

/* The first of two would be taken for the other's. */
static void read_tokens(struct spec *s, struct error *err) {
  struct spec_token_vec *l = &s->kubernetes.api.tokens;
  for (size_t i = 0; i < l->n; i++)
    read_token(s, &l->v[i], err);
  for (size_t i = 0; i < l->n; i++)
    for (size_t k = 0; k < i; k++)
      if (token_same(l->v[i].given.data, l->v[k].given.data))
        error_at(err, l->v[i].where,
                 "the token of '%s' is that of '%s'; write another one",
                 l->v[i].user, l->v[k].user);
}

/* An API server does not start with anything else. */
static void read_api_file(struct spec *s, struct spec_file *f,
                          struct error *err) {
  read_source(s, f, err);
  if (!f->written)
    return;
  buf_adds(&f->content, "");
  if (strlen(f->content.data) != f->content.len)
    error_at(err, f->where, "'%s' is no text", f->source);
  else if (strcmp(f->path, AUDIT_POLICY) == 0)
    read_audit(f, err);
  else if (strcmp(f->path, TOKEN_WEBHOOK) == 0)
    read_webhook(s, f, err);
  else
    read_oidc_ca(f, err);
}

/* kubeadm would try the first node's again and again. */
static void read_patch(const struct spec *s, struct spec_file *f,
                       struct error *err) {
  _cleanup_error_ struct error own = {0};
  _cleanup_free_ char *path = spec_beside(s->file, f->source);
  if (file_read(path, SOURCE_MAX_BYTES, &f->content, &own) < 0) {
    error_at(err, f->where, "the patch '%s': %s", f->source, own.faults[0].msg);
    return;
  }
  f->written = true;
  buf_adds(&f->content, "");
  const char *wrong =
      patch_fault(f->source, f->content.data, f->content.len, &own);
  if (error_is_set(&own))
    error_at(err, f->where, "the patch '%s', at %s: %s", f->source,
             own.faults[0].where, own.faults[0].msg);
  else if (wrong)
    error_at(err, f->where, "the patch '%s' %s", f->source, wrong);
}

/* ---- Keys ---- */

static void read_authority(struct spec *s, enum authority a, time_t now,
                           struct error *err) {
  const struct spec_authority *own = &s->pki.authorities[a];
  if (!own->key && !own->cert)
    return;
  _cleanup_error_ struct error why = {0};
  _cleanup_buf_ struct buf cert = {0};
  _cleanup_buf_ struct buf key = {0};
  _cleanup_free_ char *cert_path =
      own->cert ? spec_beside(s->file, own->cert) : NULL;
  _cleanup_free_ char *key_path =
      own->key ? spec_beside(s->file, own->key) : NULL;
  if ((cert_path && file_read(cert_path, SOURCE_MAX_BYTES, &cert, &why) < 0) ||
      (key_path && file_read(key_path, SOURCE_MAX_BYTES, &key, &why) < 0)) {
    error_at(err, own->where, "pki.authorities.%s: %s", authority_name(a),
             why.faults[0].msg);
    return;
  }
  buf_adds(&cert, "");
  buf_adds(&key, "");
  if (authority_take(s, a, &cert, &key, now, &why) < 0)
    error_at(err, own->where, "'%s' cannot be pki.authorities.%s: %s",
             key_path ? key_path : cert_path, authority_name(a),
             why.faults[0].msg);
}

static void read_authorities(struct spec *s, struct error *err) {
  time_t now = time(NULL);
  for (int a = 0; a < N_AUTHORITIES; a++)
    read_authority(s, (enum authority)a, now, err);
  authorities_check(s, err);
}

int sources_read(struct spec *s, struct error *err) {
  size_t left = MANIFESTS_MAX_BYTES;
  read_all(s, &s->extras, err);
  for (size_t i = 0; i < s->roles.n; i++)
    read_all(s, &s->roles.v[i].extras, err);
  for (size_t i = 0; i < s->entry_extras.n; i++)
    read_all(s, &s->entry_extras.v[i], err);
  read_registries(s, err);
  for (size_t i = 0; i < s->ca_files.n; i++)
    read_ca(s, &s->ca_files.v[i], err);
  for (size_t i = 0; i < s->api_files.n; i++)
    read_api_file(s, &s->api_files.v[i], err);
  read_tokens(s, err);
  for (size_t i = 0; i < s->kubernetes.patches.n; i++)
    read_patch(s, &s->kubernetes.patches.v[i], err);
  for (size_t i = 0; i < s->manifests.n; i++)
    read_manifest(s, &s->manifests.v[i], &left, err);
  read_authorities(s, err);
  return error_is_set(err) ? -1 : 0;
}
