/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words behind a command's options: [SPEC] [NODE...]. The spec need not be
 * named where the current folder has just one.
 */
#pragma once

#include "cmd/cli.h"

/* Whether a word is the name of a spec and not that of a node: "-", one with a
 * "." or "/", which names of nodes do not have, or a file that there is. */
bool words_is_spec(const char *word);

/*
 * Takes the words from optind on as a spec and least to most others into
 * cli->spec and cli->names. Without a spec among them (where there are to be no
 * others: without any word) it is the one of the current folder. Error: a usage
 * error that says what the command needs ("one spec and one node") and how it
 * is called, or which specs there are.
 */
int words_take(struct cli *cli, int argc, char **argv, int least, int most,
               const char *needs, struct error *err) _must_check_;

#define WORDS_ANY 0x10000
