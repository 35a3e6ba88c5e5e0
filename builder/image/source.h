/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a spec's payload comes from. Each source is a file source-NAME.c with
 * two functions and a row of the table in source.c; what seeds must know of
 * its payloads is a row in spec/payload-facts.c.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "image/payload.h"
#include "image/source-options.h"
#include "spec/spec.h"
#include <jansson.h>

/*
 * A text that changes when the payload the spec wants changes, without making
 * it. The caller frees. Fails for a payload or version that is not to be had.
 * Of one that has a lock it is what the lock says, which source_ensure writes.
 */
int source_identity(const struct spec *spec, char **ret,
                    struct error *err) _must_check_;

/* What the lock says of the spec's payload; NULL when it has none, or no lock
 * yet. The caller json_decref's. */
int source_locked(const struct spec *spec, json_t **ret,
                  struct error *err) _must_check_;

/* Notes in the lock of the spec's payload, if it has one, which containerd an
 * image of it has, as lock_note_containerd does. */
int source_note_containerd(const struct spec *spec, const char *where,
                           const char *what, char **ret_other,
                           struct error *err) _must_check_;

/*
 * Gives the spec's payload, made first where it must be, and verified. A
 * damaged one is reported, not replaced: what damaged it may damage the next
 * one, and nothing here deletes what took minutes to build without being asked.
 */
int source_ensure(const struct log *log, const struct spec *spec,
                  const struct source_options *opt, struct payload *ret,
                  struct error *err) _must_check_;
