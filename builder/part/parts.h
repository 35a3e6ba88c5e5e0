/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of a cluster's nodes (part.h, README.md), and the plan that is
 * complete with them.
 */
#pragma once

#include "part/facts.h"
#include "part/part.h"

/* spec_read (spec/read.h) with the checks of all parts. */
int parts_read_spec(const char *file, const char *text, size_t len,
                    struct spec *ret, struct error *err) _must_check_;

/*
 * Decides everything: plan_make, and for each node which parts it has, why, and
 * from them its files, units and first-boot steps. Pure: the same spec gives
 * the same plan. Fails with faults at the spec's places when something does not
 * fit together. The caller plan_done's ret.
 */
int parts_plan(const struct spec *spec, struct plan *ret,
               struct error *err) _must_check_;

/* All parts, in the order of PART_LIST; ends with NULL. */
const struct part *const *parts_all(void);

/* All steps of first boots in the order in which they run; ends with NULL. */
const char *const *parts_steps(void);

/* What is the same in the templates of all nodes. */
void parts_values(const struct part_input *in, struct scope *cluster);

/* What differs; node's parent must be the scope of parts_values. */
void parts_node_values(const struct plan *p, const struct plan_node *n,
                       struct scope *node);

/* Adds what scripts/verify-node is told on that node. */
void parts_ask(const struct part_input *in, const struct plan_node *n,
               struct buf *head);

/* All checks that the plan asks for, in a fixed order. The caller
 * verify_checks_done's ret. Cannot fail. */
void parts_verify(const struct plan *plan, const struct verify_facts *facts,
                  struct verify_check_vec *ret);

/* The ids of all checks in that order; ends with NULL. */
const char *const *parts_checks(void);
