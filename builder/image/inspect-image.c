/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/inspect.h"

#include "base/mem.h"
#include "base/process.h"
#include "image/appliance.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

static int view_list(void *arg, const char *pattern, struct strv *ret,
                     struct error *err) {
  const struct appliance *a = arg;
  char **found = a->lib.glob_expand(a->g, pattern);
  if (!found)
    return appliance_fail(a, pattern, err);
  for (size_t i = 0; found[i]; i++) {
    /* A folder's has a slash at its end. */
    size_t n = strlen(found[i]);
    if (n > 1 && found[i][n - 1] == '/')
      found[i][n - 1] = '\0';
    strv_push(ret, found[i]);
    free(found[i]);
  }
  free(found);
  return 0;
}

static int view_read(void *arg, const char *path, struct buf *ret,
                     struct error *err) {
  const struct appliance *a = arg;
  size_t n = 0;
  _cleanup_free_ char *bytes = a->lib.read_file(a->g, path, &n);
  if (!bytes)
    return appliance_fail(a, path, err);
  buf_add(ret, bytes, n);
  return 0;
}

static int view_bytes(void *arg, uint64_t at, size_t n, struct buf *ret,
                      struct error *err) {
  const struct appliance *a = arg;
  size_t got = 0;
  _cleanup_free_ char *bytes =
      a->lib.pread_device(a->g, "/dev/sda", (int)n, (int64_t)at, &got);
  if (!bytes)
    return appliance_fail(a, "read the disk", err);
  buf_add(ret, bytes, got);
  return 0;
}

static int open_image(struct appliance *a, const char *path,
                      struct error *err) {
  const struct guestfs_add_drive_opts_argv drive = {
      .bitmask = GUESTFS_ADD_DRIVE_OPTS_FORMAT_BITMASK |
                 GUESTFS_ADD_DRIVE_OPTS_READONLY_BITMASK,
      .format = "qcow2",
      .readonly = 1};
  if (appliance_require(err) < 0 || appliance_make(a, err) < 0)
    return -1;
  if (a->lib.add_drive_opts_argv(a->g, path, &drive) < 0 ||
      a->lib.launch(a->g) < 0)
    return appliance_fail(a, "start", err);
  if (a->lib.mount_ro(a->g, "/dev/sda3", "/") < 0 ||
      a->lib.mount_ro(a->g, "/dev/sda2", INSPECT_ESP) < 0)
    return appliance_fail(a, "mount", err);
  return 0;
}

static int look(const char *path, struct error *err) {
  _cleanup_appliance_ struct appliance a = {0};
  if (open_image(&a, path, err) < 0)
    return -1;
  _cleanup_free_ char *uuid = a.lib.vfs_uuid(a.g, "/dev/sda3");
  if (!uuid)
    return appliance_fail(&a, "the root's UUID", err);
  const struct inspect_view view = {.list = view_list,
                                    .read = view_read,
                                    .bytes = view_bytes,
                                    .uuid = uuid,
                                    .arg = &a};
  return inspect(&view, err);
}

/* libguestfs only comes back when its machine has started. */
struct looking {
  pthread_t thread;
  const char *path;
  struct error err;
  int result;
};

static void *look_main(void *arg) {
  struct looking *l = arg;
  l->result = look(l->path, &l->err);
  return NULL;
}

int inspect_image(const struct log *log, const char *path, struct error *err) {
  struct looking l = {.path = path};
  struct timespec until;
  int r = pthread_create(&l.thread, NULL, look_main, &l);
  if (r != 0)
    return error_set(err, r, "cannot start a thread");
  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  for (unsigned s = PROCESS_ALIVE_SECONDS;; s += PROCESS_ALIVE_SECONDS) {
    until.tv_sec += PROCESS_ALIVE_SECONDS;
    if (pthread_clockjoin_np(l.thread, NULL, CLOCK_MONOTONIC, &until) !=
        ETIMEDOUT)
      break;
    log_alive(log, "its file systems are opened", s);
  }
  log_clear(log);
  if (l.result < 0)
    error_move(err, &l.err);
  return l.result;
}
