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

/* What its disk and its seed are called in the pool; the caller frees. */
char *libvirt_disk(const struct plan *plan, const struct plan_node *node);
char *libvirt_seed(const struct plan *plan, const struct plan_node *node);

/* The file's name that has the network of a wire; the caller frees. */
char *libvirt_network_file(size_t wire);

/* What of a domain the node does not decide. */
struct libvirt_shape {
  enum libvirt_type type;
  const char *pool;        /* the storage pool with its disks */
  const char *disk, *seed; /* their files on libvirt's host; NULL: volumes of
                            * the pool, of which AppArmor's helper for libvirt
                            * knows no image behind them */
  const char *bridge; /* the host's, with its cards; NULL: a network for each
                       * wire */
  bool uefi; /* libvirt chooses a firmware for UEFI among those that the
              * host has; else SeaBIOS */
};

void libvirt_domain_xml(const struct plan *plan, const struct plan_node *node,
                        const struct libvirt_shape *shape, struct buf *out);

/* The network of a wire. In the cluster's the host has the gateway's address,
 * and passes on what goes elsewhere; the others lead nowhere. */
void libvirt_network_xml(const struct plan *plan, size_t wire, struct buf *out);
