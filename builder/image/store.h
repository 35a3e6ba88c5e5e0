/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The spec's image: found in the store, or baked into it. What lies in the
 * store, and how it is named, is in catalog.h.
 *
 * KEY names everything an image is made from, so an image is never stale: a
 * change of the recipe, the payload or the spec's image section is another key.
 * Baked again, the same key may give other bytes, which are another image
 * beside the first: whoever lies on that one keeps it.
 *
 *   KEY.lock         held while baking
 *   KEY.tmp.XXXXXX   what is temporary then
 *   KEY.log          what was said while baking
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "image/catalog.h"
#include "plan/plan.h"

struct image_options {
  bool force;  /* bake although the image is there */
  bool verify; /* only compare an image that is there with its SHA-256 */
};

/* The key of the image that the spec wants; bakes nothing. */
int image_key(const struct spec *spec, char ret[static IMAGE_KEY],
              struct error *err) _must_check_;

/*
 * Gives the path of the plan's image, payload and image made first where they
 * are missing; progress goes to log. opt may be NULL. An image that does not
 * have the size its manifest tells is baked again, with a warning. With verify
 * nothing is made, and an image that is missing or damaged fails. The caller
 * frees.
 */
int image_ensure(const struct log *log, const struct plan *plan,
                 const struct image_options *opt, char **ret_path,
                 struct error *err) _must_check_;
