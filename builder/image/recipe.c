/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/recipe.h"

#include "base/embedded.h"
#include "base/file.h"
#include "base/mem.h"
#include <string.h>
#include <unistd.h>

/* The part of name below the recipe's folder, or NULL. */
static const char *below(const char *name, const char *recipe) {
  size_t n = strlen(recipe);
  return strncmp(name, recipe, n) == 0 && name[n] == '/' ? name + n + 1 : NULL;
}

static int write_one(const struct embedded *e, const char *dir,
                     const char *name, struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  char *slash = strrchr(path, '/');
  *slash = '\0';
  if (file_mkdirs(path, 0755, err) < 0)
    return -1;
  *slash = '/';
  return file_write(path, e->data, e->len, e->exec ? 0755 : 0644, err);
}

int recipe_unpack(const char *recipe, const char *dir, struct error *err) {
  bool any = false;
  for (size_t i = 0; i < n_embedded; i++) {
    const char *name = below(embedded[i].name, recipe);
    if (!name)
      continue;
    any = true;
    if (write_one(&embedded[i], dir, name, err) < 0)
      return error_prefix(err, "recipe '%s'", recipe);
  }
  return any ? 0 : error_set(err, 0, "there is no recipe '%s'", recipe);
}

void recipe_digest(const char *recipe, char ret[static SHA256_HEX]) {
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < n_embedded; i++) {
    const char *name = below(embedded[i].name, recipe);
    if (!name)
      continue;
    char hex[SHA256_HEX];
    sha256_hex(embedded[i].data, embedded[i].len, hex);
    buf_addf(&b, "%s %c %s\n", name, embedded[i].exec ? 'x' : '-', hex);
  }
  sha256_hex(b.data ? b.data : "", b.len, ret);
}

void recipe_namespaces(struct strv *argv, bool user) {
  bool root = geteuid() == 0;
  if (!root && !user)
    return;
  strv_push_all(argv, "unshare", "--mount", "--pid", "--fork", "--kill-child",
                "--mount-proc", NULL);
  if (!root)
    strv_push_all(argv, "--map-root-user", "--map-auto", NULL);
  strv_push(argv, "--");
}
