/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A payload that is a bundle (bundle.h), unpacked in the cache, known by its
 * manifest there: the file is not read again. */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "image/payload.h"
#include "image/source-options.h"
#include "spec/spec.h"

/* As source.h's; with rebuild or verify it is unpacked anew, which finds a
 * damaged one and names what is damaged in it. */
int source_bundle_identity(const struct spec *spec, char **ret,
                           struct error *err) _must_check_;
int source_bundle_ensure(const struct log *log, const struct spec *spec,
                         const struct source_options *opt, struct payload *ret,
                         struct error *err) _must_check_;
