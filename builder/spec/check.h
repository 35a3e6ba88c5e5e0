/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the parts of a spec fit together: addresses, counts, modes. Each
 * value alone has been checked while it was read.
 */
#pragma once

#include "format/yaml.h"
#include "spec/spec.h"

/*
 * Adds faults to err and warnings to s->warnings; root gives the places. bad
 * tells for each key of the table whether its value is none that the author
 * meant: checks that read such a one are left out.
 */
void spec_check(struct spec *s, const struct yaml_node *root, const bool *bad,
                struct error *err);
