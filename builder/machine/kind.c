/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/kind.h"

#include "base/file.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)64)

const struct machine_kind *const machine_kinds[] = {&machine_qemu,
                                                    &machine_container, NULL};

const struct machine_kind *machine_kind_find(const char *name) {
  for (size_t i = 0; machine_kinds[i]; i++)
    if (strcmp(machine_kinds[i]->name, name) == 0)
      return machine_kinds[i];
  return NULL;
}

int machine_kind_load(const struct state *s, const struct machine_kind **ret,
                      struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = state_path(s, "machines");
  *ret = &machine_qemu;
  if (!file_exists(path))
    return 0;
  if (file_read(path, FILE_MAX, &b, err) < 0)
    return -1;
  _cleanup_free_ char *name =
      xstrndup(b.data ? b.data : "", strcspn(b.data ? b.data : "", "\n"));
  *ret = machine_kind_find(name);
  if (!*ret)
    return error_set(err, 0, "'%s' names no kind of machines: '%s'", path,
                     name);
  return 0;
}

int machine_kind_save(const struct state *s, const struct machine_kind *kind,
                      struct error *err) {
  _cleanup_free_ char *path = state_path(s, "machines");
  _cleanup_free_ char *text = xasprintf("%s\n", kind->name);
  return file_refresh(path, text, strlen(text), 0600, err);
}

int machine_stop(const struct machine_kind *kind, const struct state *s,
                 const char *node, struct error *err) {
  _cleanup_close_ int fd = -1;
  if (kind->open(s, node, &fd, err) < 0 ||
      (fd >= 0 && kind->end(node, fd, err) < 0))
    return -1;
  kind->clean(s, node);
  return 0;
}

void machine_host_done(struct machine_host *h) {
  free(h->how);
  *h = (struct machine_host){0};
}
