/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an author may add to a node, and how users and groups are called: the
 * first and the last of each kind that is taken, and what is beside it. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "spec/account.h"
#include "spec/extras.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(bool (*ok)(const char *), bool expected,
                   const char *const *v, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (ok(v[i]) != expected)
      fail_msg("'%s' is %s", v[i], expected ? "refused" : "taken");
}

#define EXPECT(ok, good, bad)                                                  \
  do {                                                                         \
    expect(ok, true, good, ARRAY_SIZE(good));                                  \
    expect(ok, false, bad, ARRAY_SIZE(bad));                                   \
  } while (0)

/* begin, and so many more of the character; the longest that is taken, and one
 * more. */
static void expect_longest(bool (*ok)(const char *), const char *begin, char c,
                           size_t n) {
  _cleanup_buf_ struct buf b = {0};
  buf_adds(&b, begin);
  for (size_t i = 0; i < n; i++)
    buf_add(&b, &c, 1);
  assert_true(ok(b.data));
  buf_add(&b, &c, 1);
  assert_false(ok(b.data));
}

static void test_paths(void **state) {
  (void)state;
  static const char *const good[] = {
      "/a", "/etc/motd", "/a/.b", "/a/..b", "/a/...", "/a/b.", "/-_@%+=:,.~"};
  static const char *const bad[] = {
      "",     "a",    "a/b",  "/",      "/a/",       "//a",   "/a//b",
      "/.",   "/./a", "/a/.", "/a/./b", "/..",       "/a/..", "/a/../b",
      "/a b", "/a\"", "/a$b", "/a\n",   "/\xc3\xa4", "/a\\b"};
  EXPECT(extras_path_ok, good, bad);
  expect_longest(extras_path_ok, "/a/", 'b', 255);
  _cleanup_buf_ struct buf b = {0};
  while (b.len < 900)
    buf_adds(&b, "/a/b/c/d/e");
  expect_longest(extras_path_ok, b.data, 'x', 1000 - b.len);
}

static bool mode_ok(const char *text) {
  unsigned mode = 0;
  return extras_mode_parse(text, &mode);
}

static void test_modes(void **state) {
  (void)state;
  static const char *const good[] = {"644", "0644", "001", "0777"};
  static const char *const bad[] = {"",     "44",    "00644", "888",  "64a",
                                    "-644", "0x1ff", "000",   "0000", "4755"};
  unsigned mode = 0;
  EXPECT(mode_ok, good, bad);
  assert_true(extras_mode_parse("751", &mode));
  assert_int_equal(mode, 0751);
}

static void test_owners(void **state) {
  (void)state;
  static const char *const good[] = {"root:root", "www-data:www-data",
                                     "root:shadow", "root:systemd-network",
                                     "systemd-network:root"};
  static const char *const bad[] = {"",
                                    "root",
                                    "root:",
                                    ":root",
                                    "nobody2:root",
                                    "root:nobody2",
                                    "shadow:root",
                                    "root:root:root",
                                    "root:root "};
  EXPECT(extras_owner_ok, good, bad);
}

static void test_settings(void **state) {
  (void)state;
  static const char *const good[] = {"vm.swappiness", "net/ipv4/ip_forward",
                                     "net.ipv4.conf.Eth-0/1.x", "a_1.b"};
  static const char *const bad[] = {"",       "vm",    ".vm",   "vm.",
                                    "vm..x",  "Vm.x",  "v-m.x", "vm.x y",
                                    "vm.x=1", "vm.x\n"};
  static const char *const lines[] = {"1", "a b", " ", "\xc3\xa4"};
  static const char *const no_lines[] = {"", "a\nb", "a\tb", "\x7f", "\x1b"};
  EXPECT(extras_sysctl_ok, good, bad);
  EXPECT(extras_line_ok, lines, no_lines);
}

static void test_modules_and_commands(void **state) {
  (void)state;
  static const char *const good[] = {"dm_crypt", "nf-x", "8021q"};
  static const char *const bad[] = {"", "a b", "a.b", "a/b", "a\n"};
  static const char *const texts[] = {"a", "a\n\tb\n", "\xc3\xa4"};
  static const char *const no_texts[] = {"", "a\rb", "\x1b[2J", "\x7f", "\x01"};
  EXPECT(extras_module_ok, good, bad);
  expect_longest(extras_module_ok, "", 'm', 55);
  EXPECT(extras_command_ok, texts, no_texts);
  const char *const arguments[] = {"quiet", "a.b=c,d:e/f@g%h+i~j^k!(l)", "-x"};
  const char *const none[] = {"",    "a b", "a\"b", "a'b", "a\\b",
                              "a$b", "a*b", "a?b",  "a#b", "a\n"};
  EXPECT(extras_argument_ok, arguments, none);
}

static void test_names(void **state) {
  (void)state;
  static const char *const good[] = {"a", "_a", "a-b.c_1", "a$"};
  static const char *const bad[] = {"",  "1a",  "-a",  ".a",  "A", "aB",
                                    "$", "a$b", "a$$", "a b", "a:"};
  EXPECT(account_name_ok, good, bad);
  expect_longest(account_name_ok, "", 'a', 32);
}

#define SALT_20 "abcdefghij0123456789"

static void test_passwords(void **state) {
  (void)state;
  static const char *const good[] = {
      "$y$" SALT_20,  "$gy$" SALT_20, "$7$" SALT_20,
      "$2a$" SALT_20, "$2b$" SALT_20, "$2y$" SALT_20,
      "$6$" SALT_20,  "$5$" SALT_20,  "$6$rounds=5000$./AZaz," SALT_20};
  static const char *const bad[] = {"",
                                    "secret",
                                    "*",
                                    SALT_20,
                                    "$1$" SALT_20,
                                    "$6$" SALT_20 "_",
                                    "$6$" SALT_20 ":0",
                                    "$6$" SALT_20 "\n",
                                    "$6$" SALT_20 " "};
  EXPECT(account_password_ok, good, bad);
  assert_false(account_password_ok("$6$bcdefghij0123456789")); /* 19 */
  expect_longest(account_password_ok, "$6$", 'x', 400);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths),
      cmocka_unit_test(test_modes),
      cmocka_unit_test(test_owners),
      cmocka_unit_test(test_settings),
      cmocka_unit_test(test_modules_and_commands),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_passwords),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
