/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Add-ons: which images go with which version of Kubernetes, ranges of
 * addresses, folders that may be volumes. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "spec/addons.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct spec spec_of(enum addon a, const char *version) {
  struct spec s = {0};
  assert_true(version_parse(version, &s.kubernetes.version));
  spec_addon_vec_add(&s.addons)->name = (int)a;
  return s;
}

/* One row for each release, on both sides of where it changes. */
static void test_releases(void **state) {
  (void)state;
  static const struct {
    enum addon addon;
    const char *version, *tag;
    size_t n;
    bool old;
  } rows[] = {
      {ADDON_METRICS_SERVER, "1.16.0", ":v0.5.2", 1, true},
      {ADDON_METRICS_SERVER, "1.24.17", ":v0.5.2", 1, true},
      {ADDON_METRICS_SERVER, "1.25.0", ":v0.6.4", 1, false},
      {ADDON_METRICS_SERVER, "1.27.0", ":v0.7.2", 1, false},
      {ADDON_METRICS_SERVER, "1.31.0", ":v0.8.1", 1, false},
      {ADDON_METRICS_SERVER, "1.33.9", ":v0.8.1", 1, false},
      {ADDON_METRICS_SERVER, "1.37.0", ":v0.9.0", 1, false},
      {ADDON_INGRESS, "1.20.2", ":v1.3.1", 1, true},
      {ADDON_INGRESS, "1.24.0", ":v1.3.1", 1, true},
      {ADDON_INGRESS, "1.25.0", ":v1.9.6", 1, false},
      {ADDON_INGRESS, "1.26.0", ":v1.11.8", 1, false},
      {ADDON_INGRESS, "1.28.0", ":v1.12.8", 1, false},
      {ADDON_INGRESS, "1.29.0", ":v1.13.9", 1, false},
      {ADDON_INGRESS, "1.30.0", ":v1.14.5", 1, false},
      {ADDON_INGRESS, "1.31.0", ":v1.15.1", 1, false},
      {ADDON_METALLB, "1.21.0", ":v0.15.3", 2, false},
      {ADDON_HEADLAMP, "1.34.2", ":v0.45.0", 1, false},
      {ADDON_DASHBOARD, "1.34.2", ":v2.7.0", 2, false},
      {ADDON_GUESTBOOK, "1.34.2", ":6.0.5", 3, false},
      {ADDON_KUBE_DNS, "1.34.2", ":1.22.28", 3, false},
      {ADDON_LOCAL_VOLUMES, "1.34.2", NULL, 0, false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct spec s = spec_of(rows[i].addon, rows[i].version);
    addons_add_images(&s);
    assert_int_equal(s.kubernetes.images.n, rows[i].n);
    if (rows[i].n)
      assert_string_equal(strrchr(s.kubernetes.images.v[0], ':'), rows[i].tag);
    assert_int_equal(addon_is_old(&s, rows[i].addon), rows[i].old);
    assert_null(addon_too_old(&s, rows[i].addon));
    assert_null(addon_image(&s, rows[i].addon, rows[i].n));
    spec_done(&s);
  }
}

static void test_own_tag(void **state) {
  (void)state;
  struct spec s = spec_of(ADDON_DASHBOARD, "1.34.2");
  strv_push(&s.kubernetes.images, "docker.io/kubernetesui/dashboard:v2.6.1");
  addons_add_images(&s);
  assert_int_equal(s.kubernetes.images.n, 2);
  assert_string_equal(addon_image(&s, ADDON_DASHBOARD, 0),
                      "docker.io/kubernetesui/dashboard:v2.6.1");
  assert_string_equal(addon_image(&s, ADDON_DASHBOARD, 1),
                      "docker.io/kubernetesui/metrics-scraper:v1.0.8");
  spec_done(&s);
}

static void test_too_old(void **state) {
  (void)state;
  static const struct {
    enum addon addon;
    const char *version, *from;
  } rows[] = {
      {ADDON_METALLB, "1.20.2", "1.21"},
      {ADDON_INGRESS, "1.19.16", "1.20"},
      {ADDON_METRICS_SERVER, "1.15.12", "1.16"},
      {ADDON_GUESTBOOK, "1.15.12", NULL},
      {ADDON_LOCAL_VOLUMES, "1.15.12", NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct spec s = spec_of(rows[i].addon, rows[i].version);
    const char *from = addon_too_old(&s, rows[i].addon);
    assert_int_equal(from != NULL, rows[i].from != NULL);
    if (from)
      assert_string_equal(from, rows[i].from);
    spec_done(&s);
  }
}

static void test_ranges(void **state) {
  (void)state;
  static const struct {
    const char *text, *first, *last;
  } rows[] = {
      {"192.168.4.200-192.168.4.220", "192.168.4.200", "192.168.4.220"},
      {"192.168.4.16/28", "192.168.4.16", "192.168.4.31"},
      {"fd00::10-fd00::1f", "fd00::10", "fd00::1f"},
      {"fd00::10/124", "fd00::10", "fd00::1f"},
      {"192.168.4.200", NULL, NULL},
      {"192.168.4.17/28", NULL, NULL},
      {"192.168.4.200-fd00::1", NULL, NULL},
      {"192.168.4.200-", NULL, NULL},
      {"-192.168.4.200", NULL, NULL},
      {"192.168.4.1-192.168.4.2-192.168.4.3", NULL, NULL},
      {"", NULL, NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct ip first, last;
    char text[NET_TEXT];
    assert_int_equal(addon_range_ok(rows[i].text), rows[i].first != NULL);
    if (!rows[i].first)
      continue;
    assert_true(addon_range_parse(rows[i].text, &first, &last));
    assert_string_equal(ip_format(first, text), rows[i].first);
    assert_string_equal(ip_format(last, text), rows[i].last);
  }
}

static void test_paths(void **state) {
  (void)state;
  static const char *const good[] = {"/srv/volumes",     "/srv",
                                     "/mnt/a",           "/etcetera",
                                     "/var/lib/volumes", "/opt/x"};
  static const char *const bad[] = {
      "/etc", "/etc/volumes",    "/var",      "/var/lib",
      "/opt", "/var/lib/etcd/a", "/usr/local"};
  for (size_t i = 0; i < ARRAY_SIZE(good); i++)
    assert_true(addon_path_ok(good[i]));
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
    assert_false(addon_path_ok(bad[i]));
}

static void test_settings(void **state) {
  (void)state;
  enum addon a;
  assert_false(addon_setting("name", &a));
  assert_true(addon_setting("addresses", &a));
  assert_int_equal(a, ADDON_METALLB);
  assert_true(addon_setting("size", &a));
  assert_int_equal(a, ADDON_LOCAL_VOLUMES);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_releases), cmocka_unit_test(test_own_tag),
      cmocka_unit_test(test_too_old),  cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_paths),    cmocka_unit_test(test_settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
