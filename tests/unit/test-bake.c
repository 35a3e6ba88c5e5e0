/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Of baking, what needs no machine: recipe and key. */
#include "base/file.h"
#include "base/mem.h"
#include "image/bake.h"
#include "image/contents.h"
#include "image/recipe.h"
#include "image/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "folder.h"

static void test_small_disk(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  struct bake b = {.disk = (uint64_t)64 << 20, .work = "/nowhere"};
  assert_int_equal(bake_run(&b, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "too small for an image"));
}

/* Before anything else is asked for. */
static void test_epoch(void **state) {
  (void)state;
  static const char *const bad[] = {"yesterday",  "-1",
                                    "0x10",       "315532799",
                                    "4294967296", "99999999999999999999"};
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    _cleanup_error_ struct error err = {0};
    assert_int_equal(setenv("SOURCE_DATE_EPOCH", bad[i], 1), 0);
    assert_int_equal(bake_require(&err), -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.faults[0].msg, bad[i]));
    assert_non_null(strstr(err.faults[0].msg, "315532800 (1980)"));
  }
  assert_int_equal(unsetenv("SOURCE_DATE_EPOCH"), 0);
}

static void test_unpack(void **state) {
  (void)state;
  _cleanup_free_ char *dir = new_folder();
  _cleanup_error_ struct error err = {0};
  assert_int_equal(recipe_unpack("images/debian", dir, &err), 0);
  _cleanup_free_ char *bake = xasprintf("%s/bake", dir);
  _cleanup_free_ char *tree = xasprintf("%s/tree/etc/cloud/cloud.cfg", dir);
  struct stat st;
  assert_int_equal(stat(bake, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0755);
  assert_int_equal(stat(tree, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0644);
  assert_int_equal(recipe_unpack("images/debian-1", dir, &err), -1);
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

static void test_key(void **state) {
  (void)state;
  char payload[] = "debian", version[] = "1.20.2", mirror[] = "http://x/";
  char zone[] = "UTC", other[] = "Europe/Berlin";
  _cleanup_error_ struct error err = {0};
  struct spec spec = {
      .kubernetes = {.payload = payload, .version_text = version},
      .image = {.debian = 12, .disk = (uint64_t)8 << 30, .timezone = zone}};
  char a[IMAGE_KEY], b[IMAGE_KEY];
  assert_int_equal(image_key(&spec, a, &err), 0);
  assert_int_equal(strlen(a), IMAGE_KEY - 1);
  assert_int_equal(image_key(&spec, b, &err), 0);
  assert_string_equal(a, b);
  spec.image.disk = (uint64_t)9 << 30;
  assert_int_equal(image_key(&spec, b, &err), 0);
  assert_string_not_equal(a, b);
  spec.image.disk = (uint64_t)8 << 30;
  spec.image.mirror = mirror;
  assert_int_equal(image_key(&spec, b, &err), 0);
  assert_string_not_equal(a, b);
  spec.image.mirror = NULL;
  char file[] = "/nowhere/containerd.tar.gz", hex[] = "00";
  spec.image.containerd.file = file;
  spec.image.containerd.sha256 = hex;
  assert_int_equal(image_key(&spec, b, &err), 0);
  assert_string_not_equal(a, b);
  spec.image.containerd.file = NULL;
  spec.image.kernel = KERNEL_GENERIC;
  assert_int_equal(image_key(&spec, b, &err), 0);
  assert_string_not_equal(a, b);
  spec.image.kernel = KERNEL_CLOUD;
  spec.image.timezone = other;
  assert_int_equal(image_key(&spec, b, &err), 0);
  assert_string_not_equal(a, b);
  spec.image.timezone = zone;
  strv_push(&spec.image.packages, "tcpdump");
  assert_int_equal(image_key(&spec, b, &err), 0);
  assert_string_not_equal(a, b);
  strv_done(&spec.image.packages);
  assert_int_equal(image_key(&spec, b, &err), 0);
  assert_string_equal(a, b);
}

static void test_contents(void **state) {
  (void)state;
  struct spec spec = {.image = {.debian = 12}};
  struct payload payload = {0};
  strv_push(&spec.image.packages, "tcpdump");
  _cleanup_free_ char *cloud = contents_packages(&spec, &payload);
  assert_non_null(strstr(cloud, "systemd-sysv "));
  assert_non_null(strstr(cloud, " linux-image-cloud-amd64 "));
  assert_non_null(strstr(cloud, " etcd-server etcd-client tcpdump"));
  assert_string_equal(contents_components(&spec), "main");
  assert_null(strstr(cloud, "systemd-repart"));
  assert_string_equal(contents_suite(&spec), "bookworm");
  spec.image.debian = 13;
  assert_string_equal(contents_suite(&spec), "trixie");
  spec.image.kernel = KERNEL_GENERIC;
  strv_push(&spec.image.firmware, "firmware-bnx2");
  _cleanup_free_ char *generic = contents_packages(&spec, &payload);
  assert_non_null(strstr(generic, " linux-image-amd64 "));
  assert_null(strstr(generic, "cloud-amd64"));
  assert_non_null(strstr(generic, " systemd-repart xz-utils "));
  assert_non_null(strstr(generic, " tcpdump firmware-bnx2"));
  assert_string_equal(contents_components(&spec), "main non-free-firmware");
  strv_done(&spec.image.packages);
  strv_done(&spec.image.firmware);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small_disk), cmocka_unit_test(test_epoch),
      cmocka_unit_test(test_unpack),     cmocka_unit_test(test_key),
      cmocka_unit_test(test_contents),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
