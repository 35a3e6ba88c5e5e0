/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run of a container: from its disk to a running init.
 */
#pragma once

#include "base/error.h"
#include "format/iso9660.h"
#include "machine/cgroup.h"
#include <sys/types.h>

struct power_options {
  const char *disk; /* a raw disk of the image's layout */
  const char *uuid;
  const struct iso_volume *seed;
  const struct cgroup_vec *cgroups;
  /* Called while the first process waits to begin; all its namespaces are
   * there, but for that of its groups. */
  int (*equip)(void *arg, pid_t pid, struct error *err);
  void *arg;
};

struct power {
  pid_t pid;    /* init, a child of ours; 0: none */
  int console;  /* the other end of its console, which never blocks; -1: none */
  int network;  /* its network namespace; -1: none */
  int terminal; /* private: keeps the console open while nobody has it */
};

#define POWER_NONE                                                             \
  { .pid = 0, .console = -1, .network = -1, .terminal = -1 }

/*
 * Starts init in namespaces of its own; it is killed when this process ends.
 * Returns once systemd is executed. The caller waits for ret->pid and calls
 * power_done; after an error there is nothing to be waited for.
 */
int power_on(const struct power_options *o, struct power *ret,
             struct error *err) _must_check_;

/* Kills init if it still runs (the caller has not waited for it), closes all.
 */
void power_done(struct power *b);
