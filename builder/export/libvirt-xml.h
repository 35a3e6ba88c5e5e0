/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node as libvirt's domain, the cluster's network as libvirt's network; pure
 * (https://libvirt.org/formatdomain.html, formatnetwork.html). Domains have
 * virtio disks and cards, which every kernel of ours knows.
 */
#pragma once

#include "base/buf.h"
#include "plan/plan.h"

enum libvirt_type {
  LIBVIRT_KVM,  /* the host's processor virtualises */
  LIBVIRT_QEMU, /* it is emulated, and has one CPU, see machine/qemu.c */
};

/* The domain's name; the caller frees. */
char *libvirt_domain(const struct plan *plan, const struct plan_node *node);

/* The network's; the caller frees. */
char *libvirt_network(const struct plan *plan);

/* What its disk and its seed are called in the pool; the caller frees. */
char *libvirt_disk(const struct plan *plan, const struct plan_node *node);
char *libvirt_seed(const struct plan *plan, const struct plan_node *node);

/* What of a domain the node does not decide. */
struct libvirt_shape {
  enum libvirt_type type;
  const char *pool;   /* the storage pool with its disks */
  const char *bridge; /* the host's, with its cards; NULL: the cluster's network
                       */
  bool uefi; /* libvirt chooses a firmware for UEFI among those that the
              * host has; else SeaBIOS */
};

void libvirt_domain_xml(const struct plan *plan, const struct plan_node *node,
                        const struct libvirt_shape *shape, struct buf *out);

/* The network: the host has the gateway's address in it, and passes on what
 * goes elsewhere. */
void libvirt_network_xml(const struct plan *plan, struct buf *out);
