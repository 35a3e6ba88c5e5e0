/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that change together: all of them or none, whatever ends the program
 * or fills the disk in between. A key without its certificate is of no use, and
 * two files cannot be renamed at once.
 *
 * All new contents are written into one file, pki/commit, which is put in place
 * by a single rename: from then on they count. Only then the files themselves
 * are written, everything is synced, and pki/commit goes. When it is found, an
 * earlier run was ended in between, and the rest is done first; unless a file
 * holds neither what it shall nor what it held then. A kubeseed that knows
 * nothing of pki/commit, or somebody, made other keys meanwhile, which may be
 * in use.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* What will change; nothing yet when only dir is set. */
struct commit {
  const char *dir; /* the pki/ of a state */
  struct buf text;
};

/* Adds a file, name below the folder; it will be 0600, folders 0700. */
void commit_add(struct commit *c, const char *name, const void *data,
                size_t len);

/* Writes all that was added. */
int commit_write(const struct commit *c, struct error *err) _must_check_;

/* Does the rest of what an earlier run began in dir, if there is any. */
int commit_finish(const char *dir, struct error *err) _must_check_;

/* For who only reads: an error when there is such a rest, which says how it is
 * done. */
int commit_check_done(const char *dir, struct error *err) _must_check_;

static inline void commit_done(struct commit *c) {
  buf_done(&c->text);
}

#define _cleanup_commit_ _cleanup_(commit_done)
