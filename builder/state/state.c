/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/state.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/quote.h"
#include "state/commit.h"
#include "state/layout.h"
#include "state/marker.h"
#include "state/trust.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

char *state_folder(const char *dir, const char *spec_file, const char *name) {
  const char *slash = strrchr(spec_file, '/');
  if (dir)
    return xstrdup(dir);
  if (slash)
    return xasprintf("%.*s/%s.cluster", (int)(slash - spec_file), spec_file,
                     name);
  return xasprintf("%s.cluster", name);
}

char *state_target(const char *dir, const char *spec_file) {
  _cleanup_buf_ struct buf b = {0};
  if (dir) {
    buf_adds(&b, "-C ");
    quote_word(dir, &b);
    buf_adds(&b, " ");
  }
  quote_word(spec_file, &b);
  return buf_take(&b);
}

/* Reads only. */
static int check(const char *dir, const char *name, bool *ret_marked,
                 struct error *err) {
  if (marker_check(dir, name, ret_marked, err) == 0 &&
      trust_state(dir, err) == 0)
    return 0;
  return err->errnum == EACCES ? trust_denied(dir, err) : -1;
}

/* Two may have found the same empty folder: what counts is what the one that
 * has the lock sees. */
static int lock_and_mark(struct state *s, const char *name, struct error *err) {
  bool marked;
  if (state_lock(s, err) < 0 || check(s->dir, name, &marked, err) < 0)
    return -1;
  if (!marked && marker_write(s->dir, name, time(NULL), err) < 0)
    return -1;
  /* What a killed run left. */
  _cleanup_free_ char *pki = state_path(s, "pki");
  return commit_finish(pki, err) < 0 ? -1 : layout_sweep(s->dir, err);
}

/* As much of path as is there, as a length. */
static size_t length_there(const char *path) {
  _cleanup_free_ char *p = xstrdup(path);
  while (*p && !file_exists(p)) {
    char *slash = strrchr(p, '/');
    *(slash ? slash : p) = '\0';
  }
  return strlen(p);
}

/* The name it has, or would get, as an absolute one. */
static char *absolute(const char *path) {
  size_t there = length_there(path);
  _cleanup_free_ char *begin = xstrndup(path, there);
  _cleanup_free_ char *real = realpath(*begin ? begin : ".", NULL);
  if (!real || (*path == '/' && there == 0))
    return xstrdup(path);
  return xasprintf("%s/%s", real, path + there);
}

int state_check_name(const char *dir, struct error *err) {
  _cleanup_buf_ struct buf ignored = {0};
  if (quote_ssh_config(dir, &ignored))
    return 0;
  return error_usage(err,
                     "ssh_config cannot hold the folder '%s': its name has a "
                     "\", a \\, a ${ or a control character; name another one "
                     "with -C",
                     dir);
}

/* Nothing stays of a folder that cannot be the state. */
static int make(const char *path, struct error *err) {
  _cleanup_free_ char *p = xstrdup(path);
  size_t there = length_there(path);
  struct stat st;
  if (file_mkdirs(path, 0700, err) < 0)
    return -1;
  if (there == strlen(path))
    return 0;
  if (stat(path, &st) < 0)
    return error_set(err, errno, "cannot look at '%s'", path);
  if (trust_made(path, &st, err) == 0)
    return 0;
  while (strlen(p) > there && *p) {
    char *slash = strrchr(p, '/');
    (void)rmdir(p);
    *(slash ? slash : p) = '\0';
  }
  return -1;
}

static int check_path(const char *path, struct error *err) {
  struct stat st;
  if (!*path)
    return error_usage(err, "the state folder that -C names has no name");
  if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
    return error_usage(err, "'%s' is no folder; name another one with -C",
                       path);
  return 0;
}

bool state_exists(const char *dir, const char *spec_file, const char *name) {
  _cleanup_free_ char *path = state_folder(dir, spec_file, name);
  return file_exists(path);
}

bool state_by_subnet(const char *dir, const char *spec_file, const char *name) {
  _cleanup_free_ char *path = state_folder(dir, spec_file, name);
  return marker_by_subnet(path);
}

int state_open(const char *dir, const char *spec_file, const char *name,
               bool create, struct state *ret, struct error *err) {
  _cleanup_free_ char *path = state_folder(dir, spec_file, name);
  _cleanup_free_ char *target = state_target(dir, spec_file);
  if (check_path(path, err) < 0)
    return -1;
  _cleanup_free_ char *full = absolute(path);
  if (create && (state_check_name(full, err) < 0 || make(path, err) < 0))
    return -1;
  if (!file_exists(path)) {
    (void)error_set(err, 0,
                    "there is no state folder '%s' yet; `kubeseed seed %s` or "
                    "`kubeseed up %s` makes it",
                    path, target, target);
    err->errnum = ENOENT;
    return -1;
  }
  /* An absolute path stays right for programs with another working folder. */
  _cleanup_state_ struct state s = {
      .dir = realpath(path, NULL), .lock_fd = -1, .target = TAKE_PTR(target)};
  if (!s.dir)
    return error_set(err, errno, "cannot resolve '%s'", path);
  bool marked;
  if (check(s.dir, name, &marked, err) < 0 ||
      (create && lock_and_mark(&s, name, err) < 0))
    return -1;
  *ret = s;
  s = (struct state){.lock_fd = -1};
  return 0;
}

int state_lock(struct state *s, struct error *err) {
  if (s->lock_fd >= 0)
    return 0;
  _cleanup_free_ char *path = state_path(s, LAYOUT_LOCK);
  return file_lock(path, &s->lock_fd, err);
}

void state_done(struct state *s) {
  free(s->dir);
  free(s->target);
  if (s->lock_fd >= 0)
    (void)close(s->lock_fd);
  *s = (struct state){.lock_fd = -1};
}

char *state_path(const struct state *s, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *rest = xvasprintf(fmt, ap);
  va_end(ap);
  char *path = xasprintf("%s/%s", s->dir, rest);
  free(rest);
  return path;
}
