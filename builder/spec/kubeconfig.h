/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kubeconfig of the author's, by which an API server asks somebody else. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include <stddef.h>

/*
 * NULL for a kubeconfig with a server in its current context; else what is
 * wrong, to be put behind "the kubeconfig 'webhook.yaml' ". err gets what keeps
 * the text from being YAML, with its place; then NULL, too. Adds to ret_paths
 * the files that it names.
 */
const char *kubeconfig_fault(const char *name, const char *text, size_t len,
                             struct strv *ret_paths, struct error *err);
