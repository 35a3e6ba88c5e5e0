/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/put.h"

#include "base/file.h"
#include "base/mem.h"
#include "format/iso9660.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The state is locked and swept, so this name is free: no need to keep random
 * ones of thousands of files. */
static char *temporary(const char *path) {
  return xasprintf("%s" FILE_TEMPORARY "000000", path);
}

/* Which program wrote it: ECMA-119 8.4.20, the application identifier of the
 * primary volume descriptor. */
static bool same_writer(const struct buf *a, const struct buf *b) {
  enum { AT = 16 * ISO_SECTOR + 574, LENGTH = 128 };
  return a->len > AT + LENGTH && b->len > AT + LENGTH &&
         memcmp(a->data + AT, b->data + AT, LENGTH) == 0;
}

static bool same_file(const struct iso_file *a, const struct iso_file *b) {
  return strcmp(a->name, b->name) == 0 && a->mode == b->mode &&
         a->mtime == b->mtime && a->len == b->len &&
         memcmp(a->data, b->data, a->len) == 0;
}

static bool same_files(const struct buf *a, const struct buf *b) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_iso_volume_ struct iso_volume x = {0}, y = {0};
  if (iso_read(a->data, a->len, &x, &ignored) < 0 ||
      iso_read(b->data, b->len, &y, &ignored) < 0 || x.files.n != y.files.n ||
      strcmp(x.label, y.label) != 0)
    return false;
  for (size_t i = 0; i < x.files.n; i++)
    if (!same_file(&x.files.v[i], &y.files.v[i]))
      return false;
  return true;
}

static bool same(const char *path, const struct buf *image, bool by_files) {
  _cleanup_error_ struct error unreadable = {0};
  _cleanup_buf_ struct buf old = {0};
  struct stat st;
  if (stat(path, &st) < 0 || st.st_size != (off_t)image->len ||
      (st.st_mode & 07777) != 0600 ||
      file_read(path, image->len, &old, &unreadable) < 0 ||
      old.len != image->len)
    return false;
  if (memcmp(old.data, image->data, old.len) == 0)
    return true;
  return by_files && same_writer(&old, image) && same_files(&old, image);
}

enum put_fate put_compare(const char *path, const struct buf *image,
                          bool by_files) {
  if (same(path, image, by_files))
    return PUT_UNCHANGED;
  return file_exists(path) ? PUT_CHANGED : PUT_NEW;
}

int put_begin(const char *path, const struct buf *image, bool by_files,
              enum put_fate *ret, struct error *err) {
  _cleanup_free_ char *tmp = temporary(path);
  *ret = put_compare(path, image, by_files);
  if (*ret == PUT_UNCHANGED)
    return 0;
  _cleanup_close_ int fd =
      open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return error_set(err, errno, "cannot create '%s'", tmp);
  if (file_write_all(fd, image->data, image->len) < 0) {
    int saved = errno;
    (void)unlink(tmp);
    return error_set(err, saved, "cannot write '%s'", path);
  }
  return 0;
}

static int sync_by(int (*how)(int), const char *dir, struct error *err) {
  _cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || how(fd) < 0)
    return error_set(err, errno, "cannot sync '%s'", dir);
  return 0;
}

int put_sync(const char *dir, struct error *err) {
  return sync_by(syncfs, dir, err);
}

int put_sync_folder(const char *dir, struct error *err) {
  return sync_by(fsync, dir, err);
}

int put_end(const char *path, struct error *err) {
  _cleanup_free_ char *tmp = temporary(path);
  if (rename(tmp, path) < 0)
    return error_set(err, errno, "cannot put '%s' in place", path);
  return 0;
}

void put_cancel(const char *path) {
  _cleanup_free_ char *tmp = temporary(path);
  (void)unlink(tmp);
}
