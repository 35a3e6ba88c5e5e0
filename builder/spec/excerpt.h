/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line of a fault with a caret below the place, as compilers show it:
 *
 *     7 |   subnet: 127.0.0.0/24
 *       |           ^
 */
#pragma once

#include "base/error.h"

/*
 * Gives each fault in file, whose text is given, its excerpt. Lines of which a
 * fault says that they may hold a secret (error_secret) are shown for none, nor
 * those that speak of a password, and none at all of a text with a private key.
 */
void excerpts_add(struct error *err, const char *file, const char *text);
