/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One value of a spec, read by its key's type: YAML to a member of a struct.
 */
#pragma once

#include "base/error.h"
#include "format/yaml.h"
#include "spec/table.h"

/*
 * Reads value as k's row says into the struct at base, a struct spec or an
 * entry of the list around k. Faults go to err at their places; then the
 * member keeps what it had, or holds what could be read of a list. Not for
 * TYPE_MAP and TYPE_LIST.
 */
void value_read(const struct key *k, const struct yaml_node *value, void *base,
                struct error *err);
