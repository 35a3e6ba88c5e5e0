/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overlays are made, kept, and refused on another image. */
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/users.h"
#include "machine/disk.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

struct fixture {
  char *top;
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
  f->state.target = xstrdup("-C D lab.yaml");
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

static void touch(const char *path, time_t at) {
  struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void write_file(struct fixture *f, const char *path, const char *text) {
  check_ok(file_write(path, text, strlen(text), 0600, &f->err), &f->err);
}

/* Whether the overlay's head names the image. */
static bool lies_on(struct fixture *f, const char *disk, const char *image) {
  _cleanup_buf_ struct buf b = {0};
  check_ok(file_read(disk, (size_t)1 << 20, &b, &f->err), &f->err);
  return memmem(b.data, b.len, image, strlen(image));
}

/* Another kubeseed removes it when this one has looked at it. */
static const char *removed_beside;

int rename(const char *from, const char *to) {
  if (removed_beside && strstr(to, "/m1.base"))
    assert_int_equal(unlink(removed_beside), 0);
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* A file that is not of the store. */
static void test_disk(void **state) {
  struct fixture *f = *state;
  const struct plan_node *n = &f->node;
  _cleanup_free_ char *image = make_image(f, "one, two.qcow2");
  _cleanup_free_ char *moved = xasprintf("%s/moved.qcow2", f->top);
  _cleanup_free_ char *disk = state_path(&f->state, "disks/m1.qcow2");
  check_error(disk_ensure(&f->state, n, moved, &f->err), &f->err,
              "cannot use the image");
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err,
              "there is no image");
  check_ok(disk_ensure(&f->state, n, image, &f->err), &f->err);
  check_ok(disk_ensure(&f->state, n, image, &f->err), &f->err);
  check_ok(disk_ensure(&f->state, n, NULL, &f->err), &f->err);
  struct stat st;
  assert_int_equal(stat(disk, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  /* moved: the same image; touched: another one */
  assert_int_equal(rename(image, moved), 0);
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err,
              "two.qcow2', which is gone; put the image back");
  check_ok(disk_ensure(&f->state, n, moved, &f->err), &f->err);
  check_ok(disk_ensure(&f->state, n, NULL, &f->err), &f->err);
  assert_true(lies_on(f, disk, moved));
  _cleanup_free_ char *other = make_image(f, "other.qcow2");
  touch(other, 3);
  check_error(disk_ensure(&f->state, n, other, &f->err), &f->err,
              "was made on another image");
  assert_true(lies_on(f, disk, moved));
  touch(moved, 1);
  check_error(disk_ensure(&f->state, n, moved, &f->err), &f->err,
              "`kubeseed destroy -C D lab.yaml m1`");
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err,
              "has changed since");
}

/* An image of the store: with a manifest beside it. */
static char *make_stored(struct fixture *f, const char *name) {
  _cleanup_free_ char *file = xasprintf("%s.qcow2", name);
  char *path = make_image(f, file), hex[SHA256_HEX];
  _cleanup_free_ char *manifest = xasprintf("%s/%s.json", f->top, name);
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  check_ok(sha256_file(path, hex, &f->err), &f->err);
  _cleanup_free_ char *text = xasprintf("{\"size\": %lld, \"sha256\": \"%s\"}",
                                        (long long)st.st_size, hex);
  write_file(f, manifest, text);
  return path;
}

static void damage(const char *path) {
  FILE *file = fopen(path, "r+");
  assert_non_null(file);
  assert_int_equal(fseek(file, 200000, SEEK_SET), 0);
  assert_int_equal(fputs("damage", file) < 0, 0);
  assert_int_equal(fclose(file), 0);
}

/* What counts is what is in it, asked when size or time are others. */
static void test_content(void **state) {
  struct fixture *f = *state;
  const struct plan_node *n = &f->node;
  _cleanup_free_ char *image = make_stored(f, "stored");
  _cleanup_free_ char *copy = xasprintf("%s/copy.qcow2", f->top);
  check_ok(disk_ensure(&f->state, n, image, &f->err), &f->err);
  touch(image, 1);
  check_ok(disk_ensure(&f->state, n, NULL, &f->err), &f->err);
  check_ok(disk_ensure(&f->state, n, image, &f->err), &f->err);
  /* a copy, with no manifest beside it */
  assert_int_equal(rename(image, copy), 0);
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err, "is gone");
  check_ok(disk_ensure(&f->state, n, copy, &f->err), &f->err);
  check_ok(disk_ensure(&f->state, n, NULL, &f->err), &f->err);
  damage(copy);
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err,
              "copy.qcow2', which has changed since");
  check_error(disk_ensure(&f->state, n, copy, &f->err), &f->err,
              "has changed since");
}

/* Baked again in the same place, as the first version did it. */
static void test_replaced(void **state) {
  struct fixture *f = *state;
  const struct plan_node *n = &f->node;
  _cleanup_free_ char *image = make_stored(f, "stored");
  check_ok(disk_ensure(&f->state, n, image, &f->err), &f->err);
  damage(image);
  touch(image, 1);
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err,
              "has changed since");
}

/* Notes of the first version: the image's key, or its size and time. */
static void test_old_note(void **state) {
  struct fixture *f = *state;
  const struct plan_node *n = &f->node;
  _cleanup_free_ char *image = make_stored(f, "0123456789abcdef");
  _cleanup_free_ char *note = state_path(&f->state, "disks/m1.base");
  _cleanup_free_ char *old = xasprintf("0123456789abcdef\n%s\n", image);
  check_ok(disk_ensure(&f->state, n, image, &f->err), &f->err);
  write_file(f, note, old);
  touch(image, 1);
  check_ok(disk_ensure(&f->state, n, NULL, &f->err), &f->err);
  check_ok(disk_ensure(&f->state, n, NULL, &f->err), &f->err);
  /* from now on its size and time are known */
  touch(image, 2);
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err,
              "has changed since");
  /* younger than the note: it was baked again under the disk */
  write_file(f, note, old);
  touch(note, 1);
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err,
              "has changed since");
  write_file(f, note, "id\n");
  check_error(disk_ensure(&f->state, n, NULL, &f->err), &f->err, "is gone");
}

/* The image knows each disk on it before that is there. */
static void test_noted(void **state) {
  struct fixture *f = *state;
  const struct plan_node *n = &f->node;
  _cleanup_(image_users_done) struct image_user_vec users = {0};
  _cleanup_free_ char *image = make_stored(f, "stored");
  _cleanup_free_ char *list = xasprintf("%s/stored.users", f->top);
  _cleanup_free_ char *disk = state_path(&f->state, "disks/m1.qcow2");
  struct spec_node huge = {.disk = UINT64_MAX};
  struct plan_node fails = {.name = "m1", .spec = &huge};
  assert_int_equal(disk_ensure(&f->state, &fails, image, &f->err), -1);
  error_done(&f->err);
  assert_true(file_exists(list));
  check_ok(disk_ensure(&f->state, n, image, &f->err), &f->err);
  check_ok(image_users_read(image, &users, &f->err), &f->err);
  assert_int_equal(users.n, 1);
  assert_string_equal(users.v[0].overlay, disk);
  assert_int_equal(users.v[0].state, IMAGE_USED);
  /* A state that was copied or is of the first version notes itself. */
  assert_int_equal(unlink(list), 0);
  check_ok(disk_ensure(&f->state, n, NULL, &f->err), &f->err);
  assert_true(file_exists(list));
  check_ok(disk_delete(&f->state, n->name, &f->err), &f->err);
  assert_false(file_exists(disk));
  image_users_done(&users);
  check_ok(image_users_read(image, &users, &f->err), &f->err);
  assert_int_equal(users.n, 0);
  check_ok(disk_delete(&f->state, n->name, &f->err), &f->err);
}

/* An image that is refused has no disk on it, and is free to go. */
static void test_refused(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *image = make_stored(f, "stored");
  _cleanup_free_ char *other = make_stored(f, "other");
  _cleanup_free_ char *manifest = xasprintf("%s/other.json", f->top);
  _cleanup_free_ char *users = xasprintf("%s/other.users", f->top);
  char hex[] =
      "0000000000000000000000000000000000000000000000000000000000000000";
  struct stat st;
  assert_int_equal(stat(other, &st), 0);
  _cleanup_free_ char *text = xasprintf("{\"size\": %lld, \"sha256\": \"%s\"}",
                                        (long long)st.st_size, hex);
  write_file(f, manifest, text);
  check_ok(disk_ensure(&f->state, &f->node, image, &f->err), &f->err);
  check_error(disk_ensure(&f->state, &f->node, other, &f->err), &f->err,
              "`kubeseed destroy -C D lab.yaml m1` deletes the disk");
  assert_false(file_exists(users));
}

/* Before it was noted that a disk is to lie on it. */
static void test_removed_meanwhile(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *image = make_stored(f, "0123456789abcdef-1");
  _cleanup_free_ char *disk = state_path(&f->state, "disks/m1.qcow2");
  removed_beside = image;
  check_error(disk_ensure(&f->state, &f->node, image, &f->err), &f->err,
              "was removed meanwhile; try again");
  removed_beside = NULL;
  assert_false(file_exists(disk));
}

int main(void) {
#define DISK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      DISK_TEST(test_removed_meanwhile), DISK_TEST(test_disk),
      DISK_TEST(test_content),           DISK_TEST(test_replaced),
      DISK_TEST(test_old_note),          DISK_TEST(test_noted),
      DISK_TEST(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
