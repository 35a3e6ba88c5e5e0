/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a payload is another than its lock says, and what is no difference.
 */
#include "base/json.h"
#include "base/mem.h"
#include "image/lock.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WANTED                                                                 \
  "{\"packages\": {\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}},"    \
  " \"images\": {\"r/pause:1\": {\"index\": \"i\", \"config\": \"c\"}}}"

static json_t *json(const char *text) {
  json_t *j = json_loads(text, 0, NULL);
  assert_non_null(j);
  return j;
}

static void test_difference(void **state) {
  (void)state;
  static const struct {
    const char *packages, *images; /* inside the braces */
    const char *said;              /* NULL: no difference */
  } rows[] = {
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/pause:1\": {\"index\": \"i\", \"config\": \"c\"}", NULL},
      {"\"kubeadm\": {\"version\": \"2\", \"sha256\": \"bb\"}", "",
       "kubeadm is 2 and not 1"},
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"bb\"}", "",
       "kubeadm is bb and not aa"},
      {"", "", "kubeadm is missing"},
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}, \"x\": {}", "",
       "x is new"},
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/pause:1\": {\"index\": \"j\", \"config\": \"c\"}",
       "r/pause:1 is j and not i"},
      /* Which images there are follows from packages and spec. */
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/tool:1\": {\"index\": \"j\", \"config\": \"d\"}", NULL},
      /* Of one from an archive nobody knows what a registry has. */
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/pause:1\": {\"index\": null, \"config\": \"c\"}", NULL},
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/pause:1\": {\"index\": null, \"config\": \"d\"}",
       "r/pause:1 is d and not c"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *text =
        xasprintf("{\"packages\": {%s}, \"images\": {%s}}", rows[i].packages,
                  rows[i].images);
    _cleanup_json_ json_t *wanted = json(WANTED), *found = json(text);
    _cleanup_free_ char *said = lock_difference(wanted, found);
    if (!rows[i].said)
      assert_null(said);
    else
      assert_string_equal(said, rows[i].said);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_difference)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
