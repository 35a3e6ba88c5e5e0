/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a test works. It removes its folder itself; what one that fails leaves
 * goes with tests/unit/run, which sets both variables. Include it after
 * cmocka.h.
 */
#pragma once

#include "base/mem.h"
#include <stdlib.h>

static inline char *new_folder_below(const char *variable) {
  const char *below = getenv(variable);
  char *dir = xasprintf("%s/test.XXXXXX", below ? below : "/tmp");
  assert_non_null(mkdtemp(dir));
  return dir;
}

/* A new folder; the caller frees its name. */
static inline char *new_folder(void) {
  return new_folder_below("TMPDIR");
}

/* The same in memory where there is room, for thousands of runs that write. */
static inline char *new_folder_in_memory(void) {
  return new_folder_below("MEMDIR");
}
