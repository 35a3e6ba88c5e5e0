/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines of libvirt: the image, seeds, and what they are in libvirt's XML;
 * with --apply they are made. */
#include "base/file.h"
#include "base/mem.h"
#include "base/quote.h"
#include "export/convert.h"
#include "export/format.h"
#include "export/libvirt-apply.h"
#include "export/libvirt-xml.h"
#include "export/plain.h"
#include "export/seeds.h"

static int require(const struct export_job *job, struct error *err) {
  if (convert_require(err) < 0)
    return -1;
  return job->uri ? libvirt_require(err) : 0;
}

static void files(const struct export_job *job, struct strv *ret) {
  if (!job->bridge)
    strv_push(ret, "network.xml");
  strv_push(ret, "image.qcow2");
  for (size_t i = 0; i < job->n_nodes; i++) {
    strv_pushf(ret, "%s.domain.xml", export_node(job, i)->name);
    strv_pushf(ret, "%s.iso", export_node(job, i)->name);
  }
}

static int check(const struct export_job *job, struct error *err) {
  return job->uri ? libvirt_check(job, err) : 0;
}

static int write_xml(const struct export_job *job, struct error *err) {
  enum libvirt_type type = LIBVIRT_KVM;
  _cleanup_buf_ struct buf network = {0};
  _cleanup_free_ char *path = export_path(job, "network.xml");
  libvirt_network_xml(job->plan, &network);
  if ((job->uri && libvirt_ask_type(job, &type, err) < 0) ||
      (!job->bridge &&
       file_write(path, network.data, network.len, 0644, err) < 0))
    return -1;
  for (size_t i = 0; i < job->n_nodes; i++) {
    const struct plan_node *n = export_node(job, i);
    _cleanup_buf_ struct buf domain = {0};
    _cleanup_free_ char *file = export_path(job, "%s.domain.xml", n->name);
    libvirt_domain_xml(job->plan, n, type, job->pool, job->bridge, &domain);
    if (file_write(file, domain.data, domain.len, 0644, err) < 0)
      return -1;
  }
  return 0;
}

static int write_files(const struct export_job *job, struct error *err) {
  if (write_xml(job, err) < 0 || plain_qcow2(job, err) < 0)
    return -1;
  for (size_t i = 0; i < job->n_nodes; i++)
    if (export_seed_put(job, i, err) < 0)
      return -1;
  return job->uri ? libvirt_apply(job, err) : 0;
}

static void tell(const struct export_job *job) {
  _cleanup_buf_ struct buf uri = {0};
  _cleanup_free_ char *name = libvirt_domain(job->plan, export_node(job, 0));
  if (!job->uri) {
    log_info(job->log,
             "`kubeseed export %s --to libvirt --apply URI --force` makes the "
             "machines, such as of qemu:///system",
             job->target);
    return;
  }
  quote_word(job->uri, &uri);
  log_info(job->log,
           "`virsh -c %s console %s` shows one; `virsh -c %s undefine %s "
           "--remove-all-storage` removes it, once it is off",
           uri.data, name, uri.data, name);
}

const struct export_format export_libvirt = {
    .name = "libvirt",
    .what = "a qcow2, seeds, domains and their network as XML",
    .of_nodes = true,
    .applies = true,
    .require = require,
    .files = files,
    .check = check,
    .write = write_files,
    .tell = tell,
};
