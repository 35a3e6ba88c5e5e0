/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verify --like tutorial: the commands that those run who build a cluster by
 * hand, each with what this cluster answers, to be laid beside the document.
 * Where seeds/README.md has a row for it, its name stands before the command,
 * and behind the answer what verify makes of it.
 *
 *   facts (scripts/verify-tutorial, and what nodes and pods have told)
 *     ---> steps ---> text or JSON        pure
 */
#pragma once

#include "part/facts.h"
#include <jansson.h>

/* Each step, then the checks that no step has shown; every check once. */
void tutorial_print(const struct plan *plan, const struct verify_facts *f,
                    const struct verify_check_vec *checks, FILE *out);

/* [{"rows": ["A3.3"], "node", "command", "status", "output": [lines]}]; status
 * is null of what verify has asked in another way. The caller json_decref's. */
json_t *tutorial_json(const struct plan *plan, const struct verify_facts *f);
