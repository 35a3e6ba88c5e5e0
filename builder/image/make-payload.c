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
#include <dirent.h>
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

static int differs(const struct make_payload *m, const struct payload *p,
                   char **ret, struct error *err) {
  *ret = NULL;
  return m->difference ? m->difference(m->difference_arg, p, ret, err) : 0;
}

/* Nothing gets its final name that is not as its manifest says, or is not what
 * was wanted: what has the name may not be to be had again. */
static int check_made(const struct make_payload *m, const char *out,
                      struct error *err) {
  _cleanup_payload_ struct payload p = {0};
  _cleanup_free_ char *other = NULL;
  if (payload_open(out, &p, err) < 0 || payload_verify(&p, err) < 0 ||
      differs(m, &p, &other, err) < 0)
    return -1;
  return other ? error_set(err, 0, "what came is not %s: %s; %s", m->wanted,
                           other, m->remedy)
               : 0;
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
  if (run_recipe(log, m, tmp, err) < 0 || check_made(m, out, err) < 0) {
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

/* ---- What is there already ---- */

bool make_payload_is_there(const struct make_payload *m) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_payload_ struct payload p = {0};
  _cleanup_free_ char *parent = cache_path("payload");
  _cleanup_free_ char *dir = xasprintf("%s/%s", parent, m->name);
  _cleanup_free_ char *other = NULL;
  return is_current(dir, m) && payload_open(dir, &p, &ignored) == 0 &&
         differs(m, &p, &other, &ignored) == 0 && !other;
}

/* What nobody makes or uses now. */
static void remove_left(const char *parent, const char *name, bool whole) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_close_ int fd = -1;
  _cleanup_free_ char *dir = xasprintf("%s/%s", parent, name);
  _cleanup_free_ char *tmp = xasprintf("%s.tmp", dir);
  _cleanup_free_ char *lock = xasprintf("%s.lock", dir);
  if ((!file_exists(tmp) && !(whole && file_exists(dir))) ||
      file_lock(lock, &fd, &ignored) < 0)
    return;
  (void)!bake_remove(tmp, &ignored);
  if (whole)
    (void)!bake_remove(dir, &ignored);
}

/* A run that is killed is seldom followed by one of the very same name. Each
 * has a file NAME.lock. */
static void sweep(const char *parent, const struct make_payload *m) {
  static const char end[] = ".lock";
  DIR *d = m->sweep ? opendir(parent) : NULL;
  for (struct dirent *e; d && (e = readdir(d));) {
    size_t n = strlen(e->d_name), begin = strlen(m->sweep);
    if (n <= begin + strlen(end) || strncmp(e->d_name, m->sweep, begin) != 0 ||
        strcmp(e->d_name + n - strlen(end), end) != 0)
      continue;
    _cleanup_free_ char *name = xstrndup(e->d_name, n - strlen(end));
    if (strcmp(name, m->name) != 0)
      remove_left(parent, name, m->hold);
  }
  if (d)
    (void)closedir(d);
}

/* The one in the cache; false where it must be made anew. */
static int use(const struct log *log, const struct make_payload *m,
               const char *dir, const char *spec, bool *ret_is,
               struct payload *ret, struct error *err) {
  _cleanup_payload_ struct payload p = {0};
  _cleanup_free_ char *other = NULL;
  if (payload_open(dir, &p, err) < 0 || payload_verify(&p, err) < 0 ||
      differs(m, &p, &other, err) < 0) {
    _cleanup_free_ char *target = state_target(NULL, spec);
    return error_prefix(err, "make it anew with `kubeseed payload %s %s`",
                        m->again ? m->again : "--rebuild", target);
  }
  *ret_is = !other;
  if (other) {
    log_info(log, "the payload in the cache is not %s: %s", m->wanted, other);
    return 0;
  }
  *ret = p;
  p = (struct payload){0};
  return 0;
}

static int use_or_make(const struct log *log, const struct make_payload *m,
                       const char *dir, const char *spec, bool rebuild,
                       struct payload *ret, struct error *err) {
  bool is = false, there = !rebuild && is_current(dir, m);
  if (there && use(log, m, dir, spec, &is, ret, err) < 0)
    return -1;
  if (is)
    return 0;
  return make(log, m, dir, rebuild || there, err) < 0
             ? -1
             : payload_open(dir, ret, err);
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
  sweep(parent, m);
  if (use_or_make(log, m, dir, spec, rebuild, ret, err) < 0)
    return -1;
  if (m->hold) {
    *m->hold = fd;
    fd = -1;
  }
  return 0;
}
