/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One medium for each machine: the image, and in a partition of its own the
 * seed, which cloud-init finds by its label on any block device.
 *
 * The seed lies before all partitions, where 1 MiB is free: so root is still
 * the last one and grows with the disk, whatever size that has. One that is
 * larger lies at the end of a disk of the size in the spec.
 */
#include "base/file.h"
#include "base/mem.h"
#include "export/convert.h"
#include "export/format.h"
#include "export/place.h"
#include "export/plain.h"
#include "export/seeds.h"
#include "format/gpt.h"
#include <errno.h>
#include <string.h>

#define LABEL "cidata"
/* As partitions begin, in sectors. */
#define ALIGN 2048

static void files(const struct export_job *job, struct strv *ret) {
  for (size_t i = 0; i < job->n_nodes; i++)
    strv_pushf(ret, "%s.img", export_node(job, i)->name);
}

static int put_at(int fd, const void *data, size_t len, uint64_t sector,
                  struct error *err) {
  if (lseek(fd, (off_t)(sector * GPT_SECTOR), SEEK_SET) < 0 ||
      file_write_all(fd, data, len) < 0)
    return error_set(err, errno, "cannot write the disk");
  return 0;
}

/* Where the seed goes, and how many sectors the disk has then. */
static int choose_place(const struct export_job *job,
                        const struct plan_node *node, const uint8_t *head,
                        uint64_t n, uint64_t *ret_sectors, struct gpt_part *ret,
                        struct error *err) {
  uint64_t gap;
  *ret_sectors = job->size / GPT_SECTOR;
  if (gpt_gap(head, &ret->first, &gap, err) < 0)
    return -1;
  if (n > gap) {
    *ret_sectors = node->spec->disk / GPT_SECTOR;
    if (*ret_sectors < job->size / GPT_SECTOR + n + 3 * ALIGN)
      return error_usage(err,
                         "the seed of %s has %llu KiB, and the image room for "
                         "%llu KiB: give it a larger disk by nodes.disk in the "
                         "spec, a few MiB more than the image has",
                         node->name, (unsigned long long)n / 2,
                         (unsigned long long)gap / 2);
    ret->first = (*ret_sectors - ALIGN - n) / ALIGN * ALIGN;
  }
  ret->last = ret->first + n - 1;
  return 0;
}

static int add_seed(const struct export_job *job, const struct plan_node *node,
                    int fd, const struct buf *seed, struct error *err) {
  uint8_t head[GPT_HEAD], tail[GPT_TAIL], id[SHA256_BYTES];
  struct gpt_part part = {.name = LABEL};
  uint64_t sectors, n = (seed->len + GPT_SECTOR - 1) / GPT_SECTOR;
  unsigned number;
  if (pread(fd, head, sizeof(head), 0) != sizeof(head))
    return error_set(err, errno, "cannot read the image");
  plan_derive(job->plan->spec, "seed partition", node->name, id);
  memcpy(part.id, id, sizeof(part.id));
  if (choose_place(job, node, head, n, &sectors, &part, err) < 0 ||
      gpt_add(head, tail, sectors, &part, &number, err) < 0)
    return -1;
  if (ftruncate(fd, (off_t)(sectors * GPT_SECTOR)) < 0)
    return error_set(err, errno, "cannot enlarge the disk");
  return put_at(fd, seed->data, seed->len, part.first, err) < 0 ||
                 put_at(fd, tail, sizeof(tail), sectors - GPT_TAIL / GPT_SECTOR,
                        err) < 0 ||
                 put_at(fd, head, sizeof(head), 0, err) < 0
             ? -1
             : 0;
}

static int write_disk(const struct export_job *job, size_t i,
                      struct error *err) {
  const struct plan_node *node = export_node(job, i);
  _cleanup_buf_ struct buf seed = {0};
  _cleanup_place_ struct place p = PLACE_NONE;
  _cleanup_free_ char *path = export_path(job, "%s.img", node->name);
  _cleanup_free_ char *what = xasprintf("writing %s.img", node->name);
  if (export_seed_read(job, i, &seed, err) < 0 ||
      place_begin(path, &p, err) < 0 ||
      convert_image(job->log, job->image, "raw", NULL, p.tmp, what, err) < 0 ||
      add_seed(job, node, p.fd, &seed, err) < 0)
    return -1;
  return place_commit(&p, 0600, err);
}

static int write_files(const struct export_job *job, struct error *err) {
  for (size_t i = 0; i < job->n_nodes; i++)
    if (write_disk(job, i, err) < 0)
      return error_prefix(err, "%s", export_node(job, i)->name);
  return 0;
}

static void tell(const struct export_job *job) {
  log_info(job->log, "written to a machine's disk, byte by byte, each makes it "
                     "that node; it is a secret as the seed is");
}

const struct export_format export_disk = {
    .name = "disk",
    .what = "for each node a raw disk with its seed in a partition",
    .of_nodes = true,
    .real = true,
    .each = true,
    .require = plain_require,
    .files = files,
    .write = write_files,
    .tell = tell,
};
