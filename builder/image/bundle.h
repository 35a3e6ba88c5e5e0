/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bundle: one file that holds a payload, and beside its debs/ and images/ a
 * debian/ with all Debian packages of a node image, so that one is baked
 * without a network. It is a tar archive that begins with manifest.json, which
 * has the size and SHA-256 of every file but manifest.sha256, which has its
 * own.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "image/payload.h"
#include "spec/spec.h"

/* Whether the path is a file, which a payload of that name then is a bundle. */
bool bundle_is_file(const char *path);

/* Whether a bundle can be made of the spec's payload. One whose images have
 * names of their own would be none that seeds know; see given.h. */
int bundle_check_payload(const struct spec *spec,
                         struct error *err) _must_check_;

/* Whether a bundle can be written to file: its folder can be written to, and
 * what is there already is a bundle. */
int bundle_check_place(const char *file, struct error *err) _must_check_;

/* Reads the manifest in the bundle; dir stays NULL. The caller
 * payload_done's. */
int bundle_open(const char *file, struct payload *ret,
                struct error *err) _must_check_;

/*
 * Writes the payload and the Debian packages that an image of the spec wants
 * today, fetched where an earlier bake has not left them, to file, which gets
 * its name when it is whole. The same packages make the same bytes.
 */
int bundle_write(const struct log *log, const struct spec *spec,
                 const struct payload *p, const char *file,
                 struct error *err) _must_check_;
