/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which addresses a machine of a cluster can have: none of those that mean
 * something else on every network (RFC 6890). pattern FIRST of types.c says the
 * same.
 */
#pragma once

#include "base/net.h"

/* What an address is that no machine has, for behind "which is"; NULL for one
 * that can be used. */
const char *address_fault(struct ip a);

/* Why a network cannot be used, as it reaches into such addresses; NULL when it
 * does not. */
const char *network_fault(const struct cidr *net);
