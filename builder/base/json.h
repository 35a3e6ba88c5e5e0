/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What jansson lacks for this code: a json_t that its scope releases.
 */
#pragma once

#include "base/cleanup.h"
#include <jansson.h>

static inline void cleanup_json(json_t **j) {
  json_decref(*j);
}
#define _cleanup_json_ _cleanup_(cleanup_json)
