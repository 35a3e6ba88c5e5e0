/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node as a virtual system of the Open Virtualization Format (DMTF DSP0243,
 * 1.1): a SATA disk, the seed as a CD on the same controller, e1000 cards.
 * Pure.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "plan/plan.h"

/* A file of the package. */
struct ovf_file {
  const char *name;
  uint64_t size;
  const char *sha256; /* of SHA256_HEX */
};

/* The card that its machine has first. */
const struct plan_interface *ovf_first_card(const struct plan_node *node);

/* The descriptor; the disk has capacity bytes when it is unpacked. */
void ovf_descriptor(const struct plan *plan, const struct plan_node *node,
                    const struct ovf_file *disk, uint64_t capacity,
                    const struct ovf_file *seed, struct buf *out);

/* The manifest of n files (DSP0243, 6). */
void ovf_manifest(const struct ovf_file *files, size_t n, struct buf *out);
