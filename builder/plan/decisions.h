/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the plan has that the spec left open, and why it is so. */
#pragma once

#include "plan/plan.h"
#include <jansson.h>
#include <stdio.h>

/* A line for each key that was not written. */
void decisions_print(const struct plan *p, FILE *out);

/* [{"key", "value", "written", "why"}, ...] of the same keys, also of those
 * that were written (why is null then). The caller json_decref's. */
json_t *decisions_json(const struct plan *p);
