/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FAT by mtools, into a file beside the medium that only we read. The bytes
 * depend on struct medium alone; modes are lost, for FAT has none. */
#include "medium/medium.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "format/fat.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PACKAGE "mtools"
#define MTOOLS_SECONDS 120
#define SECTOR 512
/* For boot sector, tables and root folder, and for clusters half filled. */
#define SPARE_BYTES ((size_t)128 << 10)

/* mtools takes what follows "@@" in a path for an offset: it is given a name
 * alone, which has none. */
static const char *name_of(const char *image) {
  const char *slash = strrchr(image, '/');
  return slash ? slash + 1 : image;
}

static int run(const struct medium *m, const char *image,
               const struct strv *argv, const struct medium_file *input,
               struct error *err) {
  _cleanup_free_ char *dir = file_parent(image);
  _cleanup_strv_ struct strv env = {0};
  strv_pushf(&env, "SOURCE_DATE_EPOCH=%lld", (long long)m->stamp);
  /* FAT's times are local ones; and no settings of the user's. */
  strv_push_all(&env, "TZ=UTC0", "LC_ALL=C", "MTOOLSRC=/dev/null",
                "HOME=/nonexistent", "MTOOLS_SKIP_CHECK=1", NULL);
  struct process p = {.argv = argv,
                      .dir = dir,
                      .env = &env,
                      .package = PACKAGE,
                      .timeout = MTOOLS_SECONDS,
                      .input = input ? input->data : NULL,
                      .input_len = input ? input->len : 0};
  return process_run(&p, err);
}

static size_t sectors_for(const struct medium *m) {
  size_t bytes = SPARE_BYTES;
  for (size_t i = 0; i < m->n_files; i++)
    bytes += m->files[i].len + m->files[i].len / 16;
  return bytes / SECTOR;
}

static int format(const char *image, const struct medium *m,
                  struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_close_ int fd =
      open(image, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  size_t sectors = sectors_for(m);
  if (fd < 0 || ftruncate(fd, (off_t)(sectors * SECTOR)) < 0)
    return error_set(err, errno, "cannot create '%s'", image);
  /* FAT's labels have no small letters; cloud-init takes either. */
  _cleanup_free_ char *label = xstrdup(m->label);
  for (char *p = label; *p; p++)
    *p = (char)toupper((unsigned char)*p);
  strv_push_all(&argv, "mformat", "-i", name_of(image), "-T", NULL);
  strv_pushf(&argv, "%zu", sectors);
  strv_push_all(&argv, "-h", "16", "-s", "63", "-v", label, "-N", NULL);
  strv_pushf(&argv, "%08x", (unsigned)(m->stamp & 0xFFFFFFFF));
  strv_push(&argv, "::");
  return run(m, image, &argv, NULL, err);
}

static int fill(const char *image, const struct medium *m, struct error *err) {
  for (size_t i = 0; i < m->n_files; i++) {
    _cleanup_strv_ struct strv argv = {0};
    strv_push_all(&argv, "mcopy", "-i", name_of(image), "-", NULL);
    strv_pushf(&argv, "::%s", m->files[i].name);
    if (run(m, image, &argv, &m->files[i], err) < 0)
      return -1;
  }
  return 0;
}

static const struct fat_file *find(const struct fat_volume *v,
                                   const char *name) {
  for (size_t i = 0; i < v->files.n; i++)
    if (strcmp(v->files.v[i].name, name) == 0)
      return &v->files.v[i];
  return NULL;
}

/* mcopy has ended well on a full disk. */
static int check(const struct medium *m, const struct buf *image,
                 struct error *err) {
  _cleanup_fat_volume_ struct fat_volume v = {0};
  if (fat_read(image->data, image->len, &v, err) < 0)
    return -1;
  for (size_t i = 0; i < m->n_files; i++) {
    const struct medium_file *is = &m->files[i];
    const struct fat_file *f = find(&v, is->name);
    if (!f || f->data.len != is->len ||
        (is->len > 0 && memcmp(f->data.data, is->data, is->len) != 0))
      return error_set(err, 0, "mtools has not written '%s' whole", is->name);
  }
  return 0;
}

static int make(const struct medium *m, const char *path, struct buf *out,
                struct error *err) {
  _cleanup_free_ char *image = xasprintf("%s" FILE_TEMPORARY "000000", path);
  int r = -1;
  if (format(image, m, err) == 0 && fill(image, m, err) == 0)
    r = file_read(image, ISO_MAX_BYTES, out, err);
  if (r == 0)
    r = check(m, out, err);
  (void)unlink(image);
  return r;
}

const struct medium_writer medium_fat = {
    .name = "fat", .package = PACKAGE, .make = make};
