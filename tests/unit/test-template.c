/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "format/template.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A cluster's scope with a node's below it. */
static void make_scopes(struct scope *cluster, struct scope *node) {
  scope_set(cluster, "cluster", "demo");
  scope_set(cluster, "name", "hidden by the node's");
  scope_set_flag(cluster, "ha", true);
  scope_set_flag(cluster, "debug", false);
  scope_set(cluster, "empty", "");
  scope_set_list(cluster, "none");
  for (int i = 1; i <= 2; i++) {
    struct scope *s = scope_add(cluster, "nodes");
    scope_setf(s, "name", "kube-%d", i);
    scope_set_flag(s, "first", i == 1);
  }
  struct scope *disks = scope_add(scope_add(cluster, "groups"), "disks");
  scope_set(disks, "id", "sda");
  node->parent = cluster;
  scope_set(node, "name", "kube-1");
  scope_set(node, "pem", "one\ntwo\n\nthree\n");
  scope_set(node, "odd", "a'b\"c\\d\te\xC2\x85\xE2\x80\xA8\xF0\x9F\x90\xA7");
  scope_set(node, "money", "50%, $5");
  scope_set(node, "raw", "\xff");
  scope_set(node, "tag", "{{ name }}");
}

static char *render(const char *text) {
  _cleanup_scope_ struct scope cluster = {0};
  _cleanup_scope_ struct scope node = {0};
  make_scopes(&cluster, &node);
  _cleanup_error_ struct error err = {0};
  _cleanup_template_ struct template *t = NULL;
  struct buf b = {0};
  int r = template_parse("t.conf", text, strlen(text), &t, &err);
  if (r == 0)
    r = template_render(t, &node, &b, &err);
  error_print(&err, "test", stderr);
  assert_int_equal(r, 0);
  return buf_take(&b);
}

static void test_render(void **state) {
  (void)state;
  static const struct {
    const char *text, *out;
  } rows[] = {
      {"", ""},
      {"plain } text { }} \n", "plain } text { }} \n"},
      {"{{ name }}", "kube-1"},
      {"{{name}}@{{ cluster }}\n", "kube-1@demo\n"},
      {"[{{ empty }}] {{ ha }} {{ debug }}", "[] true false"},
      {"{{ tag }}", "{{ name }}"},
      {"{{ tag | yaml }}", "\"{{ name }}\""},
      /* filters */
      {"  {{ pem | indent 2 }}end", "  one\n  two\n\n  three\nend"},
      {"{{ pem | indent 0 }}", "one\ntwo\n\nthree\n"},
      {"{{ odd | sh }}",
       "'a'\\''b\"c\\d\te\xC2\x85\xE2\x80\xA8\xF0\x9F\x90\xA7'"},
      {"{{ odd | yaml }}",
       "\"a'b\\\"c\\\\d\\u0009e\\u0085\\u2028\xF0\x9F\x90\xA7\""},
      {"{{ odd | unit }}",
       "\"a'b\\\"c\\\\d\te\xC2\x85\xE2\x80\xA8\xF0\x9F\x90\xA7\""},
      {"{{ money | unit }}", "\"50%%, $$5\""},
      {"{{ pem|yaml }}", "\"one\\ntwo\\n\\nthree\\n\""},
      {"{{ empty | base64 }}.{{ empty | sh }}.{{ empty | yaml }}", ".''.\"\""},
      {"{{ cluster | base64 }} {{ name | base64 }}", "ZGVtbw== a3ViZS0x"},
      {"{{ raw | base64 }}", "/w=="},
      {"{{ name | base64 | sh | yaml }}", "\"'a3ViZS0x'\""},
      /* lists */
      {"{{# nodes }}{{ name }},{{/ nodes }}", "kube-1,kube-2,"},
      {"{{# none }}x{{/ none }}.", "."},
      {"{{# nodes }}\n  {{ name }} of {{ cluster }}\n{{/ nodes }}\n",
       "  kube-1 of demo\n  kube-2 of demo\n"},
      {"{{# groups }}{{# disks }}{{ id }}{{/ disks }}{{/ groups }}", "sda"},
      {"{{# nodes }}{{^ first }}, {{/ first }}{{ name }}{{/ nodes }}",
       "kube-1, kube-2"},
      /* truth */
      {"{{? ha }}a{{/ ha }}{{^ ha }}b{{/ ha }}", "a"},
      {"{{? debug }}a{{/ debug }}{{^ debug }}b{{/ debug }}", "b"},
      {"{{? empty }}a{{/ empty }}{{^ empty }}b{{/ empty }}", "b"},
      {"{{? none }}a{{/ none }}{{? nodes }}b{{/ nodes }}", "b"},
      {"{{? ha }}{{? ha }}x{{/ ha }}{{/ ha }}", "x"},
      {"{{? debug }}{{ no_such_name }}{{/ debug }}", ""},
      /* a tag alone on its line takes the line with it */
      {"a\n  {{? ha }}  \nb\n\t{{/ ha }}\nc\n", "a\nb\nc\n"},
      {"{{? ha }}\r\nb\r\n{{/ ha }}\r\n", "b\r\n"},
      {"a\n{{! gone }}\nb", "a\nb"},
      {"a\n{{! gone\n too }}\nb", "a\nb"},
      {"a {{! gone }} b\n", "a  b\n"},
      {"{{? ha }} x\n{{/ ha }}", " x\n"},
      {"{{? ha }}{{/ ha }}\n", "\n"},
      {"  {{ empty }}\n", "  \n"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *got = render(rows[i].text);
    assert_string_equal(got, rows[i].out);
  }
}

static char *print_faults(const struct error *err) {
  char *out = NULL;
  size_t n = 0;
  FILE *f = open_memstream(&out, &n);
  error_print(err, "test", f);
  assert_int_equal(fclose(f), 0);
  return out;
}

static void test_parse_faults(void **state) {
  (void)state;
  static const struct {
    const char *text, *fault;
  } rows[] = {
      {"a {{ b", "t:1:3: '{{' without '}}' on the same line\n"},
      {"a {{ b\n }}", "t:1:3: '{{' without '}}' on the same line\n"},
      {"ä\nä {{}}", "t:2:3: a tag without a name\n"},
      {"{{# }}", "t:1:1: a tag without a name\n"},
      {"{{ a b }}", "t:1:1: cannot read this tag from 'b ' on\n"},
      {"{{# a | yaml }}{{/ a }}",
       "t:1:1: cannot read this tag from '| yaml ' on\n"},
      {"{{ a | html }}", "t:1:1: there is no filter 'html'; there are yaml, "
                         "sh, unit, base64 and indent\n"},
      {"{{ a | }}", "t:1:1: there is no filter ''; there are yaml, sh, unit, "
                    "base64 and indent\n"},
      {"{{ a | indent }}", "t:1:1: the filter indent needs a number of "
                           "columns, 0 to 80\n"},
      {"{{ a | indent 81 }}", "t:1:1: the filter indent needs a number of "
                              "columns, 0 to 80\n"},
      {"{{ a | sh | sh | sh | sh | sh }}", "t:1:1: more than 4 filters\n"},
      {"x\n  {{? a }}\n", "t:2:3: the section 'a' is not closed\n"},
      {"{{/ a }}", "t:1:1: 'a' is closed here but not open\n"},
      {"{{# a }}\n{{? b }}{{/ a }}",
       "t:2:9: 'a' is closed here, but 'b' from line 2 is open\n"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    struct template *t = NULL;
    assert_int_equal(
        template_parse("t", rows[i].text, strlen(rows[i].text), &t, &err), -1);
    assert_null(t);
    _cleanup_free_ char *got = print_faults(&err);
    assert_string_equal(got, rows[i].fault);
  }
}

static void test_depth(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  for (int i = 0; i < TEMPLATE_MAX_DEPTH + 1; i++)
    buf_adds(&b, "{{? a }}");
  _cleanup_error_ struct error err = {0};
  struct template *t = NULL;
  assert_int_equal(template_parse("t", b.data, b.len, &t, &err), -1);
  assert_string_equal(err.faults[0].msg,
                      "more than 16 sections inside each other");
}

/* All faults of one rendering are told, a list's only once. */
static void test_render_faults(void **state) {
  (void)state;
  static const char text[] = "{{ what }}\n"
                             "{{# nodes }}{{ where }}{{/ nodes }}\n"
                             "{{ nodes }}\n"
                             "{{# ha }}x{{/ ha }}\n"
                             "{{ raw | yaml }}\n";
  _cleanup_scope_ struct scope cluster = {0};
  _cleanup_scope_ struct scope node = {0};
  make_scopes(&cluster, &node);
  _cleanup_error_ struct error err = {0};
  _cleanup_template_ struct template *t = NULL;
  _cleanup_buf_ struct buf b = {0};
  assert_int_equal(template_parse("t", text, strlen(text), &t, &err), 0);
  assert_int_equal(template_render(t, &node, &b, &err), -1);
  _cleanup_free_ char *got = print_faults(&err);
  assert_string_equal(got, "t:1:1: 'what' is not known here\n"
                           "t:2:13: 'where' is not known here\n"
                           "t:3:1: 'nodes' is a list; write {{# ... }}\n"
                           "t:4:1: 'ha' is not a list; write {{? ... }}\n"
                           "t:5:1: 'raw' is not text in UTF-8\n");
}

static void test_set_again(void **state) {
  (void)state;
  _cleanup_scope_ struct scope s = {0};
  scope_set(&s, "x", "text");
  scope_set_flag(&s, "x", true);
  scope_set(scope_add(&s, "x"), "y", "1");
  scope_set(scope_add(&s, "x"), "y", "2");
  _cleanup_error_ struct error err = {0};
  _cleanup_template_ struct template *t = NULL;
  static const char text[] = "{{# x }}{{ y }}{{/ x }}";
  assert_int_equal(template_parse("t", text, strlen(text), &t, &err), 0);
  for (int i = 0; i < 2; i++) {
    _cleanup_buf_ struct buf b = {0};
    assert_int_equal(template_render(t, &s, &b, &err), 0);
    assert_string_equal(b.data, "12");
  }
}

/* Parts of a text that many scopes share. */
static void test_parts_of_a_text(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_template_ struct template *t = NULL;
  _cleanup_scope_ struct scope all = {0};
  _cleanup_scope_ struct scope one = {.parent = &all};
  _cleanup_buf_ struct buf out = {0};
  static const char text[] =
      "<{{ a }}{{ b }}|{{ a | sh }}{{? b }} b{{/ b }}{{^ c }} no c{{/ c }}>";
  scope_set(&all, "all", "one two three");
  const char *whole = scope_text(&one, "all");
  assert_ptr_equal(whole, scope_text(&all, "all"));
  assert_string_equal(scope_text(&one, "none"), "");
  scope_set_part(&one, "a", whole, 4);
  scope_set_part(&one, "b", whole + 8, 5);
  scope_set_part(&one, "c", whole, 0);
  assert_int_equal(template_parse("t", text, strlen(text), &t, &err), 0);
  assert_int_equal(template_render(t, &one, &out, &err), 0);
  assert_string_equal(out.data, "<one three|'one ' b no c>");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts_of_a_text),
      cmocka_unit_test(test_render),
      cmocka_unit_test(test_parse_faults),
      cmocka_unit_test(test_depth),
      cmocka_unit_test(test_set_again),
      cmocka_unit_test(test_render_faults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
