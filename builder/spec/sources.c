/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/sources.h"

#include "base/file.h"

static int read_source(const struct spec *s, struct spec_file *f,
                       struct error *err) {
  if (!f->source || f->written)
    return 0;
  _cleanup_free_ char *path = spec_beside(s->file, f->source);
  if (file_read(path, SOURCE_MAX_BYTES, &f->content, err) < 0) {
    err->kind = ERROR_USAGE;
    return error_prefix(err, "%s: the source of '%s'", s->file, f->path);
  }
  f->written = true;
  return 0;
}

static int read_all(const struct spec *s, struct spec_extras *e,
                    struct error *err) {
  for (size_t i = 0; i < e->files.n; i++)
    if (read_source(s, &e->files.v[i], err) < 0)
      return -1;
  return 0;
}

int sources_read(struct spec *s, struct error *err) {
  if (read_all(s, &s->extras, err) < 0)
    return -1;
  for (size_t i = 0; i < s->entry_extras.n; i++)
    if (read_all(s, &s->entry_extras.v[i], err) < 0)
      return -1;
  return 0;
}
