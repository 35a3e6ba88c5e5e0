/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "format/yaml.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct yaml_node *parse(const char *text) {
  _cleanup_error_ struct error err = {0};
  struct yaml_node *root = NULL;
  int r = yaml_parse("t.yaml", text, strlen(text), &root, &err);
  error_print(&err, "test", stderr);
  assert_int_equal(r, 0);
  return root;
}

/* All faults of text, one per line. */
static char *faults_of(const char *text, size_t len) {
  _cleanup_error_ struct error err = {0};
  struct yaml_node *root = NULL;
  assert_int_equal(yaml_parse("t.yaml", text, len, &root, &err), -1);
  assert_null(root);
  assert_int_equal(err.kind, ERROR_USAGE);
  char *out = NULL;
  size_t n = 0;
  FILE *f = open_memstream(&out, &n);
  error_print(&err, "test", f);
  assert_int_equal(fclose(f), 0);
  return out;
}

static char *emit(const struct yaml_node *root) {
  _cleanup_error_ struct error err = {0};
  struct buf b = {0};
  int r = yaml_emit(root, &b, &err);
  error_print(&err, "test", stderr);
  assert_int_equal(r, 0);
  return buf_take(&b);
}

static void assert_where(const struct yaml_node *n, const char *value,
                         const char *key) {
  _cleanup_free_ char *where = yaml_where(n);
  assert_string_equal(where, value);
  if (!key)
    return;
  _cleanup_free_ char *where_key = yaml_where_key(n);
  assert_string_equal(where_key, key);
}

static void test_places(void **state) {
  (void)state;
  _cleanup_yaml_ struct yaml_node *root = parse("# comment\n"
                                                "name: demo\n"
                                                "nodes:\n"
                                                "  - name: \"a\"\n"
                                                "    ä: {cpus: 2}\n");
  assert_int_equal(root->kind, YAML_MAP);
  assert_int_equal(root->n, 2);
  assert_where(yaml_get(root, "name"), "t.yaml:2:7", "t.yaml:2:1");
  const struct yaml_node *nodes = yaml_get(root, "nodes");
  assert_int_equal(nodes->kind, YAML_SEQ);
  const struct yaml_node *node = nodes->child[0];
  assert_where(node, "t.yaml:4:5", NULL);
  assert_true(yaml_get(node, "name")->quoted);
  assert_false(yaml_get(root, "name")->quoted);
  const struct yaml_node *flow = yaml_get(node, "ä");
  assert_true(flow->flow);
  assert_where(yaml_get(flow, "cpus"), "t.yaml:5:15", "t.yaml:5:9");
  assert_null(yaml_get(root, "missing"));
  assert_null(yaml_get(nodes, "name"));
}

static void test_empty(void **state) {
  (void)state;
  static const char *const texts[] = {"", "\n", "# nothing\n", "---\n", "~"};
  for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
    _cleanup_yaml_ struct yaml_node *root = parse(texts[i]);
    assert_true(yaml_is_null(root));
    assert_true(root->line >= 1 && root->column >= 1);
  }
}

static void test_faults(void **state) {
  (void)state;
  static const struct {
    const char *text, *fault;
  } rows[] = {
      {"a: 1\nb: 2\na: 3\nb: 4\n",
       "t.yaml:3:1: the key 'a' stands here twice; first at line 1\n"
       "t.yaml:4:1: the key 'b' stands here twice; first at line 2\n"},
      {"a: {b: 1, 'b': 2}\n",
       "t.yaml:1:11: the key 'b' stands here twice; first at line 1\n"},
      {"a: &x 1\nb: *x\n",
       "t.yaml:1:4: the anchor '&x' is not accepted; leave it out\n"
       "t.yaml:2:4: the alias '*x' is not accepted; write the value out\n"},
      {"a: !!str 1\n",
       "t.yaml:1:4: the tag 'tag:yaml.org,2002:str' is not accepted; leave it "
       "out, or put the value in quotes\n"},
      {"? [a, b]\n: 1\n? {c: d}\n: 2\n",
       "t.yaml:1:3: a key must be a single word or text, not a list or map\n"
       "t.yaml:3:3: a key must be a single word or text, not a list or map\n"},
      {"a: 1\n---\nb: 2\n",
       "t.yaml:2:1: a second document; this file must be a single one\n"},
      {"a: \"x\\0y\"\n", "t.yaml:1:4: a text cannot hold a NUL byte\n"},
      {"a: 1\n b: 2\n",
       "t.yaml:2:3: this is not YAML: mapping values are not allowed in this "
       "context\n"},
      {"a: [1, 2\nb: 3\n",
       "t.yaml:2:2: this is not YAML: did not find expected ',' or ']', while "
       "parsing a flow sequence (begun at line 1)\n"},
      {"a: b\n\xff\n", "t.yaml:2:1: this is not text in UTF-8: invalid leading "
                       "UTF-8 octet\n"},
      {"a:\n\t- b\n",
       "t.yaml:2:1: this is not YAML: a tab stands here; indent with "
       "spaces\n"},
      {"a: @b\n",
       "t.yaml:1:4: this is not YAML: found character that cannot start any "
       "token, while scanning for the next token (begun at line 1)\n"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *got = faults_of(rows[i].text, strlen(rows[i].text));
    assert_string_equal(got, rows[i].fault);
  }
}

/* The text of n times a character: the bombs. */
static char *repeat(const char *s, size_t n) {
  struct buf b = {0};
  while (n-- > 0)
    buf_adds(&b, s);
  return buf_take(&b);
}

static void test_limits(void **state) {
  (void)state;
  static const struct {
    const char *piece;
    size_t n;
    const char *fault;
  } rows[] = {
      {"[", 100000, "t.yaml:1:33: more than 32 levels are too deep\n"},
      {"{a: ", 100000, "t.yaml:1:129: more than 32 levels are too deep\n"},
      {"- ", 100000, "t.yaml:1:65: more than 32 levels are too deep\n"},
      {"- a\n", 200001,
       "t.yaml:200000:3: more than 200000 values are too "
       "many\n"},
      {"a", YAML_MAX_BYTES + 1,
       "t.yaml: more than 1048576 bytes are too much for this file\n"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *text = repeat(rows[i].piece, rows[i].n);
    _cleanup_free_ char *got = faults_of(text, strlen(text));
    assert_string_equal(got, rows[i].fault);
  }
}

static void test_many_duplicates(void **state) {
  (void)state;
  _cleanup_free_ char *text = repeat("k: v\n", 50000);
  _cleanup_error_ struct error err = {0};
  struct yaml_node *root = NULL;
  assert_int_equal(yaml_parse("t", text, strlen(text), &root, &err), -1);
  assert_int_equal(err.n_faults + err.n_dropped, 49999);
}

static void test_check(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int result;
  } rows[] = {
      {"a: 1\n---\nb: &x 2\nc: *x\n---\n!!str d\n", 0},
      {"", 0},
      {"a: b: c\n", -1},
      {"a: 'b\n", -1},
      {"a: 1\n---\n- [\n", -1},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    assert_int_equal(yaml_check("t", rows[i].text, strlen(rows[i].text), &err),
                     rows[i].result);
  }
  _cleanup_free_ char *bomb = repeat("[", 100000);
  _cleanup_error_ struct error err = {0};
  assert_int_equal(yaml_check("t", bomb, strlen(bomb), &err), -1);
  assert_string_equal(err.faults[0].where, "t:1:33");
}

/* What is no string, as a tree that was read has it. */
static struct yaml_node *plain(const char *text) {
  struct yaml_node *n = yaml_new_str(text);
  n->quoted = false;
  return n;
}

static struct yaml_node *sample(void) {
  struct yaml_node *root = yaml_new_map();
  yaml_map_set_str(root, "hostname", "kube-mast01");
  yaml_map_set_bool(root, "manage_etc_hosts", false);
  yaml_map_set(root, "size", plain("-8"));
  yaml_map_set(root, "swap", plain(""));
  struct yaml_node *list = yaml_map_set_seq(root, "datasource_list");
  list->flow = true;
  yaml_seq_add_str(list, "NoCloud");
  yaml_seq_add_str(list, "None");
  struct yaml_node *file = yaml_seq_add_map(yaml_map_set_seq(root, "files"));
  yaml_map_set_strf(file, "path", "/etc/%s", "motd");
  yaml_map_set_str(file, "permissions", "0644");
  yaml_map_set_str(file, "content", "one\n  two: #3\n\nfour\n");
  yaml_seq_add_str(
      yaml_seq_add(yaml_map_set_seq(root, "runcmd"), yaml_new_seq()), "7");
  yaml_map_set(root, "empty", yaml_new_map());
  return root;
}

static void test_emit(void **state) {
  (void)state;
  _cleanup_yaml_ struct yaml_node *root = sample();
  _cleanup_free_ char *text = emit(root);
  assert_string_equal(text, "hostname: kube-mast01\n"
                            "manage_etc_hosts: false\n"
                            "size: -8\n"
                            "swap: null\n"
                            "datasource_list: [NoCloud, None]\n"
                            "files:\n"
                            "- path: /etc/motd\n"
                            "  permissions: \"0644\"\n"
                            "  content: |\n"
                            "    one\n"
                            "      two: #3\n"
                            "\n"
                            "    four\n"
                            "runcmd:\n"
                            "- - \"7\"\n"
                            "empty: {}\n");
  _cleanup_yaml_ struct yaml_node *back = parse(text);
  assert_true(yaml_equal(root, back));
  _cleanup_yaml_ struct yaml_node *copy = yaml_copy(back);
  assert_true(yaml_equal(copy, back));
  yaml_map_set_str(copy, "size", "8");
  assert_int_equal(copy->n, back->n);
  assert_false(yaml_equal(copy, back));
}

/*
 * Whatever a string holds, it comes back as that string, as a value, in a
 * list, in a flow list and as a key, and nothing beside it changes.
 */
static void round_trip(const char *s) {
  _cleanup_yaml_ struct yaml_node *root = yaml_new_map();
  yaml_map_set_str(root, "before", "x");
  yaml_map_set_str(root, "value", s);
  yaml_seq_add_str(yaml_map_set_seq(root, "list"), s);
  struct yaml_node *flow = yaml_map_set_seq(root, "flow");
  flow->flow = true;
  yaml_seq_add_str(flow, s);
  yaml_seq_add_str(flow, s);
  yaml_map_set_str(yaml_map_set(root, "map", yaml_new_map()), s, s);
  yaml_map_set_str(root, "after", s);
  _cleanup_free_ char *text = emit(root);
  _cleanup_yaml_ struct yaml_node *back = parse(text);
  if (!yaml_equal(root, back))
    fail_msg("'%s' became\n%s", s, text);
}

static void test_strings(void **state) {
  (void)state;
  static const char *const strings[] = {
      "",
      " ",
      "\n",
      "\n\n",
      "a\n",
      "a\n\n\n",
      "\na",
      " a\nb",
      "a\n b\n",
      "a \nb \n",
      "a\tb",
      "\ta\nb",
      "a\n\tb\n",
      "a\r\nb",
      "a\rb",
      "\x01\x7f",
      "\xC2\x85",
      "a\nb\xE2\x80\xA8"
      "c\n",
      "\xEF\xBB\xBFx",
      "äöü",
      "\xF0\x9F\x90\xA7",
      "'",
      "\"",
      "\\",
      "\"'\\",
      ": ",
      "a: b",
      "a #b",
      "#a",
      "- a",
      "-",
      "?",
      "? a",
      "---",
      "...",
      "---\na\n",
      "a\n---\nb\n...\n",
      "[a]",
      "{a: b}",
      "a, b",
      "&a",
      "*a",
      "!a",
      "!!int 1",
      "|",
      ">",
      "%a",
      "@a",
      "`a",
      "<<",
      "=",
      "a:",
      ":a",
      "key: |\n  x\n",
      "a\n ",
      "a\n  \n",
      "#cloud-config\nusers: []\n",
      "{{ x }}",
      "$(x)",
  };
  for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
    round_trip(strings[i]);
}

/* What YAML 1.1 or 1.2 would take for something else must be quoted. */
static void test_not_strings(void **state) {
  (void)state;
  static const char *const strings[] = {
      "",       "~",        "null",
      "Null",   "NULL",     "true",
      "True",   "TRUE",     "false",
      "yes",    "Yes",      "no",
      "NO",     "on",       "Off",
      "y",      "N",        "0",
      "1",      "-1",       "+1",
      "0644",   "0o17",     "0x1F",
      "0b11",   "1_000",    "1e3",
      "1.5",    ".5",       "-.inf",
      ".NaN",   "12:30:45", "2001-12-14",
      "1.34.2", "10s",      "<<",
      "=",      "1:2.3",    "2001-12-14t21:59:43.10-05:00",
  };
  for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
    _cleanup_yaml_ struct yaml_node *root = yaml_new_seq();
    yaml_seq_add_str(root, strings[i]);
    _cleanup_free_ char *text = emit(root);
    _cleanup_yaml_ struct yaml_node *back = parse(text);
    assert_string_equal(back->child[0]->text, strings[i]);
    assert_true(back->child[0]->quoted);
  }
}

/* Tiny and the same on every run. */
static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static void test_random_strings(void **state) {
  (void)state;
  static const char *const pieces[] = {
      "a", "b",  " ", "  ", "\n", "\n", ":", ": ", "#",  " #",  "-",  "- ",
      "?", "\"", "'", "\\", "{",  "}",  "[", "]",  ",",  "&",   "*",  "!",
      "|", ">",  "%", "@",  "0",  "\t", "é", "~",  "\r", "---", "..."};
  uint32_t seed = 1;
  for (int i = 0; i < 20000; i++) {
    _cleanup_buf_ struct buf b = {0};
    for (uint32_t n = next_random(&seed) % 9; n > 0; n--)
      buf_adds(&b, pieces[next_random(&seed) % ARRAY_SIZE(pieces)]);
    buf_add(&b, "", 0);
    round_trip(b.data);
  }
}

/* A parsed tree is emitted with its types: what was plain stays plain. */
static void test_parsed_types(void **state) {
  (void)state;
  static const char text[] = "a: true\n"
                             "b: \"true\"\n"
                             "c: 0644\n"
                             "d: [1, \"1\", null, \"\"]\n"
                             "e: null\n"
                             "f: \"\"\n";
  _cleanup_yaml_ struct yaml_node *root = parse(text);
  _cleanup_free_ char *out = emit(root);
  assert_string_equal(out, text);
}

static void test_not_utf8(void **state) {
  (void)state;
  /* A lone byte, an overlong '/', a surrogate, beyond U+10FFFF, cut off. */
  static const char *const strings[] = {"\xff", "\xC0\xAF", "\xED\xBB\xBF",
                                        "\xF4\x90\x80\x80", "a\xE2\x80"};
  for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
    _cleanup_yaml_ struct yaml_node *root = yaml_new_map();
    yaml_map_set_str(root, "motd", strings[i]);
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf b = {0};
    assert_int_equal(yaml_emit(root, &b, &err), -1);
    assert_string_equal(err.faults[0].msg,
                        "'motd': cannot write YAML: a text is not UTF-8");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_many_duplicates),
      cmocka_unit_test(test_check),
      cmocka_unit_test(test_emit),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_not_strings),
      cmocka_unit_test(test_random_strings),
      cmocka_unit_test(test_parsed_types),
      cmocka_unit_test(test_not_utf8),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
