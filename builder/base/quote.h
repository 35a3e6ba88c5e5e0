/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts of others inside of what programs read: the one place that says, for
 * each format, what can be quoted and what cannot. Each adds to out, marks
 * around included; those that return a bool add nothing and return false for a
 * text that the format cannot hold.
 *
 *   format       cannot hold
 *   sh           -
 *   a word       -
 *   YAML         bytes that are not UTF-8
 *   XML          - (what it has no way to say becomes '?')
 *   QEMU         -
 *   ssh_config   '"', '\', "${", bytes below 32, 127
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>

/* A word in single quotes for a POSIX shell (2.2.2). */
void quote_sh(const char *s, struct buf *out);

/* The same where the shell wants it; other words as they are. For commands that
 * a user is told to type. */
void quote_word(const char *s, struct buf *out);

/* A double-quoted YAML scalar on one line (YAML 1.2, 5.7 and 7.3.1). */
bool quote_yaml(const char *s, struct buf *out) _must_check_;

/* For an XML attribute in double quotes or for text; the quotes are not added.
 * A newline stays one. (XML 1.0, 2.2, 2.4 and 3.3.3.) */
void quote_xml(const char *s, struct buf *out);

/* The value of one of QEMU's options: there a comma begins the next one, and
 * two are one. No marks around. (QEMU, qemu-options: "-drive".) */
void quote_qemu(const char *s, struct buf *out);

/*
 * A file's name as ssh_config's IdentityFile and UserKnownHostsFile take it, in
 * double quotes: '%' begins a token there unless doubled, and nothing keeps
 * "${" from naming a variable of the environment. (ssh_config(5).)
 */
bool quote_ssh_config(const char *path, struct buf *out) _must_check_;
