/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a node of each role gets: the files of its seed, the units it runs and
 * the steps of its first boot. To give a role something new, add a row here.
 */
#pragma once

#include "plan/plan.h"

/* Fills files, units and steps of n from its role and the cluster's modes. */
void plan_node_contents(const struct plan *p, struct plan_node *n);
