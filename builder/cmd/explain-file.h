/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kubeseed explain [SPEC] NODE FILE: why a file is on a node, what made it, and
 * what upstream has written on it.
 */
#pragma once

#include "cmd/cli.h"

/* Whether the n words ask for that: the last one is a file's path. */
bool explain_file_asked(char *const *words, int n);

int explain_file(struct cli *cli, int argc, char **argv,
                 struct error *err) _must_check_;
