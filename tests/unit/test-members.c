/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "part/parts.h"
#include "seed/members.h"
#include "spec/read.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

/* A state in which one spec follows another; masters as in its seeds. */
struct fixture {
  char *dir;
  struct state state;
};

static int setup(void **state) {
  static struct fixture f;
  _cleanup_error_ struct error err = {0};
  f.dir = new_folder();
  assert_int_equal(state_open(f.dir, "x.yaml", "demo", true, &f.state, &err),
                   0);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(f->dir, &err), 0);
  state_done(&f->state);
  free(f->dir);
  return 0;
}

/* What a run with these nodes finds, and leaves for the next one. */
static void run(const struct fixture *f, const char *nodes, bool forget,
                const char *earlier, const char *unreachable,
                const char *gone) {
  _cleanup_error_ struct error err = {0};
  _cleanup_spec_ struct spec spec = {0};
  _cleanup_plan_ struct plan plan = {0};
  _cleanup_members_ struct members m = {0};
  _cleanup_buf_ struct buf text = {0};
  _cleanup_free_ char *yaml =
      xasprintf("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
                "kubernetes: {version: 1.20.2, payload: debian}\n"
                "network: {subnet: 192.168.4.0/24}\nnodes:\n%s",
                nodes);
  assert_int_equal(spec_read("x.yaml", yaml, strlen(yaml), &spec, &err), 0);
  assert_int_equal(parts_plan(&spec, &plan, &err), 0);
  if (members_load(&f->state, &plan, forget, &m, &err) < 0)
    fail_msg("%s", err.faults[0].msg);
  _cleanup_free_ char *path = state_path(&f->state, "pki/members");
  _cleanup_buf_ struct buf before = {0};
  if (file_exists(path))
    check_ok(file_read(path, 1000, &before, &err), &err);
  _cleanup_free_ char *found = members_earlier(&m);
  _cleanup_free_ char *lost = members_unreachable(&m, &plan);
  assert_string_equal(found, earlier);
  _cleanup_free_ char *left = m.gone.n ? strv_join(&m.gone, " ") : xstrdup("");
  assert_string_equal(left, gone);
  if (unreachable)
    assert_string_equal(lost, unreachable);
  else
    assert_null(lost);
  members_write(&m, &text);
  assert_int_equal(m.changed,
                   strcmp(before.data ? before.data : "", text.data) != 0);
  _cleanup_free_ char *folder = state_path(&f->state, "pki");
  assert_int_equal(file_mkdirs(folder, 0700, &err), 0);
  assert_int_equal(file_write(path, text.data, strlen(text.data), 0600, &err),
                   0);
}

#define THREE "- {name: a}\n- {name: b}\n- {name: c}\n"
#define WORKER "- {name: w, role: worker}\n"

static void test_lists(void **state) {
  const struct fixture *f = *state;
  run(f, THREE, false, "", NULL, "");
  run(f, THREE WORKER, false, "", NULL, "");
  run(f, THREE "- {name: d}\n- {name: e}\n", false, "a,b,c", NULL, "");
  run(f, THREE "- {name: d}\n- {name: e}\n", false, "a,b,c", NULL, "");
  run(f, THREE, false, "a,b,c,d,e", NULL, "d e");
  run(f, "- {name: x}\n- {name: b}\n- {name: c}\n", false, "a,b,c,d,e a,b,c",
      "a,b,c,d,e", "a d e");
  run(f, "- {name: x}\n- {name: b}\n- {name: c}\n", true, "b,c", NULL, "a d e");
  run(f, "- {name: y}\n- {name: b, role: worker}\n", false, "b,c x,b,c",
      "b,c x,b,c", "b c x");
  run(f, "- {name: y}\n- {name: b, role: worker}\n", true, "", NULL, "b c x");
}

/* Half of a list is not most of it. */
static void test_half(void **state) {
  const struct fixture *f = *state;
  run(f, "- {name: a}\n- {name: b}\n", false, "", NULL, "");
  run(f, "- {name: a}\n", false, "a,b", "a,b", "b");
}

/* Of a kubeseed that kept no lists: for whom seeds are there. */
static void test_before(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *folder = state_path(&f->state, "seeds");
  assert_int_equal(file_mkdirs(folder, 0700, &err), 0);
  static const char *const nodes[] = {"a", "b", "c"};
  for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
    _cleanup_free_ char *path = state_path(&f->state, "seeds/%s.iso", nodes[i]);
    assert_int_equal(file_write(path, "", 0, 0600, &err), 0);
  }
  run(f, THREE "- {name: d}\n- {name: e}\n", false, "a,b,c", NULL, "");
}

/* Nothing of it is forgotten in silence, nor told to a node. */
static void test_damaged(void **state) {
  const struct fixture *f = *state;
  static const struct {
    const char *text;
    size_t len;
  } rows[] = {
      {"", 0},           {"\n", 1},      {"a,b,cc", 6},    {"a,b,\n", 5},
      {"a,b\n\na\n", 7}, {"a b,c\n", 6}, {"a,b\0,c\n", 7}, {"a,$(x)\n", 7},
  };
  static const char yaml[] =
      "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
      "kubernetes: {version: 1.20.2, payload: debian}\n"
      "network: {subnet: 192.168.4.0/24}\nnodes:\n" THREE;
  _cleanup_error_ struct error err = {0};
  _cleanup_spec_ struct spec spec = {0};
  _cleanup_plan_ struct plan plan = {0};
  check_ok(spec_read("x.yaml", yaml, strlen(yaml), &spec, &err), &err);
  check_ok(parts_plan(&spec, &plan, &err), &err);
  run(f, THREE, false, "", NULL, "");
  _cleanup_free_ char *path = state_path(&f->state, "pki/members");
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_members_ struct members m = {0};
    check_ok(file_write(path, rows[i].text, rows[i].len, 0600, &err), &err);
    check_error(members_load(&f->state, &plan, i % 2, &m, &err), &err,
                "pki/members' is damaged: ");
  }
  check_ok(file_write(path, "a,b,c\n", 6, 0600, &err), &err);
  run(f, THREE, false, "", NULL, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
      cmocka_unit_test_setup_teardown(test_half, setup, teardown),
      cmocka_unit_test_setup_teardown(test_before, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
