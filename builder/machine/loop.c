/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/loop.h"

#include "base/log.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* Another program may take the free device that we were told of. */
#define TRIES 64
#define POLL_MS 20

/* ---- Who has the file? ---- */

/* Whether /dev/NAME is attached to the file. */
static bool has_file(const char *name, const struct stat *file) {
  struct loop_info64 info = {0};
  _cleanup_free_ char *attached = xasprintf("/sys/block/%s/loop", name);
  _cleanup_free_ char *device = xasprintf("/dev/%s", name);
  if (access(attached, F_OK) < 0)
    return false;
  _cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0 &&
         info.lo_device == file->st_dev && info.lo_inode == file->st_ino;
}

static char *find_device(const struct stat *file) {
  char *found = NULL;
  DIR *d = opendir("/sys/block");
  for (struct dirent *e; d && !found && (e = readdir(d));)
    if (has_file(e->d_name, file))
      found = xstrdup(e->d_name);
  if (d)
    (void)closedir(d);
  return found;
}

/*
 * A file system is unmounted some time after the last process in its namespace
 * was waited for, and writes until then. Two on one file would destroy it.
 */
static int await_detached(int fd, const char *file, struct error *err) {
  struct stat st;
  double deadline = monotonic_seconds() + LOOP_DETACH_SECONDS;
  if (fstat(fd, &st) < 0)
    return error_set(err, errno, "cannot use '%s'", file);
  for (;;) {
    _cleanup_free_ char *device = find_device(&st);
    if (!device)
      return 0;
    if (monotonic_seconds() >= deadline)
      return error_set(err, EBUSY, "'%s' is in use, as /dev/%s", file, device);
    (void)poll(NULL, 0, POLL_MS);
  }
}

/* ---- Attaching ---- */

static int configure(int control, int file, const struct loop_config *config,
                     char **ret_device, int *ret_fd, struct error *err) {
  struct loop_config c = *config;
  int n = ioctl(control, LOOP_CTL_GET_FREE);
  if (n < 0)
    return error_set(err, errno, "there is no free loop device");
  _cleanup_free_ char *device = xasprintf("/dev/loop%d", n);
  _cleanup_close_ int fd = open(device, O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", device);
  c.fd = (uint32_t)file;
  if (ioctl(fd, LOOP_CONFIGURE, &c) < 0)
    return error_set(err, errno, "cannot attach '%s'", device);
  *ret_device = TAKE_PTR(device);
  *ret_fd = take_fd(&fd);
  return 0;
}

int loop_attach(const char *file, uint64_t offset, uint64_t size,
                char **ret_device, int *ret_fd, struct error *err) {
  const struct loop_config config = {.info = {.lo_offset = offset,
                                              .lo_sizelimit = size,
                                              .lo_flags = LO_FLAGS_AUTOCLEAR}};
  _cleanup_close_ int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", file);
  _cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0)
    return error_set(err, errno, "cannot open '/dev/loop-control'");
  if (await_detached(fd, file, err) < 0)
    return -1;
  for (int i = 0; i < TRIES; i++) {
    _cleanup_error_ struct error e = {0};
    if (configure(control, fd, &config, ret_device, ret_fd, &e) == 0)
      return 0;
    if (e.errnum == EBUSY)
      continue;
    error_move(err, &e);
    return error_prefix(err, "%s", file);
  }
  return error_set(err, EBUSY, "%s: every loop device is taken away", file);
}
