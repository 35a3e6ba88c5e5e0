/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 by libisofs, of which this is the only user. The bytes depend on
 * struct medium alone: no clock, no user id, no serial number. */
#include "medium/medium.h"

#include "base/mem.h"
#include <stdint.h>
#include <string.h>
/* libisofs.h then defines struct burn_source itself. */
#define LIBISOFS_WITHOUT_LIBBURN 1
#include <libisofs/libisofs.h>

/* libisofs's ring buffer in blocks; its minimum, 64 KiB, is also fastest. */
#define FIFO_BLOCKS 32

/*
 * A file's content as libisofs reads it: straight from the caller's memory.
 * libisofs's own memory streams copy, and number themselves from a counter of
 * the whole process that no lock guards.
 */
struct source {
  const struct medium_file *file;
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

static IsoStream *new_stream(const struct medium_file *file, ino_t id) {
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

static int add_file(IsoImage *image, const struct medium *m, size_t i,
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

static int make_tree(struct job *j, const struct medium *m, struct error *err) {
  int r = iso_image_new(m->label, &j->image);
  if (r < 0)
    return fail(r, err);
  for (size_t i = 0; i < m->n_files; i++)
    if (add_file(j->image, m, i, err) < 0)
      return -1;
  /* Last: adding files sets the folder's times to now. */
  set_attributes((IsoNode *)iso_image_get_root(j->image), MEDIUM_ROOT_MODE,
                 m->stamp);
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
static int start_job(struct job *j, const struct medium *m, struct error *err) {
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

static int make(const struct medium *m, const char *path, struct buf *out,
                struct error *err) {
  (void)path;
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

const struct medium_writer medium_libisofs = {.name = "libisofs", .make = make};
