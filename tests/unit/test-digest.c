/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"

/* FIPS 180-4's own examples, and the empty text. */
static const struct {
  const char *text;
  const char *hex;
} known[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void test_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
    char hex[SHA256_HEX];
    uint8_t raw[SHA256_BYTES];
    sha256_hex(known[i].text, strlen(known[i].text), hex);
    assert_string_equal(hex, known[i].hex);
    sha256_raw(known[i].text, strlen(known[i].text), raw);
    char first[3];
    (void)snprintf(first, sizeof(first), "%02x", raw[0]);
    assert_memory_equal(first, known[i].hex, 2);
  }
}

static void test_file(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *dir = new_folder();
  _cleanup_free_ char *path = xasprintf("%s/f", dir);
  char hex[SHA256_HEX];
  for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
    const char *text = known[i].text;
    assert_int_equal(file_write(path, text, strlen(text), 0600, &err), 0);
    assert_int_equal(sha256_file(path, hex, &err), 0);
    assert_string_equal(hex, known[i].hex);
  }
  /* Larger than what is read at a time. */
  _cleanup_free_ char *large = xcalloc(1000000, 1);
  memset(large, 'a', 1000000);
  assert_int_equal(file_write(path, large, 1000000, 0600, &err), 0);
  assert_int_equal(sha256_file(path, hex, &err), 0);
  assert_string_equal(
      hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

static void test_no_file(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  char hex[SHA256_HEX];
  assert_int_equal(sha256_file("/nowhere/f", hex, &err), -1);
  assert_string_equal(err.faults[0].msg,
                      "cannot open '/nowhere/f': No such file or directory");
  assert_int_equal(sha256_file("/tmp", hex, &err), -1);
  assert_string_equal(err.faults[1].msg, "'/tmp' is no regular file");
  assert_int_equal(sha256_file("/dev/zero", hex, &err), -1);
  assert_string_equal(err.faults[2].msg, "'/dev/zero' is no regular file");
}

/* Nobody writes to it, and nobody waits for it. */
static void test_fifo(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *dir = new_folder();
  _cleanup_free_ char *path = xasprintf("%s/f", dir);
  char hex[SHA256_HEX];
  assert_int_equal(mkfifo(path, 0600), 0);
  (void)alarm(10);
  assert_int_equal(sha256_file(path, hex, &err), -1);
  (void)alarm(0);
  assert_non_null(strstr(err.faults[0].msg, "is no regular file"));
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bytes),
      cmocka_unit_test(test_file),
      cmocka_unit_test(test_no_file),
      cmocka_unit_test(test_fifo),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
