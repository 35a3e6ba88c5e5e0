/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For a part's ask: lines that scripts/verify-node is told before it runs. */
#pragma once

#include "base/buf.h"

/* Sets a variable of the script. */
void ask_set(struct buf *head, const char *name, const char *value);
