/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/disk.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/catalog.h"
#include "image/users.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define BASE_MAX ((size_t)64 << 10)

#define SHA256_ID "sha256:"

/*
 * disks/NODE.base holds three lines: the image's id, its path, and its size
 * and time when it had that id. The id of an image from the store is its
 * SHA-256, of any other its size and time. The first version of kubeseed wrote
 * no third line, and the key of an image from the store as its id.
 */
struct base {
  char *id;
  char *path;
  char *stamp; /* NULL: not known */
};

/* One that there is: what it is called by, and whose it is. */
struct overlay {
  const char *disk, *note;
  const struct plan_node *node;
  const char *target; /* see state.h */
};

static void base_done(struct base *b) {
  free(b->id);
  free(b->path);
  free(b->stamp);
  *b = (struct base){0};
}

static char *stamp_of(const struct stat *st) {
  return xasprintf("%lld-%lld.%09ld", (long long)st->st_size,
                   (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static bool is_sha256(const char *id) {
  return strncmp(id, SHA256_ID, strlen(SHA256_ID)) == 0;
}

static int image_base(const char *image, struct base *ret, struct error *err) {
  struct stat st;
  char hex[SHA256_HEX];
  /* The overlay names it; it must not depend on a working folder. */
  _cleanup_free_ char *path = realpath(image, NULL);
  if (!path || stat(path, &st) < 0)
    return error_set(err, errno, "cannot use the image '%s'", image);
  ret->stamp = stamp_of(&st);
  ret->id = image_content(path, hex) ? xasprintf(SHA256_ID "%s", hex)
                                     : xstrdup(ret->stamp);
  ret->path = TAKE_PTR(path);
  return 0;
}

static int base_read(const char *file, struct base *ret, struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  if (file_read(file, BASE_MAX, &b, err) < 0)
    return -1;
  char *save = NULL;
  const char *id = strtok_r(b.data, "\n", &save);
  const char *path = id ? strtok_r(NULL, "\n", &save) : NULL;
  const char *stamp = path ? strtok_r(NULL, "\n", &save) : NULL;
  ret->id = xstrdup(id ? id : "");
  ret->path = xstrdup(path ? path : "");
  ret->stamp = stamp ? xstrdup(stamp) : NULL;
  return 0;
}

static int base_write(const char *file, const struct base *base,
                      struct error *err) {
  _cleanup_free_ char *text =
      xasprintf("%s\n%s\n%s\n", base->id, base->path, base->stamp);
  return file_write(file, text, strlen(text), 0600, err);
}

static int qemu_img(const struct strv *argv, struct error *err) {
  struct process p = {.argv = argv, .package = "qemu-utils"};
  return process_run(&p, err);
}

/* Makes the overlay under a temporary name, so that a half one is never used.
 */
static int create(const char *disk, const struct plan_node *node,
                  const struct base *base, struct error *err) {
  _cleanup_free_ char *tmp = xasprintf("%s.new", disk);
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "qemu-img", "create", "-q", "-f", "qcow2", "-b",
                base->path, "-F", "qcow2", NULL);
  strv_push_file(&argv, tmp);
  strv_pushf(&argv, "%llu", (unsigned long long)node->spec->disk);
  if (qemu_img(&argv, err) < 0)
    return error_prefix(err, "%s", node->name);
  /* qemu-img asks the umask; a node's disk holds its keys */
  if (chmod(tmp, 0600) < 0)
    return error_set(err, errno, "cannot make '%s' private", tmp);
  return file_commit(tmp, disk, err);
}

/* The same image at another place: only the name in the overlay changes. */
static int rebase(const struct overlay *o, const struct base *base,
                  struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "qemu-img", "rebase", "-u", "-f", "qcow2", "-b",
                base->path, "-F", "qcow2", NULL);
  strv_push_file(&argv, o->disk);
  return qemu_img(&argv, err) < 0 ? error_prefix(err, "%s", o->node->name) : 0;
}

/* ---- Is an overlay's base still what it was made on? ---- */

/* What a disk that cannot be used any more leaves to do. */
static int lost(const struct overlay *o, const char *path, const char *what,
                struct error *err) {
  return error_set(err, 0,
                   "%s: its disk lies on the image '%s', which %s; put the "
                   "image back or name a copy of it with `up --image FILE`, or "
                   "delete the disk with `kubeseed destroy %s %s`",
                   o->node->name, path, what, o->target, o->node->name);
}

static int same_digest(const char *path, const char *id, bool *ret,
                       struct error *err) {
  char hex[SHA256_HEX];
  if (sha256_file(path, hex, err) < 0)
    return -1;
  *ret = strcmp(hex, id + strlen(SHA256_ID)) == 0;
  return 0;
}

/*
 * A note of the first version has no stamp. Its image was complete before the
 * note was written, so one that is younger was put in its place.
 */
static bool same_as_noted(const struct base *old, const struct stat *image,
                          const char *stamp, const char *file) {
  struct stat note;
  if (strcmp(old->id, stamp) == 0)
    return true;
  return !old->stamp && stat(file, &note) == 0 &&
         (image->st_mtim.tv_sec < note.st_mtim.tv_sec ||
          (image->st_mtim.tv_sec == note.st_mtim.tv_sec &&
           image->st_mtim.tv_nsec <= note.st_mtim.tv_nsec));
}

/* The base at its noted place: by size and time, and only when these have
 * changed by what is in it. */
static int check_base(const struct overlay *o, struct base *old,
                      struct error *err) {
  struct stat st;
  if (stat(old->path, &st) < 0)
    return lost(o, old->path, errno == ENOENT ? "is gone" : strerror(errno),
                err);
  _cleanup_free_ char *stamp = stamp_of(&st);
  if (old->stamp && strcmp(stamp, old->stamp) == 0)
    return 0;
  bool same = false;
  if (is_sha256(old->id)) {
    if (same_digest(old->path, old->id, &same, err) < 0)
      return -1;
  } else {
    same = same_as_noted(old, &st, stamp, o->note);
  }
  if (!same)
    return lost(o, old->path, "has changed since", err);
  free(old->stamp);
  old->stamp = TAKE_PTR(stamp);
  return base_write(o->note, old, err);
}

/* An image was named for a disk that is there: it must be the disk's own, but
 * may be another file. */
static int check_named(const struct overlay *o, const struct base *old,
                       struct base *now, struct error *err) {
  bool same = strcmp(old->id, now->id) == 0;
  if (!same && is_sha256(old->id) && !is_sha256(now->id)) {
    if (same_digest(now->path, old->id, &same, err) < 0)
      return -1;
    free(now->id);
    now->id = xstrdup(old->id);
  }
  if (same)
    return 0;
  return error_set(err, 0,
                   "%s: its disk was made on another image than '%s' now is; "
                   "`kubeseed destroy %s %s` deletes the disk, then `up` makes "
                   "a new one",
                   o->node->name, now->path, o->target, o->node->name);
}

/* Of images in the store it is noted who uses them; others are the user's. The
 * lock keeps the image until ret_fd is closed. */
static int note_use(const char *image, bool in_store, const char *disk,
                    int *ret_fd, struct error *err) {
  if (!in_store)
    return 0;
  if (image_users_lock(image, ret_fd, err) < 0)
    return -1;
  return image_users_add(image, disk, err);
}

/* By what was seen of it first: that it is gone since is to be told. */
static int note_new(const struct base *image, const char *disk, int *ret_fd,
                    struct error *err) {
  return note_use(image->path, is_sha256(image->id), disk, ret_fd, err);
}

/* By what it is now, also for a disk of before digests were noted; that it is
 * gone is told by check_base. */
static int note_old(const struct base *image, const char *disk, int *ret_fd,
                    struct error *err) {
  char hex[SHA256_HEX];
  return note_use(image->path, image_content(image->path, hex), disk, ret_fd,
                  err);
}

/* A note that cannot be taken back only keeps the image. */
static void forget_use(const char *image, const char *disk) {
  _cleanup_error_ struct error ignored = {0};
  (void)!image_users_remove(image, disk, &ignored);
}

static int check(const struct overlay *o, const char *image,
                 struct error *err) {
  _cleanup_(base_done) struct base old = {0}, now = {0};
  _cleanup_close_ int fd = -1;
  if (base_read(o->note, &old, err) < 0)
    return error_prefix(err, "%s: its disk is of an unknown image",
                        o->node->name);
  if (image && image_base(image, &now, err) < 0)
    return -1;
  if (!image || strcmp(old.path, now.path) == 0)
    return note_old(&old, o->disk, &fd, err) < 0 ? -1
                                                 : check_base(o, &old, err);
  if (check_named(o, &old, &now, err) < 0 ||
      note_new(&now, o->disk, &fd, err) < 0 || rebase(o, &now, err) < 0 ||
      base_write(o->note, &now, err) < 0)
    return -1;
  /* Both may be in one folder, and so have one lock. */
  cleanup_close(&fd);
  fd = -1;
  forget_use(old.path, o->disk);
  return 0;
}

int disk_ensure(const struct state *s, const struct plan_node *node,
                const char *image, struct error *err) {
  _cleanup_(base_done) struct base base = {0};
  _cleanup_close_ int fd = -1;
  _cleanup_free_ char *disks = state_path(s, "disks");
  _cleanup_free_ char *disk = state_path(s, "disks/%s.qcow2", node->name);
  _cleanup_free_ char *file = state_path(s, "disks/%s.base", node->name);
  if (file_exists(disk))
    return check(&(struct overlay){disk, file, node, s->target}, image, err);
  if (!image)
    return error_set(err, 0, "%s has no disk, and there is no image for one",
                     node->name);
  /* The notes first: a disk without its own would be refused for ever, and one
   * that the image does not know of could lose its base. Its own before the
   * image's, which disk_delete takes back by it. */
  if (image_base(image, &base, err) < 0 || file_mkdirs(disks, 0700, err) < 0 ||
      base_write(file, &base, err) < 0 || note_new(&base, disk, &fd, err) < 0)
    return -1;
  return create(disk, node, &base, err);
}

int disk_delete(const struct state *s, const char *node, struct error *err) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_(base_done) struct base base = {0};
  _cleanup_free_ char *disk = state_path(s, "disks/%s.qcow2", node);
  _cleanup_free_ char *file = state_path(s, "disks/%s.base", node);
  if (unlink(disk) < 0 && errno != ENOENT)
    return error_set(err, errno, "cannot delete '%s'", disk);
  /* Last the note: without it a disk would be refused for ever. */
  if (base_read(file, &base, &ignored) == 0)
    forget_use(base.path, disk);
  if (unlink(file) < 0 && errno != ENOENT)
    return error_set(err, errno, "cannot delete '%s'", file);
  return 0;
}
