/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cleanup.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_ok(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool ok;
  } rows[] = {
      {"", true},
      {"plain", true},
      {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7", true},
      {"\x80", false},
      {"\xc3", false},
      {"\xc0\xaf", false},         /* overlong */
      {"\xed\xa0\x80", false},     /* surrogate */
      {"\xf4\x90\x80\x80", false}, /* after U+10FFFF */
      {"\xf8\x88\x80\x80\x80", false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    assert_int_equal(utf8_ok(rows[i].text), rows[i].ok);
}

static void test_lines(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"", ""},
      {"one", "one"},
      {"it said:\nred \x1b[31m\n\nend", "it said:\n  red  [31m\n  \n  end"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    _cleanup_free_ char *copy = utf8_lines(rows[i][0]);
    assert_string_equal(copy, rows[i][1]);
  }
}

static void test_printable(void **state) {
  (void)state;
  static const struct {
    const char *text, *printable;
  } rows[] = {
      {"", ""},
      {"\xc3\xa4 stays", "\xc3\xa4 stays"},
      {"a\tb\r\nc", "a b  c"},
      {"\x1b]0;owned\x07\x1b[2J", " ]0;owned  [2J"},
      {"\xc2\x9b"
       "31m", /* C1: another way to write ESC [ */
       " 31m"},
      {"\x7f", " "},
      {"cut \xe2\x82", "cut ??"},
      {"\xff\xfe", "??"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    _cleanup_free_ char *copy = utf8_printable(rows[i].text);
    assert_string_equal(copy, rows[i].printable);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ok),
      cmocka_unit_test(test_printable),
      cmocka_unit_test(test_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
