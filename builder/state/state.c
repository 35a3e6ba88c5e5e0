/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/state.h"

#include "base/file.h"
#include "base/mem.h"
#include <stdarg.h>
#include <string.h>

int state_open(const char *dir, const char *spec_file, const char *name,
               bool create, struct state *ret, struct error *err) {
  _cleanup_free_ char *path = NULL;
  const char *slash = strrchr(spec_file, '/');
  if (dir)
    path = xstrdup(dir);
  else if (slash)
    path =
        xasprintf("%.*s/%s.cluster", (int)(slash - spec_file), spec_file, name);
  else
    path = xasprintf("%s.cluster", name);
  if (create && file_mkdirs(path, 0700, err) < 0)
    return -1;
  if (!file_exists(path))
    return error_set(err, 0,
                     "there is no state folder '%s' yet; `kubeseed seed` or "
                     "`kubeseed up` makes it",
                     path);
  /* An absolute path stays right for programs with another working folder. */
  char *full = realpath(path, NULL);
  if (!full)
    return error_set(err, 0, "cannot resolve '%s'", path);
  *ret = (struct state){.dir = full, .lock_fd = -1};
  return 0;
}

int state_lock(struct state *s, struct error *err) {
  _cleanup_free_ char *path = state_path(s, "lock");
  return file_lock(path, &s->lock_fd, err);
}

void state_done(struct state *s) {
  free(s->dir);
  if (s->lock_fd >= 0)
    (void)close(s->lock_fd);
  *s = (struct state){.lock_fd = -1};
}

char *state_path(const struct state *s, const char *fmt, ...) {
  va_list ap;
  char *rest = NULL;
  va_start(ap, fmt);
  if (vasprintf(&rest, fmt, ap) < 0)
    rest = xstrdup("");
  va_end(ap);
  char *path = xasprintf("%s/%s", s->dir, rest);
  free(rest);
  return path;
}
