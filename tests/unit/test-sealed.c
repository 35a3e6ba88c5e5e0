/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/crypto.h"
#include "format/sealed.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* RFC 7914, 12: the third vector. */
static void test_scrypt(void **state) {
  (void)state;
  static const uint8_t wanted[] = {0x70, 0x23, 0xbd, 0xcb, 0x3a, 0xfd,
                                   0x73, 0x48, 0x46, 0x1c, 0x06, 0xcd,
                                   0x81, 0xfd, 0x38, 0xeb};
  _cleanup_error_ struct error err = {0};
  uint8_t out[sizeof(wanted)];
  assert_int_equal(scrypt("pleaseletmein", 13, "SodiumChloride", 14, 16384, 8,
                          out, sizeof(out), &err),
                   0);
  assert_memory_equal(out, wanted, sizeof(wanted));
}

/* The GCM specification's test case 14: key, nonce and text of zeros. */
static void test_gcm(void **state) {
  (void)state;
  static const uint8_t zero[GCM_KEY];
  static const uint8_t wanted[] = {
      0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5,
      0xd3, 0xba, 0xf3, 0x9d, 0x18, 0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99,
      0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf out = {0};
  assert_int_equal(gcm_seal(zero, zero, NULL, 0, zero, 16, &out, &err), 0);
  assert_int_equal(out.len, sizeof(wanted));
  assert_memory_equal(out.data, wanted, sizeof(wanted));
}

static void test_round_trip(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf phrase = {0}, other = {0}, text = {0};
  _cleanup_buf_ struct buf sealed = {0}, again = {0}, back = {0};
  buf_adds(&phrase, "correct horse");
  buf_adds(&other, "correct house");
  buf_adds(&text, "a key");
  assert_int_equal(sealed_make(&phrase, &text, &sealed, &err), 0);
  assert_int_equal(sealed_make(&phrase, &text, &again, &err), 0);
  assert_int_equal(sealed.len, again.len);
  assert_memory_not_equal(sealed.data, again.data, sealed.len);
  assert_int_equal(sealed_open(&phrase, &sealed, &back, &err), 0);
  assert_int_equal(back.len, text.len);
  assert_memory_equal(back.data, text.data, text.len);
  assert_int_equal(sealed_open(&other, &sealed, &back, &err), -1);
  assert_int_equal(back.len, text.len);
}

/* A byte of each part; and each length is looked at before it is read. */
static void test_changed(void **state) {
  (void)state;
  _cleanup_buf_ struct buf phrase = {0}, text = {0}, sealed = {0};
  _cleanup_error_ struct error none = {0};
  buf_adds(&phrase, "correct horse");
  buf_adds(&text, "a key");
  assert_int_equal(sealed_make(&phrase, &text, &sealed, &none), 0);
  const size_t at[] = {0, 18, 50, 62, sealed.len - 1};
  for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf back = {0};
    sealed.data[at[i]] ^= 1;
    assert_int_equal(sealed_open(&phrase, &sealed, &back, &err), -1);
    assert_int_equal(back.len, 0);
    sealed.data[at[i]] ^= 1;
  }
  const size_t lengths[] = {0, 17, 61, 77};
  for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf cut = {0}, back = {0};
    buf_add(&cut, sealed.data, lengths[i]);
    assert_int_equal(sealed_open(&phrase, &cut, &back, &err), -1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scrypt),
      cmocka_unit_test(test_gcm),
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_changed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
