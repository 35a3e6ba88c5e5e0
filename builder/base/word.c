/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/word.h"

#include "base/cleanup.h"
#include <stdint.h>
#include <string.h>

/* Edit distance (Levenshtein) of short words; long ones count as far. */
static size_t edit_distance(const char *a, const char *b) {
  size_t n = strlen(b);
  size_t row[64];
  if (n >= ARRAY_SIZE(row))
    return SIZE_MAX;
  for (size_t j = 0; j <= n; j++)
    row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t best = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      if (row[j] + 1 < best)
        best = row[j] + 1;
      if (row[j - 1] + 1 < best)
        best = row[j - 1] + 1;
      row[j] = best;
    }
  }
  return row[n];
}

const char *nearest_word(const char *s, const char *const *candidates,
                         size_t n) {
  const char *nearest = NULL;
  size_t best = strlen(s) / 3 + 2; /* further than this is no typing error */
  for (size_t i = 0; i < n; i++) {
    size_t d = edit_distance(s, candidates[i]);
    if (d < best) {
      best = d;
      nearest = candidates[i];
    }
  }
  return nearest;
}
