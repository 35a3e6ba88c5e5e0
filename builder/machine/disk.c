/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/disk.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define BASE_MAX ((size_t)64 << 10)

/* disks/NODE.base holds two lines: the image's id and its path. */
struct base {
  char *id;
  char *path;
};

static void base_done(struct base *b) {
  free(b->id);
  free(b->path);
  *b = (struct base){0};
}

static int image_base(const char *image, const char *id, struct base *ret,
                      struct error *err) {
  struct stat st;
  if (stat(image, &st) < 0)
    return error_set(err, errno, "cannot use the image '%s'", image);
  /* The overlay names it; it must not depend on a working folder. */
  char *path = realpath(image, NULL);
  if (!path)
    return error_set(err, errno, "cannot use the image '%s'", image);
  ret->path = path;
  ret->id = id ? xstrdup(id)
               : xasprintf("%lld-%lld.%09ld", (long long)st.st_size,
                           (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  return 0;
}

static int base_read(const char *file, struct base *ret, struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  if (file_read(file, BASE_MAX, &b, err) < 0)
    return -1;
  size_t id = strcspn(b.data, "\n");
  const char *path = b.data[id] ? b.data + id + 1 : "";
  ret->id = xstrndup(b.data, id);
  ret->path = xstrndup(path, strcspn(path, "\n"));
  return 0;
}

static int base_write(const char *file, const struct base *base,
                      struct error *err) {
  _cleanup_free_ char *text = xasprintf("%s\n%s\n", base->id, base->path);
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
                base->path, "-F", "qcow2", tmp, NULL);
  strv_pushf(&argv, "%llu", (unsigned long long)node->spec->disk);
  if (qemu_img(&argv, err) < 0)
    return error_prefix(err, "%s", node->name);
  /* qemu-img asks the umask; a node's disk holds its keys */
  if (chmod(tmp, 0600) < 0)
    return error_set(err, errno, "cannot make '%s' private", tmp);
  return file_commit(tmp, disk, err);
}

/* The same image at another place: only the name in the overlay changes. */
static int rebase(const char *disk, const struct plan_node *node,
                  const struct base *base, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "qemu-img", "rebase", "-u", "-f", "qcow2", "-b",
                base->path, "-F", "qcow2", disk, NULL);
  return qemu_img(&argv, err) < 0 ? error_prefix(err, "%s", node->name) : 0;
}

/* An overlay is there; is it one on this image? */
static int check(const char *disk, const char *file,
                 const struct plan_node *node, const struct base *now,
                 struct error *err) {
  _cleanup_(base_done) struct base old = {0};
  if (base_read(file, &old, err) < 0)
    return error_prefix(err, "%s: its disk is of an unknown image", node->name);
  if (strcmp(old.id, now->id) != 0)
    return error_set(err, 0,
                     "%s: its disk was made on another image than '%s' now is; "
                     "`kubeseed destroy SPEC %s` deletes the disk, then `up` "
                     "makes a new one",
                     node->name, now->path, node->name);
  if (strcmp(old.path, now->path) == 0)
    return 0;
  if (rebase(disk, node, now, err) < 0)
    return -1;
  return base_write(file, now, err);
}

int disk_ensure(const struct state *s, const struct plan_node *node,
                const char *image, const char *image_id, struct error *err) {
  _cleanup_(base_done) struct base base = {0};
  _cleanup_free_ char *disks = state_path(s, "disks");
  _cleanup_free_ char *disk = state_path(s, "disks/%s.qcow2", node->name);
  _cleanup_free_ char *file = state_path(s, "disks/%s.base", node->name);
  if (image_base(image, image_id, &base, err) < 0)
    return -1;
  if (file_exists(disk))
    return check(disk, file, node, &base, err);
  if (file_mkdirs(disks, 0700, err) < 0)
    return -1;
  /* The note first: a disk without it would be refused for ever. */
  if (base_write(file, &base, err) < 0)
    return -1;
  return create(disk, node, &base, err);
}
