/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overlays are made, kept, and refused on another image. */
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "machine/disk.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "check.h"

struct fixture {
  char *top;
  struct state state;
  struct spec_node spec;
  struct plan_node node;
  struct error err;
};

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  char top[] = "/tmp/kubeseed-test-XXXXXX";
  assert_non_null(mkdtemp(top));
  f->top = xstrdup(top);
  f->state.lock_fd = -1;
  f->state.dir = xasprintf("%s/a folder, with a comma/demo.cluster", top);
  check_ok(file_mkdirs(f->state.dir, 0700, &f->err), &f->err);
  f->spec = (struct spec_node){.disk = (uint64_t)64 << 20};
  f->node = (struct plan_node){.name = "m1", .spec = &f->spec};
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  check_ok(file_remove_tree(f->top, &f->err), &f->err);
  state_done(&f->state);
  error_done(&f->err);
  free(f->top);
  free(f);
  return 0;
}

static char *make_image(struct fixture *f, const char *name) {
  char *path = xasprintf("%s/%s", f->top, name);
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "qemu-img", "create", "-q", "-f", "qcow2", path, "8M",
                NULL);
  struct process p = {.argv = &argv};
  check_ok(process_run(&p, &f->err), &f->err);
  return path;
}

static void test_disk(void **state) {
  struct fixture *f = *state;
  const struct plan_node *n = &f->node;
  _cleanup_free_ char *image = make_image(f, "one, two.qcow2");
  _cleanup_free_ char *moved = xasprintf("%s/moved.qcow2", f->top);
  _cleanup_free_ char *disk = state_path(&f->state, "disks/m1.qcow2");
  check_error(disk_ensure(&f->state, n, moved, NULL, &f->err), &f->err,
              "cannot use the image");
  check_ok(disk_ensure(&f->state, n, image, NULL, &f->err), &f->err);
  check_ok(disk_ensure(&f->state, n, image, NULL, &f->err), &f->err);
  assert_true(file_exists(disk));
  /* moved: the same image; touched: another one */
  assert_int_equal(rename(image, moved), 0);
  check_ok(disk_ensure(&f->state, n, moved, NULL, &f->err), &f->err);
  struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
  assert_int_equal(utimensat(AT_FDCWD, moved, times, 0), 0);
  check_error(disk_ensure(&f->state, n, moved, NULL, &f->err), &f->err,
              "kubeseed destroy");
  assert_int_equal(unlink(disk), 0);
  check_ok(disk_ensure(&f->state, n, moved, "id", &f->err), &f->err);
  check_error(disk_ensure(&f->state, n, moved, "other", &f->err), &f->err,
              "kubeseed destroy");
}

int main(void) {
#define DISK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      DISK_TEST(test_disk),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
