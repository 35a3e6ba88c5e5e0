/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "machine/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

static void check_tree(const struct cgroup_vec *v, size_t i, const char *path,
                       const char *options, bool unified) {
  assert_true(i < v->n);
  assert_string_equal(v->v[i].path, path);
  assert_string_equal(v->v[i].options, options);
  assert_int_equal(v->v[i].unified, unified);
}

/* Hierarchies of controllers, one that has only a name, and the unified one. */
static void test_hybrid(void **state) {
  (void)state;
  _cleanup_cgroups_ struct cgroup_vec v = {0};
  cgroup_parse(
      "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup "
      "rw,cpu,cpuacct\n"
      "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup none "
      "rw,cpuset,noprefix,clone_children\n"
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
      "rw,xattr,release_agent=/x,name=systemd\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
      &v);
  assert_int_equal(v.n, 4);
  check_tree(&v, 0, "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct", false);
  check_tree(&v, 1, "/sys/fs/cgroup/cpuset", "cpuset", false);
  check_tree(&v, 2, "/sys/fs/cgroup/systemd", "none,name=systemd", false);
  check_tree(&v, 3, "/sys/fs/cgroup/unified", "", true);
}

static void test_unified(void **state) {
  (void)state;
  _cleanup_cgroups_ struct cgroup_vec v = {0};
  cgroup_parse("30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 "
               "rw,nsdelegate,memory_recursiveprot\n",
               &v);
  assert_int_equal(v.n, 1);
  check_tree(&v, 0, "/sys/fs/cgroup", "", true);
}

/* What is mounted twice is one hierarchy; what is mounted elsewhere, or not
 * from its root on, is not the host's; and any text is fine. */
static void test_odd(void **state) {
  (void)state;
  _cleanup_cgroups_ struct cgroup_vec v = {0};
  cgroup_parse("1 2 0:3 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
               "4 2 0:3 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
               "5 2 0:4 / /elsewhere rw - cgroup cgroup rw,memory\n"
               "6 2 0:5 /a /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
               "7 2\n - cgroup\n\n8 2 0:6 / /sys/fs/cgroup/x rw - cgroup\n",
               &v);
  assert_int_equal(v.n, 1);
  check_tree(&v, 0, "/sys/fs/cgroup/cpu", "cpu", false);
}

/* ---- Groups, in folders that stand for hierarchies ---- */

struct fixture {
  char *dir;
  char none[1]; /* options */
  struct cgroup_tree tree;
  struct cgroup_vec trees;
};

static int setup(void **state) {
  char *dir = new_folder();
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = dir;
  f->tree = (struct cgroup_tree){.path = f->dir, .options = f->none};
  f->trees = (struct cgroup_vec){.v = &f->tree, .n = 1};
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  check_ok(file_remove_tree(f->dir, &err), &err);
  free(f->dir);
  free(f);
  return 0;
}

static void make_group(const struct fixture *f, const char *name) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", f->dir, name);
  check_ok(file_mkdirs(path, 0755, &err), &err);
}

static void put(const struct fixture *f, const char *name, const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", f->dir, name);
  check_ok(file_write(path, text, strlen(text), 0644, &err), &err);
}

static void expect(const struct fixture *f, const char *name,
                   const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", f->dir, name);
  check_ok(file_read(path, 4096, &b, &err), &err);
  assert_string_equal(b.data ? b.data : "", text);
}

static bool has(const struct fixture *f, const char *name) {
  _cleanup_free_ char *path = xasprintf("%s/%s", f->dir, name);
  return file_exists(path);
}

/* A machine's groups go with all that is below them, and no other's. */
static void test_remove(void **state) {
  struct fixture *f = *state;
  make_group(f, "kubeseed-1-m1/init.scope");
  make_group(f, "kubeseed-1-m1/system.slice/etcd.service");
  make_group(f, "kubeseed-1-m10");
  make_group(f, "system.slice");
  cgroup_remove(&f->trees, "kubeseed-1-m1");
  assert_false(has(f, "kubeseed-1-m1"));
  cgroup_remove(&f->trees, "kubeseed-1-m1"); /* is gone: fine */
  static const char *const others[] = {"system.slice", "", ".", "..",
                                       "kubeseed-1-m10/../system.slice"};
  for (size_t i = 0; i < ARRAY_SIZE(others); i++)
    cgroup_remove(&f->trees, others[i]);
  assert_true(has(f, "system.slice"));
  assert_true(has(f, "kubeseed-1-m10"));
}

static void test_name(void **state) {
  struct fixture *f = *state;
  const struct state here = {.dir = f->dir}, there = {.dir = (char[]){"/tmp"}};
  _cleanup_free_ char *one = cgroup_name(&here, "m1");
  _cleanup_free_ char *same = cgroup_name(&here, "m1");
  _cleanup_free_ char *two = cgroup_name(&here, "m2");
  _cleanup_free_ char *other = cgroup_name(&there, "m1");
  assert_string_equal(one, same);
  assert_string_not_equal(one, two);
  assert_string_not_equal(one, other);
  assert_int_equal(strncmp(one, "kubeseed-", 9), 0);
  assert_null(strchr(one, '/'));
}

/* cpuset's new groups have no processors until somebody says which. */
static void test_enter_v1(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  f->tree.options = (char[]){"cpuset"};
  make_group(f, "kubeseed-m1");
  put(f, "cpuset.cpus", "0-1\n");
  put(f, "cpuset.mems", "0\n");
  put(f, "kubeseed-m1/cpuset.cpus", "");
  put(f, "kubeseed-m1/cpuset.mems", "");
  put(f, "kubeseed-m1/cgroup.procs", "");
  check_ok(cgroup_enter(&f->trees, "kubeseed-m1", 4711, &err), &err);
  expect(f, "kubeseed-m1/cpuset.cpus", "0-1\n");
  expect(f, "kubeseed-m1/cpuset.mems", "0\n");
  expect(f, "kubeseed-m1/cgroup.procs", "4711");
}

/* Of the controllers that a node limits by, those that are there and are not
 * enabled yet. The kernel's file takes them one by one; here the last stays. */
static void test_enter_v2(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  f->tree.unified = true;
  make_group(f, "kubeseed-m1");
  put(f, "cgroup.controllers", "cpu io memory rdma\n");
  put(f, "cgroup.subtree_control", "memory");
  put(f, "kubeseed-m1/cgroup.procs", "");
  check_ok(cgroup_enter(&f->trees, "kubeseed-m1", 1, &err), &err);
  expect(f, "cgroup.subtree_control", "+ioury" /* "+cpu", and "+io" over it */);
  expect(f, "kubeseed-m1/cgroup.procs", "1");
  put(f, "cgroup.subtree_control", "cpu io memory");
  check_ok(cgroup_enter(&f->trees, "kubeseed-m1", 1, &err), &err);
  expect(f, "cgroup.subtree_control", "cpu io memory");
}

static void test_enter_fails(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  check_error(cgroup_enter(&f->trees, "kubeseed-m1", 1, &err), &err,
              "kubeseed-m1/cgroup.procs");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hybrid),
      cmocka_unit_test(test_unified),
      cmocka_unit_test(test_odd),
      TEST(test_remove),
      TEST(test_name),
      TEST(test_enter_v1),
      TEST(test_enter_v2),
      TEST(test_enter_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
