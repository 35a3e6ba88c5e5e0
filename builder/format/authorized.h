/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of authorized_keys, as people copy them from elsewhere: options, type,
 * base64, comment (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"). sshd passes over a
 * line that it cannot read without a word, so each mistake is named here.
 */
#pragma once

enum authorized {
  AUTHORIZED_GOOD,
  AUTHORIZED_USELESS, /* a key, but none that today's sshd lets in */
  AUTHORIZED_WRONG,   /* no line of authorized_keys */
};

/*
 * Judges a text, which may have several lines. What is wrong is in *ret_why, to
 * stand behind the name of the thing ("is a path; ..."), NULL for a good one;
 * it never holds the text, which may be a secret.
 */
enum authorized authorized_judge(const char *text, const char **ret_why);

/* The pattern of all that is not AUTHORIZED_WRONG, as far as one can tell. */
#define AUTHORIZED_PATTERN                                                     \
  "^([^\\x00-\\x1f\\x7f]+ )?"                                                  \
  "((sk-)?(ssh|ecdsa)-[a-z0-9-]+(@openssh\\.com)?) "                           \
  "AAAA[A-Za-z0-9+/.=]*( [^\\x00-\\x1f\\x7f]*)?\\n?$"
