/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/word.h"

#include "base/cleanup.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_MAX 64

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Edit distance in which two neighbours that changed places are one mistake
 * (optimal string alignment); long words count as far. */
static size_t edit_distance(const char *a, const char *b) {
  size_t n = strlen(b);
  size_t rows[3][WORD_MAX];
  size_t *before = rows[0];
  size_t *last = rows[1];
  size_t *row = rows[2];
  if (n >= WORD_MAX)
    return SIZE_MAX;
  for (size_t j = 0; j <= n; j++)
    last[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      row[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = least(row[j], least(row[j - 1], last[j]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = least(row[j], before[j - 2] + 1);
    }
    size_t *oldest = before;
    before = last;
    last = row;
    row = oldest;
  }
  return last[n];
}

const char *nearest_word(const char *s, const char *const *candidates,
                         size_t n) {
  const char *nearest = NULL;
  size_t len = strlen(s);
  /* More than one mistake in three letters is another word. */
  size_t best = len < 2 ? 0 : len < 6 ? 2 : len / 3 + 1;
  for (size_t i = 0; i < n; i++) {
    /* A word that was begun is meant, however much of it is left out. */
    bool begun = len > 2 && strncmp(s, candidates[i], len) == 0;
    size_t d = begun ? 1 : edit_distance(s, candidates[i]);
    if (d < best) {
      best = d;
      nearest = candidates[i];
    }
  }
  return nearest;
}
