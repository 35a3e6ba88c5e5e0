/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Follows the console logs of some machines and knows how far each is: the
 * one source of `up`'s and `status`'s answers.
 */
#pragma once

#include "machine/console.h"
#include "machine/kind.h"
#include "machine/table.h"
#include "plan/plan.h"
#include "state/state.h"

struct follow_node {
  const struct plan_node *node;
  struct console console;
  off_t offset;         /* of the log, read so far */
  double seen;          /* monotonic seconds of the newest event; 0: none */
  bool running;         /* as follow_look saw it */
  pid_t pid;            /* while running */
  struct table *events; /* where events are told, or NULL */
};

struct follow {
  const struct machine_kind *kind; /* borrowed, as all pointers here */
  const struct state *state;
  struct follow_node *v;
  size_t n;
};

/* Follows the selected nodes (indexes into plan->nodes). */
void follow_init(struct follow *f, const struct machine_kind *kind,
                 const struct state *state, const struct plan *plan,
                 const size_t *sel, size_t n);

/* Reads what the logs have got since; a missing log is an empty one. */
int follow_read(struct follow *f, struct error *err) _must_check_;

/* Sees which machines run. */
void follow_look(struct follow *f);

/* From now on each event is told on t as a plain line (NULL: none). */
void follow_tell(struct follow *f, struct table *t);

/* The node is on and has got to the end of its first boot. */
bool follow_node_ready(const struct follow_node *n);

/* How many of them are ready. */
size_t follow_ready(const struct follow *f);

/* One row per node; the caller frees *ret, whose texts are borrowed. */
void follow_rows(const struct follow *f, struct table_row **ret);

void follow_done(struct follow *f);

#define _cleanup_follow_ _cleanup_(follow_done)
