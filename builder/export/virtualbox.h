/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The script that makes the machines in VirtualBox: what they are, followed by
 * images/virtualbox/machines.sh, which tells the rest.
 */
#pragma once

#include "base/buf.h"
#include "export/format.h"

/* Pure: of job needs plan, nodes and size. Every text in it is quoted. */
void virtualbox_script(const struct export_job *job, struct buf *out);
