/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a gateway is asked by verify, and what its answers must be: it passes
 * packets on, hides who goes out, and tells the names of all nodes. */
#pragma once

#include "part/judge.h"

/* Adds what scripts/verify-node must know of the gateway. */
void judge_gateway_ask(const struct plan *p, struct buf *head);

/* Adds "gateway.forward" and "gateway.names"; nothing without a gateway. */
void judge_gateway(struct judge *j);
