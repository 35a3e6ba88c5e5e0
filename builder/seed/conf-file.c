/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/conf-file.h"

#include "base/file.h"
#include "base/mem.h"
#include "seed/merge.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_BYTES ((size_t)1024 * 1024)
#define LOCK_SECONDS 5.0
#define LOCK_PAUSE_NS 50000000

/* Also a link that leads nowhere. */
static bool exists(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

/* An error when more than the folder of path is missing: it is mistyped. */
static int check_folder(const char *path, struct error *err) {
  _cleanup_free_ char *dir = file_parent(path);
  _cleanup_free_ char *above = file_parent(dir);
  if (exists(dir) || exists(above))
    return 0;
  return error_usage(err,
                     "there is no folder '%s' for the file; `mkdir -p -m 700 "
                     "'%s'` makes it",
                     dir, dir);
}

int conf_file_check(const char *path, enum conf_how how, struct error *err) {
  struct stat st;
  if (!*path)
    return error_usage(err, "-o '': which file? '-' is standard output");
  /* Replaced by a file, even /dev/null would be gone. */
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
    return error_usage(err,
                       "'%s' is not a file that a kubeconfig can be in; '-' is "
                       "standard output",
                       path);
  if (how == CONF_NEW && exists(path))
    return error_usage(err,
                       "'%s' exists; --merge adds the cluster to it, --force "
                       "overwrites it",
                       path);
  return check_folder(path, err);
}

/* ---- Whose it is ---- */

/* The owner of what is made in the folder: its own, when that is the one who
 * called sudo; else nobody in particular. */
static struct file_owner owner_in(const char *dir) {
  const char *uid = getenv("SUDO_UID");
  _cleanup_free_ char *owner = NULL;
  struct stat st;
  if (geteuid() != 0 || !uid || stat(dir, &st) < 0)
    return FILE_OWNER_ANY;
  owner = xasprintf("%ju", (uintmax_t)st.st_uid);
  return strcmp(owner, uid) == 0 ? (struct file_owner){st.st_uid, st.st_gid}
                                 : FILE_OWNER_ANY;
}

/* Only root can give a file to its owner. */
static struct file_owner owner_of(const char *path) {
  _cleanup_free_ char *dir = file_parent(path);
  struct stat st;
  if (stat(path, &st) < 0)
    return owner_in(dir);
  return geteuid() == 0 ? (struct file_owner){st.st_uid, st.st_gid}
                        : FILE_OWNER_ANY;
}

static int make_folder(const char *path, struct error *err) {
  _cleanup_free_ char *dir = file_parent(path);
  _cleanup_free_ char *above = file_parent(dir);
  struct file_owner owner = owner_in(above);
  if (mkdir(dir, 0700) < 0)
    return errno == EEXIST
               ? 0
               : error_set(err, errno, "cannot make the folder '%s'", dir);
  /* Its owner's owner may have put a link there meanwhile. */
  _cleanup_close_ int fd =
      open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fchown(fd, owner.uid, owner.gid) < 0)
    return error_set(err, errno, "cannot give '%s' to its owner", dir);
  return 0;
}

/* ---- The lock ---- */

/* As client-go makes it; nothing is ever written to it. */
static int try_lock(const char *lock) {
  _cleanup_close_ int fd =
      open(lock, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
  return fd < 0 ? -1 : 0;
}

/* Ended with the lock, it would stay, and be in the way of all others. */
static void hold_signals(sigset_t *ret_before) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
    sigaddset(&set, signals[i]);
  (void)pthread_sigmask(SIG_BLOCK, &set, ret_before);
}

static void let_signals(const sigset_t *before) {
  (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* With it, signals are held; before are those that were. */
static int take_lock(const char *path, const char *lock, const struct log *log,
                     sigset_t *before, struct error *err) {
  double begin = monotonic_seconds();
  for (bool told = false;; told = true) {
    hold_signals(before);
    if (try_lock(lock) == 0)
      return 0;
    int why = errno;
    let_signals(before);
    if (why != EEXIST)
      return error_set(err, why, "cannot make the lock '%s'", lock);
    if (!told)
      log_info(log, "'%s' is locked by another program, waiting", path);
    if (monotonic_seconds() - begin >= LOCK_SECONDS)
      return error_set(err, 0,
                       "'%s' is there, so another program is writing '%s'; if "
                       "none is, it was left behind: `rm '%s'`",
                       lock, path, lock);
    (void)nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
  }
}

/* ---- Writing ---- */

/* The file behind a link is written, and the link stays. */
static int write_text(const char *path, const struct buf *text,
                      struct error *err) {
  _cleanup_free_ char *to = NULL;
  if (file_behind_link(path, &to, err) < 0)
    return -1;
  return file_write_for(to, text->data, text->len, 0600, owner_of(to), err);
}

static int merge_text(const char *path, const struct buf *text, bool replace,
                      struct error *err) {
  _cleanup_buf_ struct buf old = {0};
  _cleanup_buf_ struct buf merged = {0};
  if (file_exists(path) && file_read(path, MAX_BYTES, &old, err) < 0)
    return -1;
  if (kubeconfig_merge(path, &old, text, replace, &merged, err) < 0)
    return -1;
  return write_text(path, &merged, err);
}

/* Once more what may have changed since it was first looked at. */
static int write_locked(const char *path, enum conf_how how,
                        const struct buf *text, struct error *err) {
  if (conf_file_check(path, how, err) < 0)
    return -1;
  if (how == CONF_MERGE || how == CONF_MERGE_ANY)
    return merge_text(path, text, how == CONF_MERGE_ANY, err);
  return write_text(path, text, err);
}

int conf_file_write(const char *path, enum conf_how how, const struct buf *text,
                    const struct log *log, struct error *err) {
  _cleanup_free_ char *lock = xasprintf("%s.lock", path);
  sigset_t before;
  if (conf_file_check(path, how, err) < 0 || make_folder(path, err) < 0 ||
      take_lock(path, lock, log, &before, err) < 0)
    return -1;
  int r = write_locked(path, how, text, err);
  (void)unlink(lock);
  let_signals(&before);
  return r;
}
