/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "medium/medium.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

#define STAMP 1700000000 /* 2023-11-14 22:13:20 UTC */
#define LONG_NAME                                                              \
  "a-name-of-sixty-four-characters-which-is-all-that-joliet-allows1"

/* Files in an order that is not the medium's. */
static const struct medium_file files[] = {
    {.name = "user-data", .mode = 0400, .data = "#cloud-config\n", .len = 14},
    {.name = "meta-data", .mode = 0400, .data = "instance-id: a\n", .len = 15},
    {.name = "network-config", .mode = 0444, .data = "version: 2\n", .len = 11},
    {.name = "vendor-data", .mode = 0400, .data = "", .len = 0},
    {.name = LONG_NAME, .mode = 0400, .data = "x", .len = 1},
};

static struct medium sample(void) {
  return (struct medium){.label = "cidata",
                         .files = files,
                         .n_files = ARRAY_SIZE(files),
                         .stamp = STAMP};
}

static int make_dir(void **state) {
  *state = new_folder();
  return 0;
}

static int remove_dir(void **state) {
  _cleanup_free_ char *dir = *state;
  _cleanup_error_ struct error err = {0};
  return file_remove_tree(dir, &err);
}

static void assert_done(int result, const struct error *err) {
  error_print(err, "test", stderr);
  assert_int_equal(result, 0);
}

/* What a program prints. */
static char *output_of(const char *const *words) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  for (; *words; words++)
    strv_push(&argv, *words);
  struct buf out = {0};
  struct process p = {.argv = &argv, .output = &out, .timeout = 60};
  assert_done(process_run(&p, &err), &err);
  return buf_take(&out);
}

/* By the default writer. */
static int make_iso(const struct medium *m, struct buf *out,
                    struct error *err) {
  return medium_make(NULL, m, "/nonexistent/a.iso", out, err);
}

static void test_same_bytes(void **state) {
  (void)state;
  struct medium m = sample();
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf a = {0};
  _cleanup_buf_ struct buf b = {0};
  assert_int_equal(setenv("TZ", "Pacific/Auckland", 1), 0);
  assert_done(make_iso(&m, &a, &err), &err);
  assert_int_equal(unsetenv("TZ"), 0);
  sleep(1);
  assert_done(make_iso(&m, &b, &err), &err);
  assert_int_equal(a.len, b.len);
  assert_memory_equal(a.data, b.data, a.len);
  assert_int_equal(a.len % ISO_SECTOR, 0);
  assert_true(a.len <= 40 * ISO_SECTOR); /* nothing is padded */
}

/* Every name, mode and content, and the label, of an image that was read. */
static void assert_sample(const struct iso_volume *v) {
  assert_string_equal(v->label, "cidata");
  assert_int_equal(v->files.n, ARRAY_SIZE(files));
  for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
    const struct iso_file *f = iso_find(v, files[i].name);
    assert_non_null(f);
    assert_int_equal(f->mode, files[i].mode);
    assert_int_equal(f->uid, 0);
    assert_int_equal(f->gid, 0);
    assert_int_equal(f->mtime, STAMP);
    assert_int_equal(f->len, files[i].len);
    assert_memory_equal(f->data, files[i].data, f->len);
  }
  for (size_t i = 1; i < v->files.n; i++)
    assert_true(strcmp(v->files.v[i - 1].name, v->files.v[i].name) < 0);
}

/* The listing without sector numbers and link counts, which may differ. */
static char *listing(const char *how, const char *path) {
  const char *const argv[] = {"isoinfo", how, "-l", "-i", path, NULL};
  _cleanup_free_ char *text = output_of(argv);
  struct buf out = {0};
  for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = '\0';
    char *open = strchr(line, '[');
    char *close = open ? strchr(open, ']') : NULL;
    if (!close || strlen(line) < 14)
      continue;
    *open = '\0';
    buf_addf(&out, "%.10s%s%s\n", line, line + 14, close + 1);
  }
  return buf_take(&out);
}

static void check_file(const struct medium_writer *writer, const char *path) {
  struct medium m = sample();
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf image = {0};
  assert_done(medium_make(writer, &m, path, &image, &err), &err);
  assert_false(file_exists(path));
  assert_done(file_write(path, image.data, image.len, 0600, &err), &err);
  _cleanup_iso_volume_ struct iso_volume v = {0};
  assert_done(medium_read(path, &v, &err), &err);
  assert_sample(&v);
  const char *const argv[] = {"/usr/sbin/blkid", "-p", "-o", "value", "-s",
                              "LABEL",           path, NULL};
  _cleanup_free_ char *label = output_of(argv);
  assert_string_equal(label, "cidata\n");
}

static void test_writers(void **state) {
  const char *dir = *state;
  _cleanup_free_ char *a = xasprintf("%s/a.iso", dir);
  _cleanup_free_ char *b = xasprintf("%s/b.iso", dir);
  check_file(&medium_libisofs, a);
  check_file(&medium_genisoimage, b);
  static const char *const views[] = {"-R", "-J"};
  for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
    _cleanup_free_ char *la = listing(views[i], a);
    _cleanup_free_ char *lb = listing(views[i], b);
    assert_non_null(strstr(la, "network-config"));
    assert_non_null(strstr(la, LONG_NAME));
    if (strcmp(views[i], "-R") == 0)
      assert_string_equal(la, lb);
  }
  /* Nothing but the two is left. */
  const char *const argv[] = {"ls", "-A", dir, NULL};
  _cleanup_free_ char *left = output_of(argv);
  assert_string_equal(left, "a.iso\nb.iso\n");
}

static void check_refused(const struct medium *m, const char *path) {
  for (size_t i = 0; medium_writers[i]; i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf b = {0};
    assert_int_equal(medium_make(medium_writers[i], m, path, &b, &err), -1);
    assert_non_null(strstr(err.faults[0].msg, path));
    assert_null(b.data);
  }
}

static void test_refused(void **state) {
  const char *dir = *state;
  _cleanup_free_ char *path = xasprintf("%s/no.iso", dir);
  static const char *const names[] = {
      "", ".", "..", "a/b", "-\n", "a b", "ä", LONG_NAME "2", ".hidden"};
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    struct medium_file f = {.name = names[i], .data = "", .mode = 0400};
    struct medium m = {.label = "cidata", .files = &f, .n_files = 1};
    check_refused(&m, path);
  }
  struct medium_file twice[] = {files[0], files[0]};
  const struct medium bad[] = {
      {.label = "cidata", .files = twice, .n_files = 2},
      {.label = "", .files = files, .n_files = 1},
      {.label = "seventeen-letters", .files = files, .n_files = 1},
      {.label = "a b", .files = files, .n_files = 1},
      {.label = "cidata", .files = files, .n_files = 1, .stamp = -1},
      {.label = "cidata", .files = files, .n_files = 1, .stamp = 5900000000},
  };
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
    check_refused(&bad[i], path);
  assert_false(file_exists(path));
}

/* Only what needs a folder minds that there is none. */
static void test_no_folder(void **state) {
  (void)state;
  struct medium m = sample();
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf a = {0};
  _cleanup_buf_ struct buf b = {0};
  const char *path = "/nonexistent/a.iso";
  assert_done(medium_make(&medium_libisofs, &m, path, &a, &err), &err);
  assert_int_equal(medium_make(&medium_genisoimage, &m, path, &b, &err), -1);
}

/* Whoever adds a writer tells it where people look for its name. */
static void test_names(void **state) {
  (void)state;
  static const char *const places[] = {"builder/kubeseed.1",
                                       "builder/kubeseed.bash-completion"};
  _cleanup_free_ char *names = medium_writer_names();
  assert_string_equal(names, "'libisofs' or 'genisoimage'");
  assert_null(medium_writer_find("mkisofs"));
  for (size_t i = 0; medium_writers[i]; i++) {
    const char *name = medium_writers[i]->name;
    assert_ptr_equal(medium_writer_find(name), medium_writers[i]);
    for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
      _cleanup_error_ struct error err = {0};
      _cleanup_buf_ struct buf b = {0};
      assert_done(file_read(places[k], 1 << 20, &b, &err), &err);
      if (!strstr(b.data, name))
        fail_msg("%s does not know '%s'", places[k], name);
    }
  }
}

/* A file of several megabytes, and no file at all. */
static void test_sizes(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 2047, 2048, 2049, 5u << 20};
  for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
    _cleanup_free_ char *data = xcalloc(sizes[i], 1);
    for (size_t k = 0; k < sizes[i]; k++)
      data[k] = (char)(k * 31 >> 3);
    struct medium_file f = {
        .name = "f", .mode = 0400, .data = data, .len = sizes[i]};
    struct medium m = {.label = "x", .files = &f, .n_files = 1, .stamp = STAMP};
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf b = {0};
    _cleanup_iso_volume_ struct iso_volume v = {0};
    assert_done(make_iso(&m, &b, &err), &err);
    assert_done(iso_read(b.data, b.len, &v, &err), &err);
    assert_int_equal(v.files.n, 1);
    assert_int_equal(v.files.v[0].len, sizes[i]);
    assert_memory_equal(v.files.v[0].data, data, sizes[i]);
  }
  struct medium m = {.label = "empty"};
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_iso_volume_ struct iso_volume v = {0};
  assert_done(make_iso(&m, &b, &err), &err);
  assert_done(iso_read(b.data, b.len, &v, &err), &err);
  assert_int_equal(v.files.n, 0);
}

/* Some file of the image, cut off or changed, in memory of just its size. */
static void read_damaged(const void *data, size_t len) {
  _cleanup_free_ char *copy = xcalloc(len, 1);
  memcpy(copy, data, len);
  _cleanup_error_ struct error err = {0};
  _cleanup_iso_volume_ struct iso_volume v = {0};
  if (iso_read(copy, len, &v, &err) < 0)
    return;
  for (size_t i = 0; i < v.files.n; i++) {
    const char *start = v.files.v[i].data;
    assert_true(start >= copy && v.files.v[i].len <= len);
    assert_true((size_t)(start - copy) <= len - v.files.v[i].len);
  }
}

static void test_damaged(void **state) {
  (void)state;
  struct medium m = sample();
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  assert_done(make_iso(&m, &b, &err), &err);
  for (size_t len = 0; len < b.len; len += 97)
    read_damaged(b.data, len);
  static const unsigned char values[] = {0, 1, 0x7F, 0x80, 0xFF};
  for (size_t at = 16 * ISO_SECTOR; at < b.len; at += 3) {
    char old = b.data[at];
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
      b.data[at] = (char)values[i];
      if ((at / 3 + i) % 5 == 0)
        read_damaged(b.data, b.len);
    }
    b.data[at] = old;
  }
}

/* Without Rock Ridge names the Joliet ones are taken. */
static void test_joliet_names(void **state) {
  (void)state;
  struct medium m = sample();
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  assert_done(make_iso(&m, &b, &err), &err);
  for (char *p = b.data;
       (p = memmem(p, b.len - (size_t)(p - b.data), "NM", 2));)
    *p = 'X';
  _cleanup_iso_volume_ struct iso_volume v = {0};
  assert_done(iso_read(b.data, b.len, &v, &err), &err);
  assert_string_equal(v.label, "cidata");
  assert_int_equal(v.files.n, ARRAY_SIZE(files));
  for (size_t i = 0; i < ARRAY_SIZE(files); i++)
    assert_non_null(iso_find(&v, files[i].name));
}

static void test_read_faults(void **state) {
  const char *dir = *state;
  _cleanup_free_ char *path = xasprintf("%s/no-iso", dir);
  _cleanup_error_ struct error err = {0};
  assert_done(file_write(path, "text", 4, 0600, &err), &err);
  struct iso_volume v = {0};
  assert_int_equal(medium_read(path, &v, &err), -1);
  _cleanup_free_ char *msg =
      xasprintf("cannot read '%s': it is no ISO 9660 image", path);
  assert_string_equal(err.faults[0].msg, msg);
}

struct worker {
  pthread_mutex_t *lock;
  const struct buf *expected;
  int wrong;
};

static void *work(void *arg) {
  struct worker *w = arg;
  struct medium m = sample();
  m.lock = w->lock;
  for (int i = 0; i < 50; i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf b = {0};
    if (make_iso(&m, &b, &err) < 0 || b.len != w->expected->len ||
        memcmp(b.data, w->expected->data, b.len) != 0)
      w->wrong++;
  }
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  struct medium m = sample();
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  assert_done(make_iso(&m, &b, &err), &err);
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_t threads[4];
  struct worker workers[ARRAY_SIZE(threads)];
  for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
    workers[i] = (struct worker){.lock = &lock, .expected = &b};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(workers[i].wrong, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_bytes),   cmocka_unit_test(test_writers),
      cmocka_unit_test(test_refused),      cmocka_unit_test(test_no_folder),
      cmocka_unit_test(test_sizes),        cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_joliet_names), cmocka_unit_test(test_read_faults),
      cmocka_unit_test(test_threads),      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
