/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making an export's machines on a host of libvirt, by virsh. What they live on
 * are volumes of a storage pool, which virsh fills by libvirt's own connection,
 * so the host may be another one, and its QEMU reads no folder of ours:
 *
 *   kubeseed-DIGEST.qcow2   the image, by what is in it; never changed
 *   CLUSTER-NODE.qcow2      the node's disk, on that
 *   CLUSTER-NODE.iso        its seed
 *
 * What is there is left alone: a machine that exists keeps its disk and its
 * seed.
 */
#pragma once

#include "export/format.h"
#include "export/libvirt-xml.h"

/* Fails (ERROR_MISSING) when virsh is not there. */
int libvirt_require(struct error *err) _must_check_;

/* Whether job->uri answers, has the pool, and no disk that belongs to none of
 * its machines, nor anything but a seed that is called as one; only asks. */
int libvirt_check(const struct export_job *job, struct error *err) _must_check_;

/* How machines are run there. What a host of another name can do, it says
 * itself; of this one we know better, see base/host.h. */
int libvirt_ask_type(const struct export_job *job, enum libvirt_type *ret,
                     struct error *err) _must_check_;

/* Writes the node's domain into job->dir. disk and seed are their files on
 * libvirt's host, or NULL for volumes of the pool. */
int libvirt_write_domain(const struct export_job *job,
                         const struct plan_node *node, enum libvirt_type type,
                         const char *disk, const char *seed,
                         struct error *err) _must_check_;

/* Makes what is not there of network, volumes and machines, of the files in
 * job->dir, and switches the new machines on; their domains are written anew
 * there, with the files that the volumes are. A machine that cannot be made
 * leaves nothing. The seed that a machine has left, which is gone, is replaced.
 */
int libvirt_apply(const struct export_job *job, struct error *err) _must_check_;
