/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/place.h"

#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* FILE_RANDOM characters, as those of other temporaries, see base/file.h. */
#define NAME "export"

/* Whether the name still is what was opened: the other one may have finished,
 * and renamed it, in between. */
static bool is_there(const char *path, const struct stat *open_one) {
  struct stat st;
  return lstat(path, &st) == 0 && st.st_dev == open_one->st_dev &&
         st.st_ino == open_one->st_ino;
}

/* Nobody else may have put it there, and it has no second name. */
static int claim(int fd, const char *path, const char *tmp, struct error *err) {
  struct stat st;
  if (fstat(fd, &st) < 0)
    return error_set(err, errno, "cannot create '%s'", path);
  if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink > 1)
    return error_set(err, 0,
                     "'%s' is in the way, and not by kubeseed; remove it", tmp);
  if (flock(fd, LOCK_EX | LOCK_NB) < 0 || !is_there(tmp, &st))
    return error_set(err, 0, "another kubeseed is writing '%s'", path);
  if (fchmod(fd, 0600) < 0 || ftruncate(fd, 0) < 0)
    return error_set(err, errno, "cannot create '%s'", path);
  return 0;
}

int place_begin(const char *path, struct place *ret, struct error *err) {
  _cleanup_free_ char *tmp = xasprintf("%s" FILE_TEMPORARY NAME, path);
  _cleanup_close_ int fd =
      open(tmp, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (fd < 0)
    return error_set(err, errno, "cannot create '%s'", path);
  if (claim(fd, path, tmp, err) < 0)
    return -1;
  ret->path = xstrdup(path);
  ret->tmp = TAKE_PTR(tmp);
  ret->fd = take_fd(&fd);
  return 0;
}

int place_commit(struct place *p, mode_t mode, struct error *err) {
  /* By its name: a program may have put another file there. */
  if (chmod(p->tmp, mode) < 0)
    return error_set(err, errno, "cannot write '%s'", p->path);
  if (file_commit(p->tmp, p->path, err) < 0)
    return -1;
  free(TAKE_PTR(p->tmp));
  return 0;
}

void place_done(struct place *p) {
  if (p->tmp)
    (void)unlink(p->tmp);
  cleanup_close(&p->fd);
  free(p->tmp);
  free(p->path);
  *p = PLACE_NONE;
}
