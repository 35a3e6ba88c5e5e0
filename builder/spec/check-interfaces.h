/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether nodes' further network cards, and the ways by them, fit together and
 * leave the cluster's own network alone. */
#pragma once

#include "spec/check.h"

extern const struct spec_check check_interfaces_table[];
