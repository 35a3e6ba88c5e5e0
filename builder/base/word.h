/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Did you mean ...?": the word a user most likely meant.
 */
#pragma once

#include <stddef.h>

/* The candidate (n of them) nearest to s when near enough, or NULL. */
const char *nearest_word(const char *s, const char *const *candidates,
                         size_t n);
