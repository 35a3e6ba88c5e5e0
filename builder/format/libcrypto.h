/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What those share who call libcrypto: x509.c and crypto.c, nobody else.
 */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"

/*
 * Words libcrypto's error queue, the only place that does: the oldest entry is
 * the cause, later ones only say who was calling.
 */
int crypto_error(struct error *err, const char *fmt, ...) _printf_(2, 3);

/* One scope-bound release per libcrypto type; each free accepts NULL. */
/* NOLINTBEGIN(bugprone-macro-parentheses): it is a type */
#define DEFINE_CLEANUP(type, free_it)                                          \
  static void cleanup_##type(type **p) {                                       \
    free_it(*p);                                                               \
  }                                                                            \
  struct cleanup_##type##_force_semicolon
/* NOLINTEND(bugprone-macro-parentheses) */
#define _auto_(type) _cleanup_(cleanup_##type) type
