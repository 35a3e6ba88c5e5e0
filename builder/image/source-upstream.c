/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source-upstream.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/lock.h"
#include "image/make-payload.h"
#include "state/state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECIPE "images/payload-upstream"
/* Raised when the recipe makes other payloads of the same packages. */
#define FORMAT 1

#define PACKAGES "https://pkgs.k8s.io/core:/stable:/"
#define REGISTRY "registry.k8s.io"

/* The key that signs all packages of pkgs.k8s.io, 234654DA9A296436 in short;
 * the whole is as many public installers that check it have it. */
#define FINGERPRINT "DE15B14486CD377B9E876E1A234654DA9A296436"

/* Packages, images, one of them twice, and a Debian to fetch them with. */
#define FETCH_SPACE ((uint64_t)3 << 29)

/* A file that the spec names cannot be read. */
static int no_file(const struct spec *spec, const char *key, const char *file,
                   const char *why, struct error *err) {
  return error_at(err, spec->kubernetes.payload_where, "'%s': '%s': %s", key,
                  file, why);
}

/* NAME=file, whole, for the recipe; "" without one. */
static int push_file(const struct spec *spec, const char *name, const char *key,
                     const char *file, struct strv *env, struct error *err) {
  _cleanup_free_ char *full = file ? realpath(file, NULL) : xstrdup("");
  if (!full)
    return no_file(spec, key, file, strerror(errno), err);
  strv_pushf(env, "%s=%s", name, full);
  return 0;
}

/* One line: what is in the file, wherever it is seen from. */
static int add_digest(const struct spec *spec, const char *key,
                      const char *file, struct buf *text, struct error *err) {
  _cleanup_error_ struct error own = {0};
  char hex[SHA256_HEX] = "";
  if (file && sha256_file(file, hex, &own) < 0)
    return no_file(spec, key, file, own.faults[0].msg, err);
  buf_addf(text, "%s\n", hex);
  return 0;
}

/* "" when all comes from where the project has it and nothing else, else a name
 * of what is otherwise; the caller frees. */
static int settings(const struct spec *spec, char **ret, struct error *err) {
  const char *packages = spec->kubernetes.from.packages;
  const char *registry = spec->kubernetes.from.registry;
  const char *key = spec->kubernetes.from.key, *ca = spec->kubernetes.from.ca;
  _cleanup_buf_ struct buf text = {0};
  char hex[SHA256_HEX];
  buf_addf(&text, "%s\n%s\n", packages ? packages : "",
           registry ? registry : "");
  if (add_digest(spec, "key", key, &text, err) < 0 ||
      add_digest(spec, "ca", ca, &text, err) < 0)
    return -1;
  const struct strv *images = &spec->kubernetes.images;
  for (size_t i = 0; i < images->n; i++)
    buf_addf(&text, "%s\n", images->v[i]);
  sha256_hex(text.data, text.len, hex);
  bool any = packages || registry || key || ca || images->n > 0;
  *ret = any ? xasprintf("-%.8s", hex) : xstrdup("");
  return 0;
}

static int make_env(const struct spec *spec, struct strv *env,
                    struct error *err) {
  const char *packages = spec->kubernetes.from.packages;
  const char *registry = spec->kubernetes.from.registry;
  registry = registry ? registry : REGISTRY;
  const char *host = strstr(registry, "://");
  bool plain = strncmp(registry, "http://", strlen("http://")) == 0;
  host = host ? host + strlen("://") : registry;
  size_t len = strlen(host);
  len -= len > 0 && host[len - 1] == '/';
  strv_pushf(env, "KUBESEED_VERSION=%s", spec->kubernetes.version_text);
  strv_pushf(env, "KUBESEED_PACKAGES=%s", packages ? packages : PACKAGES);
  strv_pushf(env, "KUBESEED_REGISTRY=%.*s", (int)len, host);
  strv_pushf(env, "KUBESEED_PLAIN=%s", plain ? "yes" : "");
  _cleanup_free_ char *images = strv_join(&spec->kubernetes.images, " ");
  strv_pushf(env, "KUBESEED_IMAGES=%s", images);
  strv_push(env, "KUBESEED_FINGERPRINT=" FINGERPRINT);
  strv_push(env, "KUBESEED_NEWEST=" VERSION_NEWEST);
  const char *proxy = spec->kubernetes.from.proxy;
  static const char *const names[] = {"http_proxy", "https_proxy"};
  for (size_t i = 0; proxy && i < ARRAY_SIZE(names); i++)
    strv_pushf(env, "%s=%s", names[i], proxy);
  strv_pushf(env, "KUBESEED_MIRROR=%s",
             spec->image.mirror ? spec->image.mirror : "");
  if (push_file(spec, "KUBESEED_KEY", "key", spec->kubernetes.from.key, env,
                err) < 0)
    return -1;
  return push_file(spec, "KUBESEED_CA", "ca", spec->kubernetes.from.ca, env,
                   err);
}

/* Of the lock's entries, and of payloads in the cache; the caller frees. */
static char *name_of(const struct spec *spec) {
  return xasprintf("pkgs.k8s.io %s", spec->kubernetes.version_text);
}

int source_upstream_locked(const struct spec *spec, json_t **ret,
                           struct error *err) {
  _cleanup_free_ char *name = name_of(spec);
  return lock_read(spec, name, ret, err);
}

int source_upstream_identity(const struct spec *spec, char **ret,
                             struct error *err) {
  _cleanup_strv_ struct strv env = {0};
  _cleanup_json_ json_t *entry = NULL;
  _cleanup_free_ char *more = NULL, *name = name_of(spec);
  if (make_env(spec, &env, err) < 0 || settings(spec, &more, err) < 0 ||
      lock_read(spec, name, &entry, err) < 0)
    return -1;
  _cleanup_free_ char *text =
      entry ? json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS) : xstrdup("");
  char hex[SHA256_HEX];
  sha256_hex(text, strlen(text), hex);
  *ret = xasprintf("%s%s %d %s", name, more, FORMAT, hex);
  return 0;
}

/* The payload in the cache, fetched first where it is not there, or with fresh,
 * from a folder of the user's unless from is NULL; by the lock unless there is
 * none. */
static int fetch(const struct log *log, const struct spec *spec,
                 const char *from, bool fresh, bool locked, struct payload *ret,
                 struct error *err) {
  _cleanup_strv_ struct strv env = {0};
  _cleanup_free_ char *more = NULL, *name = name_of(spec);
  _cleanup_free_ char *path = lock_path(spec);
  if (make_env(spec, &env, err) < 0 || settings(spec, &more, err) < 0 ||
      push_file(spec, "KUBESEED_LOCK", "lock", locked ? path : NULL, &env,
                err) < 0)
    return -1;
  _cleanup_free_ char *folder =
      xasprintf("pkgs.k8s.io-%s%s", spec->kubernetes.version_text, more);
  _cleanup_free_ char *made_of = xasprintf("%s %d", folder, FORMAT);
  _cleanup_free_ char *intro =
      xasprintf("fetching Kubernetes %s; this takes some minutes, once",
                spec->kubernetes.version_text);
  _cleanup_free_ char *full = from ? realpath(from, NULL) : xstrdup("");
  if (!full)
    return error_usage(err, "--from '%s': %s", from, strerror(errno));
  strv_pushf(&env, "KUBESEED_FROM=%s", full);
  strv_pushf(&env, "KUBESEED_NAME=%s", name);
  const struct make_payload m = {.name = folder,
                                 .recipe = RECIPE,
                                 .made_of = made_of,
                                 .env = &env,
                                 .space = FETCH_SPACE,
                                 .what = "fetching Kubernetes",
                                 .intro = intro,
                                 .fault = "cannot fetch the payload",
                                 .namespaces = true,
                                 .resume = true};
  return make_payload(log, &m, spec->file, fresh, ret, err);
}

/* How the payload is not the lock's; NULL when it is, and then the lock also
 * knows the images that the spec names by now. The caller frees. */
static int difference(const struct spec *spec, const struct payload *p,
                      json_t *entry, char **ret, struct error *err) {
  _cleanup_json_ json_t *own = NULL;
  _cleanup_free_ char *name = name_of(spec);
  if (lock_of(p, &own, err) < 0)
    return -1;
  *ret = lock_difference(entry, own);
  lock_keep(entry, own);
  return *ret || json_equal(entry, own) ? 0 : lock_write(spec, name, own, err);
}

/* The payload that the lock's entry tells, or an error that says what of it is
 * not to be had any more. */
static int fetch_locked(const struct log *log, const struct spec *spec,
                        const struct source_options *opt, json_t *entry,
                        struct payload *ret, struct error *err) {
  _cleanup_free_ char *other = NULL, *still = NULL;
  bool fresh = opt->rebuild || opt->from;
  if (fetch(log, spec, opt->from, fresh, true, ret, err) < 0 ||
      difference(spec, ret, entry, &other, err) < 0)
    return -1;
  if (!other)
    return 0;
  /* Another spec's, or it was fetched before there was this lock. */
  log_info(log, "the payload in the cache is not that of payload.lock.json: %s",
           other);
  payload_done(ret);
  if (fetch(log, spec, opt->from, true, true, ret, err) < 0 ||
      difference(spec, ret, entry, &still, err) < 0)
    return -1;
  if (!still)
    return 0;
  _cleanup_free_ char *target = state_target(NULL, spec->file);
  return error_set(err, 0,
                   "what was fetched is not what payload.lock.json says: %s; "
                   "where that is meant run `kubeseed payload --update %s`",
                   still, target);
}

/* Notes what the payload is made of. */
static int write_lock(const struct log *log, const struct spec *spec,
                      const char *name, json_t *before, const struct payload *p,
                      struct error *err) {
  _cleanup_json_ json_t *entry = NULL;
  _cleanup_free_ char *path = lock_path(spec);
  if (lock_of(p, &entry, err) < 0)
    return -1;
  _cleanup_free_ char *moved = before ? lock_difference(before, entry) : NULL;
  if (before && !moved) {
    log_info(log, "'%s' is as it was", path);
    return 0;
  }
  if (lock_write(spec, name, entry, err) < 0)
    return -1;
  if (moved)
    log_info(log, "'%s' has changed: %s", path, moved);
  else
    log_info(log, "'%s' notes what the payload is made of", path);
  return 0;
}

int source_upstream_ensure(const struct log *log, const struct spec *spec,
                           const struct source_options *opt,
                           struct payload *ret, struct error *err) {
  _cleanup_free_ char *name = name_of(spec), *path = lock_path(spec);
  _cleanup_json_ json_t *entry = NULL;
  if (lock_read(spec, name, &entry, err) < 0)
    return -1;
  if (entry && !opt->update)
    return fetch_locked(log, spec, opt, entry, ret, err);
  _cleanup_payload_ struct payload p = {0};
  bool fresh = opt->rebuild || opt->update || opt->from;
  /* Before minutes are spent on what the lock could not be told. */
  if (file_check_place(path, err) < 0 ||
      fetch(log, spec, opt->from, fresh, false, &p, err) < 0 ||
      write_lock(log, spec, name, entry, &p, err) < 0)
    return -1;
  *ret = p;
  p = (struct payload){0};
  return 0;
}
