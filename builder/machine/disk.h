/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A machine's disk: an overlay on the image, and a note which image that is.
 *
 *   disks/NODE.qcow2   overlay    disks/NODE.base   which image it is on
 *
 * An image of the store knows in turn which disks lie on it, see image/users.h.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"
#include "state/state.h"

/*
 * Makes the node's overlay on the image, or, when there is one, makes sure that
 * its base is what it was: by size and time at every start, and by SHA-256 when
 * these have changed and the image is one of the store. image NULL stands for
 * the one that the disk has; another file with the same content takes its
 * place. Anything else is an error that says what to do, for the disk's blocks
 * would make no sense.
 */
int disk_ensure(const struct state *s, const struct plan_node *node,
                const char *image, struct error *err) _must_check_;

/* Deletes the node's disk, and then what the image knows of it and the note. */
int disk_delete(const struct state *s, const char *node,
                struct error *err) _must_check_;
