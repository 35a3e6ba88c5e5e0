/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of keys as a JSON Schema (draft 7, which editors know), for
 * completion and checks while a spec is written.
 */
#pragma once

#include "base/json.h"

/*
 * The schema of a whole spec; the caller's to json_decref. It takes every good
 * spec, and refuses what is wrong with a single value. What values do to each
 * other, `check` alone tells.
 */
json_t *spec_schema(void);
