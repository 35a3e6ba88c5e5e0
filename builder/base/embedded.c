/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/embedded.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *name, const void *row) {
  const struct embedded *e = row;
  return strcmp(name, e->name);
}

const struct embedded *embedded_find(const char *name) {
  return bsearch(name, embedded, n_embedded, sizeof(embedded[0]), by_name);
}
