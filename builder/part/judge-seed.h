/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "part/judge.h"

/*
 * Whether cloud-init has laid down each node's seed without a fault: it goes on
 * after one, so a node without a file or user of the spec is ready all the
 * same. What it says is result.json (cloud-init's reference, "Reported
 * status").
 */
void judge_seed(struct judge *j);
