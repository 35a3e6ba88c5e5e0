/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The facts of each minor version, on both sides of where they change. */
#include "base/cleanup.h"
#include "spec/versions.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct version version(const char *text) {
  struct version v;
  assert_true(version_parse(text, &v));
  return v;
}

static void test_parse(void **state) {
  (void)state;
  struct version v = version("1.34.2");
  assert_int_equal(v.major, 1);
  assert_int_equal(v.minor, 34);
  assert_int_equal(v.patch, 2);
  static const char *const bad[] = {
      "",          "1",       "1.34",    "v1.34.2", "1.34.2 ",
      "1.34.2-rc", " 1.34.2", "1.-3.2",  "1.34.-2", "1.34.x",
      "1234.1.1",  "1. 34.2", "1.34. 2", "1.034.2", "01.34.2"};
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
    assert_false(version_parse(bad[i], &v));
}

static void test_fault(void **state) {
  (void)state;
  static const struct {
    const char *version;
    const char *begin;
  } rows[] = {
      {"0.34.0", "is older"}, {"1.14.9", "is older"}, {"1.15.0", NULL},
      {"1.34.99", NULL},      {"1.35.0", NULL},       {"2.0.0", NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct version v = version(rows[i].version);
    const char *fault = version_fault(&v);
    if (!rows[i].begin)
      assert_null(fault);
    else
      assert_memory_equal(fault, rows[i].begin, strlen(rows[i].begin));
  }
}

static void test_yes_or_no(void **state) {
  (void)state;
  static const struct {
    bool (*fact)(const struct version *v);
    const char *last; /* version with the old answer */
    const char *first;
    bool then; /* the answer from first on */
  } rows[] = {
      {version_has_ecdsa, "1.18.20", "1.19.0", true},
      {version_patches_in_config, "1.21.14", "1.22.0", true},
      {version_etcd_probes_ask_all, "1.24.17", "1.25.0", false},
      {version_fairness_is_busy, "1.25.16", "1.26.0", false},
      {version_is_newer, "1.37.99", "1.38.0", true},
      {version_is_newer, "1.37.99", "2.0.0", true},
      {version_needs_containerd_2, "1.37.9", "1.38.0", true},
      {version_readiness_is_late, "1.21.14", "1.22.0", false},
      {version_has_ipv6, "1.19.16", "1.20.0", true},
      {version_gates_ipv6, "1.20.15", "1.21.0", false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct version before = version(rows[i].last);
    struct version after = version(rows[i].first);
    assert_int_equal(rows[i].fact(&before), !rows[i].then);
    assert_int_equal(rows[i].fact(&after), rows[i].then);
  }
}

static void test_debian(void **state) {
  (void)state;
  struct version before = version("1.30.14"), after = version("1.31.0");
  assert_int_equal(version_debian(&before), 12);
  assert_int_equal(version_debian(&after), 13);
}

static void test_texts(void **state) {
  (void)state;
  static const struct {
    const char *(*fact)(const struct version *v);
    const char *last, *old, *first, *new;
  } rows[] = {
      {version_cri_socket, "1.23.17", "/run/containerd/containerd.sock",
       "1.24.0", "unix:///run/containerd/containerd.sock"},
      {version_control_plane_label, "1.19.16", "node-role.kubernetes.io/master",
       "1.20.0", "node-role.kubernetes.io/control-plane"},
      {version_admin_group, "1.28.15", "system:masters", "1.29.0",
       "kubeadm:cluster-admins"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct version before = version(rows[i].last);
    struct version after = version(rows[i].first);
    assert_string_equal(rows[i].fact(&before), rows[i].old);
    assert_string_equal(rows[i].fact(&after), rows[i].new);
  }
}

/* 1.24 has both taints. */
static void test_taints(void **state) {
  (void)state;
  static const struct {
    const char *version;
    bool master, control_plane;
  } rows[] = {
      {"1.23.17", true, false},
      {"1.24.0", true, true},
      {"1.25.0", false, true},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct version v = version(rows[i].version);
    unsigned n = 0;
    if (rows[i].master)
      assert_string_equal(version_control_plane_taint(&v, n++),
                          "node-role.kubernetes.io/master:NoSchedule");
    if (rows[i].control_plane)
      assert_string_equal(version_control_plane_taint(&v, n++),
                          "node-role.kubernetes.io/control-plane:NoSchedule");
    assert_null(version_control_plane_taint(&v, n));
  }
}

static void test_kubeadm_api(void **state) {
  (void)state;
  static const struct {
    const char *version;
    const char *api;
  } rows[] = {
      {"1.15.0", "v1beta2"}, {"1.20.2", "v1beta2"}, {"1.21.14", "v1beta2"},
      {"1.22.0", "v1beta3"}, {"1.29.3", "v1beta3"}, {"1.30.14", "v1beta3"},
      {"1.31.0", "v1beta4"}, {"1.34.2", "v1beta4"}, {"1.37.0", "v1beta4"},
      {"1.99.0", "v1beta4"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct version v = version(rows[i].version);
    assert_string_equal(kubeadm_api_name(version_kubeadm_api(&v)), rows[i].api);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse),       cmocka_unit_test(test_fault),
      cmocka_unit_test(test_yes_or_no),   cmocka_unit_test(test_debian),
      cmocka_unit_test(test_texts),       cmocka_unit_test(test_taints),
      cmocka_unit_test(test_kubeadm_api),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
