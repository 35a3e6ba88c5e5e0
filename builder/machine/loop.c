/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/loop.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

/* Another program may take the free device that we were told of. */
#define TRIES 64

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
