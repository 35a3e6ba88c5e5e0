/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64 by RFC 4648's own examples, and whatever else must be refused. */
#include "base/codec.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648, section 10. */
static const struct {
  const char *bytes, *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/"},
};

static void test_base64_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
    _cleanup_buf_ struct buf text = {0};
    _cleanup_buf_ struct buf bytes = {0};
    base64_encode(vectors[i].bytes, strlen(vectors[i].bytes), 0, &text);
    assert_string_equal(text.data ? text.data : "", vectors[i].text);
    assert_true(
        base64_decode(vectors[i].text, strlen(vectors[i].text), &bytes));
    assert_string_equal(bytes.data ? bytes.data : "", vectors[i].bytes);
  }
}

static void test_base64_adds(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  buf_adds(&b, "<");
  base64_encode("fo", 2, 0, &b);
  buf_adds(&b, ">");
  assert_true(base64_decode("Zm9v", 4, &b));
  assert_string_equal(b.data, "<Zm8=>foo");
}

static void test_base64_lines(void **state) {
  (void)state;
  static const struct {
    size_t width;
    const char *bytes, *text;
  } cases[] = {
      {4, "", ""},
      {4, "foo", "Zm9v\n"},
      {4, "foob", "Zm9v\nYg==\n"},
      {6, "foobar", "Zm9vYm\nFy\n"},
      {70, "foo", "Zm9v\n"},
      {3, "foo", "Zm9\nv\n"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_buf_ struct buf text = {0};
    _cleanup_buf_ struct buf bytes = {0};
    base64_encode(cases[i].bytes, strlen(cases[i].bytes), cases[i].width,
                  &text);
    assert_string_equal(text.data ? text.data : "", cases[i].text);
    assert_true(base64_decode(cases[i].text, strlen(cases[i].text), &bytes));
    assert_string_equal(bytes.data ? bytes.data : "", cases[i].bytes);
  }
}

static void test_base64_refuses(void **state) {
  (void)state;
  static const char *const bad[] = {
      "Z",         "Zg",         "Zg=",      "Zg===",   "Zm8",      "Zm8==",
      "Zm9v=",     "Zm9v==",     "Zm9v====", "=",       "==",       "====",
      "Zm9v Yg==", "Zm9v\tYg==", "Zm-_",     "Zm9v!",   "Zg==Zg==", "Z=g=",
      "Zh==",      "Zm9=",       "\"Zm9v\"", "Zm9\xc3",
  };
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    _cleanup_buf_ struct buf b = {0};
    buf_adds(&b, "as it was");
    if (base64_decode(bad[i], strlen(bad[i]), &b))
      fail_msg("'%s' was taken", bad[i]);
    assert_string_equal(b.data, "as it was");
  }
  _cleanup_buf_ struct buf b = {0};
  assert_false(base64_decode("Zm\0v", 4, &b));
}

/* Every byte, at each of the three places of a group. */
static void test_base64_all_bytes(void **state) {
  (void)state;
  uint8_t all[256 * 3 + 1];
  for (size_t i = 0; i < sizeof(all); i++)
    all[i] = (uint8_t)(i * 171 + i / 256);
  for (size_t len = sizeof(all) - 3; len <= sizeof(all); len++) {
    _cleanup_buf_ struct buf text = {0};
    _cleanup_buf_ struct buf bytes = {0};
    base64_encode(all, len, 76, &text);
    assert_true(base64_decode(text.data, text.len, &bytes));
    assert_int_equal(bytes.len, len);
    assert_memory_equal(bytes.data, all, len);
  }
}

static void test_hex(void **state) {
  (void)state;
  uint8_t bytes[3] = {0};
  char text[7] = "xxxxxx";
  hex_encode("\x00\x9f\xFA", 3, text);
  assert_string_equal(text, "009ffa");
  assert_true(hex_decode("009FfA and more", 3, bytes));
  assert_memory_equal(bytes, "\x00\x9f\xfa", 3);
  hex_encode("", 0, text);
  assert_string_equal(text, "");
}

static void test_hex_refuses(void **state) {
  (void)state;
  static const char *const bad[] = {"",     "0",    "00",   "001",  "0g00",
                                    "00 0", "-100", "0x00", "00/0", "00:0",
                                    "00@0", "00G0", "00`0"};
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    uint8_t bytes[2];
    if (hex_decode(bad[i], sizeof(bytes), bytes))
      fail_msg("'%s' was taken", bad[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_base64_vectors),
      cmocka_unit_test(test_base64_adds),
      cmocka_unit_test(test_base64_lines),
      cmocka_unit_test(test_base64_refuses),
      cmocka_unit_test(test_base64_all_bytes),
      cmocka_unit_test(test_hex),
      cmocka_unit_test(test_hex_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
