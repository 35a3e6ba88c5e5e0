/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of Debian is in the spec's image: the recipe's list, the kernel, etcd
 * where the payload has none, and what the author names.
 */
#pragma once

#include "image/payload.h"
#include "spec/spec.h"

/* The folder of the recipe, embedded. Its list of packages names in a line,
 * behind a package, the releases of Debian that it is for; for all when there
 * is none. */
#define CONTENTS_RECIPE "images/debian"

/* What Debian calls the release: "bookworm". */
const char *contents_suite(const struct spec *spec);

/* Where its downloaded packages are kept; the caller frees. */
char *contents_apt(const struct spec *spec);

/* The names of the packages, with blanks between them; the caller frees. */
char *contents_packages(const struct spec *spec, const struct payload *p);

/* The locales that it has besides C.UTF-8, and the layouts of keyboards that it
 * must know, as the spec has them, with blanks between them; the caller frees.
 */
char *contents_locales(const struct spec *spec);
char *contents_keyboards(const struct spec *spec);

/* The components of Debian's archive that they come from, with blanks. */
const char *contents_components(const struct spec *spec);

/* Lines that tell all of it that the spec decides, for the image's key; the
 * caller frees. */
char *contents_identity(const struct spec *spec);
