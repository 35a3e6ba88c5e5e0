/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"
#include <dlfcn.h>
#include <malloc.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What is freed while it is looked for. */
static const char *secret;
static bool found;

static void look_at(void *p) {
  if (p && secret && memmem(p, malloc_usable_size(p), secret, strlen(secret)))
    found = true;
}

#ifdef __SANITIZE_ADDRESS__
/* Called by the sanitizer's, which cannot be replaced. */
void __sanitizer_free_hook(void *p);
void __sanitizer_free_hook(void *p) {
  look_at(p);
}
#else
/* Instead of libc's. */
void free(void *p) {
  static void (*real)(void *);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "free");
  look_at(p);
  real(p);
}
#endif

static void test_add(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  buf_add(&b, "a\0b", 3);
  buf_adds(&b, "c");
  buf_addf(&b, "%d-%s", 42, "x");
  assert_int_equal(b.len, 8);
  assert_memory_equal(b.data, "a\0bc42-x", 9);
}

static void test_add_nothing(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  assert_null(b.data);
  buf_add(&b, "", 0);
  assert_string_equal(b.data, "");
  assert_int_equal(b.len, 0);
}

static void test_extend(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  memset(buf_extend(&b, 300), 'x', 300);
  memcpy(buf_extend(&b, 2), "yz", 2);
  assert_int_equal(b.len, 302);
  assert_string_equal(b.data + 299, "xyz");
}

static void test_grow(void **state) {
  (void)state;
  _cleanup_buf_ struct buf b = {0};
  for (int i = 0; i < 100000; i++)
    buf_addf(&b, "%05d\n", i);
  assert_int_equal(b.len, 600000);
  assert_memory_equal(b.data, "00000\n00001\n", 12);
  assert_string_equal(b.data + b.len - 12, "99998\n99999\n");
}

static void test_take(void **state) {
  (void)state;
  struct buf b = {0};
  _cleanup_free_ char *empty = buf_take(&b);
  assert_string_equal(empty, "");
  buf_adds(&b, "abc");
  _cleanup_free_ char *text = buf_take(&b);
  assert_string_equal(text, "abc");
  assert_null(b.data);
  assert_int_equal(b.len, 0);
  buf_done(&b);
}

/* Whatever happens to it, nothing of it is in memory that was freed. */
static void test_wiped(void **state) {
  (void)state;
  struct buf b = {0};
  secret = "a pass word";
  for (int i = 0; i < 100; i++)
    buf_adds(&b, secret);
  b.len = 3; /* it was cut short */
  size_t more = 2 * b.cap;
  memset(buf_extend(&b, more), 'x', more);
  buf_adds(&b, secret);
  buf_done(&b);
  assert_false(found);
  char *copy = strdup(secret);
  free(copy);
  assert_true(found); /* it would have been seen */
  secret = NULL;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_add),    cmocka_unit_test(test_add_nothing),
      cmocka_unit_test(test_extend), cmocka_unit_test(test_grow),
      cmocka_unit_test(test_take),   cmocka_unit_test(test_wiped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
