/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/nearby.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/word.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* No spec is longer, see cluster_load. */
#define LOOKED_AT ((size_t)2 << 20)

static void list_yaml(const char *dir, struct strv *ret) {
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    const char *dot = strrchr(e->d_name, '.');
    if (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
      strv_push(ret, e->d_name);
  }
  if (d)
    (void)closedir(d);
}

char *spec_nearby(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t len = slash ? (size_t)(slash - path) + 1 : 0;
  _cleanup_free_ char *dir = xstrndup(path, len);
  _cleanup_strv_ struct strv names = {0};
  list_yaml(len ? dir : ".", &names);
  const char *near =
      nearest_word(path + len, (const char *const *)names.v, names.n);
  return near ? xasprintf("%s%s", dir, near) : NULL;
}

/* The key in the first column, its value perhaps in quotes. */
static bool says_kubeseed(const char *text) {
  static const char key[] = "apiVersion:", value[] = "kubeseed/";
  for (const char *at = text; (at = strstr(at, key)); at += strlen(key)) {
    const char *v = at + strlen(key);
    v += strspn(v, " \t\"'");
    if ((at == text || at[-1] == '\n' || at[-1] == '\xbf') &&
        strncmp(v, value, strlen(value)) == 0)
      return true;
  }
  return false;
}

bool spec_is_one(const char *path) {
  _cleanup_error_ struct error unreadable = {0};
  _cleanup_buf_ struct buf text = {0};
  struct stat st;
  return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
         file_read(path, LOOKED_AT, &text, &unreadable) == 0 && text.data &&
         says_kubeseed(text.data);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

void spec_list(const char *dir, struct strv *ret) {
  _cleanup_strv_ struct strv names = {0};
  list_yaml(dir, &names);
  if (names.n > 1)
    qsort(names.v, names.n, sizeof(*names.v), by_name);
  for (size_t i = 0; i < names.n; i++) {
    _cleanup_free_ char *path = xasprintf("%s/%s", dir, names.v[i]);
    if (spec_is_one(path))
      strv_push(ret, names.v[i]);
  }
}
