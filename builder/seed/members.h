/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lists of etcd's members for which seeds of one state were made, in
 * pki/members: a line each, names with commas between them, the present one
 * last. Machines with an earlier seed may have founded a cluster that is
 * switched off when those of a later one boot; a new list alone must not be
 * enough to found another. So a seed tells the earlier ones, and its node
 * founds only when most of each say that they have nothing
 * (scripts/steps-etcd.sh).
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "plan/plan.h"
#include "state/state.h"

struct members {
  struct strv lists; /* "m1,m2,m3"; the last is the plan's */
  struct strv gone;  /* names in earlier ones that are no members any more */
  bool changed;      /* against the file */
};

/*
 * Reads the state's lists and adds the plan's. forget: nodes that are no
 * members in the spec are gone for good, with all that they knew. A state of a
 * kubeseed that kept no lists tells by its seeds whose there were. A file that
 * says anything else than members_write fails: to forget a list is not safe.
 */
int members_load(const struct state *state, const struct plan *plan,
                 bool forget, struct members *ret,
                 struct error *err) _must_check_;

/* The file's content. */
void members_write(const struct members *m, struct buf *out);

/* The earlier lists, with a space between them; the caller frees. */
char *members_earlier(const struct members *m);

/* The earlier lists of which half or more are not in the plan: nobody can ever
 * tell that their cluster is not there. As members_earlier; NULL for none. */
char *members_unreachable(const struct members *m, const struct plan *plan);

void members_done(struct members *m);
#define _cleanup_members_ _cleanup_(members_done)
