/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/appliance.h"
#include "image/bootloader.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_grub(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  static uint8_t boot[512], core[2048];
  memset(boot, 0, sizeof(boot));
  boot[510] = 0x55;
  boot[511] = 0xaa;
  assert_int_equal(boot_patch_grub(boot, sizeof(boot), core, sizeof(core),
                                   0x0102030405, &err),
                   0);
  static const uint8_t lba[8] = {5, 4, 3, 2, 1}, next[8] = {6, 4, 3, 2, 1};
  assert_memory_equal(boot + 0x5c, lba, sizeof(lba));
  assert_int_equal(boot[0x64], 0xff);
  assert_int_equal(boot[0x66], 0x90);
  assert_int_equal(boot[0x67], 0x90);
  assert_memory_equal(core + 0x1f4, next, sizeof(next));
}

static void test_grub_refused(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  static uint8_t boot[512], core[2048];
  memset(boot, 0, sizeof(boot));
  assert_int_equal(
      boot_patch_grub(boot, sizeof(boot), core, sizeof(core), 1, &err), -1);
  boot[510] = 0x55;
  boot[511] = 0xaa;
  assert_int_equal(boot_patch_grub(boot, sizeof(boot), core, 512, 1, &err), -1);
  assert_int_equal(
      boot_patch_grub(boot, sizeof(boot), core, (1U << 20) + 1, 1, &err), -1);
}

/* No command waits for libguestfs but those that open a disk. */
static void test_loaded_late(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  assert_null(dlopen("libguestfs.so.0", RTLD_NOW | RTLD_NOLOAD));
  /* It stays: unloaded, what it has got would count as leaked. */
  (void)dlopen("libguestfs.so.0", RTLD_NOW);
  _cleanup_appliance_ struct appliance a = {0};
  assert_int_equal(appliance_make(&a, &err), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_grub),
      cmocka_unit_test(test_grub_refused),
      cmocka_unit_test(test_loaded_late),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
