/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store of baked images in the user's cache folder:
 *
 *   $XDG_CACHE_HOME/kubeseed/images/KEY.qcow2
 *                                   KEY.json   what is in it, size and SHA-256
 *                                   KEY.log    what was said while baking
 *
 * KEY names everything an image is made from, so an image is never stale: a
 * change of the recipe, the payload or the spec's image section is another key.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"

/* 16 hex digits and NUL. */
#define IMAGE_KEY 17

struct image_options {
  bool force;  /* bake although the image is there */
  bool verify; /* compare an image that is there with its SHA-256 */
};

/* The key of the image that the spec wants; bakes nothing. */
int image_key(const struct spec *spec, char ret[static IMAGE_KEY],
              struct error *err) _must_check_;

/*
 * Gives the path of the plan's image, payload and image made first where they
 * are missing; progress goes to log. opt may be NULL. An image that does not
 * fit its manifest is baked again, with a warning. The caller frees.
 */
int image_ensure(const struct log *log, const struct plan *plan,
                 const struct image_options *opt, char **ret_path,
                 struct error *err) _must_check_;
