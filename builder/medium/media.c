/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "medium/media.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
/* libisofs.h then defines struct burn_source itself. */
#define LIBISOFS_WITHOUT_LIBBURN 1
#include <libisofs/libisofs.h>

#define LABEL_MAX 16    /* UCS-2 characters of a Joliet volume id */
#define NAME_MAX_LEN 64 /* of a Joliet file name */

/* libisofs's ring buffer in blocks; its minimum, 64 KiB, is also fastest. */
#define FIFO_BLOCKS 32

#define ROOT_MODE 0555
#define GENISOIMAGE_SECONDS 120

/* ---- what may be written ---- */

static bool word_ok(const char *s, size_t max, const char *others) {
  size_t n = strspn(s, others);
  return n > 0 && n <= max && s[n] == '\0';
}

static int check_file(const struct media *m, size_t i, struct error *err) {
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

static int check_media(const struct media *m, struct error *err) {
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

/* ---- libisofs ---- */

/*
 * A file's content as libisofs reads it: straight from the caller's memory.
 * libisofs's own memory streams copy, and number themselves from a counter of
 * the whole process that no lock guards.
 */
struct source {
  const struct media_file *file;
  ino_t id; /* unlike any other in this image */
  size_t pos;
};

static int source_open(IsoStream *s) {
  ((struct source *)s->data)->pos = 0;
  return 1;
}

static int source_close(IsoStream *s) {
  (void)s;
  return 1;
}

static off_t source_size(IsoStream *s) {
  return (off_t)((struct source *)s->data)->file->len;
}

static int source_read(IsoStream *s, void *data, size_t count) {
  struct source *src = s->data;
  size_t left = src->file->len - src->pos;
  size_t n = count < left ? count : left;
  if (n > 0)
    memcpy(data, (const char *)src->file->data + src->pos, n);
  src->pos += n;
  return (int)n;
}

static int source_is_repeatable(IsoStream *s) {
  (void)s;
  return 1;
}

static void source_get_id(IsoStream *s, unsigned *fs, dev_t *dev, ino_t *ino) {
  *fs = 0;
  *dev = 0;
  *ino = ((struct source *)s->data)->id;
}

static void source_free(IsoStream *s) {
  free(s->data);
}

static const IsoStreamIface source_class = {
    .version = 0,
    .type = {'u', 's', 'e', 'r'},
    .open = source_open,
    .close = source_close,
    .get_size = source_size,
    .read = source_read,
    .is_repeatable = source_is_repeatable,
    .get_id = source_get_id,
    .free = source_free,
};

static IsoStream *new_stream(const struct media_file *file, ino_t id) {
  struct source *src = xcalloc(1, sizeof(*src));
  *src = (struct source){.file = file, .id = id};
  IsoStream *s = xcalloc(1, sizeof(*s));
  s->class = (IsoStreamIface *)&source_class; /* it is only read */
  s->refcount = 1;
  s->data = src;
  return s;
}

/* All that libisofs made for one image. */
struct job {
  IsoImage *image;
  IsoWriteOpts *opts;
  struct burn_source *out;
};

static void job_done(struct job *j) {
  if (j->out) {
    j->out->free_data(j->out); /* waits for its thread */
    free(j->out);
  }
  if (j->opts)
    iso_write_opts_free(j->opts);
  if (j->image)
    iso_image_unref(j->image);
  *j = (struct job){0};
}

static int fail(int code, struct error *err) {
  return error_set(err, 0, "libisofs: %s", iso_error_to_msg(code));
}

static void set_attributes(IsoNode *node, mode_t mode, time_t stamp) {
  iso_node_set_permissions(node, mode & 07777);
  iso_node_set_uid(node, 0);
  iso_node_set_gid(node, 0);
  iso_node_set_mtime(node, stamp);
  iso_node_set_atime(node, stamp);
  iso_node_set_ctime(node, stamp);
}

static int add_file(IsoImage *image, const struct media *m, size_t i,
                    struct error *err) {
  IsoStream *stream = new_stream(&m->files[i], (ino_t)i + 1);
  IsoFile *file = NULL;
  int r = iso_image_add_new_file(image, iso_image_get_root(image),
                                 m->files[i].name, stream, &file);
  if (r < 0) {
    iso_stream_unref(stream);
    return fail(r, err);
  }
  set_attributes((IsoNode *)file, m->files[i].mode, m->stamp);
  return 0;
}

static int make_tree(struct job *j, const struct media *m, struct error *err) {
  int r = iso_image_new(m->label, &j->image);
  if (r < 0)
    return fail(r, err);
  for (size_t i = 0; i < m->n_files; i++)
    if (add_file(j->image, m, i, err) < 0)
      return -1;
  /* Last: adding files sets the folder's times to now. */
  set_attributes((IsoNode *)iso_image_get_root(j->image), ROOT_MODE, m->stamp);
  return 0;
}

/*
 * Every time comes from the nodes or from here, in GMT. The volume's are given
 * as the text YYYYMMDDhhmmsscc, which no time zone can change.
 */
static int set_times(IsoWriteOpts *o, time_t stamp, struct error *err) {
  struct tm tm;
  gmtime_r(&stamp, &tm);
  _cleanup_free_ char *text =
      xasprintf("%04d%02d%02d%02d%02d%02d00", tm.tm_year + 1900, tm.tm_mon + 1,
                tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
  int r = iso_write_opts_set_pvd_times(o, stamp, stamp, 0, 0, text);
  if (r >= 0)
    r = iso_write_opts_set_always_gmt(o, 1);
  if (r >= 0) /* bits: ISO 9660, Joliet */
    r = iso_write_opts_set_dir_rec_mtime(o, 3);
  return r < 0 ? fail(r, err) : 0;
}

static int set_options(struct job *j, time_t stamp, struct error *err) {
  int r = iso_write_opts_new(&j->opts, 0);
  IsoWriteOpts *o = j->opts;
  if (r >= 0)
    r = iso_write_opts_set_iso_level(o, 2);
  if (r >= 0)
    r = iso_write_opts_set_rockridge(o, 1);
  if (r >= 0) /* 1.10 has no inode numbers, and is what genisoimage writes */
    r = iso_write_opts_set_rrip_version_1_10(o, 1);
  if (r >= 0)
    r = iso_write_opts_set_joliet(o, 1);
  if (r >= 0) /* the label in lower case in the primary descriptor as well */
    r = iso_write_opts_set_relaxed_vol_atts(o, 1);
  if (r >= 0)
    r = iso_write_opts_set_fifo_size(o, FIFO_BLOCKS);
  return r < 0 ? fail(r, err) : set_times(o, stamp, err);
}

/* libisofs must neither read the locale nor print. */
static int start_job(struct job *j, const struct media *m, struct error *err) {
  int r = iso_init_with_flag(1);
  if (r < 0)
    return fail(r, err);
  (void)iso_set_msgs_severities((char *)"NEVER", (char *)"NEVER", (char *)"");
  if (make_tree(j, m, err) < 0 || set_options(j, m->stamp, err) < 0)
    return -1;
  r = iso_image_create_burn_source(j->image, j->opts, &j->out);
  return r < 0 ? fail(r, err) : 0;
}

/* libisofs's thread makes the image while this one takes it, all at once. */
static int take_image(const struct job *j, struct buf *out, struct error *err) {
  off_t size = j->out->get_size(j->out);
  if (size <= 0 || size > (off_t)ISO_MAX_BYTES)
    return error_set(err, 0, "an image of %lld bytes", (long long)size);
  struct buf b = {.data = xcalloc((size_t)size + 1, 1),
                  .len = (size_t)size,
                  .cap = (size_t)size + 1};
  *out = b;
  if (j->out->read_xt(j->out, (unsigned char *)b.data, (int)size) != size)
    return error_set(err, 0, "libisofs stopped in the middle");
  return 0;
}

static void lock(pthread_mutex_t *m) {
  if (m)
    (void)pthread_mutex_lock(m);
}

static void unlock(pthread_mutex_t *m) {
  if (m)
    (void)pthread_mutex_unlock(m);
}

int media_make_iso(const struct media *m, struct buf *out, struct error *err) {
  if (check_media(m, err) < 0)
    return -1;
  struct job j = {0};
  lock(m->lock);
  int result = start_job(&j, m, err);
  unlock(m->lock);
  if (result == 0)
    result = take_image(&j, out, err);
  lock(m->lock);
  job_done(&j);
  unlock(m->lock);
  return result;
}

/* ---- files ---- */

/* As file_write with mode 0600, but whole only for who looks before a crash. */
static int write_unsynced(const char *path, const struct buf *b,
                          struct error *err) {
  _cleanup_free_ char *tmp = xasprintf("%s" FILE_TEMPORARY "XXXXXX", path);
  _cleanup_close_ int fd = mkostemp(tmp, O_CLOEXEC);
  if (fd < 0)
    return error_set(err, errno, "cannot create '%s'", path);
  if (file_write_all(fd, b->data, b->len) < 0 || rename(tmp, path) < 0) {
    int saved = errno;
    (void)unlink(tmp);
    return error_set(err, saved, "cannot write '%s'", path);
  }
  return 0;
}

int media_write_iso(const struct media *m, const char *path,
                    struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  if (media_make_iso(m, &b, err) < 0)
    return error_prefix(err, "cannot write '%s'", path);
  if (m->no_sync)
    return write_unsynced(path, &b, err);
  return file_write(path, b.data, b.len, 0600, err);
}

int media_read_iso(const char *path, struct iso_volume *ret,
                   struct error *err) {
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

/* ---- genisoimage ---- */

/* One name below dir; made with O_EXCL, so it is ours from the first byte. */
static int put_file(int dir, const char *name, mode_t mode, const void *data,
                    size_t len, time_t stamp) {
  _cleanup_close_ int fd =
      openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const struct timespec times[2] = {{.tv_sec = stamp}, {.tv_sec = stamp}};
  if (fd < 0 || file_write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0)
    return -1;
  return futimens(fd, times);
}

/* Overwrites what was put there; the file system may still keep old blocks. */
static void wipe_file(int dir, const char *name, size_t len) {
  (void)!fchmodat(dir, name, 0600, 0);
  _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  _cleanup_free_ char *zeros = xcalloc(len, 1);
  if (fd >= 0 && file_write_all(fd, zeros, len) == 0)
    (void)fdatasync(fd);
}

static int fill_tree(const char *tree, const struct media *m,
                     struct error *err) {
  _cleanup_close_ int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return error_set(err, errno, "cannot open '%s'", tree);
  for (size_t i = 0; i < m->n_files; i++) {
    const struct media_file *f = &m->files[i];
    if (put_file(dir, f->name, f->mode, f->data, f->len, m->stamp) < 0)
      return error_set(err, errno, "cannot write '%s/%s'", tree, f->name);
  }
  const struct timespec times[2] = {{.tv_sec = m->stamp}, {.tv_sec = m->stamp}};
  if (futimens(dir, times) < 0)
    return error_set(err, errno, "cannot set the time of '%s'", tree);
  return 0;
}

static void wipe_tree(const char *tree, const struct media *m) {
  _cleanup_close_ int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; dir >= 0 && i < m->n_files; i++)
    wipe_file(dir, m->files[i].name, m->files[i].len);
}

static int run_genisoimage(const char *tree, const char *image,
                           const struct media *m, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "genisoimage", "-quiet", "-input-charset", "utf-8",
                "-volid", m->label, "-rock", "-joliet", "-uid", "0", "-gid",
                "0", "-dir-mode", NULL);
  strv_pushf(&argv, "%04o", ROOT_MODE);
  strv_push_all(&argv, "-no-pad", "-output", image, tree, NULL);
  struct process p = {
      .argv = &argv, .package = "genisoimage", .timeout = GENISOIMAGE_SECONDS};
  return process_run(&p, err);
}

/* Makes the image as dir/image, readable by us alone, and puts it in place. */
static int make_in(const char *dir, const char *tree, const struct media *m,
                   const char *path, struct error *err) {
  _cleanup_free_ char *image = xasprintf("%s/image", dir);
  if (mkdir(tree, 0700) < 0)
    return error_set(err, errno, "cannot make '%s'", tree);
  if (fill_tree(tree, m, err) < 0)
    return -1;
  /* genisoimage keeps the mode of a file that is there. */
  _cleanup_close_ int fd =
      open(image, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return error_set(err, errno, "cannot create '%s'", image);
  if (run_genisoimage(tree, image, m, err) < 0)
    return -1;
  if (!m->no_sync)
    return file_commit(image, path, err);
  if (rename(image, path) < 0)
    return error_set(err, errno, "cannot put '%s' in place", path);
  return 0;
}

int media_write_iso_genisoimage(const struct media *m, const char *path,
                                struct error *err) {
  if (check_media(m, err) < 0)
    return error_prefix(err, "cannot write '%s'", path);
  _cleanup_free_ char *dir = xasprintf("%s" FILE_TEMPORARY "XXXXXX", path);
  if (!mkdtemp(dir)) /* with 0700 */
    return error_set(err, errno, "cannot make a folder beside '%s'", path);
  _cleanup_free_ char *tree = xasprintf("%s/tree", dir);
  int result = make_in(dir, tree, m, path, err);
  wipe_tree(tree, m);
  _cleanup_error_ struct error removal = {0};
  if (file_remove_tree(dir, &removal) < 0 && result == 0) {
    error_move(err, &removal);
    result = -1;
  }
  return result;
}
