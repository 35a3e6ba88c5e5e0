/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets taken out of texts that kubeseed has made and that hold more than a
 * secret, so that the rest can be shown: what stands behind a word that speaks
 * of one (token, secret, password, key ...), and whatever is as long and as
 * mixed as a key. More than needs be goes rather than less.
 */
#pragma once

#include "format/yaml.h"
#include <stdbool.h>

/* What stands in a secret's place. */
#define REDACTED "(secret)"

/* A copy of the text; *ret_cut tells whether anything was taken out. The caller
 * frees. */
char *redact_text(const char *text, bool *ret_cut);

/* The same in a map of cloud-config: the values of such keys, private keys, and
 * of what may be the author's (spec/cloud.h) each text as above. Public keys,
 * which stand there as ssh_authorized_keys, stay. */
bool redact_tree(struct yaml_node *root);
