/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/manifest.h"

#include "base/mem.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_address(void **state) {
  (void)state;
  assert_true(manifest_is_address("https://example.org/a.yaml"));
  assert_true(manifest_is_address("s3+x://a"));
  assert_false(manifest_is_address("a.yaml"));
  assert_false(manifest_is_address("/srv/a://b"));
  assert_false(manifest_is_address("a b://c"));
  assert_false(manifest_is_address("://c"));
}

static void test_path(void **state) {
  static const struct {
    size_t i;
    const char *source, *path;
  } cases[] = {
      {0, "a.yaml", "01-a.yaml"},
      {1, "../apps/in gress.yml", "02-in-gress.yaml"},
      {9, "/srv/monitoring//", "10-monitoring.yaml"},
      {98, "x.json", "99-x.yaml"},
      {0, ".yaml", "01-.yaml.yaml"},
      {0, "/", "01-.yaml"},
  };
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_free_ char *path = manifest_path(cases[i].i, cases[i].source);
    assert_int_equal(strncmp(path, MANIFEST_FOLDER, strlen(MANIFEST_FOLDER)),
                     0);
    assert_string_equal(path + strlen(MANIFEST_FOLDER), cases[i].path);
  }
}

static void test_named_so(void **state) {
  (void)state;
  assert_true(manifest_is_named_so("a.yaml"));
  assert_true(manifest_is_named_so("a.yml"));
  assert_true(manifest_is_named_so("a.json"));
  assert_false(manifest_is_named_so("README.md"));
  assert_false(manifest_is_named_so(".a.yaml"));
  assert_false(manifest_is_named_so(".yaml"));
  assert_false(manifest_is_named_so("a.yaml~"));
}

#define API "apiVersion: v1\n"
#define MAP API "kind: ConfigMap\n"

static void test_fault(void **state) {
  static const struct {
    const char *text, *wrong; /* NULL: none */
    size_t line;
  } cases[] = {
      {MAP, NULL, 0},
      {"---\n# a\n\n" MAP "---\n---\n" MAP, NULL, 0},
      {"  apiVersion: v1\n  kind: A\n", NULL, 0},
      {"\"apiVersion\": v1\n'kind': A", NULL, 0},
      {"kind: A\r\napiVersion: v1\r\n", NULL, 0},
      {"{\"kind\": \"A\",\n \"apiVersion\": \"v1\"}", NULL, 0},
      {MAP "data:\n  a: b\n  {{ b }}\n", "Helm", 5},
      {MAP "data:\n  a: |\n    {{ b }}\n", NULL, 0}, /* what others read */
      {MAP "data:\n  a: >2- # b\n\n      {{ b }}\n  c: d\n", NULL, 0},
      {MAP "data:\n  a: |\n    {{ b }}\n  {{ b }}\n", "Helm", 6},
      {MAP "data:\n  a: b|\n    {{ b }}\n", "Helm", 5},
      {MAP "data: {a: \"{{ b }}\"}\n", NULL, 0},
      {"", "has no object", 1},
      {"# nothing\n---\n", "has no object", 1},
      {MAP "---\n\nkind: A\n", "apiVersion is missing", 5},
      {"a: b\n", "kind is missing", 1},
      {"a: b\n---\n" MAP, "kind is missing", 1},
      {API "spec: {kind: A}\n", "kind is missing", 1},
      {"{\"a\": 1}", "kind is missing", 1},
      {"{{- if .Values }}\n", "Helm", 1},
      {"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
       "kustomization", 2},
  };
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    size_t line = 0;
    const char *wrong = manifest_fault(cases[i].text, &line);
    if (!cases[i].wrong) {
      if (wrong)
        fail_msg("%zu: %s", i, wrong);
      continue;
    }
    if (!wrong || !strstr(wrong, cases[i].wrong) || line != cases[i].line)
      fail_msg("%zu: line %zu: %s", i, line, wrong ? wrong : "nothing");
  }
}

static void test_says(void **state) {
  (void)state;
  assert_true(manifest_says("a: b\nkind: Policy # c\n", "kind", "Policy"));
  assert_true(manifest_says("\"kind\": 'Policy'", "kind", "Policy"));
  assert_false(manifest_says("# kind: Policy\n", "kind", "Policy"));
  assert_false(manifest_says(" kind: Policy\n", "kind", "Policy"));
  assert_false(manifest_says("kind: PolicyList\n", "kind", "Policy"));
  assert_false(manifest_says("", "kind", "Policy"));
}

static void test_images(void **state) {
  static const struct {
    const char *text, *images;
  } cases[] = {
      {"image: busybox\n", "docker.io/library/busybox:latest"},
      {"  - image: busybox:1.36 # small\n", "docker.io/library/busybox:1.36"},
      {"  image: \"a/b:1\"\n", "docker.io/a/b:1"},
      {"  image: 'docker.io/nginx'\n", "docker.io/library/nginx:latest"},
      {"image: quay.io:443/a/b:v1\r\n", "quay.io:443/a/b:v1"},
      {"image: localhost/a\n", "localhost/a:latest"},
      {"image: r.example/a:v1@sha256:00\n", "r.example/a@sha256:00"},
      {"image: a@sha256:00\n", "docker.io/library/a@sha256:00"},
      {"{\"image\":\"r.io/a:1\",\"x\":{\"image\": \"r.io/b:1\"}}",
       "r.io/a:1 r.io/b:1"},
      {"image: a:1\n---\nimage: a:1\nimage: b:1\n",
       "docker.io/library/a:1 docker.io/library/b:1"},
      {"# image: a\nimagePullPolicy: Always\nimage:\n  type: string\n"
       "image: $(X)\nimages: [a]\nmyimage: b\n",
       ""},
  };
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_strv_ struct strv images = {0};
    manifest_images(cases[i].text, &images);
    _cleanup_free_ char *joined = strv_join(&images, " ");
    assert_string_equal(joined, cases[i].images);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_address),  cmocka_unit_test(test_path),
      cmocka_unit_test(test_named_so), cmocka_unit_test(test_fault),
      cmocka_unit_test(test_says),     cmocka_unit_test(test_images),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
