/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of users' and of what an author adds to nodes; value.h calls
 * them. */
#pragma once

#include "format/yaml.h"
#include "spec/table.h"

/*
 * Reads a value of the key's type, one from TYPE_PASSWORD to TYPE_COMMANDS,
 * into the struct at base, or adds a fault at its place.
 */
void value_read_extra(const struct key *k, const struct yaml_node *value,
                      void *base, struct error *err);
