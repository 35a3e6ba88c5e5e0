/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that a spec names and that become part of it: the `source` of one of
 * its `files`, its `manifests`, `caCertificates`, CAs and credentials of
 * `registries`, CAs and keys of `pki.authorities`. Apart from the reader, which
 * is given bytes and opens nothing.
 */
#pragma once

#include "spec/spec.h"

#define SOURCE_MAX_BYTES ((size_t)1 << 20)    /* of one file */
#define MANIFESTS_MAX_BYTES ((size_t)8 << 20) /* of all of them */

/*
 * Reads the source of each file of the spec and each manifest into its content;
 * of a folder all that manifest_is_named_so, by name, as one stream of YAML. A
 * name that does not begin with '/' begins at the folder of the spec (s->file;
 * the working folder when that is "-"). Fails with a fault at each place of one
 * that is not there, is no file, is too large or is no manifest. Warns
 * (s->warnings) of images in manifests that kubernetes.images does not have.
 */
int sources_read(struct spec *s, struct error *err) _must_check_;
