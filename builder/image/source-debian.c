/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source-debian.h"

#include "base/mem.h"
#include "image/make-payload.h"
#include "image/recipe.h"

#define RECIPE "images/payload-debian"

/* The chroot with the compiler, the sources and what is built of them. */
#define BUILD_SPACE ((uint64_t)5 << 30)

int source_debian_identity(const struct spec *spec, char **ret,
                           struct error *err) {
  (void)err;
  char hex[SHA256_HEX];
  recipe_digest(RECIPE, hex);
  *ret = xasprintf("debian-%s %s", spec->kubernetes.version_text, hex);
  return 0;
}

int source_debian_ensure(const struct log *log, const struct spec *spec,
                         const struct source_options *opt, struct payload *ret,
                         struct error *err) {
  const char *version = spec->kubernetes.version_text;
  char hex[SHA256_HEX];
  recipe_digest(RECIPE, hex);
  _cleanup_free_ char *name = xasprintf("debian-%s", version);
  _cleanup_free_ char *intro =
      xasprintf("building Kubernetes %s from Debian's source package; this "
                "takes some minutes, once",
                version);
  _cleanup_strv_ struct strv arg = {0};
  strv_push(&arg, spec->image.mirror ? spec->image.mirror : "");
  const struct make_payload m = {.name = name,
                                 .recipe = RECIPE,
                                 .made_of = hex,
                                 .arg = &arg,
                                 .space = BUILD_SPACE,
                                 .what = "building Kubernetes",
                                 .intro = intro,
                                 .fault = "cannot build the payload"};
  /* Without namespaces for other users: there mmdebstrap has its own. */
  return make_payload(log, &m, spec->file, opt->rebuild, ret, err);
}
