/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/patch.h"

#include "base/mem.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state) {
  static const struct {
    const char *source;
    bool ok;
    enum patch_target target;
    const char *path;
  } cases[] = {
      {"kube-apiserver.yaml", true, PATCH_API_SERVER,
       PATCH_FOLDER "kube-apiserverspec08.yaml"},
      {"../a+b/kube-apiserver0+merge.json", true, PATCH_API_SERVER,
       PATCH_FOLDER "kube-apiserverspec08+merge.json"},
      {"kube-controller-manager-x_1+json.yaml", true, PATCH_CONTROLLER_MANAGER,
       PATCH_FOLDER "kube-controller-managerspec08+json.yaml"},
      {"etcd+strategic.yaml", true, PATCH_ETCD,
       PATCH_FOLDER "etcdspec08+strategic.yaml"},
      {"kube-schedulerkube-apiserver.yaml", true, PATCH_SCHEDULER,
       PATCH_FOLDER "kube-schedulerspec08.yaml"},
      {"kubeletconfiguration.json", true, PATCH_KUBELET,
       PATCH_FOLDER "kubeletconfigurationspec08.json"},
      {"corednsdeployment.json", true, PATCH_COREDNS,
       PATCH_FOLDER "corednsdeploymentspec08.json"},
      {"", false, 0, NULL},
      {"kube-apiserver", false, 0, NULL},
      {"kube-apiserver.yml", false, 0, NULL},
      {"kube-apiserver.x.yaml", false, 0, NULL},
      {"kube-apiserver+.yaml", false, 0, NULL},
      {"kube-apiserver+merge+json.yaml", false, 0, NULL},
      {"kube-apiserver+other.yaml", false, 0, NULL},
      {"kube-apiserver.yaml/", false, 0, NULL},
      {"a\nb/kube-apiserver.yaml", false, 0, NULL},
      {"my-kube-apiserver.yaml", false, 0, NULL},
      {"kube-proxy.yaml", false, 0, NULL},
      {"etcd012345678901234567890123456789012.yaml", false, 0, NULL},
  };
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    if (patch_name_ok(cases[i].source) != cases[i].ok)
      fail_msg("the name '%s'", cases[i].source);
    if (!cases[i].ok)
      continue;
    _cleanup_free_ char *path = patch_path(7, cases[i].source);
    assert_int_equal(patch_target(cases[i].source), cases[i].target);
    assert_string_equal(path, cases[i].path);
  }
}

/* kubeadm takes files by the bytes of their names. */
static void test_order(void **state) {
  (void)state;
  _cleanup_free_ char *first = patch_path(8, "kube-scheduler9.yaml");
  _cleanup_free_ char *tenth = patch_path(9, "kube-scheduler0.yaml");
  assert_true(strcmp(first, tenth) < 0);
  assert_true(strcmp(PATCH_FOLDER "kube-scheduler+strategic.yaml", first) < 0);
  assert_true(strcmp(PATCH_FOLDER "kube-scheduler0+json.yaml", first) < 0);
}

static void test_faults(void **state) {
  static const struct {
    const char *source, *text, *wrong;
  } cases[] = {
      {"etcd.yaml", "spec: {}\n", NULL},
      {"etcd+merge.json", "{\"spec\": {}}", NULL},
      {"etcd+json.yaml", "- {op: remove, path: /spec}\n", NULL},
      {"etcd.yaml", "", "is no map"},
      {"etcd.yaml", "{}", "is no map"},
      {"etcd.yaml", "[a]", "is no map"},
      {"etcd+json.yaml", "spec: {}\n", "is no list"},
      {"etcd+json.yaml", "[]\n", "is no list"},
      {"etcd+json.yaml", "- {op: remove}\n", "an operation without"},
      {"etcd.yaml", "a: [\n", ""},
      {"etcd.yaml", "a: 1\n---\nb: 1\n", ""},
  };
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    const char *wrong = patch_fault(cases[i].source, cases[i].text,
                                    strlen(cases[i].text), &err);
    bool as_wanted =
        cases[i].wrong ? wrong && strstr(wrong, cases[i].wrong) : !wrong;
    bool told = cases[i].wrong && !*cases[i].wrong;
    if (!as_wanted || error_is_set(&err) != told)
      fail_msg("%s of '%s': %s", cases[i].source, cases[i].text,
               wrong ? wrong : "fine");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_faults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
