/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the values of a spec that are addresses, networks and what cards have,
 * as value.h says. */
#pragma once

#include "format/yaml.h"
#include "spec/table.h"

/* One of TYPE_SERVERS. */
#define SERVER_RULE "an IPv4 address like 192.168.4.1, or a DNS name"

/* k's type is one of those. */
void value_read_network(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err);
