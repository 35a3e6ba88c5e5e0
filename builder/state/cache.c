/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/cache.h"

#include "base/mem.h"
#include <stdlib.h>

char *cache_path(const char *sub) {
  const char *xdg = getenv("XDG_CACHE_HOME");
  /* The XDG base directory specification: a relative one is ignored. */
  if (xdg && xdg[0] == '/')
    return xasprintf("%s/kubeseed/%s", xdg, sub);
  const char *home = getenv("HOME");
  return xasprintf("%s/.cache/kubeseed/%s", home ? home : "", sub);
}
