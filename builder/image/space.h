/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Room on the disk: asked for before much is written, and named when it was not
 * enough after all. */
#pragma once

#include "base/error.h"
#include <stdint.h>

/* Fails (ERROR_MISSING) when dir has less than so many bytes free; what says
 * what needs them ("baking an image"). */
int space_require(const char *dir, uint64_t need, const char *what,
                  struct error *err) _must_check_;

/*
 * Makes an error of what was written to dir one of missing space, when that is
 * what was behind it: programs only say so, or leave a full disk.
 */
void space_explain(const char *dir, struct error *err);
