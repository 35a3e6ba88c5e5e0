/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which media are written, and what is in the way of that. */
#include "base/file.h"
#include "base/mem.h"
#include "medium/medium.h"
#include "seed/put.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

/* ECMA-119, in the primary volume descriptor: 8.4.20 and 8.4.26. */
#define APPLICATION (16 * ISO_SECTOR + 574)
#define CREATED (16 * ISO_SECTOR + 813)

struct fixture {
  char *dir;
  char *path, *temporary;
  struct buf image; /* a seed's */
};

static void make_image(const char *text, struct buf *ret) {
  _cleanup_error_ struct error err = {0};
  const struct medium_file file = {
      .name = "user-data", .mode = 0400, .data = text, .len = strlen(text)};
  const struct medium m = {
      .label = "cidata", .files = &file, .n_files = 1, .stamp = 1795219200};
  check_ok(medium_make(NULL, &m, "/nonexistent/a.iso", ret, &err), &err);
}

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = new_folder();
  f->path = xasprintf("%s/m1.iso", f->dir);
  f->temporary = xasprintf("%s" FILE_TEMPORARY "000000", f->path);
  make_image("one", &f->image);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = *state;
  check_ok(file_remove_tree(f->dir, &err), &err);
  free(f->dir);
  buf_done(&f->image);
  free(f->path);
  free(f->temporary);
  free(f);
  return 0;
}

/* What becomes of the image when old is there, and whether it is written. */
static enum put_fate fate(struct fixture *f, const struct buf *old, mode_t mode,
                          bool by_files) {
  _cleanup_error_ struct error err = {0};
  enum put_fate ret;
  check_ok(file_write(f->path, old->data, old->len, mode, &err), &err);
  check_ok(put_begin(f->path, &f->image, by_files, &ret, &err), &err);
  assert_int_equal(file_exists(f->temporary), ret != PUT_UNCHANGED);
  put_cancel(f->path);
  return ret;
}

static void test_fates(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf same = {0}, dated = {0}, others = {0}, text = {0};
  enum put_fate ret;
  check_ok(put_begin(f->path, &f->image, true, &ret, &err), &err);
  assert_int_equal(ret, PUT_NEW);
  put_cancel(f->path);
  make_image("one", &same);
  make_image("one", &dated);
  make_image("one", &others);
  make_image("two", &text);
  dated.data[CREATED]++;
  others.data[APPLICATION]++;
  assert_int_equal(fate(f, &same, 0600, false), PUT_UNCHANGED);
  assert_int_equal(fate(f, &same, 0644, false), PUT_CHANGED);
  assert_int_equal(fate(f, &dated, 0600, false), PUT_CHANGED);
  assert_int_equal(fate(f, &dated, 0600, true), PUT_UNCHANGED);
  assert_int_equal(fate(f, &others, 0600, true), PUT_CHANGED);
  assert_int_equal(fate(f, &text, 0600, true), PUT_CHANGED);
}

/* A link under the temporary's name leads keys to where it says. */
static void test_in_the_way(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  enum put_fate ret;
  _cleanup_free_ char *victim = xasprintf("%s/victim", f->dir);
  assert_int_equal(symlink("victim", f->temporary), 0);
  check_error(put_begin(f->path, &f->image, false, &ret, &err), &err,
              "cannot create");
  assert_false(file_exists(victim));
  assert_int_equal(unlink(f->temporary), 0);
  check_ok(file_write(f->temporary, "x", 1, 0666, &err), &err);
  check_error(put_begin(f->path, &f->image, false, &ret, &err), &err,
              "cannot create");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_fates, setup, teardown),
      cmocka_unit_test_setup_teardown(test_in_the_way, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
