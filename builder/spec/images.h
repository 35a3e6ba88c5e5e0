/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Images of containers by their names: kubeseed knows of some which tag goes
 * with which version of Kubernetes, and a spec may have another tag of the same
 * name in kubernetes.images.
 */
#pragma once

#include "base/strv.h"
#include <stddef.h>

/* How long an image's name is before its tag; a registry may have a port. */
size_t image_name_length(const char *image);

/* The one of them that has this name, whichever tag, borrowed; NULL: none. The
 * name may have a tag, which counts for nothing. */
const char *image_named(const struct strv *images, const char *name);

/* Adds the image, unless one of its name is there. */
void image_add(struct strv *images, const char *image);
