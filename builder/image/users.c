/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/users.h"

#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define LIST_MAX ((size_t)16 << 20)

/* The qcow2 specification's header: magic, version, then where the name of the
 * backing file stands (8 bytes) and how long it is (4 bytes), big-endian. */
#define QCOW2_MAGIC "QFI\xfb"
#define QCOW2_HEAD 20
#define QCOW2_NAME_MAX 1023

void image_users_done(struct image_user_vec *v) {
  for (size_t i = 0; i < v->n; i++)
    free(v->v[i].overlay);
  free(v->v);
  *v = (struct image_user_vec){0};
}

/* "DIR/NAME.qcow2" to "DIR/NAME.users". */
static char *list_path(const char *image) {
  size_t n = strlen(image);
  static const char end[] = ".qcow2";
  if (n > strlen(end) && strcmp(image + n - strlen(end), end) == 0)
    n -= strlen(end);
  return xasprintf("%.*s.users", (int)n, image);
}

int image_users_lock(const char *image, int *ret_fd, struct error *err) {
  const char *slash = strrchr(image, '/');
  _cleanup_free_ char *path = xasprintf(
      "%.*s/users.lock", slash ? (int)(slash - image) : 1, slash ? image : ".");
  _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return error_set(err, errno,
                     "cannot note who uses the image '%s' (its owner could "
                     "remove it; use a copy of your own with --image): '%s'",
                     image, path);
  while (flock(fd, LOCK_EX) < 0)
    if (errno != EINTR)
      return error_set(err, errno, "cannot lock '%s'", path);
  *ret_fd = take_fd(&fd);
  return 0;
}

/* ---- What has become of an overlay ---- */

static uint64_t fsid_of(const char *path) {
  struct statfs st;
  uint64_t id = 0;
  if (statfs(path, &st) == 0)
    memcpy(&id, &st.f_fsid, sizeof(id));
  return id;
}

/* Cuts the last name off; false at the root. */
static bool to_parent(char *path) {
  char *slash = strrchr(path, '/');
  if (!slash || !path[1])
    return false;
  slash[slash == path] = '\0';
  return true;
}

/* Whether the file system that held a missing file is there without it. One
 * whose id is 0 has none, as many of FUSE. */
static bool surely_gone(const char *overlay, uint64_t fsid) {
  _cleanup_free_ char *dir = xstrdup(overlay);
  struct stat st;
  while (to_parent(dir))
    if (stat(dir, &st) == 0)
      return fsid != 0 && fsid == fsid_of(dir);
    else if (errno != ENOENT && errno != ENOTDIR)
      return false;
  return false;
}

static uint64_t big_endian(const unsigned char *p, size_t n) {
  uint64_t v = 0;
  for (size_t i = 0; i < n; i++)
    v = v << 8 | p[i];
  return v;
}

/* The name of the overlay's base, or NULL when it cannot be told. */
static char *backing_of(const char *overlay) {
  unsigned char head[QCOW2_HEAD];
  _cleanup_close_ int fd = open(overlay, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || pread(fd, head, sizeof(head), 0) != sizeof(head) ||
      memcmp(head, QCOW2_MAGIC, 4) != 0)
    return NULL;
  uint64_t at = big_endian(head + 8, 8), len = big_endian(head + 16, 4);
  if (at == 0 || len > QCOW2_NAME_MAX)
    return xstrdup("");
  _cleanup_free_ char *name = xcalloc(1, len + 1);
  return pread(fd, name, len, (off_t)at) == (ssize_t)len ? TAKE_PTR(name)
                                                         : NULL;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static enum image_user_state look_at(const char *image, const char *overlay,
                                     uint64_t fsid) {
  struct stat st;
  if (stat(overlay, &st) < 0) {
    if (errno != ENOENT && errno != ENOTDIR)
      return IMAGE_USED;
    return surely_gone(overlay, fsid) ? IMAGE_MISSED : IMAGE_AWAY;
  }
  _cleanup_free_ char *backing = backing_of(overlay);
  /* By its last name alone, which says the content: the folder may have been
   * moved, or have two names. */
  if (!backing || strcmp(base_name(backing), base_name(image)) == 0)
    return IMAGE_USED;
  return IMAGE_LEFT;
}

/* ---- The list ---- */

static int read_list(const char *image, struct buf *ret, struct error *err) {
  _cleanup_free_ char *path = list_path(image);
  return file_exists(path) ? file_read(path, LIST_MAX, ret, err) : 0;
}

static const char *path_in(const char *line) {
  const char *space = strchr(line, ' ');
  return space && space[1] == '/' ? space + 1 : NULL;
}

/* Copies the lines of other overlays to others; gives overlay's own line, or
 * NULL, which points into list. Writes to list. */
static const char *take_line(struct buf *list, const char *overlay,
                             struct buf *others) {
  const char *own = NULL;
  char *save = NULL;
  for (char *line = list->data ? strtok_r(list->data, "\n", &save) : NULL; line;
       line = strtok_r(NULL, "\n", &save)) {
    const char *path = path_in(line);
    if (path && strcmp(path, overlay) == 0)
      own = line;
    else
      buf_addf(others, "%s\n", line);
  }
  return own;
}

int image_users_add(const char *image, const char *overlay, struct error *err) {
  _cleanup_buf_ struct buf list = {0}, new = {0};
  _cleanup_free_ char *path = list_path(image), *dir = xstrdup(overlay);
  if (!file_exists(image))
    return error_set(err, 0, "the image '%s' was removed meanwhile; try again",
                     image);
  if (strchr(overlay, '\n'))
    return error_usage(err, "a state folder's path must be one line");
  if (read_list(image, &list, err) < 0)
    return -1;
  (void)to_parent(dir);
  _cleanup_free_ char *line =
      xasprintf("%llx %s", (unsigned long long)fsid_of(dir), overlay);
  const char *old = take_line(&list, overlay, &new);
  /* Another file system may be there than when it was noted. */
  if (old && strcmp(old, line) == 0)
    return 0;
  buf_addf(&new, "%s\n", line);
  return file_write(path, new.data, new.len, 0600, err);
}

int image_users_remove(const char *image, const char *overlay,
                       struct error *err) {
  _cleanup_buf_ struct buf list = {0}, kept = {0};
  _cleanup_free_ char *path = list_path(image);
  _cleanup_close_ int fd = -1;
  /* An image that is no store's has no list, and gets no lock either. */
  if (!file_exists(path))
    return 0;
  if (image_users_lock(image, &fd, err) < 0 || read_list(image, &list, err) < 0)
    return -1;
  if (!take_line(&list, overlay, &kept))
    return 0;
  return file_write(path, kept.data ? kept.data : "", kept.len, 0600, err);
}

int image_users_read(const char *image, struct image_user_vec *ret,
                     struct error *err) {
  _cleanup_buf_ struct buf list = {0};
  if (read_list(image, &list, err) < 0)
    return -1;
  char *save = NULL;
  for (char *line = list.data ? strtok_r(list.data, "\n", &save) : NULL; line;
       line = strtok_r(NULL, "\n", &save)) {
    const char *path = path_in(line);
    if (!path)
      continue;
    *image_user_vec_add(ret) = (struct image_user){
        xstrdup(path), look_at(image, path, strtoull(line, NULL, 16))};
  }
  return 0;
}
