/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes behind a pass phrase: AES-256-GCM (NIST SP 800-38D) with a key by
 * scrypt (RFC 7914, N 131072, r 8, p 1: 128 MiB and half a second for each
 * guess) of the pass phrase and a salt that is new each time.
 *
 *   "kubeseed sealed 1\n", salt 32, nonce 12, ciphertext, tag 16
 *
 * What stands before the ciphertext is authenticated with it.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#define SEALED_MAGIC "kubeseed sealed 1\n"

/* Appends the sealed text to out. */
int sealed_make(const struct buf *phrase, const struct buf *text,
                struct buf *out, struct error *err) _must_check_;

/* Appends what is in sealed to out; fails for another pass phrase and for bytes
 * that anybody has changed, which cannot be told apart. */
int sealed_open(const struct buf *phrase, const struct buf *sealed,
                struct buf *out, struct error *err) _must_check_;
