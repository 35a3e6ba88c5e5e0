/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kubernetes.apiServer.tokens: tokens that API servers know from a file, and
 * who has each (kubernetes.io/docs/reference/access-authn-authz/authentication,
 * "Static token file"). The state keeps those that were made, a line "TOKEN
 * USER" for each.
 */
#pragma once

#include "base/buf.h"
#include "spec/spec.h"
#include <stdbool.h>

/* Their file below NAME.cluster/pki/, and on control planes. */
#define TOKENS_MADE "tokens.secret"
#define TOKENS_FILE "/etc/kubeseed/tokens.csv"

/* What a bearer can send (RFC 6750, 2.1), and nobody guesses. */
#define TOKEN_MIN 16

/* NULL for a file with one token, a newline behind it or not; else what is
 * wrong, to be put behind "the token of 'ann' ", and never a part of it. */
const char *token_fault(const char *text);

/* Whether two such texts have the same token; each may be NULL. */
bool token_same(const char *a, const char *b);

/* A user's name, and a group's, of which the file has several between commas.
 */
#define TOKEN_NAME_RULE "a name without ',' and quotes"
#define TOKEN_NAME_PATTERN "^[^,\"\\x00-\\x1f\\x7f]+$"
bool token_name_ok(const char *text);

/* The token in the lines of text that is the user's, borrowed, its length in
 * *ret_len; NULL when there is none. */
const char *tokens_find(const char *text, const char *user, size_t *ret_len);

/* What is wrong with the lines of text, as the end of a sentence and never a
 * part of a token; NULL when nothing is. */
const char *tokens_fault(const char *text);

/* Adds the file as API servers read it; made is the state's text. */
void tokens_add_csv(const struct spec_token_vec *tokens, const char *made,
                    struct buf *out);
