/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A jump host: whoever logs in there reaches the others by ssh, and knows them
 * by the cluster's SSH CA. It has none of its keys. */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_JUMP ? "role jump: leads to the others by ssh"
                                    : NULL;
}

static const struct part_file files[] = {
    {"/etc/ssh/ssh_known_hosts", "user-data/known_hosts", 0644, ROOT, NULL},
    {LIB "steps-jump.sh", "scripts/steps-jump.sh", 0644, ROOT, NULL},
    {0},
};

const struct part part_jump = {
    .name = "jump",
    .why = why,
    .files = files,
};
