/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lines differ between two texts, as diff(1) finds them: a longest common
 * subsequence.
 */
#pragma once

#include "base/buf.h"

/* Texts with more lines than this that are not alike at begin and end are told
 * to be others, and not compared: the work grows with its square. */
#define DIFF_MAX_LINES 3000

/* Adds a line INDENT-LINE for each that only a has, and INDENT+LINE for each
 * that only b has, in their order; nothing for texts that are the same. A
 * terminal obeys none of it. */
void diff_lines(const char *a, const char *b, const char *indent,
                struct buf *out);
