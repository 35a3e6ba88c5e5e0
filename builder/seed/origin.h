/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which lines of a spec made a file of a node's seed. It is asked of the
 * program itself: each value of the spec is left out in turn, and where the
 * file becomes another one the value's line counts. A value that cannot be left
 * out counts where its text stands in the file.
 */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "plan/plan.h"
#include "state/state.h"
#include <time.h>

/* A spec with more values than this is refused: the work grows with them. */
#define ORIGIN_MAX_VALUES 2000

/*
 * Adds the lines, each once and in order, as "FILE:LINE: text", to ret; those
 * that speak of a password without their text. The spec is that of the plan, in
 * text; state may be one that is not there yet. path as struct shown has it.
 * Writes nothing.
 */
int origin_lines(const struct plan *plan, const char *text, size_t len,
                 const struct state *state, const char *node, const char *path,
                 time_t now, struct strv *ret, struct error *err) _must_check_;
