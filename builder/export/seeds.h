/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seeds of an export's nodes. */
#pragma once

#include "base/buf.h"
#include "export/format.h"

/* The i-th node's seed medium, a secret; the caller buf_done's. */
int export_seed_read(const struct export_job *job, size_t i, struct buf *ret,
                     struct error *err) _must_check_;

/* Puts it beside the other files as NODE.iso, for the owner alone. */
int export_seed_put(const struct export_job *job, size_t i,
                    struct error *err) _must_check_;
