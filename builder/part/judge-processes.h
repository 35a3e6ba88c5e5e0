/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What nodes tell of Kubernetes' programs that run as units of systemd
 * (kubernetes.bootstrapper systemd), where pods would tell it otherwise.
 */
#pragma once

#include "part/judge.h"

/* A check that each node of l runs the program, of the spec's version, and that
 * it answers that it is well. */
void judge_process(struct judge *j, const char *id, const char *what,
                   const char *program, const struct plan_list *l);
