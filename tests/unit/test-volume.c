/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Media that mkfs.fat, mcopy, tar, sfdisk and we have written, and broken ones.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "format/fat.h"
#include "medium/medium.h"
#include "medium/volume.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

#define MIB ((size_t)1 << 20)
#define LONG "the-name-of-a-file-that-is-longer-than-one-part-of-it.conf"

static char *folder;
static char *big; /* of many clusters */
#define BIG 70000

static int setup(void **state) {
  (void)state;
  folder = new_folder();
  big = xcalloc(BIG + 1, 1);
  for (size_t i = 0; i < BIG; i++)
    big[i] = (char)('a' + i % 23);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  check_ok(file_remove_tree(folder, &err), &err);
  free(folder);
  free(big);
  return 0;
}

static void run(const char *first, ...) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  va_list ap;
  va_start(ap, first);
  for (const char *word = first; word; word = va_arg(ap, const char *))
    strv_push(&argv, word);
  va_end(ap);
  struct process p = {.argv = &argv, .dir = folder, .timeout = 60};
  check_ok(process_run(&p, &err), &err);
}

static char *in_folder(const char *name) {
  return xasprintf("%s/%s", folder, name);
}

static void put(const char *name, const char *text, mode_t mode) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in_folder(name);
  check_ok(file_write(path, text, strlen(text), mode, &err), &err);
}

static void put_files(void) {
  put("user-data", big, 0400);
  put("meta-data", "instance-id: a\n", 0644);
  put(LONG, "x", 0600);
  put("empty", "", 0600);
}

static struct buf read_back(const char *name) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in_folder(name);
  struct buf b = {0};
  check_ok(file_read(path, 128 * MIB, &b, &err), &err);
  return b;
}

static void assert_file(const struct volume *v, const char *name,
                        const char *text) {
  const struct volume_file *f = volume_find(v, name);
  assert_non_null(f);
  assert_int_equal(f->data.len, strlen(text));
  assert_memory_equal(f->data.data, text, f->data.len);
}

static void assert_files(const struct volume *v) {
  assert_file(v, "user-data", big);
  assert_file(v, "meta-data", "instance-id: a\n");
  assert_file(v, LONG, "x");
  assert_file(v, "empty", "");
}

static struct volume read_volume(const char *name) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in_folder(name);
  struct volume v = {0};
  check_ok(volume_read(path, &v, &err), &err);
  return v;
}

static void assert_refused(const char *name, const char *words) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in_folder(name);
  _cleanup_volume_ struct volume v = {0};
  assert_int_equal(volume_read(path, &v, &err), -1);
  if (!strstr(err.faults[0].msg, words))
    fail_msg("%s: '%s' does not say '%s'", name, err.faults[0].msg, words);
}

static void make_fat(const char *name, const char *bits, const char *sectors) {
  _cleanup_free_ char *path = in_folder(name);
  (void)unlink(path);
  run("/usr/sbin/mkfs.fat", "-C", "-s", "1", "-F", bits, "-n", "CIDATA", name,
      sectors, NULL);
  run("mcopy", "-i", name, "user-data", "meta-data", "empty", LONG, "::", NULL);
}

/* ---- FAT ---- */

static void test_fat(void **state) {
  static const struct {
    const char *bits, *kib;
  } rows[] = {{"12", "1024"}, {"16", "8192"}, {"32", "40960"}};
  (void)state;
  put_files();
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    make_fat("fat", rows[i].bits, rows[i].kib);
    _cleanup_volume_ struct volume v = read_volume("fat");
    assert_string_equal(v.form, "FAT");
    assert_string_equal(v.label, "CIDATA");
    assert_false(v.has_modes);
    assert_int_equal(v.files.n, 4);
    assert_files(&v);
  }
}

/* As Windows writes names of eight letters. */
static void test_fat_names(void **state) {
  static const struct {
    const char *entry; /* 11 bytes of name, attributes, case */
    const char *name;
  } rows[] = {{"META       \x20\x08", "meta"},
              {"META    TXT\x20\x10", "META.txt"},
              {"META    TXT\x20", "META.TXT"}};
  (void)state;
  put_files();
  make_fat("fat", "12", "1024");
  _cleanup_buf_ struct buf b = read_back("fat");
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_buf_ struct buf copy = {0};
    _cleanup_error_ struct error err = {0};
    _cleanup_volume_ struct volume v = {0};
    buf_add(&copy, b.data, b.len);
    /* The label's entry, the first of the folder; one without clusters. */
    char *label =
        memmem(copy.data + 512, copy.len - 512, "CIDATA     \x08", 12);
    assert_non_null(label);
    memset(label, 0, 32);
    memcpy(label, rows[i].entry, strlen(rows[i].entry));
    check_ok(volume_parse(copy.data, copy.len, &v, &err), &err);
    assert_file(&v, rows[i].name, "");
  }
}

static unsigned u16(const struct buf *b, size_t at) {
  return (unsigned)(uint8_t)b->data[at] | (unsigned)(uint8_t)b->data[at + 1]
                                              << 8;
}

/* The offset of the first table's entry for a cluster of FAT16. */
static size_t entry16(const struct buf *b, unsigned cluster) {
  return (size_t)u16(b, 14) * u16(b, 11) + cluster * 2;
}

static void test_fat_faults(void **state) {
  (void)state;
  put_files();
  make_fat("fat", "16", "8192");
  struct buf b = read_back("fat");
  char *entry = memmem(b.data, b.len, "USER-D~1   ", 11);
  assert_non_null(entry);
  unsigned first = u16(&b, (size_t)(entry - b.data) + 26);
  size_t at = entry16(&b, first);
  /* A chain that ends early. */
  memset(b.data + at, 0xFF, 2);
  put("fat", "", 0600);
  _cleanup_free_ char *path = in_folder("fat");
  _cleanup_error_ struct error err = {0};
  check_ok(file_write(path, b.data, b.len, 0600, &err), &err);
  assert_refused("fat", "'user-data': its clusters end before it does");
  /* One that leads outside. */
  b.data[at] = '\xF0';
  check_ok(file_write(path, b.data, b.len, 0600, &err), &err);
  assert_refused("fat", "its clusters end before it does");
  /* A ring gives no more bytes than the file has. */
  b.data[at] = (char)first;
  b.data[at + 1] = (char)(first >> 8);
  check_ok(file_write(path, b.data, b.len, 0600, &err), &err);
  _cleanup_volume_ struct volume v = read_volume("fat");
  assert_int_equal(volume_find(&v, "user-data")->data.len, BIG);
  /* A size that nothing can have. */
  memset(entry + 28, 0xFF, 4);
  check_ok(file_write(path, b.data, b.len, 0600, &err), &err);
  assert_refused("fat", "'user-data' is larger than it can be");
  check_ok(file_write(path, b.data, b.len - 512, 0600, &err), &err);
  assert_refused("fat", "it is cut");
  buf_done(&b);
}

/* The root folder of FAT32 is a chain. */
static void test_fat_root_ring(void **state) {
  (void)state;
  put_files();
  make_fat("fat", "32", "40960");
  struct buf b = read_back("fat");
  size_t at = (size_t)u16(&b, 14) * u16(&b, 11) + (size_t)2 * 4;
  memcpy(b.data + at, "\x02\0\0\0", 4);
  _cleanup_free_ char *path = in_folder("fat");
  _cleanup_error_ struct error err = {0};
  check_ok(file_write(path, b.data, b.len, 0600, &err), &err);
  assert_refused("fat", "its root folder is a ring");
  buf_done(&b);
}

/* ---- tar ---- */

static void test_tar(void **state) {
  (void)state;
  put_files();
  run("tar", "--format=ustar", "-cf", "tar", "./user-data", "meta-data",
      "empty", LONG, NULL);
  _cleanup_volume_ struct volume v = read_volume("tar");
  assert_string_equal(v.form, "tar");
  assert_null(v.label);
  assert_true(v.has_modes);
  assert_int_equal(volume_find(&v, "user-data")->mode, 0400);
  assert_files(&v);
  struct buf b = read_back("tar");
  _cleanup_free_ char *path = in_folder("tar");
  _cleanup_error_ struct error err = {0};
  check_ok(file_write(path, b.data, BIG, 0600, &err), &err);
  assert_refused("tar", "the archive is cut");
  b.data[100] = '1';
  check_ok(file_write(path, b.data, b.len, 0600, &err), &err);
  assert_refused("tar", "the archive is damaged");
  buf_done(&b);
}

/* ---- Folders ---- */

static void test_folder(void **state) {
  (void)state;
  run("mkdir", "d", "d/sub", NULL);
  put("d/user-data", "#cloud-config\n", 0400);
  struct volume v = read_volume("d");
  assert_string_equal(v.form, "folder");
  assert_int_equal(v.files.n, 1);
  assert_int_equal(v.files.v[0].mode, 0400);
  volume_done(&v);
  run("mkfifo", "d/pipe", NULL);
  v = read_volume("d");
  assert_int_equal(v.files.n, 1);
  volume_done(&v);
  run("ln", "-s", "/etc/shadow", "d/meta-data", NULL);
  assert_refused("d", "'meta-data' is a link");
  run("rm", "d/meta-data", NULL);
  run("truncate", "-s", "65M", "d/large", NULL);
  assert_refused("d", "more than 1024 files or 64 MiB");
}

/* ---- Disks ---- */

static void make_iso(const char *name, const char *label) {
  const struct medium_file files[] = {{"user-data", 0400, big, BIG},
                                      {"meta-data", 0400, "a", 1}};
  const struct medium m = {.label = label, .files = files, .n_files = 2};
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = in_folder(name);
  check_ok(medium_make(NULL, &m, path, &b, &err), &err);
  check_ok(file_write(path, b.data, b.len, 0600, &err), &err);
}

/* By sfdisk: 2 MiB each, from 1 MiB on. */
static void make_disk_of(const char *table, const char *size) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  struct process p = {
      .argv = &argv, .dir = folder, .input = table, .input_len = strlen(table)};
  run("rm", "-f", "disk", NULL);
  run("truncate", "-s", size, "disk", NULL);
  strv_push_all(&argv, "/usr/sbin/sfdisk", "-q", "disk", NULL);
  check_ok(process_run(&p, &err), &err);
}

static void make_disk(const char *table) {
  make_disk_of(table, "8M");
}

static void fill_partition(const char *from, const char *seek) {
  _cleanup_free_ char *in = xasprintf("if=%s", from);
  _cleanup_free_ char *to = xasprintf("seek=%s", seek);
  run("dd", "status=none", "conv=notrunc", "of=disk", "bs=1M", in, to, NULL);
}

static void test_disk(void **state) {
  static const char *const tables[] = {"label: gpt\nsize=2MiB\nsize=2MiB\n",
                                       "label: dos\nsize=2MiB\nsize=2MiB\n"};
  (void)state;
  put_files();
  for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
    make_disk(tables[i]);
    assert_refused("disk", "of the disk's partitions (2) none is labelled");
    make_iso("iso", "other");
    fill_partition("iso", "1");
    assert_refused("disk", "none is labelled cidata");
    make_iso("iso", "cidata");
    fill_partition("iso", "3");
    struct volume v = read_volume("disk");
    assert_int_equal(v.partition, 2);
    assert_string_equal(v.form, "ISO 9660");
    assert_file(&v, "user-data", big);
    volume_done(&v);
    make_fat("fat", "12", "1024");
    fill_partition("fat", "1");
    v = read_volume("disk");
    assert_int_equal(v.partition, 1);
    assert_files(&v);
    volume_done(&v);
    run("truncate", "-s", "4M", "disk", NULL);
    assert_refused("disk", "the disk is cut");
  }
}

/* Many media that are large, or say so, are not all read. */
static void test_large_disk(void **state) {
  static const char *const at[] = {"1", "61", "121", "181", "241", "301"};
  (void)state;
  make_disk_of("label: gpt\nsize=60MiB\nsize=60MiB\nsize=60MiB\n"
               "size=60MiB\nsize=60MiB\nsize=60MiB\n",
               "400M");
  make_iso("iso", "other");
  struct buf b = read_back("iso");
  _cleanup_free_ char *path = in_folder("iso");
  _cleanup_error_ struct error err = {0};
  /* ECMA-119, 8.4.8: 30,000 blocks of 2 KiB. */
  memcpy(b.data + 16 * 2048 + 80, "\x30\x75\0\0", 4);
  check_ok(file_write(path, b.data, b.len, 0600, &err), &err);
  buf_done(&b);
  for (size_t i = 0; i < ARRAY_SIZE(at); i++)
    fill_partition("iso", at[i]);
  assert_refused("disk", "but for 2 that are not looked at");
}

/* ---- What is none ---- */

static void test_refused(void **state) {
  (void)state;
  put("none", "hello\n", 0600);
  assert_refused("none", "it is none of the media that are known");
  put("none", "", 0600);
  assert_refused("none", "it is empty");
  put("none", "QFI\xfb and so on", 0600);
  assert_refused("none", "a disk in the form qcow2");
  assert_refused("missing", "No such file");
  put_files();
  make_fat("fat", "32", "40960");
  run("truncate", "-s", "1G", "fat", NULL);
  assert_refused("fat", "no seed has more than 64");
  _cleanup_error_ struct error err = {0};
  _cleanup_volume_ struct volume v = {0};
  assert_int_equal(volume_read("/dev/zero", &v, &err), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fat),           cmocka_unit_test(test_fat_names),
      cmocka_unit_test(test_fat_faults),    cmocka_unit_test(test_tar),
      cmocka_unit_test(test_fat_root_ring), cmocka_unit_test(test_folder),
      cmocka_unit_test(test_disk),          cmocka_unit_test(test_large_disk),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
