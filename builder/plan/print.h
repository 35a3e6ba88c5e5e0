/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan for people and for programs: everything that was decided, and for each
 * node which parts it has and why.
 */
#pragma once

#include "plan/plan.h"
#include <jansson.h>
#include <stdio.h>

/* Text from a spec is printed so that a terminal does not obey it. locked says
 * which builds the payload is of, or is NULL. */
void plan_print(const struct plan *p, const char *locked, FILE *out);

/* Of one node, as plan_print and plan_json have it among the others. */
void plan_print_node(const struct plan *p, const struct plan_node *n,
                     FILE *out);
json_t *plan_node_json(const struct plan_node *n);

/* The caller json_decref's. locked is what payload.lock.json has of the
 * payload, or NULL. */
json_t *plan_json(const struct plan *p, json_t *locked);
