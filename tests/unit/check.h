/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What tests of functions with a struct error ask. Include it after cmocka.h.
 */
#pragma once

#include "base/error.h"
#include <string.h>

/* It succeeded; otherwise the test fails with the error's words. */
static inline void check_ok(int r, const struct error *err) {
  if (r < 0)
    fail_msg("%s", err->faults[0].msg);
}

/* It failed with these words among others; err is empty then. */
static inline void check_error(int r, struct error *err, const char *part) {
  assert_int_equal(r, -1);
  if (!strstr(err->faults[0].msg, part))
    fail_msg("'%s' is not in: %s", part, err->faults[0].msg);
  error_done(err);
}
