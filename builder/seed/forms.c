/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/forms.h"

#include "base/file.h"
#include "base/mem.h"
#include "medium/medium.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct seed_form {
  const char *name;
  const char *suffix;                 /* of its name; NULL: the ISO itself */
  const struct medium_writer *writer; /* NULL: a folder */
};

static const struct seed_form forms[] = {{"iso", NULL, NULL},
                                         {"dir", "", NULL},
                                         {"fat", ".img", &medium_fat},
                                         {"tar", ".tar", &medium_tar}};

const struct seed_form *seed_form_find(const char *name) {
  for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
    if (strcmp(forms[i].name, name) == 0)
      return &forms[i];
  return NULL;
}

char *seed_form_names(void) {
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
    buf_addf(&b, "%s%s",
             i == 0                      ? ""
             : i + 1 < ARRAY_SIZE(forms) ? ", "
                                         : " or ",
             forms[i].name);
  return buf_take(&b);
}

/* Files that a medium may have had once are not ours to keep. */
static int write_folder(const char *path, const struct medium *m,
                        struct error *err) {
  struct stat st;
  if (file_mkdirs(path, 0700, err) < 0)
    return -1;
  if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
    return error_set(err, 0, "'%s' is a link, through which nothing is written",
                     path);
  for (size_t i = 0; i < m->n_files; i++) {
    _cleanup_free_ char *file = xasprintf("%s/%s", path, m->files[i].name);
    if (file_refresh(file, m->files[i].data, m->files[i].len, 0600, err) < 0)
      return -1;
  }
  return 0;
}

static int write_form(const struct seed_form *form, const char *path,
                      const struct medium *m, struct error *err) {
  _cleanup_buf_ struct buf image = {0};
  if (!form->writer)
    return write_folder(path, m, err);
  if (medium_make(form->writer, m, path, &image, err) < 0)
    return -1;
  return file_refresh(path, image.data, image.len, 0600, err);
}

int seed_forms_write(const struct state *s, const char *node,
                     const struct seed_form *asked, struct error *err) {
  _cleanup_free_ char *iso = state_path(s, "seeds/%s.iso", node);
  _cleanup_free_ char *plain = state_path(s, "seeds/%s", node);
  _cleanup_iso_volume_ struct iso_volume v = {0};
  _cleanup_free_ struct medium_file *files = NULL;
  struct medium m = {.label = "cidata"};
  for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
    const struct seed_form *form = &forms[i];
    if (!form->suffix)
      continue;
    _cleanup_free_ char *path = xasprintf("%s%s", plain, form->suffix);
    if (form != asked && !file_exists(path))
      continue;
    if (!files) {
      if (medium_read(iso, &v, err) < 0)
        return -1;
      files = xcalloc(v.files.n, sizeof(*files));
      for (size_t k = 0; k < v.files.n; k++)
        files[k] = (struct medium_file){v.files.v[k].name, v.files.v[k].mode,
                                        v.files.v[k].data, v.files.v[k].len};
      m.files = files;
      m.n_files = v.files.n;
      m.stamp = v.files.n > 0 ? v.files.v[0].mtime : 0;
    }
    if (write_form(form, path, &m, err) < 0)
      return -1;
  }
  return 0;
}
