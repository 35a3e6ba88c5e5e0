/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which specs there are: the one whose name was mistyped ("did you mean
 * cluster.yaml?"), and the one that need not be named.
 */
#pragma once

#include "base/strv.h"

/* The YAML file where path would be that has nearly its name, as a path of the
 * same kind, or NULL; the caller frees. */
char *spec_nearby(const char *path);

/* Whether the file is one, whatever else is wrong with it: it has a line
 * "apiVersion: kubeseed/...". */
bool spec_is_one(const char *path);

/* Adds the names of the specs in the folder dir, sorted: files *.yaml or *.yml
 * that spec_is_one. */
void spec_list(const char *dir, struct strv *ret);
