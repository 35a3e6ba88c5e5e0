/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source-debian.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/recipe.h"
#include "image/space.h"
#include "image/wait.h"
#include "state/cache.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

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

/* The recipe that built the payload in dir is the one we would build with. */
static bool is_current(const char *dir) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf text = {0};
  _cleanup_free_ char *path = xasprintf("%s/recipe", dir);
  char hex[SHA256_HEX];
  recipe_digest(RECIPE, hex);
  return file_read(path, SHA256_HEX, &text, &ignored) == 0 &&
         text.len == strlen(hex) && memcmp(text.data, hex, text.len) == 0;
}

/* Which of the recipe's steps runs. */
struct progress {
  const struct log *log;
  char *step; /* "3/6 compiling ..." */
};

/* Shows the recipe's "step N/M WHAT" lines. */
static void on_line(void *arg, const char *line) {
  struct progress *p = arg;
  if (strncmp(line, "step ", 5) != 0)
    return;
  free(p->step);
  p->step = xstrdup(line + 5);
  log_info(p->log, "payload %s", p->step);
}

static void on_alive(void *arg, unsigned seconds) {
  const struct progress *p = arg;
  log_alive(p->log, p->step ? p->step : "building", seconds);
}

/* Runs the recipe in tmp, which is made, and leaves the payload in tmp/out. */
static int run_recipe(const struct log *log, const char *mirror,
                      const char *tmp, struct error *err) {
  _cleanup_free_ char *recipe = xasprintf("%s/recipe", tmp);
  _cleanup_free_ char *out = xasprintf("%s/out", tmp);
  _cleanup_free_ char *mark = xasprintf("%s/recipe", out);
  char hex[SHA256_HEX];
  recipe_digest(RECIPE, hex);
  if (recipe_unpack(RECIPE, recipe, err) < 0 || file_mkdirs(out, 0755, err) < 0)
    return -1;
  _cleanup_strv_ struct strv argv = {0}, env = {0};
  /* Not for other users: there mmdebstrap has namespaces of its own. */
  recipe_namespaces(&argv, false);
  strv_pushf(&argv, "%s/build", recipe);
  strv_push_all(&argv, out, mirror, NULL);
  strv_pushf(&env, "TMPDIR=%s", tmp);
  struct progress progress = {.log = log};
  struct process p = {.argv = &argv,
                      .env = &env,
                      .death_signal = SIGKILL,
                      .on_line = on_line,
                      .on_line_arg = &progress,
                      .on_alive = on_alive,
                      .alive_every = PROCESS_ALIVE_SECONDS,
                      .on_alive_arg = &progress};
  int r = process_run(&p, err);
  free(progress.step);
  if (r < 0)
    return -1;
  return file_write(mark, hex, strlen(hex), 0644, err);
}

/* What was in dir goes to tmp; at no moment is there none of the two. */
static int put_in_place(const char *out, const char *dir, const char *tmp,
                        struct error *err) {
  _cleanup_free_ char *old = xasprintf("%s/old", tmp);
  if (renameat2(AT_FDCWD, out, AT_FDCWD, dir, RENAME_EXCHANGE) == 0)
    return 0;
  /* Nothing to exchange with, or a file system that cannot do it. */
  if (rename(dir, old) < 0 && errno != ENOENT)
    return error_set(err, errno, "cannot move '%s' away", dir);
  if (rename(out, dir) < 0)
    return error_set(err, errno, "cannot put '%s' in place", out);
  return 0;
}

/* Builds beside dir and puts the result in dir's place. */
static int build(const struct log *log, const struct spec *spec,
                 const char *dir, struct error *err) {
  _cleanup_free_ char *tmp = xasprintf("%s.tmp", dir);
  _cleanup_free_ char *out = xasprintf("%s/out", tmp);
  if (process_require("mmdebstrap", "mmdebstrap", err) < 0 ||
      file_remove_tree(tmp, err) < 0 || file_mkdirs(tmp, 0755, err) < 0 ||
      space_require(tmp, BUILD_SPACE, "building Kubernetes", err) < 0)
    return -1;
  double start = monotonic_seconds();
  log_info(log,
           "building Kubernetes %s from Debian's source package; this "
           "takes some minutes, once",
           spec->kubernetes.version_text);
  _cleanup_error_ struct error ignored = {0};
  if (run_recipe(log, spec->image.mirror, tmp, err) < 0) {
    /* tmp stays until the next try: its log tells more. */
    space_explain(tmp, err);
    return error_prefix(err, "cannot build the payload (see '%s')", out);
  }
  if (put_in_place(out, dir, tmp, err) < 0)
    return -1;
  /* Only room is lost when this fails, and the next build tries again. */
  (void)!file_remove_tree(tmp, &ignored);
  log_info(log, "payload built in %.0f s", monotonic_seconds() - start);
  return 0;
}

int source_debian_ensure(const struct log *log, const struct spec *spec,
                         bool rebuild, struct payload *ret, struct error *err) {
  _cleanup_free_ char *name =
      xasprintf("payload/debian-%s", spec->kubernetes.version_text);
  _cleanup_free_ char *dir = cache_path(name);
  _cleanup_free_ char *parent = cache_path("payload");
  _cleanup_free_ char *lock = xasprintf("%s.lock", dir);
  _cleanup_close_ int fd = -1;
  if (file_mkdirs(parent, 0755, err) < 0 ||
      wait_lock(log, lock, "the payload", &fd, err) < 0)
    return error_prefix(err, "payload");
  if ((rebuild || !is_current(dir)) && build(log, spec, dir, err) < 0)
    return -1;
  if (payload_open(dir, ret, err) < 0 || payload_verify(ret, err) < 0)
    return error_prefix(
        err, "make it anew with `kubeseed payload --rebuild %s`", spec->file);
  return 0;
}
