/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose is this folder? A state folder has a marker in it, the file
 * kubeseed.state, with the format, the cluster and when it was made. Any other
 * folder that is not empty is refused, so that -C with a wrong name neither
 * fills somebody's folder nor removes anything from it.
 */
#pragma once

#include "base/error.h"
#include <stdbool.h>
#include <time.h>

/*
 * Whether the folder dir can be the state of the cluster: its marker says so,
 * or its lock, see marker_write_lock; or it has none, but was made by a
 * kubeseed that did not write any, which its SSH CA tells; or nothing of
 * somebody else is in it. Otherwise a usage error that says what to do, as with
 * a marker of another cluster or of a newer format. Only reads. *ret_marked: it
 * has a marker.
 */
int marker_check(const char *dir, const char *cluster, bool *ret_marked,
                 struct error *err) _must_check_;

/* Whether the machines of the state in dir are told apart by their subnet as
 * well as by their names (MAC addresses, UUIDs, VRRP's number): so they are,
 * but in states of a kubeseed before 0.2, whose machines keep what they have.
 * What cannot be read, or is not there yet, counts as new. */
bool marker_by_subnet(const char *dir);

/* Writes the marker; made is when, in seconds since 1970. */
int marker_write(const char *dir, const char *cluster, time_t made,
                 struct error *err) _must_check_;

/*
 * Writes the same into the lock, which is the last of a state that goes: when
 * it is found without the marker, a removal was cut short between the two.
 * -1 with errno set.
 */
int marker_write_lock(int lock_fd, const char *cluster,
                      time_t made) _must_check_;
