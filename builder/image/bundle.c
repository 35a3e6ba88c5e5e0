/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/bundle.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/bake.h"
#include "image/contents.h"
#include "image/make-payload.h"
#include "image/space.h"
#include "spec/payload-facts.h"
#include "state/cache.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECIPE "images/bundle-make"
#define MANIFEST_MAX ((size_t)4 << 20)

/* Of Debian's packages and apt's lists. */
#define DEBIAN_SPACE ((uint64_t)1 << 29)

bool bundle_is_file(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int bundle_check_payload(const struct spec *spec, struct error *err) {
  if (!payload_facts(spec->kubernetes.payload)->image_repository)
    return 0;
  return error_usage(err,
                     "--bundle is not for the payload '%s', whose images have "
                     "names that seeds know by that word alone; copy its "
                     "folder to the same place of the other machine's cache",
                     spec->kubernetes.payload);
}

int bundle_check_place(const char *file, struct error *err) {
  _cleanup_payload_ struct payload there = {0};
  _cleanup_error_ struct error none = {0};
  if (file_check_place(file, err) < 0)
    return -1;
  if (file_exists(file) && bundle_open(file, &there, &none) < 0)
    return error_set(
        err, 0, "'%s' is there and is no bundle; write another name", file);
  return 0;
}

/* tar, for a file whose name may have a colon in it. */
static void begin_tar(struct strv *argv, const char *verb, const char *file) {
  strv_push_all(argv, "tar", verb, "--force-local", "--file", file, NULL);
}

int bundle_open(const char *file, struct payload *ret, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_buf_ struct buf text = {0};
  begin_tar(&argv, "--extract", file);
  /* The first file: nothing behind it is read. */
  strv_push_all(&argv, "--to-stdout", "--occurrence=1", "manifest.json", NULL);
  const struct process p = {.argv = &argv,
                            .package = "tar",
                            .output = &text,
                            .output_max = MANIFEST_MAX};
  _cleanup_error_ struct error own = {0};
  if (process_run(&p, &own) < 0) {
    /* tar's four lines say no more than this. */
    if (own.kind != ERROR_MISSING)
      return error_set(err, 0,
                       "'%s' is no bundle, or damaged: it is no tar archive "
                       "that begins with a manifest.json",
                       file);
    error_move(err, &own);
    return -1;
  }
  return payload_parse(text.data ? text.data : "", text.len, ret, err) < 0
             ? error_prefix(err, "'%s' is no bundle, or damaged", file)
             : 0;
}

/* ---- Writing one ---- */

/* A folder with all that belongs into it, locked for us until *hold is closed.
 */
static int collect(const struct log *log, const struct spec *spec,
                   const struct payload *p, int *hold, struct payload *ret,
                   struct error *err) {
  _cleanup_strv_ struct strv env = {0};
  _cleanup_free_ char *apt = contents_apt(spec);
  _cleanup_free_ char *list = contents_packages(spec, p);
  _cleanup_free_ char *name = xasprintf("for-bundle-%.16s", p->sha256);
  const char *mirror = spec->image.mirror;
  strv_pushf(&env, "KUBESEED_PAYLOAD=%s", p->dir);
  strv_pushf(&env, "KUBESEED_LIST=%s", list);
  strv_pushf(&env, "KUBESEED_COMPONENTS=%s", contents_components(spec));
  strv_pushf(&env, "KUBESEED_SUITE=%s", contents_suite(spec));
  strv_pushf(&env, "KUBESEED_MIRROR=%s", mirror ? mirror : "");
  strv_pushf(&env, "KUBESEED_APT=%s", apt);
  const struct make_payload m = {.name = name,
                                 .recipe = RECIPE,
                                 .made_of = p->sha256,
                                 .env = &env,
                                 .space = payload_size(p) + DEBIAN_SPACE,
                                 .what = "collecting a bundle",
                                 .intro = "collecting the bundle",
                                 .fault = "cannot collect the bundle",
                                 .hold = hold,
                                 .sweep = "for-bundle-"};
  if (process_require("apt-get", "apt", err) < 0 ||
      process_require("jq", "jq", err) < 0)
    return -1;
  return make_payload(log, &m, spec->file, true, ret, err);
}

/* The same bytes of the same files, whoever writes them and when. posix: names
 * may be longer than 100 bytes. A file with a second name is one for all that.
 */
static int pack(const char *dir, const char *file, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  begin_tar(&argv, "--create", file);
  strv_push_all(&argv, "--format=posix",
                "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,"
                "delete=ctime",
                "--sort=name", "--owner=0", "--group=0", "--numeric-owner",
                "--mtime=@0", "--mode=u=rwX,go=rX", "--dereference",
                "--hard-dereference", "--directory", dir, "manifest.json",
                "manifest.sha256", "debs", "images", "debian", NULL);
  const struct process p = {.argv = &argv, .package = "tar"};
  return process_run(&p, err);
}

/* A link to where bundles are kept stays one. */
static int pack_to(const struct payload *p, const char *file,
                   struct error *err) {
  _cleanup_free_ char *path = NULL;
  if (file_behind_link(file, &path, err) < 0)
    return -1;
  _cleanup_free_ char *folder = file_parent(path);
  const char *slash = strrchr(path, '/');
  _cleanup_free_ char *tmp =
      xasprintf("%s/.%s.kubeseed-part", folder, slash ? slash + 1 : path);
  uint64_t size = 0;
  for (size_t i = 0; i < p->files.n; i++)
    size += p->files.v[i].size;
  if (space_require(folder, size, "the bundle", err) < 0)
    return -1;
  (void)unlink(tmp); /* of a run that was killed */
  if (pack(p->dir, tmp, err) == 0 && file_commit(tmp, path, err) == 0)
    return 0;
  space_explain(folder, err);
  (void)unlink(tmp);
  return error_prefix(err, "cannot write the bundle '%s'", file);
}

int bundle_write(const struct log *log, const struct spec *spec,
                 const struct payload *p, const char *file, struct error *err) {
  _cleanup_payload_ struct payload all = {0};
  _cleanup_error_ struct error ignored = {0};
  _cleanup_close_ int hold = -1;
  if (bundle_check_payload(spec, err) < 0 ||
      bundle_check_place(file, err) < 0 ||
      collect(log, spec, p, &hold, &all, err) < 0)
    return -1;
  int r = pack_to(&all, file, err);
  /* Only room is lost when this fails. */
  (void)!bake_remove(all.dir, &ignored);
  return r;
}
