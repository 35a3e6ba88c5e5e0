/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks between pods: which images go with which version of Kubernetes, and
 * what is left of a packet for pods. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "spec/cni.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct spec spec_of(enum cni cni, const char *version) {
  struct spec s = {0};
  assert_true(version_parse(version, &s.kubernetes.version));
  s.network.cni = cni;
  return s;
}

/* One row for each release, on both sides of where it changes. */
static void test_releases(void **state) {
  (void)state;
  static const struct {
    enum cni cni;
    const char *version;
    const char *image;
    size_t n;
  } rows[] = {
      {CNI_FLANNEL, "1.17.0", "ghcr.io/flannel-io/flannel:v0.28.9", 2},
      {CNI_FLANNEL, "1.37.0", "ghcr.io/flannel-io/flannel:v0.28.9", 2},
      {CNI_CALICO, "1.24.0", "docker.io/calico/node:v3.26.5", 3},
      {CNI_CALICO, "1.26.9", "docker.io/calico/node:v3.26.5", 3},
      {CNI_CALICO, "1.27.0", "docker.io/calico/node:v3.28.5", 3},
      {CNI_CALICO, "1.29.0", "docker.io/calico/node:v3.29.7", 3},
      {CNI_CALICO, "1.32.0", "quay.io/calico/node:v3.31.7", 3},
      {CNI_CALICO, "1.34.2", "quay.io/calico/node:v3.32.1", 3},
      {CNI_CANAL, "1.28.15", "docker.io/calico/node:v3.28.5", 4},
      {CNI_CANAL, "1.36.0", "quay.io/calico/node:v3.32.1", 4},
      {CNI_BRIDGE, "1.34.2", NULL, 0},
      {CNI_NONE, "1.34.2", NULL, 0},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct spec s = spec_of(rows[i].cni, rows[i].version);
    cni_add_images(&s);
    assert_int_equal(s.kubernetes.images.n, rows[i].n);
    if (rows[i].n)
      assert_string_equal(s.kubernetes.images.v[0], rows[i].image);
    assert_null(cni_too_old(&s));
    spec_done(&s);
  }
}

/* What the spec has with another tag is not added; a registry's port is none.
 */
static void test_own_tag(void **state) {
  (void)state;
  size_t len;
  struct spec s = spec_of(CNI_FLANNEL, "1.34.2");
  strv_push(&s.kubernetes.images, "a.example:5000/flannel-io/flannel:v1");
  strv_push(&s.kubernetes.images, "ghcr.io/flannel-io/flannel:v0.27.4");
  cni_add_images(&s);
  assert_int_equal(s.kubernetes.images.n, 3);
  const char *name = cni_image_name(&s, 0, &len);
  assert_int_equal(len, strlen("ghcr.io/flannel-io/flannel"));
  assert_string_equal(cni_image(&s, name, len),
                      "ghcr.io/flannel-io/flannel:v0.27.4");
  assert_null(cni_image_name(&s, 2, &len));
  spec_done(&s);
}

static void test_too_old(void **state) {
  (void)state;
  static const struct {
    enum cni cni;
    const char *version, *from;
  } rows[] = {
      {CNI_FLANNEL, "1.16.15", "1.17"}, {CNI_CALICO, "1.23.17", "1.24"},
      {CNI_CANAL, "1.20.2", "1.24"},    {CNI_FLANNEL, "1.20.2", NULL},
      {CNI_VXLAN, "1.15.0", NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct spec s = spec_of(rows[i].cni, rows[i].version);
    if (rows[i].from)
      assert_string_equal(cni_too_old(&s), rows[i].from);
    else
      assert_null(cni_too_old(&s));
    spec_done(&s);
  }
}

static void test_mtu(void **state) {
  (void)state;
  static const struct {
    enum cni cni;
    enum flannel_backend backend;
    int mtu, pods;
  } rows[] = {
      {CNI_BRIDGE, FLANNEL_VXLAN, 0, 0},
      {CNI_BRIDGE, FLANNEL_VXLAN, 9000, 9000},
      {CNI_VXLAN, FLANNEL_VXLAN, 0, 1450},
      {CNI_VXLAN, FLANNEL_VXLAN, 9000, 8950},
      {CNI_CALICO, FLANNEL_VXLAN, 0, 1450},
      {CNI_CANAL, FLANNEL_VXLAN, 1400, 1350},
      {CNI_CANAL, FLANNEL_HOST_GW, 1400, 1400},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct spec s = spec_of(rows[i].cni, "1.34.2");
    s.network.flannel.backend = rows[i].backend;
    s.network.mtu = rows[i].mtu;
    assert_int_equal(cni_pod_mtu(&s), rows[i].pods);
    spec_done(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_releases),
      cmocka_unit_test(test_own_tag),
      cmocka_unit_test(test_too_old),
      cmocka_unit_test(test_mtu),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
