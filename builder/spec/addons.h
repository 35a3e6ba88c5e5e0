/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What runs in the cluster besides (addons): which settings are whose.
 */
#pragma once

#include "spec/spec.h"

/* Where nodes have the manifests of add-ons. */
#define ADDON_FOLDER "/etc/kubeseed/addons/"

/* Each API server is asked for each object by one question after the other, of
 * which kubectl asks five a second. */
#define ADDON_VOLUMES_MAX 500

/* The spec's add-on of that kind, borrowed; NULL: it has none. */
const struct spec_addon *addon_of(const struct spec *s, enum addon a);

/* Whether a folder of nodes may be full of volumes: nothing of the node itself
 * is there. */
bool addon_path_ok(const char *path);
