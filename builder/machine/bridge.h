/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network of a cluster whose machines are containers: a bridge for each of
 * its Ethernets (plan/ethernet.h) in a network namespace that has nothing else
 * in it, and for each card of a machine a pair of virtual ones (veth(4)), one
 * end of which is plugged in there.
 *
 *    launchers' namespace                   a machine's namespace
 *   .---------------------.                .---------------------.
 *   | kubeseed0 -- vMAC ==================== kube0               |
 *   '---------------------'                '---------------------'
 *
 * Nothing holds the namespace but the launchers in it: the first one makes it,
 * the others are led in by one that is there, and it goes with the last. No
 * address of the cluster is known to the host.
 */
#pragma once

#include "base/error.h"
#include "base/net.h"
#include <stdbool.h>
#include <sys/types.h>

/* The word before a network's number in a launcher's arguments. */
#define BRIDGE_ARGUMENT "--network"

/* Goes into the network of that number (see ports.h) of the working folder,
 * which is a state: it is made when none of the state's launchers is in it.
 * Another state's may have the same number. Needs iproute2 and root. */
int bridge_enter(int number, struct error *err) _must_check_;

/* Whether the process is a launcher of the state that is the working folder, in
 * the network of that number. */
bool bridge_is_launcher(pid_t pid, const char *number);

/* Gives the process's namespace a card, which is plugged into the bridge of
 * that name, or with "" into the cluster's; the first one who plugs into it
 * makes it. To be called in the network. */
int bridge_plug(const struct mac *mac, const char *name, const char *bridge,
                pid_t pid, struct error *err) _must_check_;
