/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source-bundle.h"

#include "base/mem.h"
#include "image/given.h"
#include "image/make-payload.h"
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RECIPE "images/bundle-unpack"

int source_bundle_identity(const struct spec *spec, char **ret,
                           struct error *err) {
  _cleanup_payload_ struct payload p = {0};
  if (given_open(spec, &p, err) < 0)
    return -1;
  *ret = xasprintf("bundle %s", p.sha256);
  return 0;
}

/* Whether the manifest names it, or it is the manifest's own, or ours. */
static bool belongs(const struct payload *p, const char *path) {
  static const char *const others[] = {"manifest.json", "manifest.sha256",
                                       "recipe"};
  for (size_t i = 0; i < ARRAY_SIZE(others); i++)
    if (strcmp(path, others[i]) == 0)
      return true;
  return payload_lists(p, path);
}

/* The first that does not belong into it; NULL: none. The caller frees. */
static char *find_stranger(const struct payload *p) {
  char *const paths[] = {p->dir, NULL};
  char *found = NULL;
  FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
  for (FTSENT *e; tree && !found && (e = fts_read(tree));) {
    const char *path = e->fts_path + strlen(p->dir);
    path += *path == '/';
    if (e->fts_info == FTS_D || e->fts_info == FTS_DP ||
        (e->fts_info == FTS_F && belongs(p, path)))
      continue;
    found = xstrdup(path);
  }
  if (tree)
    (void)fts_close(tree);
  return found;
}

/* An archive may hold two of a name, of which the last one stays, and what its
 * manifest does not name. */
static int difference(const void *arg, const struct payload *p, char **ret,
                      struct error *err) {
  _cleanup_free_ char *stranger = find_stranger(p);
  (void)err;
  if (strcmp(p->sha256, arg) != 0)
    *ret = xstrdup("manifest.json is in it twice");
  else if (stranger)
    *ret = xasprintf("'%s' is not in the manifest", stranger);
  else
    *ret = NULL;
  return 0;
}

/* Nothing in it is packed, so it cannot be shorter than what it holds: half of
 * one is, and one whose files are mostly holes, which could be as large as
 * numbers are.
 */
static int check_length(const struct payload *p, const char *file,
                        uint64_t length, struct error *err) {
  for (size_t i = 0; i < p->files.n; i++) {
    if (p->files.v[i].size > length)
      return error_set(err, 0,
                       "the bundle '%s' is damaged; copy or make it again: it "
                       "is shorter than the files that its manifest names",
                       file);
    length -= p->files.v[i].size;
  }
  return 0;
}

int source_bundle_ensure(const struct log *log, const struct spec *spec,
                         const struct source_options *opt, struct payload *ret,
                         struct error *err) {
  const char *file = spec->kubernetes.payload;
  _cleanup_payload_ struct payload p = {0};
  _cleanup_strv_ struct strv env = {0};
  struct stat st;
  if (given_open(spec, &p, err) < 0)
    return -1;
  _cleanup_free_ char *full = realpath(file, NULL);
  if (!full || stat(full, &st) < 0)
    return error_set(err, errno, "'%s'", file);
  if (check_length(&p, file, (uint64_t)st.st_size, err) < 0)
    return -1;
  _cleanup_free_ char *name = xasprintf("bundle-%.16s", p.sha256);
  _cleanup_free_ char *fault =
      xasprintf("the bundle '%s' is damaged; copy or make it again", file);
  strv_pushf(&env, "KUBESEED_BUNDLE=%s", full);
  const struct make_payload m = {.name = name,
                                 .recipe = RECIPE,
                                 .made_of = p.sha256,
                                 .env = &env,
                                 .space = (uint64_t)st.st_size,
                                 .what = "unpacking a bundle",
                                 .intro = "unpacking the bundle",
                                 .fault = fault,
                                 .fleeting = true,
                                 .difference = difference,
                                 .difference_arg = p.sha256,
                                 .wanted = "what its manifest says",
                                 .remedy = "use a bundle that kubeseed wrote",
                                 .sweep = "bundle-"};
  return make_payload(log, &m, spec->file, opt->rebuild || opt->verify, ret,
                      err);
}
