/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "seed/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define OURS                                                                   \
  "apiVersion: v1\nkind: Config\n"                                             \
  "clusters:\n- name: demo\n  cluster:\n    certificate-authority-data: CA\n " \
  "   server: https://new\n"                                                   \
  "users:\n- name: demo-admin\n  user:\n    client-key-data: NEW\n"            \
  "contexts:\n- name: demo\n  context:\n    cluster: demo\n"                   \
  "    user: demo-admin\n"                                                     \
  "current-context: demo\n"

static int merge(const char *into, char **ret, struct error *err) {
  struct buf old = {0};
  struct buf ours = {0};
  struct buf out = {0};
  buf_adds(&old, into);
  buf_adds(&ours, OURS);
  int r = kubeconfig_merge("conf", &old, &ours, false, &out, err);
  *ret = buf_take(&out);
  buf_done(&old);
  buf_done(&ours);
  return r;
}

static void test_merge(void **state) {
  (void)state;
  static const char others[] =
      "apiVersion: v1\nkind: Config\npreferences: {colors: true}\n"
      "clusters:\n- name: demo\n  cluster: {certificate-authority-data: CA, "
      "server: https://old}\n"
      "- name: work\n  cluster: {server: https://work, odd-key: [1, a]}\n"
      "users: null\n"
      "contexts: []\n"
      "current-context: work\n"
      "extra: {x: 'true'}\n";
  static const char merged[] =
      "apiVersion: v1\nkind: Config\npreferences: {colors: true}\n"
      "clusters:\n- name: demo\n  cluster:\n    certificate-authority-data: "
      "CA\n    server: https://new\n"
      "- name: work\n  cluster: {server: 'https://work', odd-key: [1, a]}\n"
      "users:\n- name: demo-admin\n  user:\n    client-key-data: NEW\n"
      "contexts:\n- name: demo\n  context:\n    cluster: demo\n"
      "    user: demo-admin\n"
      "current-context: demo\n"
      "extra: {x: \"true\"}\n";
  static const struct {
    const char *into, *expected;
  } rows[] = {{"", OURS},
              {"# nothing yet\n", OURS},
              {OURS, OURS},
              {others, merged},
              {merged, merged}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_free_ char *text = NULL;
    if (merge(rows[i].into, &text, &err) < 0)
      fail_msg("%zu: %s", i, err.faults[0].msg);
    assert_string_equal(text, rows[i].expected);
  }
}

/* What was set by hand for the cluster is there after the next merge. */
static void test_settings_stay(void **state) {
  (void)state;
  struct error err = {0};
  char *out = NULL;
  assert_int_equal(
      merge("contexts:\n- name: demo\n  context: {cluster: old, user: old, "
            "namespace: team}\n- {name: other, context: {cluster: x}}\n",
            &out, &err),
      0);
  assert_non_null(strstr(out, "- name: demo\n  context:\n    cluster: demo\n"
                              "    user: demo-admin\n    namespace: team\n"));
  assert_null(strstr(out, "old"));
  free(out);
  error_done(&err);
}

static void test_no_kubeconfig(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"- a\n", "this is no kubeconfig"},
      {"kind: Pod\n", "not Config"},
      {"kind: Config\nusers: {a: b}\n", "'users' is not a list"},
      {"a: [\n", ""},
      {"a: 1\na: 2\n", ""},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_free_ char *text = NULL;
    assert_int_equal(merge(rows[i][0], &text, &err), -1);
    assert_string_equal(text, "");
    assert_memory_equal(err.faults[0].where, "conf:", 5);
    assert_non_null(strstr(err.faults[0].msg, rows[i][1]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_merge),
      cmocka_unit_test(test_settings_stay),
      cmocka_unit_test(test_no_kubeconfig),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
