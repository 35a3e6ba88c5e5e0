/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For each node an OVF package in one file: descriptor, manifest, disk, seed,
 * in this order (DSP0243, 5.4). */
#include "base/file.h"
#include "base/mem.h"
#include "export/convert.h"
#include "export/format.h"
#include "export/ovf.h"
#include "export/place.h"
#include "export/plain.h"
#include "export/seeds.h"
#include "export/wires.h"
#include "format/ustar.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK ((size_t)1 << 20)

/* The disk that the nodes with as large a one share. */
struct disk {
  struct place place;
  uint64_t capacity, size;
  char sha256[SHA256_HEX];
};

static void disk_done(struct disk *d) {
  place_done(&d->place);
}

static int require(const struct export_job *job, struct error *err) {
  return wires_check(job, err) < 0 ? -1 : plain_require(job, err);
}

static void files(const struct export_job *job, struct strv *ret) {
  for (size_t i = 0; i < job->n_nodes; i++)
    strv_pushf(ret, "%s.ova", export_node(job, i)->name);
}

/* ---- The disk ---- */

/* An overlay of the node's size on the image, from which it is converted. */
static int enlarge(const struct export_job *job, uint64_t size,
                   const char *overlay, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  const struct process p = {.argv = &argv, .package = "qemu-utils"};
  _cleanup_free_ char *image = realpath(job->image, NULL);
  if (!image)
    return error_set(err, errno, "cannot use the image '%s'", job->image);
  strv_push_all(&argv, "qemu-img", "create", "-q", "-f", "qcow2", "-b", image,
                "-F", "qcow2", NULL);
  strv_push_file(&argv, overlay);
  strv_pushf(&argv, "%llu", (unsigned long long)size);
  return process_run(&p, err);
}

static int make_disk(const struct export_job *job, uint64_t capacity,
                     struct disk *d, struct error *err) {
  struct stat st;
  _cleanup_place_ struct place overlay = PLACE_NONE;
  _cleanup_free_ char *path = export_path(job, "image.vmdk");
  _cleanup_free_ char *larger = export_path(job, "image.qcow2");
  if (place_begin(path, &d->place, err) < 0)
    return -1;
  if (capacity > job->size && (place_begin(larger, &overlay, err) < 0 ||
                               enlarge(job, capacity, overlay.tmp, err) < 0))
    return -1;
  if (convert_image(job->log, overlay.tmp ? overlay.tmp : job->image, "vmdk",
                    VMDK_STREAM, d->place.tmp, "writing the disk", err) < 0 ||
      sha256_file(d->place.tmp, d->sha256, err) < 0)
    return -1;
  if (stat(d->place.tmp, &st) < 0)
    return error_set(err, errno, "cannot read '%s'", d->place.tmp);
  d->size = (uint64_t)st.st_size;
  d->capacity = capacity;
  return 0;
}

/* ---- The archive ---- */

static int add_end(int fd, const char *name, uint64_t size, struct error *err) {
  static const uint8_t zeros[USTAR_BLOCK];
  return file_write_all(fd, zeros, ustar_padding(size)) < 0
             ? error_set(err, errno, "cannot write '%s'", name)
             : 0;
}

static int add_begin(int fd, const char *name, uint64_t size,
                     struct error *err) {
  uint8_t header[USTAR_BLOCK];
  if (ustar_header(name, size, 0600, 0, header, err) < 0)
    return -1;
  return file_write_all(fd, header, sizeof(header)) < 0
             ? error_set(err, errno, "cannot write '%s'", name)
             : 0;
}

static int add_bytes(int fd, const char *name, const struct buf *b,
                     struct error *err) {
  if (add_begin(fd, name, b->len, err) < 0)
    return -1;
  if (file_write_all(fd, b->data, b->len) < 0)
    return error_set(err, errno, "cannot write '%s'", name);
  return add_end(fd, name, b->len, err);
}

static int add_file(int fd, const char *name, const char *path, uint64_t size,
                    struct error *err) {
  _cleanup_close_ int from = open(path, O_RDONLY | O_CLOEXEC);
  _cleanup_free_ char *chunk = xcalloc(CHUNK, 1);
  uint64_t left = size;
  if (from < 0)
    return error_set(err, errno, "cannot read '%s'", path);
  if (add_begin(fd, name, size, err) < 0)
    return -1;
  while (left > 0) {
    ssize_t n = read(from, chunk, left < CHUNK ? (size_t)left : CHUNK);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return error_set(err, n < 0 ? errno : 0, "cannot read '%s'", path);
    if (file_write_all(fd, chunk, (size_t)n) < 0)
      return error_set(err, errno, "cannot write '%s'", name);
    left -= (uint64_t)n;
  }
  return add_end(fd, name, size, err);
}

static int add_all(const struct export_job *job, size_t i, const struct disk *d,
                   const struct buf *seed, int fd, struct error *err) {
  static const uint8_t end[USTAR_END];
  const struct plan_node *n = export_node(job, i);
  char seed_sha256[SHA256_HEX], ovf_sha256[SHA256_HEX];
  _cleanup_buf_ struct buf ovf = {0}, mf = {0};
  _cleanup_free_ char *ovf_name = xasprintf("%s.ovf", n->name);
  _cleanup_free_ char *mf_name = xasprintf("%s.mf", n->name);
  _cleanup_free_ char *disk_name = xasprintf("%s.vmdk", n->name);
  _cleanup_free_ char *seed_name = xasprintf("%s.iso", n->name);
  sha256_hex(seed->data, seed->len, seed_sha256);
  struct ovf_file list[] = {{ovf_name, 0, ovf_sha256},
                            {disk_name, d->size, d->sha256},
                            {seed_name, seed->len, seed_sha256}};
  ovf_descriptor(job->plan, n, &list[1], d->capacity, &list[2], &ovf);
  sha256_hex(ovf.data, ovf.len, ovf_sha256);
  ovf_manifest(list, ARRAY_SIZE(list), &mf);
  if (add_bytes(fd, ovf_name, &ovf, err) < 0 ||
      add_bytes(fd, mf_name, &mf, err) < 0 ||
      add_file(fd, disk_name, d->place.tmp, d->size, err) < 0 ||
      add_bytes(fd, seed_name, seed, err) < 0)
    return -1;
  return file_write_all(fd, end, sizeof(end)) < 0
             ? error_set(err, errno, "cannot write '%s.ova'", n->name)
             : 0;
}

static int write_package(const struct export_job *job, size_t i,
                         const struct disk *d, struct error *err) {
  _cleanup_buf_ struct buf seed = {0};
  _cleanup_place_ struct place p = PLACE_NONE;
  _cleanup_free_ char *path =
      export_path(job, "%s.ova", export_node(job, i)->name);
  if (export_seed_read(job, i, &seed, err) < 0 ||
      place_begin(path, &p, err) < 0 ||
      add_all(job, i, d, &seed, p.fd, err) < 0)
    return -1;
  return place_commit(&p, 0600, err);
}

/* A disk at a time, for all nodes that have one of its size. */
static int write_files(const struct export_job *job, struct error *err) {
  _cleanup_free_ bool *done = xcalloc(job->n_nodes, sizeof(*done));
  for (size_t i = 0; i < job->n_nodes; i++) {
    uint64_t capacity = export_node(job, i)->spec->disk;
    _cleanup_(disk_done) struct disk d = {.place = PLACE_NONE};
    if (done[i])
      continue;
    if (make_disk(job, capacity, &d, err) < 0)
      return -1;
    for (size_t k = i; k < job->n_nodes; k++) {
      if (export_node(job, k)->spec->disk != capacity)
        continue;
      if (write_package(job, k, &d, err) < 0)
        return -1;
      done[k] = true;
    }
  }
  return 0;
}

static void tell(const struct export_job *job) {
  char mac[NET_TEXT];
  const struct plan_node *n = export_node(job, 0);
  const struct plan_interface *card = ovf_first_card(n);
  log_info(job->log,
           "after importing one, give its card the node's own address (MAC): "
           "that of %s is %s, `kubeseed plan %s` tells the others",
           n->name, mac_format(&card->mac, mac), job->target);
  wires_tell(job);
}

const struct export_format export_ova = {
    .name = "ova",
    .what = "for each node a package with disk and seed",
    .of_nodes = true,
    .real = true,
    .require = require,
    .files = files,
    .write = write_files,
    .tell = tell,
};
