/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ports on 127.0.0.1 by which the workstation reaches machines that have no
 * network of its own: picked free once, kept in run/ports.json.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"
#include "state/state.h"
#include <sys/types.h>

/* A machine's ports, and the multicast port that is the cluster's Ethernet. */
struct node_ports {
  int mcast;
  int ssh; /* to its port 22; 0: none */
  int api; /* to its API server; 0: none */
};

/* The ports of a cluster; node[i] belongs to plan->nodes.v[i]. */
struct ports {
  int mcast;
  struct node_ports *node;
  size_t n;
};

/*
 * Reads run/ports.json; nodes it does not know have ports 0. A missing file is
 * a cluster without ports. The caller ports_done's.
 */
int ports_load(const struct state *s, const struct plan *plan,
               struct ports *ret, struct error *err) _must_check_;

/* Whether a machine runs, which then has its ports itself (see kind.h). */
typedef bool ports_running(const struct state *s, const char *node,
                           pid_t *ret_pid);

/*
 * Ports for every node: those kept in run/ports.json, new ones where there are
 * none or where another program has taken them while the machine was off. The
 * multicast port stays while any machine runs. Writes the file, in which those
 * of machines that run stay, also when the plan does not have them any more.
 * Call it with the state locked.
 */
int ports_ensure(const struct state *s, const struct plan *plan,
                 ports_running *running, struct ports *ret,
                 struct error *err) _must_check_;

/* Removes the file: of ports that no machine ever had. */
void ports_forget(const struct state *s);

void ports_done(struct ports *p);

#define _cleanup_ports_ _cleanup_(ports_done)
