/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One planned node as a QEMU command line. qemu_argv is pure; what runs the
 * command line is kind-qemu.c, and base/host.h tells whether there is KVM.
 *
 *          hostfwd 127.0.0.1:SSH -> 22, :API -> 6443
 *   host ---------- user network (restricted) ---------- eth1  node
 *                   unless the host gives a way out
 *   node, node .... multicast socket = one Ethernet ..... eth0  node
 */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "base/strv.h"
#include "machine/kind.h"
#include "machine/ports.h"
#include "plan/plan.h"

/*
 * Where a machine's files are. Relative ones are relative to the folder QEMU
 * is run in; the sockets should be, for sun_path holds 107 bytes.
 */
struct qemu_paths {
  char *disk;    /* qcow2 overlay */
  char *seed;    /* seed ISO, or NULL */
  char *pidfile; /* written by QEMU, removed when it ends */
  char *qmp;     /* unix socket */
  char *console; /* unix socket of the serial port */
  char *logfile; /* everything the serial port says is appended here */
};

/* How the machine's files below run/, disks/, ... are named for a node. */
void qemu_paths_make(const char *node, struct qemu_paths *ret);

void qemu_paths_done(struct qemu_paths *p);

#define _cleanup_qemu_paths_ _cleanup_(qemu_paths_done)

/*
 * The MAC of the node's second interface: the first one's with the last bit of
 * the second octet flipped and the locally-administered bit set (IEEE 802
 * 8.2.2), so that it cannot meet another node's first one.
 */
struct mac qemu_user_mac(const struct mac *first);

/*
 * What a machine with a way out has as its chassis's asset tag (SMBIOS, type
 * 3): by it the image's 79-kubeseed-internet.network takes the way, for
 * whatever the spec's gateway would have got but the cluster's own networks.
 */
#define QEMU_INTERNET "kubeseed-internet"

/*
 * What QEMU's environment needs beside ours, to speed up TCG; the caller
 * strv_done's. Empty with KVM.
 */
void qemu_env(bool kvm, struct strv *ret);

/* The whole command line; the caller strv_done's. program NULL: from PATH. */
void qemu_argv(const char *program, const struct plan_node *node,
               const struct qemu_paths *paths, const struct node_ports *ports,
               const struct machine_host *host, struct strv *ret);
