/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of an author's own files and settings would break a node, or would not
 * become of it what the author meant. */
#pragma once

#include "part/part.h"

extern const struct spec_check extras_checks[];
