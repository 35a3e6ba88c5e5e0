/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control groups of a container (cgroups(7)). In each hierarchy that the
 * host has mounted, the older ones (v1) and the unified one (v2), the machine
 * has a group of its own, kubeseed-..., which is the root of what it sees:
 * systemd in it makes groups below and disturbs no other.
 */
#pragma once

#include "base/error.h"
#include "base/vec.h"
#include "state/state.h"
#include <stdbool.h>
#include <sys/types.h>

struct cgroup_tree {
  char *path;    /* where the host has it mounted */
  char *options; /* by which it is mounted again: "cpu,cpuacct" */
  bool unified;  /* v2 */
};
DEFINE_VEC(cgroup_vec, struct cgroup_tree);

/* The hierarchies that the text of /proc/self/mountinfo tells of. Pure. */
void cgroup_parse(const char *mountinfo, struct cgroup_vec *ret);

/* The same of this host; an error when it has none. */
int cgroup_find(struct cgroup_vec *ret, struct error *err) _must_check_;

/* The name of the node's groups. No other state folder of this host has it. The
 * caller frees. */
char *cgroup_name(const struct state *s, const char *node);

/* Makes the group in every hierarchy, and moves the process into it. */
int cgroup_enter(const struct cgroup_vec *trees, const char *name, pid_t pid,
                 struct error *err) _must_check_;

/*
 * Mounts the hierarchies below dir, writable, as the host has them. To be
 * called in a mount and a cgroup namespace of the machine's own.
 */
int cgroup_mount(const struct cgroup_vec *trees, const char *dir,
                 struct error *err) _must_check_;

/* Removes the group with all groups below it, in every hierarchy. Waits a
 * moment for processes that are just dying. */
void cgroup_remove(const struct cgroup_vec *trees, const char *name);

void cgroup_vec_done(struct cgroup_vec *v);

#define _cleanup_cgroups_ _cleanup_(cgroup_vec_done)
