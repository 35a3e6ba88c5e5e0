/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/rawdisk.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/bootloader.h"
#include "image/catalog.h"
#include "image/space.h"
#include "image/wait.h"
#include "machine/loop.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int run(const char *package, const struct strv *argv,
               struct error *err) {
  const struct process p = {.argv = argv, .package = package};
  return process_run(&p, err);
}

static int to_raw(const char *image, const char *raw, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "qemu-img", "convert", "-q", "-f", "qcow2", "-O", "raw",
                NULL);
  strv_push_file(&argv, image);
  strv_push_file(&argv, raw);
  return run("qemu-utils", &argv, err);
}

static int copy(const char *from, const char *to, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "cp", "--reflink=auto", "--sparse=always", NULL);
  strv_push_file(&argv, from);
  strv_push_file(&argv, to);
  return run("coreutils", &argv, err);
}

/* What is in the way of a file is often that there is no room for it. */
static void explain(const char *path, struct error *err) {
  _cleanup_free_ char *folder = file_parent(path);
  space_explain(folder, err);
}

/*
 * One makes it for all; what a killed one has left is written over. The lock is
 * the unfinished file itself, so it goes with it.
 */
static int make_base(const char *image, const char *raw, struct error *err) {
  const struct log silent = {.out = stderr, .quiet = true};
  _cleanup_close_ int lock = -1;
  _cleanup_free_ char *tmp = xasprintf("%s"
                                       ".new",
                                       raw);
  if (wait_lock(&silent, tmp, "the image's raw form", &lock, err) < 0)
    return -1;
  if (!file_exists(raw) && to_raw(image, tmp, err) == 0 &&
      file_commit(tmp, raw, err) == 0)
    return 0;
  explain(raw, err);
  (void)unlink(tmp);
  return file_exists(raw) ? 0 : -1;
}

/* The raw form of an image of the store; NULL: it is another's. An image's name
 * says its content, so what is there is right. */
static int ensure_base(const char *image, char **ret, struct error *err) {
  char hex[SHA256_HEX];
  size_t stem = strlen(image) - strlen(".qcow2");
  *ret = NULL;
  if (!image_content(image, hex))
    return 0;
  _cleanup_free_ char *raw = xasprintf("%.*s.raw", (int)stem, image);
  if (!file_exists(raw) && make_base(image, raw, err) < 0)
    return -1;
  *ret = TAKE_PTR(raw);
  return 0;
}

/* The file system of the root partition, which is the disk's last. */
static int grow(const char *disk, uint64_t size, struct error *err) {
  _cleanup_free_ char *device = NULL;
  _cleanup_close_ int fd = -1;
  _cleanup_strv_ struct strv argv = {0};
  if (truncate(disk, (off_t)size) < 0)
    return error_set(err, errno, "cannot enlarge '%s'", disk);
  if (loop_attach(disk, BOOT_ROOT_AT, BOOT_ROOT_END(size) - BOOT_ROOT_AT,
                  &device, &fd, err) < 0)
    return -1;
  strv_push_all(&argv, "resize2fs", "-f", device, NULL);
  return run("e2fsprogs", &argv, err);
}

static int make(const char *image, const char *base, const char *disk,
                uint64_t size, struct error *err) {
  struct stat st;
  if ((base ? copy(base, disk, err) : to_raw(image, disk, err)) < 0)
    return -1;
  /* Programs ask the umask; a node's disk holds its keys. */
  if (chmod(disk, 0600) < 0 || stat(disk, &st) < 0)
    return error_set(err, errno, "cannot make '%s' private", disk);
  return size > (uint64_t)st.st_size ? grow(disk, size, err) : 0;
}

int rawdisk_ensure(const struct state *s, const struct plan_node *node,
                   const char *image, struct error *err) {
  _cleanup_free_ char *disks = state_path(s, "disks");
  _cleanup_free_ char *disk = state_path(s, "disks/%s.raw", node->name);
  _cleanup_free_ char *tmp = state_path(s, "disks/%s.raw.new", node->name);
  _cleanup_free_ char *base = NULL;
  if (file_exists(disk))
    return 0;
  if (!image)
    return error_set(err, 0, "%s has no disk, and there is no image for one",
                     node->name);
  if (file_mkdirs(disks, 0700, err) < 0)
    return -1;
  if (ensure_base(image, &base, err) < 0)
    return error_prefix(err, "%s", node->name);
  if (make(image, base, tmp, node->spec->disk, err) < 0) {
    explain(tmp, err);
    (void)unlink(tmp); /* gigabytes, which a full disk is in need of */
    return error_prefix(err, "%s", node->name);
  }
  return rename(tmp, disk) < 0
             ? error_set(err, errno, "cannot rename '%s'", tmp)
             : 0;
}
