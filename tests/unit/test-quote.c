/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each format's own reader makes of quoted texts. */
#include "base/mem.h"
#include "base/process.h"
#include "base/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Everything that is special somewhere. */
static const char *const nasty[] = {
    "",
    "plain",
    "it's",
    "'",
    "''",
    "a b\tc\nd",
    "$HOME `id` $(id) \\ \" ; & | < > * ? [ ] # ~ !",
    "-n",
    "50%, or less,",
    ",,",
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7",
    "\x7f\x1b[31m",
};

/* The program's output for the input. */
static struct buf ask_for(const struct strv *argv, const struct buf *input) {
  _cleanup_error_ struct error err = {0};
  struct buf out = {0};
  struct process p = {.argv = argv,
                      .input = input->data,
                      .input_len = input->len,
                      .output = &out};
  if (process_run(&p, &err) < 0)
    fail_msg("%s", err.faults[0].msg);
  return out;
}

/* The same as a string, which the caller frees. */
static char *ask(const struct strv *argv, const struct buf *input) {
  struct buf out = ask_for(argv, input);
  return buf_take(&out);
}

static void test_sh(void **state) {
  (void)state;
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "sh", "-s", NULL);
  for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
    _cleanup_buf_ struct buf script = {0};
    buf_adds(&script, "printf %s ");
    quote_sh(nasty[i], &script);
    _cleanup_free_ char *back = ask(&argv, &script);
    assert_string_equal(back, nasty[i]);
  }
}

/* Of the first n: one program reads them all, each with a 0 behind it. Where
 * it starts costs more than what it reads. */
static void check_python(const char *program, size_t n,
                         void (*add)(const char *s, struct buf *out)) {
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_buf_ struct buf texts = {0};
  strv_push_all(&argv, "python3", "-c", program, NULL);
  for (size_t i = 0; i < n; i++) {
    add(nasty[i], &texts);
    buf_add(&texts, "", 1);
  }
  _cleanup_buf_ struct buf back = ask_for(&argv, &texts);
  size_t at = 0;
  for (size_t i = 0; i < n; at += strlen(nasty[i++]) + 1) {
    assert_true(at + strlen(nasty[i]) < back.len);
    assert_string_equal(back.data + at, nasty[i]);
  }
  assert_int_equal(at, back.len);
}

static void add_yaml(const char *s, struct buf *out) {
  buf_adds(out, "- ");
  assert_true(quote_yaml(s, out));
  buf_adds(out, "\n");
}

static void test_yaml(void **state) {
  (void)state;
  check_python("import sys, yaml\n"
               "for text in sys.stdin.buffer.read().split(b'\\0')[:-1]:\n"
               "    sys.stdout.write(yaml.safe_load(text)[0] + '\\0')\n",
               ARRAY_SIZE(nasty), add_yaml);
  _cleanup_buf_ struct buf b = {0};
  buf_adds(&b, "as it was");
  assert_false(quote_yaml("a\xff", &b));
  assert_string_equal(b.data, "as it was");
}

static void add_xml(const char *s, struct buf *out) {
  buf_adds(out, "<x a=\"");
  quote_xml(s, out);
  buf_adds(out, "\"/>");
}

/* What XML cannot say, the last, is not given back. */
static void test_xml(void **state) {
  (void)state;
  check_python("import sys, xml.etree.ElementTree as e\n"
               "for text in sys.stdin.buffer.read().split(b'\\0')[:-1]:\n"
               "    sys.stdout.write(e.fromstring(text).get('a') + '\\0')\n",
               ARRAY_SIZE(nasty) - 1, add_xml);
  _cleanup_buf_ struct buf b = {0};
  quote_xml("\x1b[31m\xff<", &b);
  assert_string_equal(b.data, "?[31m?&#60;");
}

static void test_qemu(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  quote_qemu("", &b);
  quote_qemu("a,b,,c d=", &b);
  assert_string_equal(b.data, "a,,b,,,,c d=");
}

/* ssh -G tells what a file would make it do, and connects to nothing. */
static void check_ssh(const char *path) {
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_buf_ struct buf config = {0};
  _cleanup_free_ char *line = xasprintf("\nuserknownhostsfile %s\n", path);
  strv_push_all(&argv, "ssh", "-G", "-F", "/dev/stdin", "nowhere", NULL);
  buf_adds(&config, "UserKnownHostsFile ");
  assert_true(quote_ssh_config(path, &config));
  buf_adds(&config, "\n");
  _cleanup_free_ char *said = ask(&argv, &config);
  if (!strstr(said, line))
    fail_msg("%s became %s", config.data, said);
}

static void test_ssh_config(void **state) {
  (void)state;
  check_ssh("/plain");
  check_ssh("/a folder, with 'this' #that $HOME $(x) {y} = z");
  check_ssh("/\xc3\xa4");
  _cleanup_buf_ struct buf b = {0};
  assert_true(quote_ssh_config("/50%/%h", &b));
  assert_string_equal(b.data, "\"/50%%/%%h\"");
  static const char *const bad[] = {"/a\"b",      "/a\\b", "/a\nb",
                                    "/a${HOME}b", "/a\tb", "/a\x7f"};
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    if (quote_ssh_config(bad[i], &b))
      fail_msg("'%s' was taken", bad[i]);
    assert_string_equal(b.data, "\"/50%%/%%h\"");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sh),         cmocka_unit_test(test_yaml),
      cmocka_unit_test(test_xml),        cmocka_unit_test(test_qemu),
      cmocka_unit_test(test_ssh_config),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
