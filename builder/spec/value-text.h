/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What readers of single values have in common. */
#pragma once

#include "format/yaml.h"
#include "spec/table.h"

/* Where the key's value goes, in the struct at base. */
void *value_member(const struct key *k, void *base);

/* The scalar's text, borrowed, or NULL after a fault. */
const char *value_scalar(const struct key *k, const struct yaml_node *value,
                         struct error *err);

/* The fault that a scalar is not what the key's rule says. */
void value_not_by_rule(const struct key *k, const struct yaml_node *value,
                       struct error *err);
