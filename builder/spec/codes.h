/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The faults and warnings of a spec by number: KS0101 stays KS0101, whatever
 * becomes of its words, so that it can be searched for, asked about, and
 * matched by programs. `kubeseed explain KS0101` tells why, and what to do.
 *
 * A number is found by the text that the fault was made from, its format: where
 * a fault is told, its number need not be known. A number is never used again.
 */
#pragma once

#include "base/error.h"

struct code {
  const char *name;  /* "KS0101" */
  const char *title; /* what is wrong, a phrase without a full stop */
  const char *doc;   /* why that is a fault and what to do: sentences */
};

/* All of them, by number; the last has a name of NULL. */
extern const struct code spec_codes[];

/* The code of that name; NULL when there is none. */
const struct code *code_find(const char *name);

/* The code of what is told with this format; that of a YAML text which cannot
 * be read for every other one. */
const struct code *code_of(const char *format);

/* Gives each fault that has a place its code. */
void codes_add(struct error *err);
