/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source-bundle.h"

#include "base/mem.h"
#include "image/bundle.h"
#include "image/make-payload.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define RECIPE "images/bundle-unpack"

int source_bundle_identity(const struct spec *spec, char **ret,
                           struct error *err) {
  _cleanup_payload_ struct payload p = {0};
  if (bundle_open(spec->kubernetes.payload, &p, err) < 0)
    return -1;
  *ret = xasprintf("bundle %s", p.sha256);
  return 0;
}

int source_bundle_ensure(const struct log *log, const struct spec *spec,
                         const struct source_options *opt, struct payload *ret,
                         struct error *err) {
  const char *file = spec->kubernetes.payload;
  _cleanup_payload_ struct payload p = {0};
  _cleanup_strv_ struct strv env = {0};
  struct stat st;
  if (bundle_open(file, &p, err) < 0)
    return -1;
  _cleanup_free_ char *full = realpath(file, NULL);
  if (!full || stat(full, &st) < 0)
    return error_set(err, errno, "'%s'", file);
  _cleanup_free_ char *name = xasprintf("bundle-%.16s", p.sha256);
  _cleanup_free_ char *fault =
      xasprintf("the bundle '%s' is damaged; copy or make "
                "it again",
                file);
  strv_pushf(&env, "KUBESEED_BUNDLE=%s", full);
  const struct make_payload m = {.name = name,
                                 .recipe = RECIPE,
                                 .made_of = p.sha256,
                                 .env = &env,
                                 .space = (uint64_t)st.st_size,
                                 .what = "unpacking a bundle",
                                 .intro = "unpacking the bundle",
                                 .fault = fault,
                                 .fleeting = true};
  return make_payload(log, &m, spec->file, opt->rebuild || opt->verify, ret,
                      err);
}
