/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One kubeconfig into another, as the tools of cloud providers do it: clusters,
 * users and contexts are lists of named things. One of our name that is ours
 * gets our values and keeps what ours does not say, as a context's namespace or
 * a cluster's proxy; what the file does not have comes behind the others. All
 * else and all keys that we do not know stay as they are, and the current
 * context becomes ours. Comments are lost, as they are to kubectl. Pure.
 *
 * Ours is a cluster with the same CA, a user whose certificate that CA has
 * signed, whenever that was, and a context that leads to that cluster as that
 * user. Anything else of our name is another's, or was changed by hand.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>

/*
 * into is the text of the file called name, which may be empty; ours is a whole
 * kubeconfig. The result, which holds keys, is read again before it is given to
 * ret. An into that is no kubeconfig is an error with its place. So is each
 * thing of our name that is not ours (see above), unless replace is set: then
 * nothing of it is kept.
 */
int kubeconfig_merge(const char *name, const struct buf *into,
                     const struct buf *ours, bool replace, struct buf *ret,
                     struct error *err) _must_check_;
