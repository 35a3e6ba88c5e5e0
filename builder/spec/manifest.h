/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Manifests of Kubernetes, as far as a spec's `manifests` must be known:
 * whether `kubectl apply -f` has something to do with one, and which images its
 * pods take. Text in, words out; an API server judges the rest.
 */
#pragma once

#include "base/strv.h"
#include <stdbool.h>
#include <stddef.h>

/* Where nodes have them. */
#define MANIFEST_FOLDER "/etc/kubeseed/manifests/"

/* An entry of the list: the name of a file or folder, and no address. */
#define MANIFEST_RULE "a file or a folder, like ingress.yaml"
#define MANIFEST_PATTERN "^(?![A-Za-z][A-Za-z0-9+.-]*://)[^\\x00-\\x1f\\x7f]+$"

/* Is the text an address, "https://..."? */
bool manifest_is_address(const char *text);

/* The path on the node of the spec's i-th, from 0: "01-ingress.yaml" for
 * "../apps/ingress.yml" or "ingress/". The caller frees. */
char *manifest_path(size_t i, const char *source);

/* Is it, by its name, one of a folder's that are taken? */
bool manifest_is_named_so(const char *name);

/*
 * NULL for a text of one or more objects, in YAML or JSON; else what is wrong,
 * to be put behind "'ingress.yaml' ". *ret_line is where, from 1.
 */
const char *manifest_fault(const char *text, size_t *ret_line);

/* Whether a line of the YAML text, not indented, gives the key this value. */
bool manifest_says(const char *text, const char *key, const char *value);

/* Adds the images that the text names behind "image:", as containerd calls
 * them: docker.io/library/busybox:latest for busybox. None twice. */
void manifest_images(const char *text, struct strv *ret);
