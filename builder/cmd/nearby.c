/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/nearby.h"

#include "base/mem.h"
#include "base/strv.h"
#include "base/word.h"
#include <dirent.h>
#include <string.h>

char *spec_nearby(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t len = slash ? (size_t)(slash - path) + 1 : 0;
  _cleanup_free_ char *dir = xstrndup(path, len);
  _cleanup_strv_ struct strv names = {0};
  DIR *d = opendir(len ? dir : ".");
  for (struct dirent *e; d && (e = readdir(d));) {
    const char *dot = strrchr(e->d_name, '.');
    if (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
      strv_push(&names, e->d_name);
  }
  if (d)
    (void)closedir(d);
  const char *near =
      nearest_word(path + len, (const char *const *)names.v, names.n);
  return near ? xasprintf("%s%s", dir, near) : NULL;
}
