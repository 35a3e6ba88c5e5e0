/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state folder NAME.cluster/: the only thing kubeseed keeps about a
 * cluster. Everything below is 0700/0600.
 *
 *   pki/                   keys and certificates (see pki.h)
 *   seeds/NODE.iso         seed media
 *   disks/NODE.qcow2       overlays on the image
 *   run/                   sockets and pid files of running machines
 *   logs/NODE.console      what a node's serial console said
 *   admin.conf             kubeconfig through the endpoint
 *   ssh_config known_hosts id_ed25519   for ssh into the nodes
 *   verify.lock            held by `kubeseed verify`
 *   lock                   held while a command changes the folder
 */
#pragma once

#include "base/error.h"

struct state {
  char *dir;
  int lock_fd; /* -1: not locked */
};

/*
 * Opens (and makes, when create) the folder for the spec file's cluster name:
 * dir if given (-C), else NAME.cluster beside spec_file.
 */
int state_open(const char *dir, const char *spec_file, const char *name,
               bool create, struct state *ret, struct error *err) _must_check_;

/* Takes the folder's lock; fails at once when another kubeseed has it. */
int state_lock(struct state *s, struct error *err) _must_check_;

void state_done(struct state *s);

#define _cleanup_state_ _cleanup_(state_done)

/* "DIR/" followed by the formatted rest; the caller frees. */
char *state_path(const struct state *s, const char *fmt, ...) _printf_(2, 3);
