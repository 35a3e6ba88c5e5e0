/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "base/process.h"
#include "export/convert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"

static void run(struct strv *argv) {
  _cleanup_error_ struct error err = {0};
  const struct process p = {.argv = argv};
  assert_int_equal(process_run(&p, &err), 0);
}

/* What is asked of a disk before an export is what is in the image, and not the
 * size of its disk. */
static void test_measure(void **state) {
  (void)state;
  _cleanup_free_ char *dir = new_folder();
  _cleanup_free_ char *image = xasprintf("%s/image.qcow2", dir);
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv make = {0}, fill = {0};
  uint64_t used, size;
  bool flat;
  strv_push_all(&make, "qemu-img", "create", "-q", "-f", "qcow2", image, "8G",
                NULL);
  strv_push_all(&fill, "qemu-io", "-c", "write -q -P 7 1G 5M", image, NULL);
  run(&make);
  run(&fill);
  assert_int_equal(convert_measure(image, &used, &err), 0);
  assert_in_range(used, 5U << 20, 8U << 20);
  assert_int_equal(convert_ask(image, &size, &flat, &err), 0);
  assert_int_equal(size, (uint64_t)8 << 30);
  assert_true(flat);
  assert_int_equal(unlink(image), 0);
  assert_int_equal(rmdir(dir), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_measure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
