/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/trust.h"

#include "base/mem.h"
#include "state/layout.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of many things that others may reach, these are named. */
#define TOLD 3

struct trust {
  const char *dir;
  size_t n_open; /* that others may read or write, */
  char *fix;     /* and the command for the first of them */
  bool failed;
};

/* Others may write it, or read a secret. One copy with other modes makes this
 * true of all files, so that only some are named. */
static void add_open(struct trust *t, const char *path, bool written,
                     struct error *err) {
  const char *slash = *path ? "/" : "";
  if (t->n_open == 0)
    t->fix = xasprintf("chmod %s '%s%s%s'", written ? "go-w" : "go=", t->dir,
                       slash, path);
  if (t->n_open++ >= TOLD)
    return;
  (void)error_set(err, 0, "others may %s '%s%s%s'%s",
                  written ? "write" : "read", t->dir, slash, path,
                  written ? " and could have changed it"
                          : ", which is a secret");
}

static int say_fix(const struct trust *t, struct error *err) {
  _cleanup_free_ char *more =
      t->n_open > TOLD ? xasprintf("so it is with %zu more; ", t->n_open - TOLD)
                       : NULL;
  _cleanup_free_ char *all = xasprintf("chmod -R go= '%s'", t->dir);
  return error_set(err, 0,
                   "%sif nobody has: `%s`; where that changes nothing, the "
                   "file system keeps no modes, and -C names a folder on "
                   "another",
                   more ? more : "", t->n_open > 1 ? all : t->fix);
}

/* Adds a fault unless st is ours, and closed to others but for mode. */
static void check(struct trust *t, const char *path, const struct stat *st,
                  bool secret, struct error *err) {
  const char *slash = *path ? "/" : "";
  bool link = S_ISLNK(st->st_mode);
  bool theirs = st->st_uid != geteuid() && st->st_uid != 0;
  bool written = st->st_mode & (S_IWGRP | S_IWOTH);
  bool read = secret && (st->st_mode & (S_IRWXG | S_IRWXO));
  if (link)
    (void)error_set(err, 0,
                    "'%s%s%s' is a symbolic link, which could lead anywhere; "
                    "put what it leads to in its place",
                    t->dir, slash, path);
  else if (theirs)
    (void)error_set(err, 0,
                    "'%s%s%s' belongs to the user with the number %u, who "
                    "could have put anything there; run this as that user, or "
                    "`chown` it once you trust it",
                    t->dir, slash, path, (unsigned)st->st_uid);
  else if (written || read)
    add_open(t, path, written, err);
  t->failed = t->failed || link || theirs || written || read;
}

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
  check(t, item->path, &st, item->row->secret, err);
  return 0;
}

int trust_state(const char *dir, struct error *err) {
  struct trust t = {.dir = dir};
  struct stat st;
  if (stat(dir, &st) < 0)
    return error_set(err, errno, "cannot look at '%s'", dir);
  if (!S_ISDIR(st.st_mode))
    return error_set(err, ENOTDIR, "cannot use '%s' as a folder", dir);
  check(&t, "", &st, false, err);
  /* In another user's folder all is that user's. */
  bool theirs = t.failed && t.n_open == 0;
  int r = theirs ? -1 : layout_walk(dir, LAYOUT_KEYS, check_item, &t, err);
  if (r == 0 && t.n_open > 0)
    r = say_fix(&t, err);
  free(t.fix);
  return r < 0 || t.failed ? -1 : 0;
}

int trust_made(const char *dir, const struct stat *st, struct error *err) {
  if (st->st_uid == geteuid() && !(st->st_mode & (S_IRWXG | S_IRWXO)))
    return 0;
  return error_usage(err,
                     "the file system of '%s' keeps no modes or owners, as "
                     "vfat, CIFS and WSL's /mnt/c do not: others could reach "
                     "the cluster's keys there; name a folder on another one "
                     "with -C",
                     dir);
}

int trust_denied(const char *dir, struct error *err) {
  struct stat st;
  if (stat(dir, &st) < 0 || geteuid() == 0)
    return -1;
  if (st.st_uid == geteuid())
    return error_set(err, 0,
                     "not all in '%s' is yours, as after a run with sudo: "
                     "`sudo chown -R \"$USER\" '%s'`",
                     dir, dir);
  _cleanup_free_ char *owner =
      st.st_uid == 0
          ? xstrdup("root")
          : xasprintf("the user with the number %u", (unsigned)st.st_uid);
  return error_set(err, 0,
                   "'%s' belongs to %s; run this as that user, or, if it is to "
                   "be yours: `sudo chown -R \"$USER\" '%s'`",
                   dir, owner, dir);
}
