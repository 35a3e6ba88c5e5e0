/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokens that API servers know from a file (spec/tokens.h). */
#pragma once

#include "pki/making.h"

/* The entry of all that were made, with new ones for users who have none; and
 * the file of which API servers read them, which is computed. Neither where the
 * spec has no tokens, but what is there stays. */
int make_tokens(const struct making *m, struct error *err) _must_check_;

/* Fails for an entry that has been damaged. */
int check_tokens(const struct pki_entry_vec *l, const char *dir,
                 struct error *err) _must_check_;
