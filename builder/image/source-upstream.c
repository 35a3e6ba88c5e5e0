/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source-upstream.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "image/make-payload.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECIPE "images/payload-upstream"
/* Raised when the recipe makes other payloads of the same packages. */
#define FORMAT 1

#define PACKAGES "https://pkgs.k8s.io/core:/stable:/"
#define REGISTRY "registry.k8s.io"

/* The key that signs all packages of pkgs.k8s.io, 234654DA9A296436 in short: as
 * kubernetes.io's installation guide has it, and those who check it by hand. */
#define FINGERPRINT "DE15B14486CD377B9E876E1A234654DA9A296436"
/* Where a copy of it is that runs out late; one beside older packages may have
 * run out (kubernetes/release issue 3869). */
#define NEWEST "1.37"

/* Packages, images, one of them twice, and a Debian to fetch them with. */
#define FETCH_SPACE ((uint64_t)3 << 29)

/* "" when all comes from where the project has it, else a name of what is
 * otherwise; the caller frees. */
static char *settings(const struct spec *spec) {
  const char *const values[] = {
      spec->kubernetes.from.packages, spec->kubernetes.from.registry,
      spec->kubernetes.from.key, spec->kubernetes.from.ca};
  _cleanup_buf_ struct buf text = {0};
  bool any = false;
  for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
    any |= values[i] != NULL;
    buf_addf(&text, "%s\n", values[i] ? values[i] : "");
  }
  char hex[SHA256_HEX];
  sha256_hex(text.data, text.len, hex);
  return any ? xasprintf("-%.8s", hex) : xstrdup("");
}

/* NAME=file, whole, for the recipe; "" without one. */
static int push_file(const struct spec *spec, const char *name, const char *key,
                     const char *file, struct strv *env, struct error *err) {
  _cleanup_free_ char *full = file ? realpath(file, NULL) : xstrdup("");
  if (!full)
    return error_at(err, spec->kubernetes.payload_where, "'%s': '%s': %s", key,
                    file, strerror(errno));
  strv_pushf(env, "%s=%s", name, full);
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
  strv_push(env, "KUBESEED_FINGERPRINT=" FINGERPRINT);
  strv_push(env, "KUBESEED_NEWEST=" NEWEST);
  strv_pushf(env, "KUBESEED_MIRROR=%s",
             spec->image.mirror ? spec->image.mirror : "");
  if (push_file(spec, "KUBESEED_KEY", "key", spec->kubernetes.from.key, env,
                err) < 0)
    return -1;
  return push_file(spec, "KUBESEED_CA", "ca", spec->kubernetes.from.ca, env,
                   err);
}

int source_upstream_identity(const struct spec *spec, char **ret,
                             struct error *err) {
  _cleanup_strv_ struct strv env = {0};
  _cleanup_free_ char *more = settings(spec);
  if (make_env(spec, &env, err) < 0)
    return -1;
  *ret = xasprintf("pkgs.k8s.io %d %s%s", FORMAT, spec->kubernetes.version_text,
                   more);
  return 0;
}

int source_upstream_ensure(const struct log *log, const struct spec *spec,
                           bool rebuild, struct payload *ret,
                           struct error *err) {
  _cleanup_strv_ struct strv env = {0};
  _cleanup_free_ char *more = settings(spec);
  _cleanup_free_ char *name =
      xasprintf("pkgs.k8s.io-%s%s", spec->kubernetes.version_text, more);
  _cleanup_free_ char *made_of = xasprintf("%s %d", name, FORMAT);
  _cleanup_free_ char *intro =
      xasprintf("fetching Kubernetes %s; this takes some minutes, once",
                spec->kubernetes.version_text);
  if (make_env(spec, &env, err) < 0)
    return -1;
  const struct make_payload m = {.name = name,
                                 .recipe = RECIPE,
                                 .made_of = made_of,
                                 .env = &env,
                                 .space = FETCH_SPACE,
                                 .what = "fetching Kubernetes",
                                 .intro = intro,
                                 .fault = "cannot fetch the payload",
                                 .namespaces = true,
                                 .resume = true};
  return make_payload(log, &m, spec->file, rebuild, ret, err);
}
