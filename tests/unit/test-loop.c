/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which loop device a file gets, and who is waited for. The devices are defined
 * here: loop3 has a file, loop7 has none, loop5 is the free one. That the
 * kernel does the rest shows in tests/rack.
 */
#include "base/file.h"
#include "base/mem.h"
#include "machine/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

/* ---- The kernel ---- */

static struct {
  struct stat file;
  int held;    /* so often it is asked for before loop3 has let the file go */
  int busy;    /* so often the free device is taken away */
  int refused; /* errno of what follows, or 0 */
  bool no_free;

  int asked, tried;
  struct loop_config config;
  int entry;
} kernel;

DIR *opendir(const char *name) {
  assert_string_equal(name, "/sys/block");
  kernel.entry = 0;
  return (DIR *)&kernel;
}

struct dirent *readdir(DIR *dir) {
  static const char *const names[] = {".", "sda", "loop7", "loop3"};
  static struct dirent e;
  (void)dir;
  if (kernel.entry == ARRAY_SIZE(names))
    return NULL;
  (void)snprintf(e.d_name, sizeof(e.d_name), "%s", names[kernel.entry++]);
  return &e;
}

int closedir(DIR *dir) {
  (void)dir;
  return 0;
}

int access(const char *path, int mode) {
  assert_int_equal(mode, F_OK);
  return strcmp(path, "/sys/block/loop3/loop") == 0 ? 0 : -1;
}

int open(const char *path, int flags, ...) {
  if (strncmp(path, "/dev/", strlen("/dev/")) != 0)
    return openat(AT_FDCWD, path, flags);
  assert_true(strcmp(path, "/dev/loop3") == 0 ||
              strcmp(path, "/dev/loop5") == 0 ||
              strcmp(path, "/dev/loop-control") == 0);
  return openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
}

static int get_status(struct loop_info64 *info) {
  kernel.asked++;
  info->lo_device = kernel.file.st_dev;
  info->lo_inode = kernel.file.st_ino + (kernel.held == 0);
  kernel.held -= kernel.held > 0;
  return 0;
}

static int configure(const struct loop_config *config) {
  assert_int_equal(kernel.held, 0);
  kernel.tried++;
  kernel.config = *config;
  errno = kernel.busy > 0 ? EBUSY : kernel.refused;
  return kernel.busy-- > 0 || kernel.refused ? -1 : 0;
}

int ioctl(int fd, unsigned long request, ...) {
  va_list ap;
  va_start(ap, request);
  void *arg = request == LOOP_CTL_GET_FREE ? NULL : va_arg(ap, void *);
  va_end(ap);
  assert_true(fd >= 0);
  if (request == LOOP_GET_STATUS64)
    return get_status(arg);
  if (request == LOOP_CONFIGURE)
    return configure(arg);
  assert_int_equal(request, LOOP_CTL_GET_FREE);
  errno = ENOSPC;
  return kernel.no_free ? -1 : 5;
}

/* ---- Tests ---- */

struct fixture {
  char *dir, *file, *device;
  int fd;
  struct error err;
};

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = new_folder();
  f->file = xasprintf("%s/m1.raw", f->dir);
  f->fd = -1;
  check_ok(file_write(f->file, "disk", 4, 0600, &f->err), &f->err);
  memset(&kernel, 0, sizeof(kernel));
  assert_int_equal(stat(f->file, &kernel.file), 0);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  cleanup_close(&f->fd);
  assert_int_equal(unlink(f->file), 0);
  assert_int_equal(rmdir(f->dir), 0);
  error_done(&f->err);
  free(f->dir);
  free(f->file);
  free(f->device);
  free(f);
  return 0;
}

static int attach(struct fixture *f) {
  return loop_attach(f->file, 1024, 4096, &f->device, &f->fd, &f->err);
}

/* It lets go of the file by itself, whoever is killed. */
static void test_attach(void **state) {
  struct fixture *f = *state;
  check_ok(attach(f), &f->err);
  assert_string_equal(f->device, "/dev/loop5");
  assert_true(fcntl(f->fd, F_GETFD) >= 0);
  assert_int_equal(kernel.config.info.lo_offset, 1024);
  assert_int_equal(kernel.config.info.lo_sizelimit, 4096);
  assert_int_equal(kernel.config.info.lo_flags, LO_FLAGS_AUTOCLEAR);
  assert_int_equal(kernel.asked, 1);
  assert_int_equal(kernel.tried, 1);
}

/* Two file systems on one file would destroy it. */
static void test_held(void **state) {
  struct fixture *f = *state;
  kernel.held = 3;
  check_ok(attach(f), &f->err);
  assert_int_equal(kernel.asked, 4);
}

/* Other programs take free devices as well. */
static void test_taken(void **state) {
  struct fixture *f = *state;
  kernel.busy = 3;
  check_ok(attach(f), &f->err);
  assert_int_equal(kernel.tried, 4);
}

static void test_always_taken(void **state) {
  struct fixture *f = *state;
  kernel.busy = 1000;
  check_error(attach(f), &f->err, "m1.raw: every loop device is taken away");
}

static void test_refused(void **state) {
  struct fixture *f = *state;
  kernel.refused = EPERM;
  check_error(attach(f), &f->err, "m1.raw: cannot attach '/dev/loop5'");
  assert_int_equal(kernel.tried, 1);
  kernel.no_free = true;
  check_error(attach(f), &f->err, "m1.raw: there is no free loop device");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_attach),       TEST(test_held),    TEST(test_taken),
      TEST(test_always_taken), TEST(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
