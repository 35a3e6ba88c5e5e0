/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shell scripts on nodes, as root, through the cluster's ssh_config:
 *
 *   ssh -F STATE/ssh_config -o ... NODE sudo sh -eu     the script is its stdin
 *
 * So a script may hold a secret: no argv shows it, here or there. Words come
 * back on stdout; a login shell's own chatter before them is left out.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct remote {
  const char *config; /* STATE/ssh_config */
  unsigned timeout;   /* seconds for one script to end; 0: for ever */
  unsigned parallel;  /* how many nodes at a time; 0: as many as is sensible */
};

/*
 * Runs the script on the node and gives what it printed (the caller
 * buf_done's). Fails, worded for the user, when the node does not answer ssh,
 * when the script's exit status is not 0, and when the time is over. The
 * script goes on there after a timeout until it next writes.
 */
int remote_run(const struct remote *r, const char *node, const char *script,
               struct buf *ret, struct error *err) _must_check_;

/* One script for one node, and how it went. */
struct remote_call {
  const char *node;
  const char *script;
  struct buf output;
  struct error err; /* empty: the script succeeded */
};

/*
 * Runs all calls, several at a time, and fills in output and err of each, as
 * remote_run would; they must be empty before. The caller
 * remote_call_done's each.
 */
void remote_run_all(const struct remote *r, struct remote_call *calls,
                    size_t n);

void remote_call_done(struct remote_call *c);
