/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What formats of the image alone have in common. */
#pragma once

#include "export/format.h"

/* qemu-img's options for a VMDK that is compressed and read from its beginning
 * to its end: the one that an OVF package may have (VMware, "Virtual Disk
 * Format 5.0"). */
#define VMDK_STREAM "subformat=streamOptimized"

/* Writes image.qcow2. */
int plain_qcow2(const struct export_job *job, struct error *err) _must_check_;

/* The format's require and tell. */
int plain_require(const struct export_job *job, struct error *err) _must_check_;
void plain_tell(const struct export_job *job);
