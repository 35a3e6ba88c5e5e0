/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * image.containerd: an archive of containerd's programs, which an image gets in
 * place of Debian's.
 */
#pragma once

#include "base/error.h"
#include "spec/spec.h"

/* Whether the spec's archive is there and the one that it means; one that names
 * none is right. */
int containerd_check(const struct spec *spec, struct error *err) _must_check_;

/* A text that changes with it: "" for Debian's. The caller frees. */
char *containerd_identity(const struct spec *spec);
