/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/encryption.h"

#include "base/mem.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define K16 "AAAAAAAAAAAAAAAAAAAAAA=="
#define K24 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define K32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void test_lines(void **state) {
  static const struct {
    const char *text, *wrong;
    size_t n;
  } cases[] = {
      {"secretbox key1 " K32 "\n", NULL, 1},
      {"secretbox key1 " K32, NULL, 1},
      {"aesgcm a-2 " K16 "\naescbc a-2 " K24 "\n", NULL, 2},
      {"", "there is no key in it", 0},
      {"secretbox key1 " K16 "\n", "base64 of 32 bytes", 0},
      {"secretbox key1 " K24 "\n", "base64 of 32 bytes", 0},
      {"aescbc key1 " K32 " x\n", "base64 of 32 bytes", 0},
      {"aescbc key1 AAAA\n", "base64 of 32 bytes", 0},
      {"aescbc key1\n", "as its second word", 0},
      {"aescbc  " K32 "\n", "as its second word", 0},
      {"aescbc a:b " K32 "\n", "as its second word", 0},
      {"aescbc\n", "aescbc, aesgcm or secretbox and a blank", 0},
      {"none key1 " K32 "\n", "aescbc, aesgcm or secretbox", 0},
      {"kms key1 " K32 "\n", "aescbc, aesgcm or secretbox", 0},
      {"\n", "aescbc, aesgcm or secretbox", 0},
      {"aescbc a " K32 "\naescbc a " K16 "\n", "two keys have one name", 1},
  };
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    struct encryption_key_vec keys = {0};
    const char *wrong = encryption_read(cases[i].text, &keys);
    bool as_wanted =
        cases[i].wrong ? wrong && strstr(wrong, cases[i].wrong) : !wrong;
    if (!as_wanted || keys.n != cases[i].n)
      fail_msg("'%s': %s, %zu keys", cases[i].text, wrong ? wrong : "fine",
               keys.n);
    free(keys.v);
  }
}

static void test_too_many(void **state) {
  (void)state;
  _cleanup_buf_ struct buf text = {0};
  for (int i = 0; i <= ENCRYPTION_MAX_KEYS; i++) {
    struct encryption_key_vec keys = {0};
    buf_addf(&text, "aescbc k%d " K32 "\n", i);
    const char *wrong = encryption_read(text.data, &keys);
    assert_int_equal(wrong != NULL, i == ENCRYPTION_MAX_KEYS);
    free(keys.v);
  }
}

static void test_first_line(void **state) {
  (void)state;
  struct encryption_key_vec keys = {0};
  const uint8_t bytes[ENCRYPTION_KEY_BYTES] = {0};
  _cleanup_buf_ struct buf line = {0};
  encryption_line(ENCRYPTION_AESGCM, bytes, &line);
  assert_string_equal(line.data, "aesgcm key1 " K32 "\n");
  assert_null(encryption_read(line.data, &keys));
  assert_int_equal(keys.v[0].provider, ENCRYPTION_AESGCM);
  free(keys.v);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_too_many),
      cmocka_unit_test(test_first_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
