/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The launcher: the process on the host that is a container, as QEMU is a
 * virtual machine. It is this program under a command of its own, run in the
 * state folder, see kind-container.c. It
 *
 *   builds the container and starts init in it, again when that reboots
 *   logs the console and serves it to one client at run/NODE.console
 *   listens on the machine's ports on 127.0.0.1 and passes connections into its
 *   network namespace, to its own loopback, whatever its cards do
 *
 * and ends with the machine. SIGTERM presses the power button, SIGUSR1 pulls
 * the plug: what was not synced is lost then, as with a real one. When it is
 * killed the kernel kills the machine, and unmounts, detaches and deletes all
 * that it used but its control groups, which the next start or stop removes.
 */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "machine/ports.h"
#include "plan/plan.h"

#define CONTAINER_COMMAND "machine-container"
#define CONTAINER_POWER_BUTTON SIGTERM
#define CONTAINER_PULL_PLUG SIGUSR1

/*
 * The launcher's command line; program is this one, group the name of its
 * control groups. The caller strv_done's. Pure.
 */
void container_argv(const char *program, const struct plan_node *node,
                    const struct node_ports *ports, const char *group,
                    struct strv *ret);

/* The launcher. Returns when the machine is off; what ended it otherwise has
 * been told on stderr then, and err is empty. */
int container_main(int argc, char **argv, struct error *err) _must_check_;
