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
#include "export/wires.h"
#include <string.h>

/* ---- Where they are made ---- */

/* Where a node's machine is made, or NULL. */
static const char *uri_of(const struct export_job *job, size_t i) {
  return job->spread ? export_node(job, i)->spec->libvirt : job->uri;
}

/* Calls what for each libvirt, with those of the machines that are made there.
 */
static int at_each(const struct export_job *job,
                   int (*what)(const struct export_job *, struct error *),
                   struct error *err) {
  _cleanup_free_ size_t *nodes = xcalloc(job->n_nodes, sizeof(*nodes));
  _cleanup_free_ bool *done = xcalloc(job->n_nodes, sizeof(*done));
  for (size_t i = 0; i < job->n_nodes; i++) {
    struct export_job there = *job;
    there.uri = uri_of(job, i);
    there.nodes = nodes;
    there.n_nodes = 0;
    for (size_t k = i; k < job->n_nodes && !done[i]; k++)
      if (strcmp(uri_of(job, k), there.uri) == 0)
        nodes[there.n_nodes++] = job->nodes[k];
    if (there.n_nodes > 0 && what(&there, err) < 0)
      return -1;
    for (size_t k = i; k < job->n_nodes; k++)
      done[k] |= strcmp(uri_of(job, k), there.uri) == 0;
  }
  return 0;
}

/* Of one network on a host of its own nobody on another one is. */
static int check_spread(const struct export_job *job, struct error *err) {
  for (size_t i = 0; i < job->n_nodes; i++)
    if (!uri_of(job, i))
      return error_usage(err,
                         "--apply spec: the spec does not say where %s is to "
                         "be made; write nodes.libvirt there",
                         export_node(job, i)->name);
  for (size_t i = 1; i < job->n_nodes && !job->bridge; i++)
    if (strcmp(uri_of(job, i), uri_of(job, 0)) != 0)
      return error_usage(err,
                         "%s and %s are made on different hosts, and a "
                         "network of libvirt does not leave its host; --bridge "
                         "names a bridge, on each of them, that leads to the "
                         "others",
                         export_node(job, 0)->name, export_node(job, i)->name);
  return 0;
}

static bool applies(const struct export_job *job) {
  return job->uri || job->spread;
}

static int require(const struct export_job *job, struct error *err) {
  if ((job->spread && check_spread(job, err) < 0) ||
      wires_check(job, err) < 0 || convert_require(err) < 0)
    return -1;
  return applies(job) ? libvirt_require(err) : 0;
}

/* ---- Its files ---- */

static void files(const struct export_job *job, struct strv *ret) {
  for (size_t wire = 0; !job->bridge && wire < wires_count(job); wire++) {
    _cleanup_free_ char *name = libvirt_network_file(wire);
    strv_push(ret, name);
  }
  strv_push(ret, "image.qcow2");
  for (size_t i = 0; i < job->n_nodes; i++) {
    strv_pushf(ret, "%s.domain.xml", export_node(job, i)->name);
    strv_pushf(ret, "%s.iso", export_node(job, i)->name);
  }
}

static int check(const struct export_job *job, struct error *err) {
  return applies(job) ? at_each(job, libvirt_check, err) : 0;
}

static int write_networks(const struct export_job *job, struct error *err) {
  for (size_t wire = 0; !job->bridge && wire < wires_count(job); wire++) {
    _cleanup_buf_ struct buf network = {0};
    _cleanup_free_ char *name = libvirt_network_file(wire);
    _cleanup_free_ char *path = export_path(job, "%s", name);
    libvirt_network_xml(job->plan, wire, &network);
    if (file_write(path, network.data, network.len, 0644, err) < 0)
      return -1;
  }
  return 0;
}

/* Of machines that are made at one libvirt, or nowhere yet. */
static int write_xml(const struct export_job *job, struct error *err) {
  enum libvirt_type type = LIBVIRT_KVM;
  if ((job->uri && libvirt_ask_type(job, &type, err) < 0) ||
      write_networks(job, err) < 0)
    return -1;
  for (size_t i = 0; i < job->n_nodes; i++) {
    const struct plan_node *n = export_node(job, i);
    if (libvirt_write_domain(job, n, type, NULL, NULL, err) < 0)
      return -1;
  }
  return 0;
}

static int write_files(const struct export_job *job, struct error *err) {
  if ((applies(job) ? at_each(job, write_xml, err) : write_xml(job, err)) < 0 ||
      plain_qcow2(job, err) < 0)
    return -1;
  for (size_t i = 0; i < job->n_nodes; i++)
    if (export_seed_put(job, i, err) < 0)
      return -1;
  return applies(job) ? at_each(job, libvirt_apply, err) : 0;
}

static void tell(const struct export_job *job) {
  wires_tell(job);
  _cleanup_buf_ struct buf uri = {0};
  _cleanup_free_ char *name = libvirt_domain(job->plan, export_node(job, 0));
  if (!applies(job)) {
    log_info(job->log,
             "`kubeseed export %s --to libvirt --apply URI --force` makes the "
             "machines, such as of qemu:///system",
             job->target);
    return;
  }
  quote_word(uri_of(job, 0), &uri);
  log_info(job->log,
           "`virsh -c %s console %s` shows one; `virsh -c %s undefine %s "
           "--remove-all-storage%s` removes it, once it is off",
           uri.data, name, uri.data, name, job->uefi ? " --nvram" : "");
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
