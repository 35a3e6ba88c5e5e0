/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the text of a spec to a struct spec: every key by its row in the table
 * (table.h), then defaults, ranges and cross-checks.
 */
#pragma once

#include "spec/check.h"
#include "spec/spec.h"

/*
 * Reads and checks a spec. text is the file's content, file its name for
 * messages. All faults (up to ERROR_MAX_FAULTS) are reported at
 * "file:line:column" in one run, those of single values and those between
 * them; then nothing is returned.
 */
int spec_read(const char *file, const char *text, size_t len, struct spec *ret,
              struct error *err) _must_check_;

/* The same with further tables of checks between values, up to a NULL. */
int spec_read_with(const struct spec_check *const *more, const char *file,
                   const char *text, size_t len, struct spec *ret,
                   struct error *err) _must_check_;
