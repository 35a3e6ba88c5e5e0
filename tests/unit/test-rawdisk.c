/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A container's disk is a copy of its image, made once. */
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "machine/rawdisk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

#define MIB ((uint64_t)1 << 20)

static bool disk_is_full;

/* In the place of glibc's. */
int statvfs(const char *path, struct statvfs *ret) {
  struct statfs st;
  if (statfs(path, &st) < 0)
    return -1;
  *ret = (struct statvfs){.f_bavail = disk_is_full ? 0 : st.f_bavail,
                          .f_frsize = (unsigned long)st.f_frsize};
  return 0;
}

struct fixture {
  char *top, *disk;
  struct state state;
  struct spec_node spec;
  struct plan_node node;
  struct error err;
};

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  char *top = new_folder();
  f->top = top;
  f->state.lock_fd = -1;
  f->state.dir = xasprintf("%s/a folder, with a comma/demo.cluster", top);
  f->disk = xasprintf("%s/disks/m1.raw", f->state.dir);
  check_ok(file_mkdirs(f->state.dir, 0700, &f->err), &f->err);
  f->spec = (struct spec_node){.disk = 8 * MIB};
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
  free(f->disk);
  free(f);
  return 0;
}

/* An image of 8 MiB with one word in it. */
static char *make_image(struct fixture *f, const char *name, const char *word) {
  char *path = xasprintf("%s/%s", f->top, name);
  _cleanup_free_ char *raw = xasprintf("%s/raw", f->top);
  _cleanup_strv_ struct strv argv = {0};
  check_ok(file_write(raw, word, strlen(word), 0600, &f->err), &f->err);
  assert_int_equal(truncate(raw, (off_t)(8 * MIB)), 0);
  strv_push_all(&argv, "qemu-img", "convert", "-O", "qcow2", raw, path, NULL);
  const struct process p = {.argv = &argv};
  check_ok(process_run(&p, &f->err), &f->err);
  assert_int_equal(unlink(raw), 0);
  return path;
}

static void ensure(struct fixture *f, const char *image) {
  check_ok(rawdisk_ensure(&f->state, &f->node, image, &f->err), &f->err);
}

static void expect(struct fixture *f, const char *path, const char *word) {
  _cleanup_buf_ struct buf b = {0};
  check_ok(file_read(path, 16 * MIB, &b, &f->err), &f->err);
  assert_int_equal(b.len, 8 * MIB);
  assert_memory_equal(b.data, word, strlen(word));
}

/* With its holes, for us alone; and never made anew. */
static void test_copy(void **state) {
  struct fixture *f = *state;
  struct stat st;
  _cleanup_free_ char *image = make_image(f, "an image.qcow2", "first");
  _cleanup_free_ char *other = make_image(f, "other.qcow2", "second");
  ensure(f, image);
  expect(f, f->disk, "first");
  assert_int_equal(stat(f->disk, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_true((uint64_t)st.st_blocks * 512 < MIB);
  ensure(f, other);
  ensure(f, NULL);
  expect(f, f->disk, "first");
}

/* An image of the store has its raw form beside it, which is what is copied. */
static void test_store(void **state) {
  struct fixture *f = *state;
  char hex[SHA256_HEX];
  struct stat st;
  _cleanup_free_ char *made = make_image(f, "made", "first");
  check_ok(sha256_file(made, hex, &f->err), &f->err);
  _cleanup_free_ char *stem =
      xasprintf("%s/0123456789abcdef-%.16s", f->top, hex);
  _cleanup_free_ char *image = xasprintf("%s.qcow2", stem);
  _cleanup_free_ char *note = xasprintf("%s.json", stem);
  _cleanup_free_ char *raw = xasprintf("%s.raw", stem);
  assert_int_equal(rename(made, image), 0);
  assert_int_equal(stat(image, &st), 0);
  _cleanup_free_ char *text = xasprintf("{\"sha256\": \"%s\", \"size\": %lld}",
                                        hex, (long long)st.st_size);
  check_ok(file_write(note, text, strlen(text), 0600, &f->err), &f->err);
  /* Somebody was killed while making it. */
  _cleanup_free_ char *half = xasprintf("%s.raw.new", stem);
  check_ok(file_write(half, "half", 4, 0600, &f->err), &f->err);
  ensure(f, image);
  expect(f, raw, "first");
  expect(f, f->disk, "first");
  assert_false(file_exists(half));
  /* A second machine's is copied from there. */
  assert_int_equal(stat(raw, &st), 0);
  assert_int_equal(unlink(f->disk), 0);
  ensure(f, image);
  expect(f, f->disk, "first");
  struct stat again;
  assert_int_equal(stat(raw, &again), 0);
  assert_int_equal(again.st_ino, st.st_ino);
}

/* Nothing is left that would be taken for a disk. */
static void test_bad(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *none = xasprintf("%s/none.qcow2", f->top);
  check_error(rawdisk_ensure(&f->state, &f->node, NULL, &f->err), &f->err,
              "m1 has no disk, and there is no image for one");
  check_error(rawdisk_ensure(&f->state, &f->node, none, &f->err), &f->err,
              "none.qcow2");
  assert_false(file_exists(f->disk));
  _cleanup_free_ char *disks = state_path(&f->state, "disks");
  assert_int_equal(rmdir(disks), 0);
}

/* As on a full disk, a half copy takes no room afterwards. */
static void test_no_room(void **state) {
  struct fixture *f = *state;
  struct rlimit before;
  _cleanup_free_ char *image = make_image(f, "image.qcow2", "first");
  _cleanup_free_ char *disks = state_path(&f->state, "disks");
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit little = {4 * MIB, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
  disk_is_full = true;
  int r = rawdisk_ensure(&f->state, &f->node, image, &f->err);
  disk_is_full = false;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(f->err.kind, ERROR_MISSING);
  check_error(r, &f->err, "is full: 'qemu-img'");
  assert_int_equal(rmdir(disks), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_copy),
      TEST(test_store),
      TEST(test_bad),
      TEST(test_no_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
