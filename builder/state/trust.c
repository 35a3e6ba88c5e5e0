/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/trust.h"

#include "state/layout.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Adds a fault unless st is ours, and closed to others but for mode. */
static int check(const char *dir, const char *path, const struct stat *st,
                 bool secret, struct error *err) {
  const char *slash = *path ? "/" : "";
  if (S_ISLNK(st->st_mode))
    return error_set(err, 0,
                     "'%s%s%s' is a symbolic link, which could lead anywhere; "
                     "put what it leads to in its place",
                     dir, slash, path);
  if (st->st_uid != geteuid() && st->st_uid != 0)
    return error_set(err, 0,
                     "'%s%s%s' belongs to the user with the number %u, who "
                     "could have put anything there; run this as that user, or "
                     "`chown` it once you trust it",
                     dir, slash, path, (unsigned)st->st_uid);
  if (st->st_mode & (S_IWGRP | S_IWOTH))
    return error_set(err, 0,
                     "others may write '%s%s%s' and could have changed it; if "
                     "they have not: `chmod go-w '%s%s%s'`",
                     dir, slash, path, dir, slash, path);
  if (secret && (st->st_mode & (S_IRWXG | S_IRWXO)))
    return error_set(err, 0,
                     "others may read '%s%s%s', which is a secret; if nobody "
                     "has: `chmod go= '%s%s%s'`",
                     dir, slash, path, dir, slash, path);
  return 0;
}

int trust_folder(const char *dir, struct error *err) {
  struct stat st;
  if (stat(dir, &st) < 0)
    return error_set(err, errno, "cannot look at '%s'", dir);
  if (!S_ISDIR(st.st_mode))
    return error_set(err, ENOTDIR, "cannot use '%s' as a folder", dir);
  return check(dir, "", &st, false, err);
}

struct trust {
  const char *dir;
  bool failed;
};

/* All faults are told at once, so that they can be mended at once. */
static int check_item(const struct layout_item *item, void *arg,
                      struct error *err) {
  struct trust *t = arg;
  struct stat st;
  if (!item->row)
    return 0;
  if (fstatat(item->dir, item->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    /* Another kubeseed may have removed it since. */
    return errno == ENOENT
               ? 0
               : error_set(err, errno, "cannot look at '%s'", item->path);
  if (check(t->dir, item->path, &st, item->row->secret, err) < 0)
    t->failed = true;
  return 0;
}

int trust_contents(const char *dir, struct error *err) {
  struct trust t = {.dir = dir};
  if (layout_walk(dir, LAYOUT_KEYS, check_item, &t, err) < 0)
    return -1;
  return t.failed ? -1 : 0;
}
