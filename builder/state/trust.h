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
#include <sys/stat.h>

/*
 * The folder itself, and what is ours in it: all that it holds itself, and pki/
 * with all below. The faults are told with the commands that mend them; of
 * modes, which a copy changes on all files, with one for all.
 */
int trust_state(const char *dir, struct error *err) _must_check_;

/* st is what became of dir, which was just made for its maker alone: a usage
 * error when the file system has not kept that. */
int trust_made(const char *dir, const struct stat *st,
               struct error *err) _must_check_;

/* After a "Permission denied" in dir: adds whose it is and what to do. Returns
 * -1. */
int trust_denied(const char *dir, struct error *err);
