/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of the cluster's keys, below NAME.cluster/pki/: read and checked,
 * and what is new handed to a commit (see state/commit.h), in which a key and
 * its certificate arrive together.
 */
#pragma once

#include "pki/pki.h"
#include "state/commit.h"

/*
 * Reads what an earlier run stored in dir; missing files and a missing folder
 * are fine. An error naming the file and the way out, and never a silent
 * replacement, is: a damaged file, a key that does not fit its certificate,
 * half of a pair, a commit that was not ended. Only what an interrupted run may
 * have left is taken, so that pki_make can complete it, and told in
 * ret->mended:
 *
 *   a leaf's key and certificate that are not of one pair, or one of them
 *     alone: left out, since the CA can sign another at any time
 *   a private key without its public half: that follows from it
 *   a CA's key alone before `created` is there, which the first run writes when
 *     all keys are: nothing that it signed is anywhere
 *
 * Of a CA whose key is elsewhere (request.h) the certificate may be alone, and
 * the keys of what it signs; certificates that were put beside their requests
 * are taken in.
 *
 * ret is only good as "old" of pki_make.
 */
int pki_load(const char *dir, const struct plan *plan, struct pki *ret,
             struct error *err) _must_check_;

/* As pki_load, for those of one node's entries that the plan asks for; dir is
 * the same. */
int pki_node_load(const char *dir, const struct plan *plan,
                  const struct plan_node *node, struct pki_node *ret,
                  struct error *err) _must_check_;

/* Whether a node has keys that are kept in files. */
bool pki_node_has_files(const struct plan *plan, const struct plan_node *node);

/*
 * The files of nodes of the plan that it no longer asks for: a control plane
 * became a worker, or etcd's mode another. Their paths below the folder state,
 * which holds pki/, and these nodes' names, each once, go into ret_paths and
 * ret_nodes, which must be empty.
 */
int pki_left(const char *state, const struct plan *plan, struct strv *ret_paths,
             struct strv *ret_nodes, struct error *err) _must_check_;

/* Adds the entries that are not in files yet. */
void pki_save(const struct pki *pki, struct commit *c);
void pki_node_save(const struct pki_node *n, const struct plan_node *node,
                   struct commit *c);
