/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "medium/medium.h"

#include "base/file.h"
#include "base/mem.h"
#include <string.h>

#define LABEL_MAX 16    /* UCS-2 characters of a Joliet volume id */
#define NAME_MAX_LEN 64 /* of a Joliet file name */

/* ---- The writers ---- */

const struct medium_writer *const medium_writers[] = {
    &medium_libisofs, &medium_genisoimage, NULL};

const struct medium_writer *medium_writer_find(const char *name) {
  for (size_t i = 0; medium_writers[i]; i++)
    if (strcmp(medium_writers[i]->name, name) == 0)
      return medium_writers[i];
  return NULL;
}

char *medium_writer_names(void) {
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; medium_writers[i]; i++)
    buf_addf(&b, "%s'%s'",
             i == 0                  ? ""
             : medium_writers[i + 1] ? ", "
                                     : " or ",
             medium_writers[i]->name);
  return buf_take(&b);
}

/* ---- What may be written ---- */

static bool word_ok(const char *s, size_t max, const char *others) {
  size_t n = strspn(s, others);
  return n > 0 && n <= max && s[n] == '\0';
}

static int check_file(const struct medium *m, size_t i, struct error *err) {
  static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789._-";
  const char *name = m->files[i].name;
  if (!word_ok(name, NAME_MAX_LEN, chars) || name[0] == '.')
    return error_set(err, 0, "'%s' cannot be a file's name on a medium", name);
  for (size_t k = 0; k < i; k++)
    if (strcmp(m->files[k].name, name) == 0)
      return error_set(err, 0, "'%s' stands twice on a medium", name);
  return 0;
}

static int check_medium(const struct medium *m, struct error *err) {
  static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789_-";
  if (!word_ok(m->label, LABEL_MAX, chars))
    return error_set(err, 0, "'%s' cannot be a medium's label", m->label);
  size_t sum = 0;
  for (size_t i = 0; i < m->n_files; i++) {
    if (check_file(m, i, err) < 0)
      return -1;
    if (m->files[i].len > ISO_MAX_BYTES - sum)
      return error_set(err, 0, "more than %zu bytes for a medium",
                       ISO_MAX_BYTES);
    sum += m->files[i].len;
  }
  struct tm tm;
  if (m->stamp < 0 || !gmtime_r(&m->stamp, &tm) || tm.tm_year > 255)
    return error_set(err, 0, "a medium's time must be of 1970 to 2155");
  return 0;
}

int medium_make(const struct medium_writer *writer, const struct medium *m,
                const char *path, struct buf *out, struct error *err) {
  if (!writer)
    writer = medium_writers[0];
  if (check_medium(m, err) < 0 || writer->make(m, path, out, err) < 0)
    return error_prefix(err, "cannot write '%s'", path);
  return 0;
}

/* ---- Reading back ---- */

int medium_read(const char *path, struct iso_volume *ret, struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  if (file_read(path, ISO_MAX_BYTES, &b, err) < 0)
    return -1;
  struct iso_volume v = {0};
  if (iso_read(b.data, b.len, &v, err) < 0)
    return error_prefix(err, "cannot read '%s'", path);
  v.image = b;
  b = (struct buf){0};
  *ret = v;
  return 0;
}
