/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What nodes tell of Kubernetes' programs where no pod of the API
 * server's does: they are units of systemd (kubernetes.bootstrapper systemd),
 * or their node is not registered.
 */
#pragma once

#include "part/judge.h"

/* Adds to w what is wrong with the program on one node, or to n_found and
 * restarts when it is there. */
void judge_process_on(struct judge *j, const struct plan_node *n,
                      const char *program, struct wrong *w, size_t *n_found,
                      long long *restarts);

/* A check that each node of l runs the program, of the spec's version, and that
 * it answers that it is well. */
void judge_process(struct judge *j, const char *id, const char *what,
                   const char *program, const struct plan_list *l);
