/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * May what is in a state folder be believed? Whoever could write there could
 * have put keys of his own in place of the cluster's. As ssh asks of its files
 * (sshd's StrictModes): all is owned by who runs this, or by root, none else
 * may write, none else may read what is secret, and no symbolic link leads
 * elsewhere.
 *
 * Once that holds nobody else can change it, so what comes after reads by plain
 * paths.
 */
#pragma once

#include "base/error.h"

/* The folder itself. */
int trust_folder(const char *dir, struct error *err) _must_check_;

/*
 * What is ours in it: all that it holds itself, and pki/ with all below. Each
 * fault is told with the command that mends it.
 */
int trust_contents(const char *dir, struct error *err) _must_check_;
