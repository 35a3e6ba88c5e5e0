/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a cluster was made with and cannot be without, in pki/made-with: a line
 * "KEY: VALUE" for each key of the spec that no cluster which runs can change,
 * and "pods of NODE: NETWORK" for each node that has a network of its own for
 * pods, to which the others have routes. Machines keep what their seeds said;
 * a seed of another kind beside theirs would be that of another cluster.
 * (The CAs, pki.mode and encryptionAtRest are seen by the keys: pki.c.)
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "plan/plan.h"
#include "state/state.h"

/* How many of the nodes that moved or were added are named. */
#define MADE_WITH_SHOWN 4

struct made_with {
  struct strv lines; /* of the file, from now on */
  char *moved;       /* "w1 (10.244.4.0/24, was 10.244.3.0/24)"; NULL: none */
  size_t n_moved;    /* how many nodes have other pods than before */
  char *added;       /* "w3 (10.244.5.0/24 via 192.168.4.43)"; NULL: none */
  size_t n_added;    /* how many are new, where there were others before */
  bool changed;      /* against the file */
};

/*
 * Reads the state's file and compares it with the plan. A key that is another
 * is an error of use, which says what to do. A state of a kubeseed that kept no
 * such file begins one. forget: nodes that are not in the plan. A damaged file
 * fails. The caller made_with_done's ret.
 */
int made_with_load(const struct state *state, const struct plan *plan,
                   bool forget, struct made_with *ret,
                   struct error *err) _must_check_;

/* The file's content. */
void made_with_write(const struct made_with *m, struct buf *out);

void made_with_done(struct made_with *m);
#define _cleanup_made_with_ _cleanup_(made_with_done)
