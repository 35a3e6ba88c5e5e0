/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container's disk: disks/NODE.raw, a copy of the image with holes where the
 * image has them, on which nothing else depends. Beside an image of the store
 * lies a raw form of it, IMAGE.raw, from which such copies are quick
 * (IMAGE.raw.new while it is made, or when that was killed).
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"
#include "state/state.h"

/*
 * Makes the node's disk from the image unless it is there. The file system
 * takes what a larger disk offers. Needs qemu-utils, and for larger disks
 * e2fsprogs and root. Nothing is left of one that fails; a full disk is
 * something missing, see image/space.h.
 *
 * It is not synced, which would take seconds for each machine: after a power
 * cut of the host soon after, it may be damaged under its name, as what QEMU's
 * machines wrote may be (qemu.c, cache=unsafe). `kubeseed destroy` deletes it.
 */
int rawdisk_ensure(const struct state *s, const struct plan_node *node,
                   const char *image, struct error *err) _must_check_;
