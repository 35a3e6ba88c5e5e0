/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/payload-facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_facts(void **state) {
  (void)state;
  const struct payload_facts *debian = payload_facts("debian");
  assert_string_equal(debian->version, "1.20.2");
  assert_string_equal(debian->image_repository, "kubeseed.internal/k8s");
  assert_string_equal(debian->etcd_image_tag, "3.4.23");
  assert_false(debian->coredns);
  /* Of all others kubeadm's own values hold. */
  static const char *const others[] = {"pkgs.k8s.io", "/srv/payload",
                                       "./debian"};
  for (size_t i = 0; i < 3; i++) {
    const struct payload_facts *f = payload_facts(others[i]);
    assert_null(f->version);
    assert_null(f->image_repository);
    assert_null(f->etcd_image_tag);
    assert_true(f->coredns);
  }
  assert_null(payload_facts("./debian")->name);
}

static void test_default(void **state) {
  (void)state;
  assert_string_equal(payload_default("1.20.2"), "debian");
  assert_string_equal(payload_default("1.20.3"), "pkgs.k8s.io");
  assert_string_equal(payload_default("1.34.2"), "pkgs.k8s.io");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_facts),
      cmocka_unit_test(test_default),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
