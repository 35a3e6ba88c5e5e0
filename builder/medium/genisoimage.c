/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 by the program genisoimage, on a private folder. The same tree as
 * libisofs's, not the same bytes: it takes times from the clock. */
#include "medium/medium.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKAGE "genisoimage"
#define GENISOIMAGE_SECONDS 120

/* One name below dir; made with O_EXCL, so it is ours from the first byte. */
static int put_file(int dir, const char *name, mode_t mode, const void *data,
                    size_t len, time_t stamp) {
  _cleanup_close_ int fd =
      openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const struct timespec times[2] = {{.tv_sec = stamp}, {.tv_sec = stamp}};
  if (fd < 0 || file_write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0)
    return -1;
  return futimens(fd, times);
}

/* Overwrites what was put there; the file system may still keep old blocks. */
static void wipe_file(int dir, const char *name, size_t len) {
  (void)!fchmodat(dir, name, 0600, 0);
  _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  _cleanup_free_ char *zeros = xcalloc(len, 1);
  if (fd >= 0 && file_write_all(fd, zeros, len) == 0)
    (void)fdatasync(fd);
}

static int fill_tree(const char *tree, const struct medium *m,
                     struct error *err) {
  _cleanup_close_ int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return error_set(err, errno, "cannot open '%s'", tree);
  for (size_t i = 0; i < m->n_files; i++) {
    const struct medium_file *f = &m->files[i];
    if (put_file(dir, f->name, f->mode, f->data, f->len, m->stamp) < 0)
      return error_set(err, errno, "cannot write '%s/%s'", tree, f->name);
  }
  const struct timespec times[2] = {{.tv_sec = m->stamp}, {.tv_sec = m->stamp}};
  if (futimens(dir, times) < 0)
    return error_set(err, errno, "cannot set the time of '%s'", tree);
  return 0;
}

static void wipe_tree(const char *tree, const struct medium *m) {
  _cleanup_close_ int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; dir >= 0 && i < m->n_files; i++)
    wipe_file(dir, m->files[i].name, m->files[i].len);
}

static int run_genisoimage(const char *tree, const char *image,
                           const struct medium *m, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "genisoimage", "-quiet", "-input-charset", "utf-8",
                "-volid", m->label, "-rock", "-joliet", "-uid", "0", "-gid",
                "0", "-dir-mode", NULL);
  strv_pushf(&argv, "%04o", MEDIUM_ROOT_MODE);
  strv_push_all(&argv, "-no-pad", "-output", image, tree, NULL);
  struct process p = {
      .argv = &argv, .package = PACKAGE, .timeout = GENISOIMAGE_SECONDS};
  return process_run(&p, err);
}

/* Makes the image as dir/image and reads it. */
static int make_in(const char *dir, const char *tree, const struct medium *m,
                   struct buf *out, struct error *err) {
  _cleanup_free_ char *image = xasprintf("%s/image", dir);
  if (mkdir(tree, 0700) < 0)
    return error_set(err, errno, "cannot make '%s'", tree);
  if (fill_tree(tree, m, err) < 0 || run_genisoimage(tree, image, m, err) < 0)
    return -1;
  return file_read(image, ISO_MAX_BYTES, out, err);
}

static int make(const struct medium *m, const char *path, struct buf *out,
                struct error *err) {
  _cleanup_free_ char *dir = xasprintf("%s" FILE_TEMPORARY "XXXXXX", path);
  if (!mkdtemp(dir)) /* with 0700 */
    return error_set(err, errno, "cannot make a folder beside '%s'", path);
  _cleanup_free_ char *tree = xasprintf("%s/tree", dir);
  int result = make_in(dir, tree, m, out, err);
  wipe_tree(tree, m);
  _cleanup_error_ struct error removal = {0};
  if (file_remove_tree(dir, &removal) < 0 && result == 0) {
    error_move(err, &removal);
    result = -1;
  }
  return result;
}

const struct medium_writer medium_genisoimage = {
    .name = "genisoimage", .package = PACKAGE, .dated = true, .make = make};
