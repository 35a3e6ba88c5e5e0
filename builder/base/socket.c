/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/socket.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Opens the folder of path, so that /proc/self/fd can name it shortly. */
static int open_parent(const char *path) {
  const char *slash = strrchr(path, '/');
  _cleanup_free_ char *dir =
      slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
  return open(*dir ? dir : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int socket_connect(const char *path, int *ret_fd, struct error *err) {
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  _cleanup_close_ int dir = open_parent(path);
  if (dir < 0)
    return error_set(err, errno, "cannot connect to '%s'", path);
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  _cleanup_free_ char *name = xasprintf("/proc/self/fd/%d/%s", dir, base);
  if (strlen(name) >= sizeof(addr.sun_path))
    return error_set(err, ENAMETOOLONG, "cannot connect to '%s'", path);
  memcpy(addr.sun_path, name, strlen(name));
  _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
    return error_set(err, errno, "cannot connect to '%s'", path);
  *ret_fd = take_fd(&fd);
  return 0;
}

int socket_listen(const char *path, int *ret_fd, struct error *err) {
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof(addr.sun_path))
    return error_set(err, ENAMETOOLONG, "cannot listen at '%s'", path);
  memcpy(addr.sun_path, path, strlen(path));
  (void)unlink(path);
  _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
      listen(fd, 1) < 0)
    return error_set(err, errno, "cannot listen at '%s'", path);
  *ret_fd = take_fd(&fd);
  return 0;
}
