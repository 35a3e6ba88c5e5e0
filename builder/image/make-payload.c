/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/make-payload.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/bake.h"
#include "image/recipe.h"
#include "image/space.h"
#include "image/wait.h"
#include "state/cache.h"
#include "state/state.h"
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Of a recipe that failed: so many lines before the last are told as well. */
#define REASON_LINES 6
#define EXIT_OUTSIDE 3
#define MADE_OF_MAX 4096

/* Whether the file is there and says just this. */
static bool says(const char *path, const char *text) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf b = {0};
  return file_read(path, MADE_OF_MAX, &b, &ignored) == 0 &&
         b.len == strlen(text) &&
         memcmp(b.data ? b.data : "", text, b.len) == 0;
}

static bool is_current(const char *dir, const struct make_payload *m) {
  _cleanup_free_ char *path = xasprintf("%s/recipe", dir);
  return says(path, m->made_of);
}

/* ---- While it runs ---- */

struct progress {
  const struct log *log;
  const char *out;
  char *step;         /* "3/6 compiling ..." */
  struct strv reason; /* the last lines that are no steps */
};

static void progress_done(struct progress *p) {
  free(p->step);
  strv_done(&p->reason);
}

static void on_line(void *arg, const char *line) {
  struct progress *p = arg;
  if (strncmp(line, "step ", 5) == 0) {
    free(p->step);
    p->step = xstrdup(line + 5);
    log_info(p->log, "payload %s", p->step);
    return;
  }
  if (p->reason.n == REASON_LINES) {
    free(p->reason.v[0]);
    memmove(p->reason.v, p->reason.v + 1, REASON_LINES * sizeof(char *));
    p->reason.n--;
  }
  strv_push(&p->reason, line);
}

/* Bytes of all files below dir. */
static uint64_t bytes_below(const char *dir) {
  char *const paths[] = {(char *)dir, NULL};
  uint64_t sum = 0;
  FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
  for (FTSENT *e; tree && (e = fts_read(tree));)
    if (e->fts_info == FTS_F)
      sum += (uint64_t)e->fts_statp->st_size;
  if (tree)
    (void)fts_close(tree);
  return sum;
}

static void on_alive(void *arg, unsigned seconds) {
  const struct progress *p = arg;
  _cleanup_free_ char *text =
      xasprintf("%s, %.0f MB there", p->step ? p->step : "beginning",
                (double)bytes_below(p->out) / 1e6);
  log_alive(p->log, text, seconds);
}

/* ---- Making it ---- */

static int reason_error(const struct progress *p, int status,
                        struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  for (size_t i = 0; i < p->reason.n; i++)
    buf_addf(&text, "%s%s", i ? "\n" : "", p->reason.v[i]);
  if (text.len == 0)
    buf_addf(&text, "its recipe ended with status %d", status);
  return status == EXIT_OUTSIDE ? error_missing(err, "%s", text.data)
                                : error_set(err, 0, "%s", text.data);
}

/* Runs the recipe in tmp and leaves the payload in tmp/out. */
static int run_recipe(const struct log *log, const struct make_payload *m,
                      const char *tmp, struct error *err) {
  _cleanup_free_ char *recipe = xasprintf("%s/recipe", tmp);
  _cleanup_free_ char *out = xasprintf("%s/out", tmp);
  _cleanup_free_ char *mark = xasprintf("%s/recipe", out);
  if (recipe_unpack(m->recipe, recipe, err) < 0 ||
      file_mkdirs(out, 0755, err) < 0)
    return -1;
  _cleanup_strv_ struct strv argv = {0}, env = {0};
  recipe_namespaces(&argv, m->namespaces);
  strv_pushf(&argv, "%s/build", recipe);
  strv_push(&argv, out);
  for (size_t i = 0; m->arg && i < m->arg->n; i++)
    strv_push(&argv, m->arg->v[i]);
  strv_pushf(&env, "TMPDIR=%s", tmp);
  for (size_t i = 0; m->env && i < m->env->n; i++)
    strv_push(&env, m->env->v[i]);
  _cleanup_(progress_done) struct progress progress = {.log = log, .out = out};
  struct process p = {.argv = &argv,
                      .env = &env,
                      .package = "util-linux",
                      .death_signal = SIGKILL,
                      .on_line = on_line,
                      .on_line_arg = &progress,
                      .on_alive = on_alive,
                      .alive_every = PROCESS_ALIVE_SECONDS,
                      .on_alive_arg = &progress};
  int status = 0;
  if (process_status(&p, &status, err) < 0)
    return -1;
  if (status != 0)
    return reason_error(&progress, status, err);
  return file_write(mark, m->made_of, strlen(m->made_of), 0644, err);
}

/* Nothing gets its final name that is not as its manifest says. */
static int check_made(const char *out, struct error *err) {
  _cleanup_payload_ struct payload p = {0};
  return payload_open(out, &p, err) < 0 ? -1 : payload_verify(&p, err);
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

/* An empty tmp, or what an ended run of the same left in it. */
static int prepare(const struct make_payload *m, const char *tmp, bool fresh,
                   struct error *err) {
  _cleanup_free_ char *mark = xasprintf("%s/made-of", tmp);
  if ((fresh || !m->resume || !says(mark, m->made_of)) &&
      bake_remove(tmp, err) < 0)
    return -1;
  if (file_mkdirs(tmp, 0755, err) < 0)
    return -1;
  if (m->resume &&
      file_write(mark, m->made_of, strlen(m->made_of), 0644, err) < 0)
    return -1;
  return space_require(tmp, m->space, m->what, err);
}

/* Makes it beside dir and puts the result in dir's place. */
static int make(const struct log *log, const struct make_payload *m,
                const char *dir, bool fresh, struct error *err) {
  _cleanup_free_ char *tmp = xasprintf("%s.tmp", dir);
  _cleanup_free_ char *out = xasprintf("%s/out", tmp);
  if (process_require("mmdebstrap", "mmdebstrap", err) < 0 ||
      prepare(m, tmp, fresh, err) < 0)
    return -1;
  double start = monotonic_seconds();
  log_info(log, "%s", m->intro);
  _cleanup_error_ struct error ignored = {0};
  if (run_recipe(log, m, tmp, err) < 0 || check_made(out, err) < 0) {
    space_explain(tmp, err);
    if (!m->fleeting) /* tmp stays until the next try: its log tells more */
      return error_prefix(err, "%s (see '%s')", m->fault, out);
    (void)!bake_remove(tmp, &ignored);
    return error_prefix(err, "%s", m->fault);
  }
  if (put_in_place(out, dir, tmp, err) < 0)
    return -1;
  /* Only room is lost when this fails, and the next one tries again. */
  (void)!bake_remove(tmp, &ignored);
  log_info(log, "payload made in %.0f s", monotonic_seconds() - start);
  return 0;
}

int make_payload(const struct log *log, const struct make_payload *m,
                 const char *spec, bool rebuild, struct payload *ret,
                 struct error *err) {
  _cleanup_free_ char *parent = cache_path("payload");
  _cleanup_free_ char *dir = xasprintf("%s/%s", parent, m->name);
  _cleanup_free_ char *lock = xasprintf("%s.lock", dir);
  _cleanup_close_ int fd = -1;
  if (file_mkdirs(parent, 0755, err) < 0 ||
      wait_lock(log, lock, "the payload", &fd, err) < 0)
    return error_prefix(err, "payload");
  if (rebuild || !is_current(dir, m)) {
    if (make(log, m, dir, rebuild, err) < 0)
      return -1;
    return payload_open(dir, ret, err);
  }
  if (payload_open(dir, ret, err) == 0 && payload_verify(ret, err) == 0)
    return 0;
  _cleanup_free_ char *target = state_target(NULL, spec);
  return error_prefix(err, "make it anew with `kubeseed payload --rebuild %s`",
                      target);
}
