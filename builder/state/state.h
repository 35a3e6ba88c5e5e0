/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state folder NAME.cluster/: the only thing kubeseed keeps about a
 * cluster. Its owner alone may look into it. layout.h lists what is in it,
 * marker.h tells how it is recognised, trust.h what is asked of it.
 *
 *   kubeseed.state         whose it is: the marker
 *   pki/                   keys and certificates (see pki.h)
 *   keys.sealed            all of that instead, behind a pass phrase
 *   seeds/NODE.iso         seed media
 *   seeds.lock             their digests
 *   machines               of which kind the machines are (see kind.h)
 *   disks/NODE.qcow2       overlays on the image (of containers: NODE.raw)
 *   run/                   sockets and pid files of running machines
 *   logs/NODE.console      what a node's serial console said
 *   admin.conf qemu.conf   kubeconfigs: by the endpoint, by ports of this host
 *   export/                what `kubeseed export` writes
 *   ssh_config known_hosts id_ed25519   for ssh into the nodes
 *   verify.lock            held by `kubeseed verify`
 *   lock                   held while a command changes the folder
 */
#pragma once

#include "base/error.h"
#include <stdbool.h>

struct state {
  char *dir;
  int lock_fd;  /* -1: not locked */
  char *target; /* state_target of how it was opened, for what users are told */
};

/* The words that lead a command to the same spec and state, for commands that
 * are suggested: SPEC, or -C DIR SPEC, quoted where a shell wants that. The
 * caller frees. */
char *state_target(const char *dir, const char *spec_file);

/* The folder's name as it is to be: dir if given (-C), else NAME.cluster beside
 * spec_file. The caller frees. */
char *state_folder(const char *dir, const char *spec_file, const char *name);

/*
 * Opens the folder for the spec file's cluster name. One that is missing is an
 * error with errnum ENOENT. It must be this cluster's state and nobody else's
 * to write; see marker.h and trust.h for the errors.
 *
 * With create it is made where it is missing, an empty one and one of an older
 * kubeseed get their marker, and it is locked; what a killed run has begun is
 * done, and its temporaries are removed. Before any of that, state_check_name.
 */
int state_open(const char *dir, const char *spec_file, const char *name,
               bool create, struct state *ret, struct error *err) _must_check_;

/* Whether ssh_config can hold the folder's absolute name, as it must; else a
 * usage error. */
int state_check_name(const char *dir, struct error *err) _must_check_;

/* Whether there is such a folder; whose it is, state_open tells. */
bool state_exists(const char *dir, const char *spec_file, const char *name);

/* How its machines are told apart: marker_by_subnet of that folder. */
bool state_by_subnet(const char *dir, const char *spec_file, const char *name);

/* Takes the folder's lock, unless this state has it; fails at once when another
 * kubeseed has it. */
int state_lock(struct state *s, struct error *err) _must_check_;

void state_done(struct state *s);

#define _cleanup_state_ _cleanup_(state_done)

/* "DIR/" followed by the formatted rest; the caller frees. */
char *state_path(const struct state *s, const char *fmt, ...) _printf_(2, 3);
