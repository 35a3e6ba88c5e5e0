/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/cache.h"

#include "base/mem.h"
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

/* Services and cron have no HOME, but their user has one. */
static char *home(void) {
  const char *set = getenv("HOME");
  if (set && set[0] == '/')
    return xstrdup(set);
  struct passwd entry;
  struct passwd *found = NULL;
  char text[4096];
  (void)getpwuid_r(getuid(), &entry, text, sizeof(text), &found);
  return xstrdup(found && found->pw_dir ? found->pw_dir : "");
}

char *cache_path(const char *sub) {
  const char *xdg = getenv("XDG_CACHE_HOME");
  /* The XDG base directory specification: a relative one is ignored. */
  if (xdg && xdg[0] == '/')
    return xasprintf("%s/kubeseed/%s", xdg, sub);
  _cleanup_free_ char *dir = home();
  return xasprintf("%s/.cache/kubeseed/%s", dir, sub);
}
