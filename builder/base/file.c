/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define CHUNK ((size_t)16384)

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Reads the next bytes, room of them at the most, into b itself: what else held
 * them would have to be wiped, however the reading ends. */
static ssize_t read_some(int fd, size_t room, struct buf *b) {
  char *at = buf_extend(b, room);
  ssize_t n = read(fd, at, room);
  b->len -= room - (n > 0 ? (size_t)n : 0);
  b->data[b->len] = '\0';
  return n;
}

/* What fd, whose file is of that size, has until its end. */
static int read_all(int fd, off_t size, const char *path, size_t max,
                    struct buf *ret, struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  /* One more than there are, to see the end; pipes and /proc do not say. */
  size_t more = size > 0 ? (size_t)size + 1 : CHUNK;
  for (ssize_t n = 1; n != 0; more = CHUNK) {
    size_t room = b.cap > b.len + 1 ? b.cap - b.len - 1 : more;
    n = read_some(fd, least(room, max - b.len + 1), &b);
    if (n < 0 && errno != EINTR)
      return error_set(err, errno, "cannot read '%s'", path);
    if (b.len > max)
      return error_set(err, 0, "'%s' is larger than the %zu bytes allowed",
                       path, max);
  }
  *ret = b;
  b = (struct buf){0};
  return 0;
}

static int open_to_read(const char *path, int more, struct stat *ret_st,
                        int *ret_fd, struct error *err) {
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | more);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", path);
  if (fstat(fd, ret_st) < 0)
    return error_set(err, errno, "cannot read '%s'", path);
  if (S_ISDIR(ret_st->st_mode))
    return error_set(err, EISDIR, "cannot read '%s'", path);
  *ret_fd = take_fd(&fd);
  return 0;
}

int file_read(const char *path, size_t max, struct buf *ret,
              struct error *err) {
  _cleanup_close_ int fd = -1;
  struct stat st;
  if (open_to_read(path, O_NONBLOCK, &st, &fd, err) < 0)
    return -1;
  if (!S_ISREG(st.st_mode))
    return error_set(err, 0, "'%s' is no regular file", path);
  return read_all(fd, st.st_size, path, max, ret, err);
}

int file_read_stream(const char *path, size_t max, struct buf *ret,
                     struct error *err) {
  _cleanup_close_ int fd = -1;
  struct stat st;
  return open_to_read(path, 0, &st, &fd, err) < 0
             ? -1
             : read_all(fd, st.st_size, path, max, ret, err);
}

int file_write_all(int fd, const void *data, size_t len) {
  const char *p = data;
  while (len > 0) {
    ssize_t n = write(fd, p, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -1;
    p += n;
    len -= (size_t)n;
  }
  return 0;
}

char *file_parent(const char *path) {
  size_t len = strlen(path);
  while (len > 1 && path[len - 1] == '/')
    len--;
  const char *slash = memrchr(path, '/', len);
  if (!slash)
    return xstrdup(".");
  return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* A rename is durable once its folder is. */
static int sync_parent(const char *path) {
  _cleanup_free_ char *dir = file_parent(path);
  _cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  return fsync(fd);
}

static int replace(const char *path, const void *data, size_t len, mode_t mode,
                   struct file_owner owner, bool sync, struct error *err) {
  _cleanup_free_ char *tmp = xasprintf("%s" FILE_TEMPORARY "XXXXXX", path);
  /* mkostemp creates with 0600, so a secret is never readable by others. */
  _cleanup_close_ int fd = mkostemp(tmp, O_CLOEXEC);
  if (fd < 0)
    return error_set(err, errno, "cannot create '%s'", path);
  if (file_write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 ||
      (owner.uid != (uid_t)-1 && fchown(fd, owner.uid, owner.gid) < 0) ||
      (sync && fsync(fd) < 0) || rename(tmp, path) < 0) {
    int saved = errno;
    (void)unlink(tmp);
    return error_set(err, saved, "cannot write '%s'", path);
  }
  if (sync && sync_parent(path) < 0)
    return error_set(err, errno, "cannot sync the folder of '%s'", path);
  return 0;
}

int file_write(const char *path, const void *data, size_t len, mode_t mode,
               struct error *err) {
  return replace(path, data, len, mode, FILE_OWNER_ANY, true, err);
}

int file_write_for(const char *path, const void *data, size_t len, mode_t mode,
                   struct file_owner owner, struct error *err) {
  return replace(path, data, len, mode, owner, true, err);
}

/* Whether a plain file holds these bytes. Nothing else is opened: a FIFO would
 * wait for whom writes to it. */
static bool holds(const char *path, const void *data, size_t len,
                  struct stat *st) {
  _cleanup_error_ struct error unreadable = {0};
  _cleanup_buf_ struct buf old = {0};
  return stat(path, st) == 0 && S_ISREG(st->st_mode) &&
         st->st_size == (off_t)len &&
         file_read(path, len, &old, &unreadable) == 0 && old.len == len &&
         (len == 0 || memcmp(old.data, data, len) == 0);
}

int file_refresh(const char *path, const void *data, size_t len, mode_t mode,
                 struct error *err) {
  struct stat st;
  if (holds(path, data, len, &st) &&
      ((st.st_mode & 07777) == mode || chmod(path, mode) == 0))
    return 0;
  return replace(path, data, len, mode, FILE_OWNER_ANY, false, err);
}

int file_commit(const char *tmp, const char *path, struct error *err) {
  _cleanup_close_ int fd = open(tmp, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", tmp);
  if (fsync(fd) < 0 || rename(tmp, path) < 0 || sync_parent(path) < 0)
    return error_set(err, errno, "cannot put '%s' in place", path);
  return 0;
}

int file_mkdirs(const char *path, mode_t mode, struct error *err) {
  _cleanup_free_ char *p = xstrdup(path);
  for (char *slash = p + 1; *p; slash++) {
    if (*slash != '/' && *slash != '\0')
      continue;
    char c = *slash;
    *slash = '\0';
    if (mkdir(p, mode) < 0 && errno != EEXIST)
      return error_set(err, errno, "cannot make the folder '%s'", p);
    if (c == '\0')
      break;
    *slash = c;
  }
  struct stat st;
  if (stat(path, &st) < 0)
    return error_set(err, errno, "cannot make the folder '%s'", path);
  if (!S_ISDIR(st.st_mode))
    return error_set(err, ENOTDIR, "cannot use '%s' as a folder", path);
  return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw) {
  (void)st;
  (void)type;
  (void)ftw;
  return remove(path);
}

int file_remove_tree(const char *path, struct error *err) {
  struct stat st;
  if (lstat(path, &st) < 0 && errno == ENOENT)
    return 0;
  if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
    return error_set(err, errno, "cannot remove '%s'", path);
  return 0;
}

bool file_exists(const char *path) {
  return access(path, F_OK) == 0;
}

const char *file_unreadable(const char *path) {
  struct stat st;
  if (stat(path, &st) < 0)
    return strerror(errno);
  if (!S_ISREG(st.st_mode))
    return "it is no regular file";
  return access(path, R_OK) < 0 ? strerror(errno) : NULL;
}

/* realpath reads links itself and asks nobody whether they may be followed. */
int file_behind_link(const char *path, char **ret, struct error *err) {
  struct stat st;
  _cleanup_free_ char *real = realpath(path, NULL);
  int why = errno;
  if (!real && lstat(path, &st) == 0)
    return why == ENOENT
               ? error_set(err, 0, "'%s' is a link that leads nowhere", path)
               : error_set(err, why, "cannot follow '%s'", path);
  if (real && stat(path, &st) < 0 && errno == EACCES)
    return error_set(err, 0,
                     "'%s' is another user's link in a folder that all may "
                     "write, and is not followed",
                     path);
  *ret = real ? TAKE_PTR(real) : xstrdup(path);
  return 0;
}

int file_check_place(const char *path, struct error *err) {
  _cleanup_free_ char *behind = NULL;
  struct stat st;
  size_t len = strlen(path);
  if (len == 0)
    return error_set(err, ENOENT, "cannot write '%s'", path);
  bool there = stat(path, &st) == 0;
  if (path[len - 1] == '/' || (there && S_ISDIR(st.st_mode)))
    return error_set(err, EISDIR, "cannot write '%s'", path);
  if (there && !S_ISREG(st.st_mode))
    return error_set(err, 0,
                     "cannot write '%s': it is no regular file, and one would "
                     "be in its place",
                     path);
  if (file_behind_link(path, &behind, err) < 0)
    return -1;
  _cleanup_free_ char *dir = file_parent(behind);
  if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
    return error_set(err, ENOTDIR, "cannot write '%s'", path);
  if (access(dir, W_OK | X_OK) < 0)
    return error_set(err, errno, "cannot write '%s'", path);
  return 0;
}

int file_free_space(const char *path, uint64_t *ret, struct error *err) {
  struct statvfs vfs;
  if (statvfs(path, &vfs) < 0)
    return error_set(err, errno, "cannot ask for the free space of '%s'", path);
  *ret = (uint64_t)vfs.f_bavail * vfs.f_frsize;
  return 0;
}

/* Whether path is still the file that fd has open. */
static bool is_same_file(const char *path, int fd) {
  struct stat now, ours;
  return stat(path, &now) == 0 && fstat(fd, &ours) == 0 &&
         now.st_dev == ours.st_dev && now.st_ino == ours.st_ino;
}

/* 1 with the lock; 0 when its file was removed by the one that had it, so that
 * the next to come would lock another. */
static int try_lock(const char *path, int *ret_fd, struct error *err) {
  _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return error_set(err, errno, "cannot open the lock '%s'", path);
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    if (errno == EWOULDBLOCK) {
      (void)error_set(err, 0,
                      "another kubeseed is at work here ('%s' is locked); "
                      "wait for it or end it",
                      path);
      err->errnum = EWOULDBLOCK;
      return -1;
    }
    return error_set(err, errno, "cannot lock '%s'", path);
  }
  if (!is_same_file(path, fd))
    return 0;
  *ret_fd = take_fd(&fd);
  return 1;
}

int file_lock(const char *path, int *ret_fd, struct error *err) {
  int r;
  do
    r = try_lock(path, ret_fd, err);
  while (r == 0);
  return r < 0 ? -1 : 0;
}
