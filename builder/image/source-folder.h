/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The payload in a folder that the spec names: checked, and used where it is.
 */
#pragma once

#include "base/log.h"
#include "image/payload.h"
#include "image/source-options.h"
#include "spec/spec.h"

/* See source.h. */
int source_folder_identity(const struct spec *spec, char **ret,
                           struct error *err) _must_check_;
int source_folder_ensure(const struct log *log, const struct spec *spec,
                         const struct source_options *opt, struct payload *ret,
                         struct error *err) _must_check_;
