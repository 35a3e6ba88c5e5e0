/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Archives as tar reads them. */
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "format/ustar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

static void add(struct buf *out, const char *name, const char *text) {
  _cleanup_error_ struct error err = {0};
  static const uint8_t zeros[USTAR_BLOCK];
  uint8_t header[USTAR_BLOCK];
  check_ok(ustar_header(name, strlen(text), 0600, 1000000000, header, &err),
           &err);
  buf_add(out, header, sizeof(header));
  buf_adds(out, text);
  buf_add(out, zeros, ustar_padding(strlen(text)));
}

static void test_read(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  static const uint8_t end[USTAR_END];
  _cleanup_buf_ struct buf archive = {0}, out = {0};
  _cleanup_strv_ struct strv argv = {0}, env = {0};
  char longest[100];
  memset(longest, 'x', sizeof(longest) - 1);
  longest[sizeof(longest) - 1] = '\0';
  add(&archive, "a.ovf", "text");
  add(&archive, "empty", "");
  add(&archive, longest, "");
  buf_add(&archive, end, sizeof(end));
  strv_push_all(&argv, "tar", "-tvf", "-", NULL);
  strv_push_all(&env, "LC_ALL=C", "TZ=UTC", NULL);
  const struct process p = {.argv = &argv,
                            .env = &env,
                            .input = archive.data,
                            .input_len = archive.len,
                            .output = &out};
  check_ok(process_run(&p, &err), &err);
  _cleanup_free_ char *expected =
      xasprintf("-rw------- root/root         4 2001-09-09 01:46 a.ovf\n"
                "-rw------- root/root         0 2001-09-09 01:46 empty\n"
                "-rw------- root/root         0 2001-09-09 01:46 %s\n",
                longest);
  assert_string_equal(out.data, expected);
}

static void test_padding(void **state) {
  (void)state;
  assert_int_equal(ustar_padding(0), 0);
  assert_int_equal(ustar_padding(1), 511);
  assert_int_equal(ustar_padding(512), 0);
  assert_int_equal(ustar_padding(513), 511);
}

static void test_limits(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  uint8_t header[USTAR_BLOCK];
  char name[101];
  memset(name, 'x', 100);
  name[100] = '\0';
  check_error(ustar_header(name, 0, 0600, 0, header, &err), &err, "too long");
  check_error(ustar_header("a", (uint64_t)8 << 30, 0600, 0, header, &err), &err,
              "8 GiB");
  check_ok(ustar_header("a", ((uint64_t)8 << 30) - 1, 0600, 0, header, &err),
           &err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read),
      cmocka_unit_test(test_padding),
      cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
