/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cleanup.h"
#include "spec/mirror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_good(void **state) {
  (void)state;
  static const char *const good[] = {
      "http://mirror.example/debian",
      "https://mirror.example:8443/a%20b/~me/debian/",
      "http://192.168.4.1/debian",
      "http://[fd00::1]:3142/debian",
      "http://mirror.example",
      "http://mirror.example/@/debian",
      "file:///srv/debian",
  };
  for (size_t i = 0; i < ARRAY_SIZE(good); i++)
    assert_null(mirror_fault(good[i]));
}

static void test_bad(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "-",
      "--setup-hook=touch /tmp/x",
      "--setup-hook=http://mirror.example/debian",
      "-chttp://mirror.example",
      "/etc/apt/sources.list",
      "sources.list",
      "mirror.example/debian",
      "ftp://mirror.example/debian",
      "HTTP://mirror.example/debian",
      "http:/mirror.example",
      "http://",
      "http:///debian",
      "http://:80/debian",
      "file://host/srv/debian",
      "file:/srv/debian",
      "http://mirror.example/debian bookworm main",
      "http://mirror.example/debian\nbookworm",
      "http://mirror.example/\tdebian",
      "http://mirror.example/$(id)",
      "http://mirror.example/`id`",
      "http://mirror.example/;id",
      "http://mirror.example/'",
      "http://mirror.example/\"",
      "http://mirror.example/#",
      "http://mirror.example/\\",
      "http://mirror.example/d\xc3\xa9",
      "http://mirror.example:99999/debian",
      "deb [trusted=yes] http://mirror.example/debian bookworm main",
  };
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    const char *wrong = mirror_fault(bad[i]);
    if (!wrong || !strstr(wrong, "must be an address"))
      fail_msg("'%s' is taken", bad[i]);
  }
}

static void test_user(void **state) {
  (void)state;
  assert_non_null(
      strstr(mirror_fault("https://me:secret@mirror.example/debian"), "user"));
  assert_non_null(strstr(mirror_fault("http://me@mirror.example"), "user"));
}

static void test_proxies(void **state) {
  (void)state;
  static const char *const good[] = {
      "http://proxy.example:3128", "https://10.0.0.1:8080/",
      "http://[fd00::1]:3128", "http://[fd00::1]"};
  static const char *const bad[] = {
      "proxy.example:3128", "socks5://a:1", "http://",       "http:///",
      "http://a/b",         "http://a b",   "http://a:1;id", "",
      "http://p:99999999",  "http://p:0",   "http://p:",     "http://p:65536"};
  for (size_t i = 0; i < ARRAY_SIZE(good); i++)
    if (proxy_fault(good[i]))
      fail_msg("'%s' is refused", good[i]);
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
    if (!proxy_fault(bad[i]))
      fail_msg("'%s' is taken", bad[i]);
  assert_non_null(strstr(proxy_fault("http://me:secret@proxy:1"), "user"));
}

static void test_image_names(void **state) {
  (void)state;
  static const char *const good[] = {
      "docker.io/library/busybox:1.36",
      "registry.k8s.io/pause:3.10.1",
      "localhost/a:b",
      "10.0.0.1:5000/a/b-c/d_e:V1.2_3",
      "mirror.docker.io/busybox:1.36",
  };
  static const char *const bad[] = {
      "",
      "busybox",
      "busybox:1.36",
      "library/busybox:1.36",
      "docker.io/library/busybox",
      "docker.io/library/busybox:",
      "docker.io/library/busybox:-1",
      "docker.io/library/busybox:1 2",
      "docker.io/Library/busybox:1",
      "docker.io/library/:1",
      "docker.io//busybox:1",
      "docker.io/-busybox:1",
      "docker.io/busybox-:1",
      "docker.io/busybox@sha256:00",
      "http://docker.io/busybox:1",
      "docker.io:port/busybox:1",
      "docker.io:99999/busybox:1",
      "docker.io/busybox:1.36",
      "index.docker.io/library/busybox:1.36",
      "docker.io/busybox:1;id",
  };
  for (size_t i = 0; i < ARRAY_SIZE(good); i++)
    if (!image_name_ok(good[i]))
      fail_msg("'%s' is refused", good[i]);
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
    if (image_name_ok(bad[i]))
      fail_msg("'%s' is taken", bad[i]);
}

typedef const char *fault_fn(const char *text);

static void expect(fault_fn *fault, const char *const *v, size_t n, bool ok) {
  for (size_t i = 0; i < n; i++)
    if (!fault(v[i]) != ok)
      fail_msg("'%s' is %s", v[i], ok ? "refused" : "taken");
}

static void test_packages(void **state) {
  (void)state;
  static const char *const good[] = {
      "https://pkgs.k8s.io/core:/stable:/", "http://127.0.0.1:8080/a%20b",
      "http://h", "http://h/@/x", "https://art.example/api/v1.0/"};
  static const char *const bad[] = {"",
                                    "h/x",
                                    "ftp://h/",
                                    "file:///srv",
                                    "http://",
                                    "http:///x",
                                    "http://:1/",
                                    "http://u@h/",
                                    "http://h/a b",
                                    "http://h/'x",
                                    "http://h/\"",
                                    "http://h/$x",
                                    "http://h:99999/",
                                    "http://h:x/",
                                    "http://h/v1.34/",
                                    "http://h/v1.0/deb"};
  expect(packages_fault, good, ARRAY_SIZE(good), true);
  expect(packages_fault, bad, ARRAY_SIZE(bad), false);
  assert_non_null(strstr(packages_fault("http://u:p@h/"), "has a user in it"));
}

static void test_registry(void **state) {
  (void)state;
  static const char *const good[] = {
      "registry.k8s.io", "https://r.example/", "http://127.0.0.1:5000",
      "r.example:65535/a/b-c_d.e/", "localhost/a"};
  static const char *const bad[] = {
      "",      "/",      "http://",  "http:///a",    ":5000",
      "-r",    ".r",     "r:",       "r:/a",         "r:123456",
      "r:1x",  "r//a",   "r/A",      "r/a//",        "r/a b",
      "r/a:1", "r_a",    "u@r",      "http://u@r/a", "ftp://r",
      "r/..",  "r/.",    "r/a/../b", "r/-a",         "r/a-",
      "r:0",   "r:65536"};
  expect(registry_fault, good, ARRAY_SIZE(good), true);
  expect(registry_fault, bad, ARRAY_SIZE(bad), false);
  assert_non_null(strstr(registry_fault("http://u:p@r/a"), "has a user in it"));
}

static void test_libvirt(void **state) {
  (void)state;
  static const char *const good[] = {
      "qemu:///system", "qemu+ssh://root@host1/system", "test:///default",
      "qemu+tls://[fd00::1]:16514/system?no_verify=1"};
  static const char *const bad[] = {"",
                                    "host1",
                                    "qemu+ssh://host1",
                                    "qemu:/system",
                                    "://host1/system",
                                    "+ssh://host1/system",
                                    "qemu+://host1/system",
                                    "QEMU:///system",
                                    "qemu:///sys tem",
                                    "qemu:///system\n",
                                    "qemu:///syst\u00e9m"};
  for (size_t i = 0; i < ARRAY_SIZE(good); i++)
    assert_true(libvirt_uri_ok(good[i]));
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
    assert_false(libvirt_uri_ok(bad[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_image_names), cmocka_unit_test(test_proxies),
      cmocka_unit_test(test_packages),    cmocka_unit_test(test_registry),
      cmocka_unit_test(test_good),        cmocka_unit_test(test_bad),
      cmocka_unit_test(test_user),        cmocka_unit_test(test_libvirt),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
