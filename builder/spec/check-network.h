/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The networks of a cluster among each other, and what must be in none or one
 * of them: the endpoint's address, the name servers.
 */
#pragma once

#include "spec/check.h"

extern const struct spec_check check_network_table[];
