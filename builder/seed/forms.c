/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/forms.h"

#include "base/file.h"
#include "base/mem.h"
#include "medium/medium.h"
#include "medium/volume.h"
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
static int write_folder(const char *path, const char *name,
                        const struct medium *m, struct seeds_lock *lock,
                        struct error *err) {
  struct stat st;
  if (file_mkdirs(path, 0700, err) < 0)
    return -1;
  if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
    return error_set(err, 0, "'%s' is a link, through which nothing is written",
                     path);
  for (size_t i = 0; i < m->n_files; i++) {
    _cleanup_free_ char *file = xasprintf("%s/%s", path, m->files[i].name);
    _cleanup_free_ char *line = xasprintf("%s/%s", name, m->files[i].name);
    if (file_refresh(file, m->files[i].data, m->files[i].len, 0600, err) < 0)
      return -1;
    seeds_lock_add(lock, line, m->files[i].data, m->files[i].len);
  }
  return 0;
}

/* name is path below the state's folder. */
static int write_form(const struct seed_form *form, const char *path,
                      const char *name, const struct medium *m,
                      struct seeds_lock *lock, struct error *err) {
  _cleanup_buf_ struct buf image = {0};
  if (!form->writer)
    return write_folder(path, name, m, lock, err);
  if (medium_make(form->writer, m, path, &image, err) < 0)
    return -1;
  seeds_lock_add(lock, name, image.data, image.len);
  return file_refresh(path, image.data, image.len, 0600, err);
}

int seed_forms_write(const struct state *s, const char *node,
                     const struct seed_form *asked, struct seeds_lock *lock,
                     struct error *err) {
  _cleanup_free_ char *iso = state_path(s, "seeds/%s.iso", node);
  _cleanup_iso_volume_ struct iso_volume v = {0};
  _cleanup_free_ struct medium_file *files = NULL;
  struct medium m = {.label = "cidata"};
  for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
    const struct seed_form *form = &forms[i];
    if (!form->suffix)
      continue;
    _cleanup_free_ char *name = xasprintf("seeds/%s%s", node, form->suffix);
    _cleanup_free_ char *path = state_path(s, "%s", name);
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
    if (write_form(form, path, name, &m, lock, err) < 0)
      return -1;
  }
  return 0;
}

/* ---- Whether they are what they were and are to be ---- */

/* The digest of the file that is at name, below the state's folder; "" when it
 * cannot be read. */
static void digest_of(const struct state *s, const char *name,
                      char out[static SHA256_HEX]) {
  _cleanup_error_ struct error unreadable = {0};
  _cleanup_free_ char *path = state_path(s, "%s", name);
  if (sha256_file(path, out, &unreadable) < 0)
    out[0] = '\0';
}

/* One that is there: whether it is what it must be, and what the lock says. */
static void judge(const struct state *s, const char *name, bool right,
                  const struct seeds_lock *lock, struct strv *ret) {
  char digest[SHA256_HEX];
  const char *locked = seeds_lock_get(lock, name);
  digest_of(s, name, digest);
  bool kept = locked && strcmp(locked, digest) == 0;
  if (!right && kept)
    strv_pushf(ret, "%s differs: spec or keys are others since it was made",
               name);
  else if (!right && locked)
    strv_pushf(ret, "%s differs: it was changed after it was made", name);
  else if (!right)
    strv_pushf(ret, "%s differs", name);
  else if (lock->there && !locked)
    strv_pushf(ret, "%s is not in " SEEDS_LOCK, name);
  else if (lock->there && !kept)
    strv_pushf(ret, "%s is not as " SEEDS_LOCK " says", name);
}

void seed_iso_check(const struct state *s, const char *node, enum put_fate fate,
                    const struct seeds_lock *lock, struct strv *ret) {
  _cleanup_free_ char *name = xasprintf("seeds/%s.iso", node);
  if (fate == PUT_NEW)
    strv_pushf(ret, "%s is missing", name);
  else
    judge(s, name, fate == PUT_UNCHANGED, lock, ret);
}

static bool same_bytes(const struct medium_file *a, const struct buf *b) {
  return a->len == b->len && (a->len == 0 || !memcmp(a->data, b->data, a->len));
}

/* A FAT image or an archive: whether it holds these files and no others. */
static bool holds(const char *path, const struct medium *m) {
  _cleanup_error_ struct error unreadable = {0};
  _cleanup_volume_ struct volume v = {0};
  if (volume_read(path, &v, &unreadable) < 0 || v.files.n != m->n_files)
    return false;
  for (size_t i = 0; i < m->n_files; i++) {
    const struct volume_file *f = volume_find(&v, m->files[i].name);
    if (!f || !same_bytes(&m->files[i], &f->data))
      return false;
  }
  return true;
}

static void check_folder(const struct state *s, const char *name,
                         const struct medium *m, const struct seeds_lock *lock,
                         struct strv *ret) {
  for (size_t i = 0; i < m->n_files; i++) {
    _cleanup_error_ struct error unreadable = {0};
    _cleanup_buf_ struct buf is = {0};
    const struct medium_file *f = &m->files[i];
    _cleanup_free_ char *file = xasprintf("%s/%s", name, f->name);
    _cleanup_free_ char *path = state_path(s, "%s", file);
    if (!file_exists(path))
      strv_pushf(ret, "%s is missing", file);
    else
      judge(s, file,
            file_read(path, f->len + 1, &is, &unreadable) == 0 &&
                same_bytes(f, &is),
            lock, ret);
  }
}

void seed_forms_check(const struct state *s, const char *node,
                      const struct medium *m, const struct seeds_lock *lock,
                      struct strv *ret) {
  for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
    const struct seed_form *form = &forms[i];
    if (!form->suffix)
      continue;
    _cleanup_free_ char *name = xasprintf("seeds/%s%s", node, form->suffix);
    _cleanup_free_ char *path = state_path(s, "%s", name);
    _cleanup_free_ char *first = xasprintf("%s/user-data", name);
    bool there = file_exists(path);
    bool locked = seeds_lock_get(lock, form->writer ? name : first) != NULL;
    if (!there && !locked)
      continue;
    if (!form->writer)
      check_folder(s, name, m, lock, ret);
    else if (!there)
      strv_pushf(ret, "%s is missing", name);
    else
      judge(s, name, holds(path, m), lock, ret);
  }
}
