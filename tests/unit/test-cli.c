/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "cmd/cli.h"
#include <getopt.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

static const char spec_text[] =
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2}\n"
    "network: {subnet: 192.168.4.0/24}\n"
    "nodes: [{name: \"m{1..3}\"}]\n";

struct fixture {
  char *dir;
  char *spec;
  char *said; /* what was logged */
  size_t said_len;
  struct cli cli;
};

static int setup(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = new_folder();
  f->spec = xasprintf("%s/lab.yaml", f->dir);
  f->cli.log.out = open_memstream(&f->said, &f->said_len);
  assert_int_equal(
      file_write(f->spec, spec_text, strlen(spec_text), 0644, &err), 0);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = *state;
  assert_int_equal(fclose(f->cli.log.out), 0);
  assert_int_equal(file_remove_tree(f->dir, &err), 0);
  free(f->said);
  free(f->spec);
  free(f->dir);
  free(f);
  return 0;
}

static void test_load(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_cluster_ struct cluster c;
  assert_int_equal(cluster_load(&f->cli, f->spec, &c, &err), 0);
  assert_string_equal(c.spec.name, "demo");
  assert_int_equal(c.plan.nodes.n, 3);
  assert_ptr_equal(c.plan.spec, &c.spec);
  assert_int_equal(c.state.lock_fd, -1);
}

/* A spec that is not there is the user's mistake, exit code 2. */
static void test_load_faults(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_cluster_ struct cluster c;
  assert_int_equal(cluster_load(&f->cli, "/nowhere.yaml", &c, &err), -1);
  assert_int_equal(err.kind, ERROR_USAGE);
  _cleanup_cluster_ struct cluster d;
  assert_int_equal(file_write(f->spec, "a: 1\n", 5, 0644, &err), 0);
  assert_int_equal(cluster_load(&f->cli, f->spec, &d, &err), -1);
  assert_int_equal(err.kind, ERROR_USAGE);
}

static void test_warnings_are_logged(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_cluster_ struct cluster c;
  f->cli.warns = true;
  _cleanup_free_ char *text =
      xasprintf("%.*s[{name: m1}]\n",
                (int)(strstr(spec_text, "[{") - spec_text), spec_text);
  assert_int_equal(file_write(f->spec, text, strlen(text), 0644, &err), 0);
  assert_int_equal(cluster_load(&f->cli, f->spec, &c, &err), 0);
  _cleanup_free_ char *expected =
      xasprintf("%s:6:8: warning: one control-plane node is not highly "
                "available; three are [KS0203]\n",
                f->spec);
  assert_string_equal(f->said, expected);
}

static void test_state(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *chosen = xasprintf("%s/chosen", f->dir);
  _cleanup_free_ char *beside = xasprintf("%s/demo.cluster", f->dir);
  const char *const dirs[][2] = {{NULL, beside}, {chosen, chosen}};
  for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
    _cleanup_cluster_ struct cluster c;
    f->cli.state_dir = dirs[i][0];
    assert_int_equal(cluster_load(&f->cli, f->spec, &c, &err), 0);
    assert_int_equal(cluster_open_state(&f->cli, &c, false, false, &err), -1);
    assert_int_equal(cluster_open_state(&f->cli, &c, true, true, &err), 0);
    assert_string_equal(c.state.dir, dirs[i][1]);
    assert_true(c.state.lock_fd >= 0);
  }
}

static void test_select(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_cluster_ struct cluster c;
  assert_int_equal(cluster_load(&f->cli, f->spec, &c, &err), 0);
  char *names[] = {(char *)"m3", (char *)"m1", (char *)"m9"};
  size_t *chosen = NULL;
  size_t n = 0;
  assert_int_equal(cluster_select(&c, names, 2, &chosen, &n, &err), 0);
  assert_int_equal(n, 2);
  assert_int_equal(chosen[0], 2);
  assert_int_equal(chosen[1], 0);
  free(chosen);
  assert_int_equal(cluster_select(&c, NULL, 0, &chosen, &n, &err), 0);
  assert_int_equal(n, 3);
  assert_int_equal(chosen[2], 2);
  free(chosen);
  chosen = NULL;
  assert_int_equal(cluster_select(&c, names, 3, &chosen, &n, &err), -1);
  assert_null(chosen);
  assert_int_equal(err.kind, ERROR_USAGE);
  assert_non_null(strstr(err.faults[0].msg, "'m9'"));
  assert_non_null(strstr(err.faults[0].msg, "m1"));
}

/* However often a node is named, it is one node. */
static void test_selection_is_a_set(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_cluster_ struct cluster c;
  assert_int_equal(cluster_load(&f->cli, f->spec, &c, &err), 0);
  char *names[] = {(char *)"m3", (char *)"m1", (char *)"m3", (char *)"m3",
                   (char *)"m1"};
  _cleanup_free_ size_t *sel = NULL;
  size_t n = 0;
  assert_int_equal(cluster_select(&c, names, 5, &sel, &n, &err), 0);
  assert_int_equal(n, 2);
  assert_int_equal(sel[0], 2);
  assert_int_equal(sel[1], 0);
}

static void test_order(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *order;
    size_t expected[3];
  } rows[] = {
      {",m1", {0, 1, 2}},      {"m2", {1, 0, 2}},    {"m3,m1", {2, 0, 1}},
      {"m3,m2,m1", {2, 1, 0}}, {"m2,m2", {1, 0, 2}}, {"m3,m1,m3", {2, 0, 1}},
  };
  _cleanup_error_ struct error err = {0};
  _cleanup_cluster_ struct cluster c;
  assert_int_equal(cluster_load(&f->cli, f->spec, &c, &err), 0);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    size_t sel[] = {0, 1, 2};
    assert_int_equal(cluster_order(&c, rows[i].order, sel, 3, &err), 0);
    assert_memory_equal(sel, rows[i].expected, sizeof(sel));
  }
  size_t two[] = {0, 1};
  assert_int_equal(cluster_order(&c, "m3", two, 2, &err), -1);
  assert_int_equal(err.kind, ERROR_USAGE);
  assert_non_null(strstr(err.faults[0].msg, "'m3'"));
  error_done(&err);
  assert_int_equal(cluster_order(&c, "", two, 2, &err), -1);
  assert_int_equal(cluster_order(&c, ",", two, 2, &err), -1);
  assert_int_equal(err.kind, ERROR_USAGE);
  assert_non_null(strstr(err.faults[0].msg, "'' names no node"));
}

static void test_getopt(void **state) {
  (void)state;
  static const struct option options[] = {
      {"force", no_argument, NULL, 'f'},
      {"name", required_argument, NULL, 'n'},
      {0},
  };
  static const struct {
    const char *argv[4];
    const char *chars; /* the options given, '?' at a fault */
    const char *msg;
  } rows[] = {
      {{"init", "a", NULL}, "", NULL},
      {{"init", "-f", "--name=x", NULL}, "fn", NULL},
      {{"init", "--nam", "x", NULL}, "n", NULL},
      {{"init", "--bogus", NULL},
       "?",
       "unknown option '--bogus'; see kubeseed init --help"},
      {{"init", "--name", NULL},
       "?",
       "the option '--name' needs a value; see kubeseed init --help"},
      {{"init", "-fz", NULL},
       "f?",
       "unknown option '-z'; see kubeseed init --help"},
      {{"init", "-fq", NULL},
       "f?",
       "'-q' is an option of all commands; write it as a word of its own, "
       "before "
       "or after the command"},
      {{"init", "-qz", NULL},
       "?",
       "'-q' is an option of all commands; write it as a word of its own, "
       "before "
       "or after the command"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    char *argv[4] = {0};
    int argc = 0;
    for (; rows[i].argv[argc]; argc++)
      argv[argc] = (char *)rows[i].argv[argc];
    char seen[8] = "";
    size_t n = 0;
    optind = 0;
    for (int c;
         n < 7 && (c = cli_getopt(argc, argv, "fn:", options, &err)) != -1;)
      if ((seen[n++] = (char)c) == '?')
        break;
    assert_string_equal(seen, rows[i].chars);
    assert_int_equal(error_is_set(&err), rows[i].msg != NULL);
    if (rows[i].msg)
      assert_string_equal(err.faults[0].msg, rows[i].msg);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_load),
      TEST(test_load_faults),
      TEST(test_warnings_are_logged),
      TEST(test_state),
      TEST(test_select),
      TEST(test_selection_is_a_set),
      TEST(test_order),
      cmocka_unit_test(test_getopt),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
