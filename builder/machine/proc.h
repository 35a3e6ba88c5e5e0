/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the host tells of another process (proc(5)), by which machines are
 * known. One that has ended is nowhere and has no arguments.
 */
#pragma once

#include "base/strv.h"
#include <stdbool.h>
#include <sys/types.h>

/* Whether dir is its working folder, whatever the folder's name is by now. */
bool proc_runs_in(pid_t pid, const char *dir);

/* Adds its arguments, argv[0] first; the caller strv_done's. */
void proc_arguments(pid_t pid, struct strv *ret);
