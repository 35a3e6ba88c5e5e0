/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Machines that run: their QEMU processes. QEMU is run in the state folder with
 * relative paths, see qemu.h. What is known about a machine is read off the
 * system every time; nothing has to be right in a file for it to be true.
 *
 *   run/NODE.{pid,qmp,console}
 *   logs/NODE.console             logs/NODE.qemu    what QEMU itself said
 */
#pragma once

#include "base/error.h"
#include "machine/qemu.h"
#include "plan/plan.h"
#include "state/state.h"
#include <sys/types.h>

/*
 * Switches the machine on and returns once QEMU answers; when QEMU ends
 * instead, its log is quoted. The log of the console gets the power-on mark.
 */
int vm_start(const struct state *s, const struct plan_node *node,
             const struct node_ports *ports, bool kvm,
             struct error *err) _must_check_;

/*
 * Whether the machine runs, and as which process (ret_pid may be NULL): its
 * pid file names a process that runs in our state folder with our pid file in
 * its command line. A stale pid file is nobody's machine.
 */
bool vm_running(const struct state *s, const char *node, pid_t *ret_pid);

/* Presses the power button (ACPI); the guest then does as it likes. */
int vm_powerdown(const struct state *s, const char *node,
                 struct error *err) _must_check_;

/* Tells QEMU to end at once, as if the plug were pulled. */
int vm_quit(const struct state *s, const char *node,
            struct error *err) _must_check_;

/* SIGKILL for the machine's process and no other. */
int vm_kill(const struct state *s, const char *node,
            struct error *err) _must_check_;

/* Ends the machine now: quit, then SIGKILL; returns when it is gone. */
int vm_stop(const struct state *s, const char *node,
            struct error *err) _must_check_;

/* Removes what a machine that is off left in run/. */
void vm_clean(const struct state *s, const char *node);

/* Deletes disk, logs and run files of a machine that is off. */
int vm_delete(const struct state *s, const char *node,
              struct error *err) _must_check_;

/* The last lines of the machine's QEMU log, "" if none; the caller frees. */
char *vm_last_words(const struct state *s, const char *node);

/* The names of all machines with a pid file, in the plan or not. */
int vm_list(const struct state *s, struct strv *ret,
            struct error *err) _must_check_;
