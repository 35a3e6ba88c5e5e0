/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bootstrap token in a running cluster. The first node deletes it when all
 * nodes have joined; who joins later needs it again.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"
#include "state/state.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * Lets the seeds' token in again, for a day, by way of a control-plane machine
 * that runs here or, unless port is 0, answers at its address and port (see
 * reach.h); ret_renewed tells whether the cluster has it now. No such machine
 * is no error. A cluster that is still forming has its own and keeps it. Who is
 * asked is logged; it takes seconds, so hold no lock.
 */
int token_renew(const struct log *log, const struct plan *plan,
                const struct state *state, uint16_t port, bool *ret_renewed,
                struct error *err) _must_check_;
