/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Did you mean cluster.yaml?": the spec whose name was mistyped.
 */
#pragma once

/* The YAML file where path would be that has nearly its name, as a path of the
 * same kind, or NULL; the caller frees. */
char *spec_nearby(const char *path);
