/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a plan to seed media in the state folder: loads or makes the keys,
 * renders each node and writes its medium, on as many threads as there are
 * processors.
 */
#pragma once

#include "base/error.h"
#include "medium/medium.h"
#include "plan/plan.h"
#include "state/state.h"
#include <stdbool.h>
#include <time.h>

struct seed_options {
  const size_t *nodes; /* indexes into plan->nodes */
  size_t n_nodes;
  time_t now;                         /* for new keys */
  const struct medium_writer *writer; /* of media; NULL: the default */
};

/*
 * Makes the keys that are missing, the seeds of the chosen nodes, and what the
 * workstation needs: admin.conf, id_ed25519, known_hosts. The state must be
 * locked. Running it again changes nothing that has not changed.
 */
int seed_make(const struct plan *plan, const struct state *state,
              const struct seed_options *options,
              struct error *err) _must_check_;
