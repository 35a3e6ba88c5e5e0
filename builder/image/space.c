/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/space.h"

#include "base/file.h"
#include <errno.h>
#include <string.h>

/* Less than this is nothing to programs that write packages and disks. */
#define NOTHING_LEFT ((uint64_t)64 << 20)

static double gib(uint64_t bytes) {
  return (double)bytes / (1 << 30);
}

int space_require(const char *dir, uint64_t need, const char *what,
                  struct error *err) {
  uint64_t have = 0;
  if (file_free_space(dir, &have, err) < 0)
    return -1;
  if (have >= need)
    return 0;
  return error_missing(err,
                       "%s needs %.1f GiB in '%s', which has %.1f GiB free",
                       what, gib(need), dir, gib(have));
}

void space_explain(const char *dir, struct error *err) {
  _cleanup_error_ struct error ignored = {0};
  uint64_t have = 0;
  bool said = false;
  for (size_t i = 0; i < err->n_faults; i++)
    said = said || strstr(err->faults[i].msg, strerror(ENOSPC)) ||
           strstr(err->faults[i].msg, strerror(EDQUOT));
  bool full = file_free_space(dir, &have, &ignored) == 0 && have < NOTHING_LEFT;
  if (!error_is_set(err) || !(said || full))
    return;
  err->kind = ERROR_MISSING;
  (void)!error_prefix(err, "the disk that holds '%s' is full", dir);
}
