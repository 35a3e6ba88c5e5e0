/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a fresh process to a machine's init: what happens within the namespaces
 * of a container, up to the execution of systemd. What systemd finds is what
 * its container interface asks for (systemd.io/CONTAINER_INTERFACE).
 *
 *   /                    the root partition of the machine's disk
 *   /proc /sys /dev /run  as of a container; /sys is for reading, and has the
 *                        machine's UUID where a host's board has its own
 *   /proc/sys            for reading, but for what belongs to the machine (net)
 *                        and for copies of what a node wants to set and only
 *                        the host has; the number of the boot is its own
 *   /dev/console         a terminal that the launcher reads
 *   /dev/kmsg            another null
 *   /sys/fs/cgroup       the machine's own groups
 *   /var/lib/cloud/seed/nocloud   the seed's files, in memory
 *   /run/systemd/system  drop-ins for units that are otherwise in a container
 *                        (images/container)
 */
#pragma once

#include "base/error.h"
#include "format/iso9660.h"
#include "machine/cgroup.h"

struct guest {
  const char *device;  /* of the root file system */
  const char *console; /* the terminal, such as /dev/pts/3 */
  const char *uuid;    /* the machine's */
  const struct iso_volume *seed;
  const struct cgroup_vec *cgroups;
};

/*
 * To be called by the first process in mount, PID, UTS, IPC and network
 * namespaces of its own, as root, in a folder that has a folder "run". Makes a
 * cgroup namespace, builds the tree and executes init; returns only on failure.
 */
int guest_exec(const struct guest *g, struct error *err);
