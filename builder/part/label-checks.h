/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which labels and taints nodes can have: who may set a label, and on what.
 * spec/label.h has how they are written. */
#pragma once

#include "part/part.h"

extern const struct spec_check label_checks[];
