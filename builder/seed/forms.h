/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A seed in another form than the ISO, beside it and made of it: a folder, a
 * FAT image, a tar archive. The ISO is always there, for machines here and for
 * exports; the others hold the same files and never older ones.
 */
#pragma once

#include "base/error.h"
#include "medium/medium.h"
#include "seed/put.h"
#include "seed/seeds-lock.h"
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
 * Their digests go into lock.
 */
int seed_forms_write(const struct state *s, const char *node,
                     const struct seed_form *asked, struct seeds_lock *lock,
                     struct error *err) _must_check_;

/*
 * What is wrong with the node's media in seeds/, the ISO apart, those that are
 * there or stand in lock (which was read): lines "seeds/NODE.img is missing" go
 * into ret. m has what each must hold. Writes nothing.
 */
void seed_forms_check(const struct state *s, const char *node,
                      const struct medium *m, const struct seeds_lock *lock,
                      struct strv *ret);

/* The same for the ISO, of which fate tells what became of it. */
void seed_iso_check(const struct state *s, const char *node, enum put_fate fate,
                    const struct seeds_lock *lock, struct strv *ret);
