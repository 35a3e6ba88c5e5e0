/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One kubeconfig into another, as the tools of cloud providers do it: clusters,
 * users and contexts are lists of named things. Those of ours replace the ones
 * of the same name or come behind them; a context keeps what ours does not say,
 * as its namespace. All others and all keys that we do not know stay as they
 * are, and the current context becomes ours. Comments are lost, as they are to
 * kubectl. Pure.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>

/*
 * into is the text of the file called name, which may be empty; ours is a whole
 * kubeconfig. The result, which holds keys, is read again before it is given to
 * ret. An into that is no kubeconfig is an error with its place. So is a
 * cluster of our name in it with another CA, or none, unless replace is set: it
 * is another one.
 */
int kubeconfig_merge(const char *name, const struct buf *into,
                     const struct buf *ours, bool replace, struct buf *ret,
                     struct error *err) _must_check_;
