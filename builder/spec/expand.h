/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Entries of a spec's nodes that stand for several machines become so many.
 */
#pragma once

#include "base/error.h"
#include "format/yaml.h"
#include "spec/spec.h"

/*
 * Replaces s->nodes, one for each entry of list with the range still in its
 * name, by one for each machine. An entry without a name is left out; faults
 * go to err at their places.
 */
void expand_nodes(struct spec *s, const struct yaml_node *list,
                  struct error *err);
