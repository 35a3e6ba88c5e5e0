/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A machine's disk: an overlay on the image, and a note which image that is.
 *
 *   disks/NODE.qcow2   overlay    disks/NODE.base   which image it is on
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"
#include "state/state.h"

/*
 * Makes the node's overlay on the image unless it is there. image_id tells
 * images apart (NULL: size and time of the file); an overlay on another image
 * is an error that names `destroy`, for its blocks would make no sense.
 */
int disk_ensure(const struct state *s, const struct plan_node *node,
                const char *image, const char *image_id,
                struct error *err) _must_check_;
