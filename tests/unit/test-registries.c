/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/registries.h"

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
    const char *text;
    bool host, mirror;
  } cases[] = {
      {"docker.io", true, false},
      {"*", true, false},
      {"registry:5000", true, false},
      {"registry:99999", false, false},
      {"docker.io/library", false, false},
      {"", false, false},
      {"https://a", false, true},
      {"http://a:5000/v2/hub", false, true},
      {"ftp://a", false, false},
      {"https://u:p@a", false, false},
      {"https://a/\"x", false, false},
  };
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    if (registry_host_ok(cases[i].text) != cases[i].host)
      fail_msg("the host '%s'", cases[i].text);
    if (registry_mirror_ok(cases[i].text) != cases[i].mirror)
      fail_msg("the mirror '%s'", cases[i].text);
  }
}

static struct spec_registry *add(struct spec *s, const char *name,
                                 const char *ca, const char *credentials) {
  struct spec_registry *r = spec_registry_vec_add(&s->registries);
  r->name = xstrdup(name);
  r->ca = ca ? xstrdup(ca) : NULL;
  r->credentials = credentials ? xstrdup(credentials) : NULL;
  return r;
}

static void assert_file(const struct spec *s, size_t i, const char *path,
                        unsigned mode, const char *content) {
  const struct spec_file *f = &s->registry_files.v[i];
  assert_string_equal(f->path, path);
  assert_int_equal(f->mode, mode);
  assert_int_equal(f->written, content != NULL);
  if (content)
    assert_string_equal(f->content.data, content);
}

static void test_files(void **state) {
  (void)state;
  _cleanup_spec_ struct spec s = {0};
  struct spec_registry *r = add(&s, "docker.io", "ca.pem", "login");
  strv_push(&r->mirrors, "https://a:5000");
  strv_push(&r->mirrors, "http://b/v2/hub");
  strv_push(&r->mirrors, "http://b/v2");
  add(&s, "quay.io", NULL, "login");
  strv_push(&add(&s, "*", NULL, NULL)->mirrors, "http://c");
  registries_plan(&s);
  assert_int_equal(s.registry_files.n, 4);
#define DOCKER "/etc/containerd/certs.d/docker.io/"
#define CAN "\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
#define CA "ca = \"" DOCKER "ca.crt\"\n"
  assert_file(&s, 0, DOCKER "ca.crt", 0644, NULL);
  assert_file(&s, 1, DOCKER "hosts.toml", 0644,
              "# From kubeseed's spec.\n" CA "\n[host.\"https://a:5000" CAN
              "  " CA "\n[host.\"http://b/v2/hub" CAN
              "  override_path = true\n  " CA "\n[host.\"http://b/v2" CAN
              "  " CA);
  assert_file(&s, 2, "/etc/containerd/certs.d/_default/hosts.toml", 0644,
              "# From kubeseed's spec.\n\n[host.\"http://c" CAN);
  assert_file(&s, 3, "/var/lib/kubelet/config.json", 0600, NULL);
}

static void test_contents(void **state) {
  (void)state;
  assert_null(registry_login_fault("a:b:c\r\n"));
  assert_null(registry_login_fault("a:b"));
  static const char *const bad[] = {"", "a", "a:\n", ":b", "a:b\nc:d", "a:\tb"};
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
    assert_non_null(registry_login_fault(bad[i]));
  assert_null(registry_ca_fault("x\n-----BEGIN CERTIFICATE-----\n"));
  assert_non_null(registry_ca_fault("x"));
  assert_non_null(registry_ca_fault("-----BEGIN CERTIFICATE-----\n"
                                    "-----BEGIN EC PRIVATE KEY-----\n"));
  _cleanup_buf_ struct buf out = {0};
  registry_login_add("docker.io", "a:b\n", &out);
  registry_login_add("r:5000", "a:b", &out);
  registry_logins_end(&out);
  assert_string_equal(
      out.data, "{\n  \"auths\": {\n"
                "    \"https://index.docker.io/v1/\": {\"auth\": \"YTpi\"},\n"
                "    \"r:5000\": {\"auth\": \"YTpi\"}\n  }\n}\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_files),
      cmocka_unit_test(test_contents),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
