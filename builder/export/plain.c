/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The image alone, as qemu-img writes it: one disk that every machine boots,
 * without a secret. */
#include "export/plain.h"
#include "export/convert.h"
#include "export/format.h"
#include "export/place.h"

#include "base/mem.h"

static int copy(const struct export_job *job, const struct place *p,
                struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  const struct process cp = {.argv = &argv, .package = "coreutils"};
  strv_push_all(&argv, "cp", "--reflink=auto", "--", job->image, p->tmp, NULL);
  return convert_run(job->log, &cp, p->tmp, "copying the image", err);
}

static int write_as(const struct export_job *job, const char *name,
                    const char *format, const char *options,
                    struct error *err) {
  _cleanup_place_ struct place p = PLACE_NONE;
  _cleanup_free_ char *path = export_path(job, "%s", name);
  _cleanup_free_ char *what = xasprintf("writing %s", name);
  if (place_begin(path, &p, err) < 0 ||
      (format ? convert_image(job->log, job->image, format, options, p.tmp,
                              what, err)
              : copy(job, &p, err)) < 0)
    return -1;
  return place_commit(&p, 0644, err);
}

int plain_require(const struct export_job *job, struct error *err) {
  (void)job;
  return convert_require(err);
}

void plain_tell(const struct export_job *job) {
  log_info(job->log,
           "each machine gets a disk of it and its own seed, which `kubeseed "
           "seed %s` makes",
           job->target);
}

/* ---- raw ---- */

static void raw_files(const struct export_job *job, struct strv *ret) {
  (void)job;
  strv_push(ret, "image.raw");
}

static int raw_write(const struct export_job *job, struct error *err) {
  return write_as(job, "image.raw", "raw", NULL, err);
}

const struct export_format export_raw = {
    .name = "raw",
    .what = "the image, byte by byte as on a disk",
    .require = plain_require,
    .files = raw_files,
    .write = raw_write,
    .tell = plain_tell,
};

/* ---- qcow2 ---- */

static void qcow2_files(const struct export_job *job, struct strv *ret) {
  (void)job;
  strv_push(ret, "image.qcow2");
}

/* The image is one already, and a copy has the digest that its manifest tells,
 * unless it lies on another one. */
int plain_qcow2(const struct export_job *job, struct error *err) {
  return write_as(job, "image.qcow2", job->flat ? NULL : "qcow2", NULL, err);
}

const struct export_format export_qcow2 = {
    .name = "qcow2",
    .what = "the image for QEMU, libvirt, Proxmox VE",
    .require = plain_require,
    .files = qcow2_files,
    .write = plain_qcow2,
    .tell = plain_tell,
};

/* ---- VDI ---- */

static void vdi_files(const struct export_job *job, struct strv *ret) {
  (void)job;
  strv_push(ret, "image.vdi");
}

static int vdi_write(const struct export_job *job, struct error *err) {
  return write_as(job, "image.vdi", "vdi", NULL, err);
}

const struct export_format export_vdi = {
    .name = "vdi",
    .what = "the image for VirtualBox",
    .require = plain_require,
    .files = vdi_files,
    .write = vdi_write,
    .tell = plain_tell,
};

/* ---- VMDK ---- */

static void vmdk_files(const struct export_job *job, struct strv *ret) {
  (void)job;
  strv_push(ret, "image.vmdk");
}

static int vmdk_write(const struct export_job *job, struct error *err) {
  return write_as(job, "image.vmdk", "vmdk", VMDK_STREAM, err);
}

const struct export_format export_vmdk = {
    .name = "vmdk",
    .what = "the image for VMware (streamOptimized)",
    .require = plain_require,
    .files = vmdk_files,
    .write = vmdk_write,
    .tell = plain_tell,
};
