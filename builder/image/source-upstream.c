/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source-upstream.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/quote.h"
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
  /* Some heed the small ones first, some the others. */
  static const char *const names[] = {"http_proxy", "https_proxy", "HTTP_PROXY",
                                      "HTTPS_PROXY"};
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
  /* It is noted when an image has been baked, which is not to be another then.
   */
  if (entry)
    (void)json_object_del(entry, "containerd");
  _cleanup_free_ char *text =
      entry ? json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS) : xstrdup("");
  char hex[SHA256_HEX];
  sha256_hex(text, strlen(text), hex);
  *ret = xasprintf("%s%s %d %s", name, more, FORMAT, hex);
  return 0;
}

/* ---- Fetching it, or taking it from a folder ---- */

/* The lock's entry that a payload must be as. */
struct wanted {
  const struct spec *spec;
  json_t *entry;
};

static int difference(const void *arg, const struct payload *p, char **ret,
                      struct error *err) {
  const struct wanted *w = arg;
  _cleanup_json_ json_t *own = NULL;
  if (lock_of(w->spec, p, &own, err) < 0)
    return -1;
  *ret = lock_difference(w->entry, own);
  return 0;
}

/* What is made, and the texts that it is told with. */
struct fetch {
  struct make_payload m;
  struct strv env;
  char *name, *made_of, *intro, *again, *remedy;
};

static void fetch_done(struct fetch *f) {
  strv_done(&f->env);
  free(f->name);
  free(f->made_of);
  free(f->intro);
  free(f->again);
  free(f->remedy);
}

/* What was taken from a folder has nobody's signature: it is the payload of
 * specs beside this lock alone. The caller frees. */
static char *name_of_folder(const struct spec *spec, const char *more) {
  _cleanup_free_ char *lock = lock_path(spec);
  _cleanup_free_ char *place = file_parent(lock);
  _cleanup_free_ char *full = realpath(place, NULL);
  const char *text = full ? full : place;
  char hex[SHA256_HEX];
  sha256_hex(text, strlen(text), hex);
  return xasprintf("pkgs.k8s.io-%s%s-from-%.8s", spec->kubernetes.version_text,
                   more, hex);
}

/* What the recipe must know beside what make_env tells it. */
static int push_sources(const struct spec *spec, const char *from, bool by_lock,
                        struct strv *env, struct error *err) {
  _cleanup_free_ char *name = name_of(spec), *lock = lock_path(spec);
  _cleanup_free_ char *full = from ? realpath(from, NULL) : xstrdup("");
  if (!full)
    return error_usage(err, "--from '%s': %s", from, strerror(errno));
  strv_pushf(env, "KUBESEED_FROM=%s", full);
  strv_pushf(env, "KUBESEED_NAME=%s", name);
  return push_file(spec, "KUBESEED_LOCK", "lock", by_lock ? lock : NULL, env,
                   err);
}

/* As it is typed; "" without a folder. The caller frees. */
static char *from_option(const char *from) {
  _cleanup_buf_ struct buf out = {0};
  if (from) {
    buf_adds(&out, "--from ");
    quote_word(*from ? from : "FOLDER", &out);
  }
  return xstrdup(out.data ? out.data : "");
}

/* From the source, or from a folder of the user's: from is what is told of that
 * folder, "" where it is not known. */
static int fetch_prepare(const struct spec *spec, const char *from,
                         const struct wanted *w, struct fetch *ret,
                         struct error *err) {
  _cleanup_free_ char *more = NULL;
  const char *version = spec->kubernetes.version_text;
  if (make_env(spec, &ret->env, err) < 0 || settings(spec, &more, err) < 0 ||
      push_sources(spec, from && *from ? from : NULL, w->entry, &ret->env,
                   err) < 0)
    return -1;
  ret->name = from ? name_of_folder(spec, more)
                   : xasprintf("pkgs.k8s.io-%s%s", version, more);
  ret->made_of = xasprintf("%s %d", ret->name, FORMAT);
  ret->intro = xasprintf("%s Kubernetes %s; this takes some minutes, once",
                         from ? "taking" : "fetching", version);
  _cleanup_free_ char *option = from_option(from);
  _cleanup_free_ char *target = state_target(NULL, spec->file);
  ret->again = xstrdup(from ? option : "--rebuild");
  ret->remedy =
      xasprintf("where that is meant run `kubeseed payload --update%s%s %s`",
                from ? " " : "", option, target);
  ret->m = (struct make_payload){.name = ret->name,
                                 .recipe = RECIPE,
                                 .made_of = ret->made_of,
                                 .env = &ret->env,
                                 .space = FETCH_SPACE,
                                 .what = "fetching Kubernetes",
                                 .intro = ret->intro,
                                 .fault = "cannot fetch the payload",
                                 .namespaces = true,
                                 .resume = true,
                                 .difference = w->entry ? difference : NULL,
                                 .difference_arg = w,
                                 .wanted = "what payload.lock.json says",
                                 .remedy = ret->remedy,
                                 .again = ret->again};
  return 0;
}

static int run(const struct log *log, const struct spec *spec,
               const struct source_options *opt, const struct wanted *w,
               struct payload *ret, struct error *err) {
  _cleanup_(fetch_done) struct fetch kept = {0}, f = {0};
  bool fresh = opt->rebuild || opt->update || opt->from;
  /* What the lock names was taken from a folder, or somewhere else. */
  if (fetch_prepare(spec, "", w, &kept, err) < 0)
    return -1;
  if (w->entry && !fresh && make_payload_is_there(&kept.m))
    return make_payload(log, &kept.m, spec->file, false, ret, err);
  if (fetch_prepare(spec, opt->from, w, &f, err) < 0)
    return -1;
  return make_payload(log, &f.m, spec->file, fresh, ret, err);
}

/* ---- The lock ---- */

/* Notes what the payload is made of. */
static int write_lock(const struct log *log, const struct spec *spec,
                      const char *name, json_t *before, const struct payload *p,
                      struct error *err) {
  _cleanup_json_ json_t *entry = NULL;
  _cleanup_free_ char *path = lock_path(spec);
  if (lock_of(spec, p, &entry, err) < 0)
    return -1;
  _cleanup_free_ char *moved = before ? lock_difference(before, entry) : NULL;
  bool noted = before && json_object_get(before, "containerd");
  if (before && !moved && !noted) {
    log_info(log, "'%s' is as it was", path);
    return 0;
  }
  if (lock_write(spec, name, entry, false, err) < 0)
    return -1;
  if (moved)
    log_info(log, "'%s' has changed: %s", path, moved);
  else
    log_info(log, "'%s' notes what the payload is made of", path);
  if (noted)
    log_info(log, "the next image that is baked notes its containerd there");
  return 0;
}

int source_upstream_note(const struct spec *spec, const char *where,
                         const char *what, char **ret_other,
                         struct error *err) {
  _cleanup_free_ char *name = name_of(spec);
  return lock_note_containerd(spec, name, where, what, ret_other, err);
}

/* The lock may not know yet what the spec names by now. */
static int add_to_lock(const struct spec *spec, const char *name,
                       const struct payload *p, struct error *err) {
  _cleanup_json_ json_t *entry = NULL;
  return lock_of(spec, p, &entry, err) < 0
             ? -1
             : lock_write(spec, name, entry, true, err);
}

int source_upstream_ensure(const struct log *log, const struct spec *spec,
                           const struct source_options *opt,
                           struct payload *ret, struct error *err) {
  _cleanup_free_ char *name = name_of(spec), *path = lock_path(spec);
  _cleanup_json_ json_t *entry = NULL;
  _cleanup_payload_ struct payload p = {0};
  if (lock_read(spec, name, &entry, err) < 0)
    return -1;
  const struct wanted w = {spec, opt->update ? NULL : entry};
  /* Before minutes are spent on what the lock could not be told. */
  if (!w.entry && file_check_place(path, err) < 0)
    return -1;
  if (run(log, spec, opt, &w, &p, err) < 0 ||
      (w.entry ? add_to_lock(spec, name, &p, err)
               : write_lock(log, spec, name, entry, &p, err)) < 0)
    return -1;
  *ret = p;
  p = (struct payload){0};
  return 0;
}
