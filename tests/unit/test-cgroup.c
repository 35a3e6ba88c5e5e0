/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hybrid),
      cmocka_unit_test(test_unified),
      cmocka_unit_test(test_odd),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
