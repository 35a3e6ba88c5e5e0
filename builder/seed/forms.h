/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A seed in another form than the ISO, beside it and made of it: a folder, a
 * FAT image, a tar archive. The ISO is always there, for machines here and for
 * exports; the others hold the same files and never older ones.
 */
#pragma once

#include "base/error.h"
#include "state/state.h"
#include <stdbool.h>

struct seed_form;

/* NULL for a name that is none: "iso", "dir", "fat", "tar". */
const struct seed_form *seed_form_find(const char *name);

/* "iso, dir, fat or tar", for messages; the caller frees. */
char *seed_form_names(void);

/*
 * Writes the form asked (NULL: none) of the node's ISO, and anew those that are
 * there from an earlier run. Whatever holds these bytes already is left alone.
 */
int seed_forms_write(const struct state *s, const char *node,
                     const struct seed_form *asked,
                     struct error *err) _must_check_;
