/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The certificates that the nodes of a running cluster use, asked by ssh; of
 * files with keys only the certificates come here.
 */
#pragma once

#include "base/strv.h"
#include "cluster/remote.h"
#include "format/certificates.h"
#include "plan/plan.h"
#include "state/state.h"

/*
 * Adds those of the nodes (indexes into plan->nodes) to ret, each with the
 * place "NODE:/path", and to unasked why a node did not answer. Error: a
 * program is missing.
 */
int live_certificates(const struct plan *plan, const struct state *state,
                      const struct remote *r, const size_t *nodes, size_t n,
                      struct certificate_vec *ret, struct strv *unasked,
                      struct error *err) _must_check_;
