/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recipes: the folders below images/ that travel inside the program. A recipe
 * is laid out on disk to be run, and digested to tell whether what it made is
 * still what it would make.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/strv.h"
#include <stdbool.h>

/*
 * Writes all files of the recipe, such as "images/debian", below dir, which
 * is made; programs get mode 0755, other files 0644. An unknown recipe fails.
 */
int recipe_unpack(const char *recipe, const char *dir,
                  struct error *err) _must_check_;

/* Digest of the recipe's file names, modes and contents. */
void recipe_digest(const char *recipe, char ret[static SHA256_HEX]);

/*
 * Begins argv with what gives a recipe's program mount and process namespaces
 * of its own, by unshare(1): when it is killed, what it started ends and what
 * it mounted is gone. Root needs no more; with user another user becomes root
 * in a user namespace first, otherwise nothing is added for him.
 */
void recipe_namespaces(struct strv *argv, bool user);
