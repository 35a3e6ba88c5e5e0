/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What jansson lacks for this code: a json_t that its scope releases, and one
 * of a text that may be no UTF-8.
 */
#pragma once

#include "base/cleanup.h"
#include <jansson.h>

/* json_string gives NULL for a text that is not UTF-8, and whatever is packed
 * or appended with that is left out. Here each byte that belongs to no
 * character is a '?'. For files' names, and for what other programs said. */
json_t *json_text(const char *s);

static inline void cleanup_json(json_t **j) {
  json_decref(*j);
}
#define _cleanup_json_ _cleanup_(cleanup_json)
