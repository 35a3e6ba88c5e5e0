/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cleanup.h"
#include "base/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_nearest(void **state) {
  (void)state;
  static const char *const words[] = {"plan",   "seed",    "up",
                                      "verify", "destroy", "kubeconfig",
                                      "json",   "state",   "down"};
  static const struct {
    const char *typed, *meant;
  } rows[] = {
      {"paln", "plan"},
      {"sed", "seed"},
      {"seeed", "seed"},
      {"pu", "up"},
      {"josn", "json"},
      {"verfy", "verify"},
      {"destory", "destroy"},
      {"kubconfg", "kubeconfig"},
      {"stat", "state"},
      {"clean", NULL},
      {"version", NULL},
      {"list", NULL},
      {"x", NULL},
      {"", NULL},
      {"delete", NULL},
      {"start", NULL},
      {"kube", "kubeconfig"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const char *near = nearest_word(rows[i].typed, words, ARRAY_SIZE(words));
    if (!rows[i].meant && near)
      fail_msg("'%s' is taken for '%s'", rows[i].typed, near);
    if (rows[i].meant && (!near || strcmp(near, rows[i].meant) != 0))
      fail_msg("'%s' is taken for '%s'", rows[i].typed, near ? near : "none");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nearest)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
