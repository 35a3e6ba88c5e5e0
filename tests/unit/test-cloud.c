/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "spec/cloud.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct yaml_node *tree(const char *text) {
  _cleanup_error_ struct error err = {0};
  struct yaml_node *root = NULL;
  assert_int_equal(yaml_parse("t", text, strlen(text), &root, &err), 0);
  return root;
}

static void test_merge(void **state) {
  (void)state;
  static const struct {
    const char *to, *from, *result;
  } cases[] = {
      {"{}", "{a: 1}", "{a: 1}"},
      {"{a: 1, b: 2}", "{a: 3}", "{a: 3, b: 2}"},
      {"{a: [1, 2]}", "{a: [2, 3]}", "{a: [1, 2, 2, 3]}"},
      {"{a: {b: 1, c: [x]}}", "{a: {c: [y], d: 2}}",
       "{a: {b: 1, c: [x, y], d: 2}}"},
      {"{a: [1]}", "{a: x}", "{a: x}"},
      {"{a: x}", "{a: {b: 1}}", "{a: {b: 1}}"},
      {"{a: {b: 1}}", "{a: [1]}", "{a: [1]}"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_yaml_ struct yaml_node *to = tree(cases[i].to);
    _cleanup_yaml_ struct yaml_node *from = tree(cases[i].from);
    _cleanup_yaml_ struct yaml_node *result = tree(cases[i].result);
    cloud_merge(to, from);
    if (!yaml_equal(to, result))
      fail_msg("%s and %s are not %s", cases[i].to, cases[i].from,
               cases[i].result);
  }
}

static void test_modules(void **state) {
  (void)state;
  _cleanup_yaml_ struct yaml_node *cfg =
      tree("{cloud_config_modules: [runcmd], cloud_final_modules: [x]}");
  _cleanup_yaml_ struct yaml_node *root = tree("{hostname: a}");
  _cleanup_yaml_ struct yaml_node *plain = tree("{runcmd: [a]}");
  _cleanup_yaml_ struct yaml_node *more = tree("{apt: {}, phone_home: {}}");
  _cleanup_yaml_ struct yaml_node *result =
      tree("{hostname: a, cloud_config_modules: [apt_configure, runcmd], "
           "cloud_final_modules: [x, phone_home]}");
  cloud_add_modules(plain, cfg, root);
  assert_int_equal(root->n, 1);
  cloud_add_modules(more, cfg, root);
  assert_true(yaml_equal(root, result));
}

/* A key either may stand in a fragment, or something else is said of it. */
static void test_keys(void **state) {
  (void)state;
  assert_non_null(cloud_key_find("runcmd"));
  assert_null(cloud_key_find("users"));
  assert_string_equal(cloud_key_instead("users"), "write users");
  assert_non_null(strstr(cloud_key_instead("ssh_genkeytypes"), "seed's"));
  assert_non_null(strstr(cloud_key_instead("nothing"), "no module"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_merge),
      cmocka_unit_test(test_modules),
      cmocka_unit_test(test_keys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
