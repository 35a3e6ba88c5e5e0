/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The further disks of a machine under QEMU, as the spec has them (disks): raw
 * files that take no more room than what is written on them.
 *
 *   disks/NODE/NAME.raw
 *
 * One that is there is never changed, whatever size the spec has now; layout.h
 * removes them with the machine.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"
#include "state/state.h"

/* Makes those that are not there. */
int extra_disks_ensure(const struct state *s, const struct plan_node *node,
                       struct error *err) _must_check_;

/* The file of one, below the state folder; the caller frees. */
char *extra_disk_path(const char *node, const struct spec_disk *d);
