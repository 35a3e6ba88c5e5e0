/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The user's cache folder, which all clusters share:
 *
 *   payload/   payloads that were built    images/   the store of images
 *   apt/       packages that bakes have downloaded
 */
#pragma once

/* $XDG_CACHE_HOME/kubeseed or ~/.cache/kubeseed, and sub below it. */
char *cache_path(const char *sub);
