/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/sources.h"

#include "base/file.h"
#include <sys/stat.h>

/* A pipe would be waited for, with nobody at its other end. */
static int read_file(const char *path, struct buf *ret, struct error *err) {
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
    return error_set(err, 0, "'%s' is no regular file", path);
  return file_read(path, SOURCE_MAX_BYTES, ret, err);
}

static void read_source(const struct spec *s, struct spec_file *f,
                        struct error *err) {
  if (!f->source || f->written)
    return;
  _cleanup_error_ struct error own = {0};
  _cleanup_free_ char *path = spec_beside(s->file, f->source);
  if (read_file(path, &f->content, &own) == 0)
    f->written = true;
  else
    error_at(err, f->where, "the source of '%s': %s", f->path,
             own.faults[0].msg);
}

static void read_all(const struct spec *s, struct spec_extras *e,
                     struct error *err) {
  for (size_t i = 0; i < e->files.n; i++)
    read_source(s, &e->files.v[i], err);
}

int sources_read(struct spec *s, struct error *err) {
  read_all(s, &s->extras, err);
  for (size_t i = 0; i < s->entry_extras.n; i++)
    read_all(s, &s->entry_extras.v[i], err);
  return error_is_set(err) ? -1 : 0;
}
