/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload that is built from Debian's own source package, by the recipe
 * images/payload-debian, and kept in the user's cache folder:
 *
 *   payload/debian-VERSION/       the payload, and in "recipe" the digest of
 *                                 the recipe that built it: another recipe
 *                                 builds it anew
 *   payload/debian-VERSION.tmp    while building, and what failed last
 *   payload/debian-VERSION.lock   held while building
 */
#pragma once

#include "base/log.h"
#include "image/payload.h"
#include "image/source-options.h"
#include "spec/spec.h"

/* See source.h. */
int source_debian_identity(const struct spec *spec, char **ret,
                           struct error *err) _must_check_;
int source_debian_ensure(const struct log *log, const struct spec *spec,
                         const struct source_options *opt, struct payload *ret,
                         struct error *err) _must_check_;
