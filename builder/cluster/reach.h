/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who answers. Before anybody is asked by ssh, all of them are looked for at
 * once: a server of ssh greets first (RFC 4253, 4.2), so one that is there is
 * known within seconds, and one that is off is not waited for.
 *
 * A machine of ours, which was switched on here at least once, is looked for
 * only while it runs. Of all others nothing is known: they are at their
 * addresses, or are not; where there is a jump host (plan_jump) it is looked
 * for in their place.
 */
#pragma once

#include "machine/ports.h"
#include "plan/plan.h"
#include "state/state.h"

/* For ssh on machines that do not run here. */
#define REACH_SSH_PORT 22

/* How long a greeting is waited for, in seconds. An emulated machine that is
 * busy starting takes its time, one elsewhere is real. */
#define REACH_HERE_SECONDS 30
#define REACH_SECONDS 4

struct reach {
  bool answers;
  char *why; /* when it does not: "m2 is off", for the user; else NULL */
};

/* A machine that was switched on here, and so is not to be looked for elsewhere
 * when it is off. */
bool reach_is_here(const struct plan_node *node, const struct state *state,
                   const struct ports *ports);

/*
 * Fills in ret[i] for node nodes[i] of the plan, of all n. Nodes that are not
 * here are asked at their addresses and port; with port 0 they do not answer.
 * It takes REACH_HERE_SECONDS at most for some hundreds of nodes. The caller
 * reach_done's ret.
 */
void reach_look(const struct plan *plan, const struct state *state,
                const struct ports *ports, uint16_t port, const size_t *nodes,
                size_t n, struct reach *ret);

void reach_done(struct reach *r, size_t n);
