/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload "pkgs.k8s.io": the Kubernetes project's own packages and images,
 * or those of mirrors, fetched by images/payload-upstream. Packages are trusted
 * for their signature, by the project's key or kubernetes.payload.key, and
 * images for the registry's word and their digests. Both keep their names and
 * bytes, wherever they come from.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "image/payload.h"
#include "image/source-options.h"
#include "spec/spec.h"
#include <jansson.h>

/* The lock's entry of the spec's payload, or NULL. */
int source_upstream_locked(const struct spec *spec, json_t **ret,
                           struct error *err) _must_check_;

/* As source_note_containerd. */
int source_upstream_note(const struct spec *spec, const char *where,
                         const char *what, char **ret_other,
                         struct error *err) _must_check_;

/* As source.h's. What is fetched first is noted in the lock, and fetched by it
 * from then on. A fetched payload is kept in the cache; an interrupted run
 * goes on where it was. A file that kubernetes.payload names and that is not
 * there is a fault of the spec. */
int source_upstream_identity(const struct spec *spec, char **ret,
                             struct error *err) _must_check_;
int source_upstream_ensure(const struct log *log, const struct spec *spec,
                           const struct source_options *opt,
                           struct payload *ret, struct error *err) _must_check_;
