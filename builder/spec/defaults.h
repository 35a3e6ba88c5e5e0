/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What holds when the author writes nothing. Constants stand in the table;
 * what follows from other values is worked out here, and the table's row says
 * how in words.
 */
#pragma once

#include "base/error.h"
#include "spec/spec.h"
#include "spec/table.h"

/*
 * Before reading: gives every key below `of` (NULL: the spec) that has a
 * constant default that value in the struct at base. The keys of an entry of a
 * list belong to that entry, not to what is around the list.
 */
void defaults_constant(const struct key *of, void *base, struct error *err);

/*
 * After reading: the rest. Also for a spec with faults: what cannot be derived
 * stays absent.
 */
void defaults_derived(struct spec *s);
