/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold of network.subnets, the further networks with nodes: that they
 * are apart from each other and the cluster's own, that each has its router,
 * and that who holds the endpoint's address has a card in its network. */
#pragma once

#include "spec/check.h"

extern const struct spec_check check_subnets_table[];
