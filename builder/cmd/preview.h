/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `kubeseed plan` shows of seeds: the whole content of those of some
 * nodes, and what differs from the media that are there. Nothing is written; a
 * state that is not there yet gets no keys.
 */
#pragma once

#include "cmd/cli.h"

/* The nodes' seeds, file by file, behind what the plan says of each; as JSON
 * where cli wants that. */
int preview_nodes(const struct cli *cli, struct cluster *c, const size_t *nodes,
                  size_t n, struct error *err) _must_check_;

/*
 * What changes in which seed, line by line, and what a machine needs to take
 * it. Fails, so that the exit status is 1, when anything does.
 */
int preview_diff(const struct cli *cli, struct cluster *c, const size_t *nodes,
                 size_t n, struct error *err) _must_check_;
