/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables that sfdisk has written, and reads again. */
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "format/gpt.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

#define SFDISK "/usr/sbin/sfdisk"
#define MIB ((uint64_t)1 << 20)
#define DISK_MIB 80
#define SECTORS (DISK_MIB * MIB / GPT_SECTOR)

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = new_folder();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  check_ok(file_remove_tree(folder, &err), &err);
  free(folder);
  return 0;
}

/* As an image of ours has it, see image/bootloader.h. */
static const char usual[] = "label: gpt\n"
                            "start=2048, size=2048, name=boot\n"
                            "start=4096, size=131072, name=efi\n"
                            "start=135168, size=26624, name=root\n";

/* A disk with the table, and its beginning. The caller frees the name. */
static char *make_disk(const char *table, uint8_t head[static GPT_HEAD]) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  char *path = xasprintf("%s/disk", folder);
  struct process p = {
      .argv = &argv, .input = table, .input_len = strlen(table)};
  _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0 && ftruncate(fd, DISK_MIB * MIB) == 0);
  strv_push_all(&argv, SFDISK, "-q", path, NULL);
  check_ok(process_run(&p, &err), &err);
  assert_int_equal(pread(fd, head, GPT_HEAD, 0), GPT_HEAD);
  return path;
}

static void put_back(const char *path, const uint8_t *head, const uint8_t *tail,
                     uint64_t sectors) {
  _cleanup_close_ int fd = open(path, O_RDWR);
  assert_int_equal(ftruncate(fd, (off_t)(sectors * GPT_SECTOR)), 0);
  assert_int_equal(pwrite(fd, head, GPT_HEAD, 0), GPT_HEAD);
  assert_int_equal(
      pwrite(fd, tail, GPT_TAIL, (off_t)(sectors * GPT_SECTOR - GPT_TAIL)),
      GPT_TAIL);
}

/* What sfdisk says; the caller frees. */
static char *ask(const char *option, const char *path) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0}, env = {0};
  struct buf out = {0};
  struct process p = {.argv = &argv, .env = &env, .output = &out};
  strv_push_all(&argv, SFDISK, option, path, NULL);
  strv_push(&env, "LC_ALL=C");
  check_ok(process_run(&p, &err), &err);
  return buf_take(&out);
}

static void check_said(char *said, const char *part) {
  _cleanup_free_ char *text = said;
  if (!strstr(text, part))
    fail_msg("'%s' is not in: %s", part, text);
}

static struct gpt_part seed(uint64_t first, uint64_t n) {
  return (struct gpt_part){
      .first = first, .last = first + n - 1, .id = {1, 2, 3}, .name = "cidata"};
}

static void test_before(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  uint8_t head[GPT_HEAD], tail[GPT_TAIL];
  uint64_t first, n;
  unsigned number = 0;
  _cleanup_free_ char *path = make_disk(usual, head);
  check_ok(gpt_gap(head, &first, &n, &err), &err);
  assert_int_equal(first, 40);
  assert_int_equal(n, 2048 - 40);
  struct gpt_part part = seed(first, n);
  check_ok(gpt_add(head, tail, SECTORS, &part, &number, &err), &err);
  assert_int_equal(number, 4);
  put_back(path, head, tail, SECTORS);
  check_said(ask("--verify", path), "No errors detected");
  check_said(ask("--dump", path),
             "disk4 : start=          40, size=        2008, "
             "type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, "
             "uuid=00030201-0000-0000-0000-000000000000, name=\"cidata\"");
  check_said(ask("--dump", path), "disk3 : start=      135168, size=       "
                                  "26624");
}

/* Both copies are good, each by itself. */
static void test_copies(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  static const uint8_t zeros[GPT_HEAD];
  uint8_t head[GPT_HEAD], tail[GPT_TAIL];
  unsigned number;
  _cleanup_free_ char *path = make_disk(usual, head);
  struct gpt_part part = seed(40, 8);
  check_ok(gpt_add(head, tail, SECTORS, &part, &number, &err), &err);
  put_back(path, head, tail, SECTORS);
  _cleanup_close_ int fd = open(path, O_RDWR);
  assert_int_equal(pwrite(fd, zeros, GPT_SECTOR, GPT_SECTOR), GPT_SECTOR);
  check_said(ask("--dump", path), "name=\"cidata\"");
}

/* A larger disk: the table is told, and the second copy is at its end. */
static void test_larger(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  uint8_t head[GPT_HEAD], tail[GPT_TAIL];
  uint64_t sectors = SECTORS + 20 * 2048;
  unsigned number;
  _cleanup_free_ char *path = make_disk(usual, head);
  struct gpt_part part = seed(sectors - 2 * 2048, 2048);
  check_ok(gpt_add(head, tail, sectors, &part, &number, &err), &err);
  put_back(path, head, tail, sectors);
  check_said(ask("--verify", path), "No errors detected");
  check_said(ask("--dump", path), "last-lba: 204766");
}

static void test_faults(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  uint8_t head[GPT_HEAD], tail[GPT_TAIL], before[GPT_HEAD];
  uint64_t first, n;
  unsigned number;
  free(make_disk(usual, head));
  memcpy(before, head, sizeof(head));
  static const struct {
    uint64_t first, n, sectors;
    const char *says;
  } rows[] = {
      {2040, 9, SECTORS, "partition 1 is where another one is to be"},
      {135168 + 26623, 1, SECTORS, "partition 3 is where another one"},
      {33, 1, SECTORS, "too small"},
      {40, 0, SECTORS, "too small"},
      {SECTORS - 33, 1, SECTORS, "too small"},
      {40, 8, SECTORS / 2, "too small"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct gpt_part part = seed(rows[i].first, rows[i].n);
    check_error(gpt_add(head, tail, rows[i].sectors, &part, &number, &err),
                &err, rows[i].says);
    assert_memory_equal(head, before, sizeof(head));
  }
  head[3 * GPT_SECTOR] ^= 1;
  check_error(gpt_gap(head, &first, &n, &err), &err, "damaged");
  head[3 * GPT_SECTOR] ^= 1;
  head[GPT_SECTOR + 60] ^= 1;
  check_error(gpt_gap(head, &first, &n, &err), &err, "damaged");
  memset(head, 0, sizeof(head));
  check_error(gpt_gap(head, &first, &n, &err), &err, "has no GPT");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_before, setup, teardown),
      cmocka_unit_test_setup_teardown(test_copies, setup, teardown),
      cmocka_unit_test_setup_teardown(test_larger, setup, teardown),
      cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
