/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/extra-disks.h"

#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

char *extra_disk_path(const char *node, const struct spec_disk *d) {
  return xasprintf("disks/%s/%s.raw", node, d->name);
}

/* Made under a temporary name: one that is there has its size. */
static int make(const char *file, uint64_t size, struct error *err) {
  _cleanup_free_ char *tmp = xasprintf("%s.new", file);
  _cleanup_close_ int fd =
      open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
    return error_set(err, errno, "cannot make the disk '%s'", tmp);
  return file_commit(tmp, file, err);
}

int extra_disks_ensure(const struct state *s, const struct plan_node *node,
                       struct error *err) {
  const struct plan_disk_vec *disks = &node->extras.disks;
  _cleanup_free_ char *folder = state_path(s, "disks/%s", node->name);
  if (disks->n > 0 && file_mkdirs(folder, 0700, err) < 0)
    return -1;
  for (size_t i = 0; i < disks->n; i++) {
    _cleanup_free_ char *below = extra_disk_path(node->name, disks->v[i]);
    _cleanup_free_ char *file = state_path(s, "%s", below);
    if (!file_exists(file) && make(file, disks->v[i]->size, err) < 0)
      return error_prefix(err, "%s", node->name);
  }
  return 0;
}
