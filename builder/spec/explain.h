/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of keys in words: for people as `kubectl explain` has it, for the
 * manual, and for scripts.
 */
#pragma once

#include "base/error.h"
#include "spec/codes.h"
#include "spec/table.h"
#include <stdio.h>

/* The key of a path such as "nodes.role"; NULL after a usage error that says
 * what was probably meant. */
const struct key *explain_find(const char *path, struct error *err);

/* One of the key's words; NULL after a usage error. */
const struct word *explain_word(const struct key *k, const char *word,
                                struct error *err);

/* Whether text looks like a code of a fault and no key does; the code of that
 * name, in whatever case; NULL after a usage error. */
bool explain_is_code(const char *text);
const struct code *explain_find_code(const char *name, struct error *err);
void explain_code(const struct code *c, FILE *out);

/* What k is, NULL being the whole spec, and what is in it; `recursive` shows
 * all keys below as a tree instead. */
void explain_key(const struct key *k, bool recursive, FILE *out);
void explain_value(const struct key *k, const struct word *w, FILE *out);

/* "CODE<tab>TITLE" of all codes. */
void explain_codes(FILE *out);

/* One a line: k's words, or with NULL the paths of all keys. */
void explain_words(const struct key *k, FILE *out);

/* The manual's section on the spec, in mdoc. */
void explain_manual(FILE *out);

/* "PATH<tab>SENTENCE": what a commented spec may say at each key. */
void explain_comments(FILE *out);
