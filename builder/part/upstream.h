/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What upstream has written on a file of a node's seed.
 */
#pragma once

#include "plan/plan.h"

/* The page's address; NULL for a file that only kubeseed knows. Borrowed. */
const char *upstream_page(const struct plan_file *f);

/* The part of the node that the file belongs to, as plan_part has it; NULL when
 * no part has it. Borrowed from node. */
const struct plan_part *upstream_part(const struct plan *p,
                                      const struct plan_node *node,
                                      const struct plan_file *f);
