/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bootstrap token in a running cluster. The first node deletes it when all
 * nodes have joined; who joins later needs it again.
 */
#pragma once

#include "base/error.h"
#include "plan.h"
#include "state.h"
#include <stdbool.h>

/*
 * Lets the seeds' token in again, for a day, when a control-plane machine of
 * the state folder runs; ret_renewed tells whether the cluster has it now. A
 * cluster that is still forming has its own and keeps it.
 */
int token_renew(const struct plan *plan, const struct state *state,
                bool *ret_renewed, struct error *err) _must_check_;
