/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "medium/volume.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "format/fat.h"
#include "format/gpt.h"
#include "format/iso9660.h"
#include "format/ustar.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ECMA-119, 8.1.2: where the first volume descriptor says so. */
#define ISO_MARK_AT (16 * ISO_SECTOR + 1)
#define LABEL "cidata"
/* Of all partitions of a disk together. */
#define DISK_MAX_BYTES (4 * VOLUME_MAX_BYTES)

static void add(struct volume *v, const char *name, mode_t mode,
                const void *data, size_t len) {
  struct volume_file *f = volume_file_vec_add(&v->files);
  f->name = xstrdup(name);
  f->mode = mode;
  buf_add(&f->data, data, len);
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct volume_file *)a)->name,
                ((const struct volume_file *)b)->name);
}

static void sort(struct volume *v) {
  if (v->files.n > 0)
    qsort(v->files.v, v->files.n, sizeof(*v->files.v), by_name);
}

/* ---- Forms ---- */

/* One that a terminal may be told, control bytes of ISO 6429 (C1) neither. */
static int check_name(const char *name, struct error *err) {
  _cleanup_free_ char *shown = utf8_printable(name);
  return *name && strcmp(shown, name) == 0
             ? 0
             : error_set(err, 0, "a file has a name that is none");
}

static int parse_iso(const void *data, size_t len, struct volume *v,
                     struct error *err) {
  _cleanup_iso_volume_ struct iso_volume iso = {0};
  if (iso_read(data, len, &iso, err) < 0)
    return -1;
  v->form = "ISO 9660";
  v->has_modes = true;
  v->label = utf8_printable(iso.label);
  size_t sum = 0;
  for (size_t i = 0; i < iso.files.n; i++) {
    const struct iso_file *f = &iso.files.v[i];
    /* Files may share their bytes: a small image can hold many large ones. */
    if (f->len > VOLUME_MAX_BYTES - sum)
      return error_set(err, 0, "its files have more than %zu MiB",
                       VOLUME_MAX_BYTES >> 20);
    sum += f->len;
    if (check_name(f->name, err) < 0)
      return -1;
    add(v, f->name, f->mode, f->data, f->len);
  }
  return 0;
}

static int parse_fat(const void *data, size_t len, struct volume *v,
                     struct error *err) {
  _cleanup_fat_volume_ struct fat_volume fat = {0};
  if (fat_read(data, len, &fat, err) < 0)
    return -1;
  v->form = "FAT";
  v->label = xstrdup(fat.label);
  for (size_t i = 0; i < fat.files.n; i++) {
    const struct fat_file *f = &fat.files.v[i];
    if (check_name(f->name, err) < 0)
      return -1;
    add(v, f->name, 0, f->data.data, f->data.len);
  }
  return 0;
}

/* "./user-data" is user-data; what is deeper is passed over, as elsewhere. */
static int parse_tar(const void *data, size_t len, struct volume *v,
                     struct error *err) {
  v->form = "tar";
  v->has_modes = true;
  struct ustar_entry e;
  int r;
  for (size_t pos = 0; (r = ustar_next(data, len, &pos, &e, err)) == 1;) {
    const char *name = strncmp(e.name, "./", 2) == 0 ? e.name + 2 : e.name;
    if (check_name(name, err) < 0)
      return -1;
    if (strchr(name, '/'))
      continue;
    if (v->files.n == VOLUME_MAX_FILES)
      return error_set(err, 0, "it has more than %d files", VOLUME_MAX_FILES);
    add(v, name, e.mode, e.data, e.len);
  }
  return r;
}

static bool is_iso(const char *data, size_t len) {
  return len >= ISO_MARK_AT + 5 && memcmp(data + ISO_MARK_AT, "CD001", 5) == 0;
}

/* What others call a disk's image is named, since it holds a seed as well. */
static int refuse(const char *data, size_t len, struct error *err) {
  static const struct {
    size_t at;
    const char *mark, *form;
  } disks[] = {{0, "QFI\xfb", "qcow2"},
               {0, "KDMV", "vmdk"},
               {64, "\x7f\x10\xda\xbe", "vdi"}};
  for (size_t i = 0; i < ARRAY_SIZE(disks); i++)
    if (len >= disks[i].at + 4 &&
        memcmp(data + disks[i].at, disks[i].mark, 4) == 0)
      return error_set(err, 0,
                       "it is a disk in the form %s; only raw ones are read: "
                       "`qemu-img convert -O raw` makes one of it",
                       disks[i].form);
  return error_set(err, 0,
                   "it is none of the media that are known: ISO 9660, FAT, "
                   "tar, a folder, a raw disk with such a partition");
}

int volume_parse(const void *data, size_t len, struct volume *ret,
                 struct error *err) {
  _cleanup_volume_ struct volume v = {0};
  int r;
  if (is_iso(data, len))
    r = parse_iso(data, len, &v, err);
  else if (ustar_probe(data, len))
    r = parse_tar(data, len, &v, err);
  else if (fat_probe(data, len))
    r = parse_fat(data, len, &v, err);
  else
    r = refuse(data, len, err);
  if (r < 0)
    return -1;
  sort(&v);
  *ret = v;
  v = (struct volume){0};
  return 0;
}

/* ---- Files and disks ---- */

static int read_range(int fd, uint64_t at, uint64_t len, struct buf *out,
                      struct error *err) {
  char *to = buf_extend(out, (size_t)len);
  for (size_t done = 0; done < len;) {
    ssize_t n = pread(fd, to + done, (size_t)len - done, (off_t)(at + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return error_set(err, n < 0 ? errno : 0, "it cannot be read to its end");
    done += (size_t)n;
  }
  return 0;
}

/* From the start what tells an ISO, and how large it is (ECMA-119, 8.4.8). */
#define ISO_SIZE_AT (ISO_MARK_AT - 1 + 80)
#define ISO_HEAD (ISO_SIZE_AT + 4)

/* The bytes of what is on a device, or in a partition, of size bytes: an ISO
 * tells its own. */
static uint64_t used(const struct buf *head, uint64_t size) {
  uint32_t n = 0;
  if (!is_iso(head->data, head->len) || head->len < ISO_HEAD)
    return size;
  for (int i = 3; i >= 0; i--)
    n = n << 8 | (uint8_t)head->data[ISO_SIZE_AT + i];
  uint64_t bytes = (uint64_t)n * ISO_SECTOR;
  return bytes > 0 && bytes < size ? bytes : size;
}

static bool is_seed(const struct volume *v) {
  return v->label && strcasecmp(v->label, LABEL) == 0;
}

/* Whether the partition is a seed; one of another kind is none. One that is too
 * large to be looked at counts in *large, what is read in *looked. */
static int try_partition(int fd, const struct gpt_range *p, bool *ret_is,
                         size_t *large, size_t *looked, struct volume *ret,
                         struct error *err) {
  _cleanup_buf_ struct buf head = {0}, all = {0};
  uint64_t len = p->n * GPT_SECTOR;
  *ret_is = false;
  if (len < ISO_HEAD)
    return 0;
  if (read_range(fd, p->first * GPT_SECTOR, ISO_HEAD, &head, err) < 0)
    return -1;
  if (!is_iso(head.data, head.len) && !fat_probe(head.data, head.len))
    return 0;
  len = used(&head, len);
  if (len > VOLUME_MAX_BYTES || len > DISK_MAX_BYTES - *looked) {
    ++*large;
    return 0;
  }
  *looked += len;
  _cleanup_volume_ struct volume v = {0};
  if (read_range(fd, p->first * GPT_SECTOR, len, &all, err) < 0 ||
      volume_parse(all.data, all.len, &v, err) < 0)
    return -1;
  if (is_seed(&v)) {
    *ret_is = true;
    *ret = v;
    v = (struct volume){0};
  }
  return 0;
}

static int read_disk(int fd, uint64_t size, const struct buf *head,
                     struct volume *ret, struct error *err) {
  struct gpt_range parts[GPT_MAX_PARTS];
  size_t n, large = 0, looked = 0;
  if (gpt_list((const uint8_t *)head->data, size / GPT_SECTOR, parts, &n, err) <
      0)
    return -1;
  for (size_t i = 0; i < n; i++) {
    bool is = false;
    if (try_partition(fd, &parts[i], &is, &large, &looked, ret, err) < 0)
      return error_prefix(err, "partition %zu", i + 1);
    if (is) {
      ret->partition = (unsigned)i + 1;
      return 0;
    }
  }
  if (large > 0)
    return error_set(err, 0,
                     "of the disk's partitions (%zu) none is labelled " LABEL
                     ", but for %zu that are not looked at: of more than %zu "
                     "MiB, or of more than %zu together",
                     n, large, VOLUME_MAX_BYTES >> 20, DISK_MAX_BYTES >> 20);
  return error_set(err, 0,
                   "of the disk's partitions (%zu) none is labelled " LABEL, n);
}

/* Not for an ISO or a FAT, which may have a partition table in front. */
static bool is_disk(const struct buf *head) {
  const char *d = head->data;
  if (head->len < GPT_HEAD || is_iso(d, head->len) || fat_probe(d, head->len) ||
      ustar_probe(d, head->len))
    return false;
  return memcmp(d + GPT_SECTOR, "EFI PART", 8) == 0 ||
         ((uint8_t)d[510] == 0x55 && (uint8_t)d[511] == 0xAA);
}

static int read_image(int fd, uint64_t size, struct volume *ret,
                      struct error *err) {
  _cleanup_buf_ struct buf head = {0}, all = {0};
  uint64_t n = ISO_HEAD > GPT_HEAD ? ISO_HEAD : GPT_HEAD;
  if (size == 0)
    return error_set(err, 0, "it is empty");
  if (read_range(fd, 0, size < n ? size : n, &head, err) < 0)
    return -1;
  if (is_disk(&head))
    return read_disk(fd, size, &head, ret, err);
  size = used(&head, size);
  if (size > VOLUME_MAX_BYTES && !is_iso(head.data, head.len) &&
      !ustar_probe(head.data, head.len) && !fat_probe(head.data, head.len))
    return refuse(head.data, head.len, err);
  if (size > VOLUME_MAX_BYTES)
    return error_set(err, 0, "it has %llu MiB; no seed has more than %zu",
                     (unsigned long long)(size >> 20), VOLUME_MAX_BYTES >> 20);
  return read_range(fd, 0, size, &all, err) < 0
             ? -1
             : volume_parse(all.data, all.len, ret, err);
}

/* ---- Folders ---- */

/* Neither links nor pipes are followed: a medium has none. */
static int add_from(int dir, const char *name, size_t *sum, struct volume *v,
                    struct error *err) {
  _cleanup_close_ int fd =
      openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat st;
  if (fd < 0 && errno == ELOOP)
    return error_set(err, 0, "'%s' is a link; a medium has none", name);
  if (fd < 0 || fstat(fd, &st) < 0)
    return error_set(err, errno, "cannot open '%s'", name);
  if (!S_ISREG(st.st_mode))
    return 0;
  _cleanup_free_ char *shown = utf8_printable(name);
  if (strcmp(shown, name) != 0)
    return error_set(err, 0, "a file has a name that is none");
  if (v->files.n == VOLUME_MAX_FILES ||
      (uint64_t)st.st_size > VOLUME_MAX_BYTES - *sum)
    return error_set(err, 0, "it has more than %d files or %zu MiB",
                     VOLUME_MAX_FILES, VOLUME_MAX_BYTES >> 20);
  *sum += (size_t)st.st_size;
  _cleanup_buf_ struct buf data = {0};
  if (read_range(fd, 0, (uint64_t)st.st_size, &data, err) < 0)
    return error_prefix(err, "'%s'", name);
  add(v, name, st.st_mode & 07777, data.data ? data.data : "", data.len);
  return 0;
}

static void close_dir(DIR **d) {
  if (*d)
    (void)closedir(*d);
}

static int read_folder(const char *path, struct volume *ret,
                       struct error *err) {
  _cleanup_volume_ struct volume v = {.form = "folder", .has_modes = true};
  _cleanup_(close_dir) DIR *d = opendir(path);
  size_t sum = 0;
  if (!d)
    return error_set(err, errno, "cannot list it");
  for (struct dirent *e; (e = readdir(d));)
    if (e->d_name[0] != '.' && add_from(dirfd(d), e->d_name, &sum, &v, err) < 0)
      return -1;
  sort(&v);
  *ret = v;
  v = (struct volume){0};
  return 0;
}

int volume_read(const char *path, struct volume *ret, struct error *err) {
  _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0)
    return error_usage(err, "cannot open '%s': %s", path, strerror(errno));
  int r;
  if (S_ISDIR(st.st_mode)) {
    r = read_folder(path, ret, err);
  } else if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
    /* A device has no size of its own (st_size is 0). */
    off_t size = lseek(fd, 0, SEEK_END);
    r = size < 0 ? error_set(err, errno, "its size cannot be told")
                 : read_image(fd, (uint64_t)size, ret, err);
  } else {
    r = error_set(err, 0, "it is no file, folder or block device");
  }
  return r < 0 ? error_prefix(err, "cannot read the medium '%s'", path) : 0;
}

const struct volume_file *volume_find(const struct volume *v,
                                      const char *name) {
  for (size_t i = 0; i < v->files.n; i++)
    if (strcmp(v->files.v[i].name, name) == 0)
      return &v->files.v[i];
  return NULL;
}

void volume_done(struct volume *v) {
  for (size_t i = 0; i < v->files.n; i++) {
    free(v->files.v[i].name);
    buf_done(&v->files.v[i].data);
  }
  free(v->files.v);
  free(v->label);
  *v = (struct volume){0};
}
