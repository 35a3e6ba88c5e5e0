/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/iso9660.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Volume descriptors begin at this sector (ECMA-119, 6.2.1). */
#define FIRST_DESCRIPTOR 16
#define MAX_DESCRIPTORS 64

/* Continuation areas of one record (SUSP 5.1), in case they form a ring. */
#define MAX_CONTINUATIONS 8

/* Offsets in a volume descriptor: ECMA-119, 8.4. */
enum {
  VD_TYPE = 0,
  VD_ID = 1,
  VD_VOLUME_ID = 40,
  VD_ESCAPES = 88, /* of a supplementary one, 8.5 */
  VD_BLOCK_SIZE = 128,
  VD_ROOT = 156,
};
#define VD_VOLUME_ID_LEN 32

/* Offsets in a directory record: ECMA-119, 9.1. */
enum {
  DR_LEN = 0,
  DR_XATTR_LEN = 1,
  DR_EXTENT = 2,
  DR_SIZE = 10,
  DR_DATE = 18,
  DR_FLAGS = 25,
  DR_NAME_LEN = 32,
  DR_NAME = 33,
};
#define DR_FLAG_DIR 0x02
#define DR_FLAG_MORE 0x80 /* more extents follow */

struct image {
  const uint8_t *data;
  size_t len;
  const uint8_t *primary; /* volume descriptors, NULL when missing */
  const uint8_t *joliet;
  size_t skip; /* bytes before each system use area, SUSP 5.3 */
};

/* What the system use area tells about a file. */
struct attrs {
  struct buf name;
  mode_t mode;
  uid_t uid;
  gid_t gid;
};

static uint32_t le32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
         (uint32_t)p[3] << 24;
}

/* len bytes from a sector and an offset on; NULL when not all are there. */
static const uint8_t *bytes_at(const struct image *im, uint64_t sector,
                               uint64_t offset, uint64_t len) {
  uint64_t start = sector * ISO_SECTOR + offset;
  if (start > im->len || len > im->len - start)
    return NULL;
  return im->data + start;
}

/* Joliet is told by the escape sequence of UCS-2 level 1, 2 or 3. */
static bool is_joliet(const uint8_t *vd) {
  const uint8_t *e = vd + VD_ESCAPES;
  return e[0] == '%' && e[1] == '/' &&
         (e[2] == '@' || e[2] == 'C' || e[2] == 'E');
}

static int find_descriptors(struct image *im, struct error *err) {
  for (unsigned i = 0; i < MAX_DESCRIPTORS; i++) {
    const uint8_t *vd = bytes_at(im, FIRST_DESCRIPTOR + i, 0, ISO_SECTOR);
    if (!vd || memcmp(vd + VD_ID, "CD001", 5) != 0 || vd[VD_TYPE] == 255)
      break;
    if (vd[VD_BLOCK_SIZE] + 256 * vd[VD_BLOCK_SIZE + 1] != ISO_SECTOR)
      return error_set(err, 0, "its blocks are not of %d bytes", ISO_SECTOR);
    if (vd[VD_TYPE] == 1 && !im->primary)
      im->primary = vd;
    else if (vd[VD_TYPE] == 2 && is_joliet(vd) && !im->joliet)
      im->joliet = vd;
  }
  if (!im->primary)
    return error_set(err, 0, "it is no ISO 9660 image");
  return 0;
}

/* UCS-2, big-endian, to UTF-8; half a surrogate pair becomes '?'. */
static void add_ucs2(struct buf *b, const uint8_t *p, size_t len) {
  for (size_t i = 0; i + 1 < len; i += 2) {
    unsigned c = (unsigned)p[i] << 8 | p[i + 1];
    if (c >= 0xD800 && c <= 0xDFFF)
      c = '?';
    char utf8[3];
    size_t n = 0;
    if (c < 0x80) {
      utf8[n++] = (char)c;
    } else if (c < 0x800) {
      utf8[n++] = (char)(0xC0 | c >> 6);
      utf8[n++] = (char)(0x80 | (c & 0x3F));
    } else {
      utf8[n++] = (char)(0xE0 | c >> 12);
      utf8[n++] = (char)(0x80 | (c >> 6 & 0x3F));
      utf8[n++] = (char)(0x80 | (c & 0x3F));
    }
    buf_add(b, utf8, n);
  }
}

static bool is_control(char c) {
  return (unsigned char)c < 0x20 || c == 0x7F;
}

static char *read_label(const struct image *im) {
  _cleanup_buf_ struct buf b = {0};
  if (im->joliet)
    add_ucs2(&b, im->joliet + VD_VOLUME_ID, VD_VOLUME_ID_LEN);
  else
    buf_add(&b, im->primary + VD_VOLUME_ID, VD_VOLUME_ID_LEN);
  while (b.len > 0 && (b.data[b.len - 1] == ' ' || b.data[b.len - 1] == '\0'))
    b.data[--b.len] = '\0';
  for (size_t i = 0; i < b.len; i++)
    if (is_control(b.data[i]))
      b.data[i] = '?';
  return utf8_ok(b.data) ? buf_take(&b) : xstrdup("?");
}

/*
 * One system use area (SUSP 4): entries of two letters, a length, a version
 * and their data. Returns its continuation (CE), or NULL.
 */
static const uint8_t *read_entries(const uint8_t *p, size_t left,
                                   struct attrs *a) {
  const uint8_t *more = NULL;
  while (left >= 4 && p[2] >= 4 && p[2] <= left) {
    size_t len = p[2];
    if (memcmp(p, "ST", 2) == 0)
      break;
    if (memcmp(p, "CE", 2) == 0 && len >= 28) {
      more = p;
    } else if (memcmp(p, "NM", 2) == 0 && len > 5 && !(p[4] & 0x06)) {
      buf_add(&a->name, p + 5, len - 5);
    } else if (memcmp(p, "PX", 2) == 0 && len >= 36) {
      a->mode = le32(p + 4) & 07777;
      a->uid = le32(p + 20);
      a->gid = le32(p + 28);
    }
    p += len;
    left -= len;
  }
  return more;
}

static void read_attrs(const struct image *im, const uint8_t *p, size_t len,
                       struct attrs *a) {
  for (int i = 0; p && i < MAX_CONTINUATIONS; i++) {
    const uint8_t *more = read_entries(p, len, a);
    if (!more)
      return;
    len = le32(more + 20);
    p = bytes_at(im, le32(more + 4), le32(more + 12), len);
  }
}

/* Where a directory record's system use area begins (ECMA-119, 9.1.12). */
static size_t system_use(const uint8_t *rec) {
  size_t name_len = rec[DR_NAME_LEN];
  return DR_NAME + name_len + (name_len % 2 == 0);
}

/* The SP entry of the root's own record tells what to skip (SUSP 5.3). */
static void read_skip(struct image *im, const uint8_t *rec) {
  const uint8_t *su = rec + system_use(rec);
  if (system_use(rec) + 7 <= rec[DR_LEN] && memcmp(su, "SP", 2) == 0 &&
      su[4] == 0xBE && su[5] == 0xEF)
    im->skip = su[6];
}

/* The 7 bytes of ECMA-119, 9.1.5. */
static time_t read_date(const uint8_t *d) {
  struct tm tm = {
      .tm_year = d[0],
      .tm_mon = d[1] - 1,
      .tm_mday = d[2],
      .tm_hour = d[3],
      .tm_min = d[4],
      .tm_sec = d[5],
  };
  return timegm(&tm) - (time_t)(int8_t)d[6] * 15 * 60;
}

/* "USER_DAT.;1" is USER_DAT, in either character set. */
static void add_iso_name(struct buf *b, const uint8_t *rec, bool joliet) {
  if (joliet)
    add_ucs2(b, rec + DR_NAME, rec[DR_NAME_LEN]);
  else
    buf_add(b, rec + DR_NAME, rec[DR_NAME_LEN]);
  buf_add(b, "", 0);
  char *end = strchr(b->data, ';');
  b->len = end ? (size_t)(end - b->data) : b->len;
  while (b->len > 0 && b->data[b->len - 1] == '.')
    b->len--;
  b->data[b->len] = '\0';
}

static bool name_ok(const struct buf *b) {
  for (size_t i = 0; i < b->len; i++)
    if (is_control(b->data[i]) || b->data[i] == '/')
      return false;
  return b->len > 0 && utf8_ok(b->data) && strcmp(b->data, ".") != 0 &&
         strcmp(b->data, "..") != 0;
}

/* Adds the file of one record that was checked to be whole. */
static int read_file(const struct image *im, const uint8_t *rec, bool joliet,
                     struct iso_volume *v, bool *has_rock_ridge,
                     struct error *err) {
  struct attrs a = {.mode = 0444};
  size_t su = system_use(rec) + im->skip;
  if (!joliet && su < rec[DR_LEN])
    read_attrs(im, rec + su, rec[DR_LEN] - su, &a);
  _cleanup_buf_ struct buf name = a.name;
  if (name.len > 0)
    *has_rock_ridge = true;
  else
    add_iso_name(&name, rec, joliet);
  if (!name_ok(&name))
    return error_set(err, 0, "a file has a name that is none");
  if (rec[DR_FLAGS] & DR_FLAG_MORE)
    return error_set(err, 0, "'%s' is in several pieces", name.data);
  uint32_t len = le32(rec + DR_SIZE);
  uint64_t sector = (uint64_t)le32(rec + DR_EXTENT) + rec[DR_XATTR_LEN];
  const uint8_t *data = len ? bytes_at(im, sector, 0, len) : im->data;
  if (!data)
    return error_set(err, 0, "'%s' reaches beyond its end", name.data);
  if (v->files.n == ISO_MAX_FILES)
    return error_set(err, 0, "it has more than %d files", ISO_MAX_FILES);
  *iso_file_vec_add(&v->files) = (struct iso_file){
      .name = buf_take(&name),
      .mode = a.mode,
      .uid = a.uid,
      .gid = a.gid,
      .mtime = read_date(rec + DR_DATE),
      .data = data,
      .len = len,
  };
  return 0;
}

static bool record_ok(const uint8_t *rec, size_t left) {
  return left > DR_NAME && rec[DR_LEN] > DR_NAME && rec[DR_LEN] <= left &&
         rec[DR_NAME_LEN] > 0 && DR_NAME + rec[DR_NAME_LEN] <= rec[DR_LEN];
}

static bool is_dot(const uint8_t *rec) {
  return rec[DR_NAME_LEN] == 1 && rec[DR_NAME] <= 1;
}

/* One sector of a folder: records never cross sectors (ECMA-119, 6.8.1.1). */
static int read_dir_sector(struct image *im, const uint8_t *p, size_t len,
                           bool joliet, struct iso_volume *v,
                           bool *has_rock_ridge, struct error *err) {
  for (size_t at = 0; at < len && p[at] != 0; at += p[at]) {
    const uint8_t *rec = p + at;
    if (!record_ok(rec, len - at))
      return error_set(err, 0, "its root folder is damaged");
    if (is_dot(rec)) {
      if (!joliet && rec[DR_NAME] == 0)
        read_skip(im, rec);
      continue;
    }
    if (!(rec[DR_FLAGS] & DR_FLAG_DIR) &&
        read_file(im, rec, joliet, v, has_rock_ridge, err) < 0)
      return -1;
  }
  return 0;
}

static int read_root(struct image *im, const uint8_t *vd, struct iso_volume *v,
                     bool *has_rock_ridge, struct error *err) {
  const uint8_t *root = vd + VD_ROOT;
  size_t len = le32(root + DR_SIZE);
  const uint8_t *dir = bytes_at(im, le32(root + DR_EXTENT), 0, len);
  if (!dir)
    return error_set(err, 0, "its root folder reaches beyond its end");
  for (size_t at = 0; at < len; at += ISO_SECTOR) {
    size_t n = len - at < ISO_SECTOR ? len - at : ISO_SECTOR;
    if (read_dir_sector(im, dir + at, n, vd == im->joliet, v, has_rock_ridge,
                        err) < 0)
      return -1;
  }
  return 0;
}

static void drop_files(struct iso_volume *v) {
  for (size_t i = 0; i < v->files.n; i++)
    free(v->files.v[i].name);
  free(v->files.v);
  v->files = (struct iso_file_vec){0};
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct iso_file *)a)->name,
                ((const struct iso_file *)b)->name);
}

int iso_read(const void *data, size_t len, struct iso_volume *ret,
             struct error *err) {
  struct image im = {.data = data, .len = len};
  if (find_descriptors(&im, err) < 0)
    return -1;
  _cleanup_iso_volume_ struct iso_volume v = {.label = read_label(&im)};
  bool rock_ridge = false;
  if (read_root(&im, im.primary, &v, &rock_ridge, err) < 0)
    return -1;
  if (!rock_ridge && im.joliet) {
    drop_files(&v);
    if (read_root(&im, im.joliet, &v, &rock_ridge, err) < 0)
      return -1;
  }
  if (v.files.n > 0)
    qsort(v.files.v, v.files.n, sizeof(*v.files.v), by_name);
  *ret = v;
  v = (struct iso_volume){0};
  return 0;
}

const struct iso_file *iso_find(const struct iso_volume *v, const char *name) {
  for (size_t i = 0; i < v->files.n; i++)
    if (strcmp(v->files.v[i].name, name) == 0)
      return &v->files.v[i];
  return NULL;
}

void iso_volume_done(struct iso_volume *v) {
  drop_files(v);
  free(v->label);
  buf_done(&v->image);
  *v = (struct iso_volume){0};
}
