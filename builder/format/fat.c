/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/fat.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Offsets in the boot sector: chapter "Boot Sector and BPB". */
enum {
  B_SECTOR = 11,
  B_CLUSTER = 13,
  B_RESERVED = 14,
  B_FATS = 16,
  B_ROOT_ENTRIES = 17,
  B_SECTORS16 = 19,
  B_FAT_SECTORS16 = 22,
  B_SECTORS32 = 32,
  B_FAT_SECTORS32 = 36,
  B_ROOT_CLUSTER = 44,
  B_LABEL16 = 43,
  B_LABEL32 = 71,
  B_SIGNATURE = 510,
};

/* In an entry of a folder: "FAT Directory Structure", "Long Directory". */
enum {
  E_BYTES = 32,
  E_NAME = 0,
  E_ATTR = 11,
  E_CASE = 12,
  E_SUM = 13,
  E_HIGH = 20,
  E_LOW = 26,
  E_SIZE = 28,
  NAME_BYTES = 11,
};
#define ATTR_LABEL 0x08
#define ATTR_FOLDER 0x10
#define ATTR_LONG 0x0F
#define CASE_BASE 0x08 /* of Windows NT: the name is in small letters */
#define CASE_EXTENSION 0x10
#define LONG_LAST 0x40
#define LONG_CHARS 13
#define LONG_ENTRIES 20
#define FOLDER_MAX_BYTES ((size_t)65536 * E_BYTES)

struct image {
  const uint8_t *data;
  size_t sector, cluster;  /* bytes */
  size_t fat, root, first; /* offsets; the root's of FAT12 and 16 */
  size_t root_bytes;
  uint32_t clusters; /* numbered from 2 */
  uint32_t root_cluster;
  unsigned bits; /* 12, 16, 32 */
};

/* A long name as it comes: its parts stand last first. */
struct long_name {
  uint16_t chars[LONG_ENTRIES * LONG_CHARS];
  unsigned next; /* part that must follow, 0: whole */
  unsigned parts;
  uint8_t sum;
};

static unsigned le16(const uint8_t *p) {
  return p[0] | (unsigned)p[1] << 8;
}

static uint32_t le32(const uint8_t *p) {
  return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static bool is_power(size_t n) {
  return n > 0 && (n & (n - 1)) == 0;
}

bool fat_probe(const void *boot, size_t len) {
  const uint8_t *b = boot;
  if (len < FAT_BOOT_BYTES || b[B_SIGNATURE] != 0x55 ||
      b[B_SIGNATURE + 1] != 0xAA)
    return false;
  unsigned sector = le16(b + B_SECTOR);
  return (b[0] == 0xEB || b[0] == 0xE9) && sector >= 512 && sector <= 4096 &&
         is_power(sector) && is_power(b[B_CLUSTER]) &&
         le16(b + B_RESERVED) > 0 && b[B_FATS] > 0 && b[B_FATS] <= 4;
}

/* Which FAT it is, its clusters' number alone tells. */
static unsigned bits_for(uint64_t clusters) {
  return clusters < 4085 ? 12 : clusters < 65525 ? 16 : 32;
}

static int read_boot(const uint8_t *b, size_t len, struct image *im,
                     struct error *err) {
  if (!fat_probe(b, len))
    return error_set(err, 0, "it is no FAT file system");
  im->data = b;
  im->sector = le16(b + B_SECTOR);
  im->cluster = im->sector * b[B_CLUSTER];
  uint64_t sectors = le16(b + B_SECTORS16);
  uint64_t per_fat = le16(b + B_FAT_SECTORS16);
  bool small = per_fat != 0;
  if (sectors == 0)
    sectors = le32(b + B_SECTORS32);
  if (!small)
    per_fat = le32(b + B_FAT_SECTORS32);
  if (sectors * im->sector > len)
    return error_set(err, 0, "it is cut: %llu bytes of %llu",
                     (unsigned long long)len,
                     (unsigned long long)(sectors * im->sector));
  im->root_bytes = (size_t)le16(b + B_ROOT_ENTRIES) * E_BYTES;
  uint64_t fat = le16(b + B_RESERVED);
  uint64_t root = fat + b[B_FATS] * per_fat;
  uint64_t first = root + (im->root_bytes + im->sector - 1) / im->sector;
  if (first >= sectors)
    return error_set(err, 0, "it has no room for files");
  uint64_t clusters = (sectors - first) / b[B_CLUSTER];
  im->bits = bits_for(clusters);
  if (clusters == 0 || (im->bits == 32) == small ||
      (clusters + 2) * im->bits > per_fat * im->sector * 8)
    return error_set(err, 0, "its boot sector is damaged");
  im->clusters = (uint32_t)clusters;
  im->fat = (size_t)fat * im->sector;
  im->root = (size_t)root * im->sector;
  im->first = (size_t)first * im->sector;
  im->root_cluster = small ? 0 : le32(b + B_ROOT_CLUSTER);
  return 0;
}

/* What the table has for a cluster; 0 when that is the last one or none. */
static uint32_t follow(const struct image *im, uint32_t cluster) {
  const uint8_t *fat = im->data + im->fat;
  uint32_t next;
  if (im->bits == 32)
    next = le32(fat + (size_t)cluster * 4) & 0x0FFFFFFF;
  else if (im->bits == 16)
    next = le16(fat + (size_t)cluster * 2);
  else
    next = le16(fat + cluster + cluster / 2) >> (cluster & 1 ? 4 : 0) & 0xFFF;
  return next;
}

static bool is_cluster(const struct image *im, uint32_t c) {
  return c >= 2 && c - 2 < im->clusters;
}

/*
 * Adds len bytes of the chain that begins there; with to_end all it has, which
 * len is the limit of. A ring is longer than any limit.
 */
static int read_chain(const struct image *im, uint32_t cluster, size_t len,
                      bool to_end, struct buf *out, struct error *err) {
  for (size_t left = len; left > 0;) {
    if (!is_cluster(im, cluster))
      return to_end && left < len
                 ? 0
                 : error_set(err, 0, "its clusters end before it does");
    size_t n = left < im->cluster ? left : im->cluster;
    buf_add(out, im->data + im->first + (size_t)(cluster - 2) * im->cluster, n);
    left -= n;
    cluster = follow(im, cluster);
  }
  if (to_end && is_cluster(im, cluster))
    return error_set(err, 0, "its root folder is a ring, or has no end");
  return 0;
}

static int read_root(const struct image *im, struct buf *out,
                     struct error *err) {
  if (im->bits != 32) {
    buf_add(out, im->data + im->root, im->root_bytes);
    return 0;
  }
  size_t most = (size_t)im->clusters * im->cluster;
  return read_chain(im, im->root_cluster,
                    most < FOLDER_MAX_BYTES ? most : FOLDER_MAX_BYTES, true,
                    out, err);
}

/* ---- Names ---- */

static uint8_t sum_of(const uint8_t *short_name) {
  uint8_t sum = 0;
  for (size_t i = 0; i < NAME_BYTES; i++)
    sum = (uint8_t)((sum & 1 ? 0x80 : 0) + (sum >> 1) + short_name[i]);
  return sum;
}

static void take_part(struct long_name *l, const uint8_t *e) {
  static const uint8_t at[LONG_CHARS] = {1,  3,  5,  7,  9,  14, 16,
                                         18, 20, 22, 24, 28, 30};
  unsigned number = e[0] & ~LONG_LAST;
  if (e[0] & LONG_LAST)
    *l = (struct long_name){.next = number, .parts = number, .sum = e[E_SUM]};
  if (number == 0 || number > LONG_ENTRIES || number != l->next ||
      e[E_SUM] != l->sum) {
    *l = (struct long_name){0};
    return;
  }
  for (size_t i = 0; i < LONG_CHARS; i++)
    l->chars[(number - 1) * LONG_CHARS + i] = (uint16_t)le16(e + at[i]);
  l->next--;
}

/* UTF-16; half a pair of surrogates becomes '?'. */
static void add_char(struct buf *b, unsigned c) {
  if (c >= 0xD800 && c <= 0xDFFF)
    c = '?';
  char utf8[3] = {(char)c};
  size_t n = 1;
  if (c >= 0x800) {
    utf8[0] = (char)(0xE0 | c >> 12);
    utf8[1] = (char)(0x80 | (c >> 6 & 0x3F));
    utf8[2] = (char)(0x80 | (c & 0x3F));
    n = 3;
  } else if (c >= 0x80) {
    utf8[0] = (char)(0xC0 | c >> 6);
    utf8[1] = (char)(0x80 | (c & 0x3F));
    n = 2;
  }
  buf_add(b, utf8, n);
}

static void add_short(struct buf *b, const uint8_t *name, size_t len,
                      bool small) {
  while (len > 0 && name[len - 1] == ' ')
    len--;
  for (size_t i = 0; i < len; i++)
    add_char(b, small && name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32u
                                                          : name[i]);
}

static char *name_of(const uint8_t *e, const struct long_name *l) {
  enum { BASE = 8 };
  _cleanup_buf_ struct buf b = {0};
  if (l->parts > 0 && l->next == 0 && l->sum == sum_of(e)) {
    for (size_t i = 0; i < l->parts * LONG_CHARS && l->chars[i]; i++)
      add_char(&b, l->chars[i]);
    return buf_take(&b);
  }
  add_short(&b, e, BASE, e[E_CASE] & CASE_BASE);
  if (e[BASE] != ' ') {
    buf_adds(&b, ".");
    add_short(&b, e + BASE, NAME_BYTES - BASE, e[E_CASE] & CASE_EXTENSION);
  }
  return buf_take(&b);
}

static bool name_ok(const char *name) {
  for (const char *p = name; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7F || *p == '/')
      return false;
  return *name && utf8_ok(name) && strcmp(name, ".") != 0 &&
         strcmp(name, "..") != 0;
}

static void take_label(const uint8_t *name, struct fat_volume *v) {
  _cleanup_buf_ struct buf b = {0};
  add_short(&b, name, NAME_BYTES, false);
  _cleanup_free_ char *text = buf_take(&b);
  free(v->label);
  v->label = utf8_printable(text);
}

/* ---- Files ---- */

static int add_file(const struct image *im, const uint8_t *e,
                    const struct long_name *l, size_t *sum,
                    struct fat_volume *v, struct error *err) {
  _cleanup_free_ char *name = name_of(e, l);
  size_t len = le32(e + E_SIZE);
  uint32_t cluster = le16(e + E_LOW);
  if (im->bits == 32)
    cluster |= (uint32_t)le16(e + E_HIGH) << 16;
  if (!name_ok(name))
    return error_set(err, 0, "a file has a name that is none");
  if (v->files.n == FAT_MAX_FILES)
    return error_set(err, 0, "it has more than %d files", FAT_MAX_FILES);
  if (len > (size_t)im->clusters * im->cluster || len > FAT_MAX_BYTES - *sum)
    return error_set(err, 0, "'%s' is larger than it can be", name);
  *sum += len;
  struct fat_file *f = fat_file_vec_add(&v->files);
  f->name = TAKE_PTR(name);
  buf_add(&f->data, "", 0);
  return read_chain(im, cluster, len, false, &f->data, err) < 0
             ? error_prefix(err, "'%s'", f->name)
             : 0;
}

static int read_entries(const struct image *im, const struct buf *root,
                        struct fat_volume *v, struct error *err) {
  struct long_name l = {0};
  size_t sum = 0;
  for (size_t at = 0; at + E_BYTES <= root->len; at += E_BYTES) {
    const uint8_t *e = (const uint8_t *)root->data + at;
    unsigned attr = e[E_ATTR] & 0x3F;
    if (e[E_NAME] == 0)
      break;
    if (e[E_NAME] != 0xE5 && attr == ATTR_LONG) {
      take_part(&l, e);
      continue;
    }
    if (e[E_NAME] != 0xE5 && attr & ATTR_LABEL && !(attr & ATTR_FOLDER))
      take_label(e, v);
    else if (e[E_NAME] != 0xE5 && !(attr & (ATTR_LABEL | ATTR_FOLDER)) &&
             add_file(im, e, &l, &sum, v, err) < 0)
      return -1;
    l = (struct long_name){0};
  }
  return 0;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct fat_file *)a)->name,
                ((const struct fat_file *)b)->name);
}

int fat_read(const void *data, size_t len, struct fat_volume *ret,
             struct error *err) {
  struct image im = {0};
  if (read_boot(data, len, &im, err) < 0)
    return -1;
  _cleanup_fat_volume_ struct fat_volume v = {.label = xstrdup("")};
  _cleanup_buf_ struct buf root = {0};
  /* The root folder's label counts, as for blkid; else the boot sector's. */
  take_label(im.data + (im.bits == 32 ? B_LABEL32 : B_LABEL16), &v);
  if (read_root(&im, &root, err) < 0 || read_entries(&im, &root, &v, err) < 0)
    return -1;
  if (v.files.n > 0)
    qsort(v.files.v, v.files.n, sizeof(*v.files.v), by_name);
  *ret = v;
  v = (struct fat_volume){0};
  return 0;
}

void fat_volume_done(struct fat_volume *v) {
  for (size_t i = 0; i < v->files.n; i++) {
    free(v->files.v[i].name);
    buf_done(&v->files.v[i].data);
  }
  free(v->files.v);
  free(v->label);
  *v = (struct fat_volume){0};
}
