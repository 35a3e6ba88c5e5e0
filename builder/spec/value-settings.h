/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of what API servers and kubelets are told (settings.h); value.h
 * calls them. */
#pragma once

#include "format/yaml.h"
#include "spec/table.h"

/*
 * Reads a value of the key's type, one from TYPE_DURATION to TYPE_CLAIMS, into
 * the struct at base, or adds a fault at its place.
 */
void value_read_setting(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err);
