/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines of VirtualBox: their disk, their seeds, and a script that makes and
 * removes them. They have a SATA disk and Intel's e1000. */
#include "export/virtualbox.h"

#include "base/embedded.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/quote.h"
#include "export/convert.h"
#include "export/place.h"
#include "export/plain.h"
#include "export/seeds.h"
#include "export/wires.h"

#define SCRIPT "virtualbox.sh"
#define BODY "images/virtualbox/machines.sh"
#define DISK "image.vdi"

/* That of the first node; the others' follow. */
#define SSH_PORT 2201
#define MIB ((uint64_t)1 << 20)

/* ---- The script ---- */

static void put_text(struct buf *out, const char *name, const char *value) {
  buf_addf(out, "%s=", name);
  quote_sh(value, out);
  buf_adds(out, "\n");
}

static void put_mib(struct buf *out, const char *name, uint64_t bytes) {
  buf_addf(out, "%s=%llu\n", name,
           (unsigned long long)((bytes + MIB - 1) / MIB));
}

/* Of each the wire and the address, "0:0200000A0B0C". */
static void put_cards(const struct plan_interface_vec *v, struct buf *out) {
  const char *between = "";
  buf_adds(out, "    cards='");
  for (size_t i = 0; i < v->n; i++) {
    const uint8_t *m = v->v[i].mac.b;
    if (!plan_interface_made(&v->v[i]))
      continue;
    buf_addf(out, "%s%zu:%02X%02X%02X%02X%02X%02X", between,
             plan_interface_wire(v, i), m[0], m[1], m[2], m[3], m[4], m[5]);
    between = " ";
  }
  buf_adds(out, "'\n");
}

/* A port's number is the node's in the plan, whichever nodes are chosen. */
static void put_node(const struct plan_node *n, struct buf *out) {
  char text[NET_TEXT];
  const struct plan_interface *card = plan_cluster_interface(n);
  buf_adds(out, "  ");
  quote_sh(n->name, out);
  buf_addf(out, ")\n    address=%s\n", ip_format(card->address, text));
  put_cards(&n->interfaces, out);
  buf_addf(out, "    cpus=%d\n    ", n->spec->cpus);
  put_mib(out, "memory_mib", n->spec->memory);
  buf_adds(out, "    ");
  put_mib(out, "disk_mib", n->spec->disk);
  buf_addf(out, "    ssh_port=%zu\n    ;;\n", SSH_PORT + n->index);
}

/* An API behind an address of another network is not for us to reach. */
static void put_endpoint(const struct spec *s, struct buf *out) {
  char text[NET_TEXT] = "";
  if (cidr_has(&s->network.subnet, s->endpoint.address))
    ip_format(s->endpoint.address, text);
  put_text(out, "endpoint", text);
  buf_addf(out, "port=%d\n", s->endpoint.port);
}

void virtualbox_script(const struct export_job *job, struct buf *out) {
  const struct spec *s = job->plan->spec;
  const struct embedded *body = embedded_find(BODY);
  _cleanup_buf_ struct buf names = {0};
  char text[NET_TEXT];
  buf_adds(out, "#!/bin/sh\n# Made by kubeseed export --to virtualbox.\n");
  put_text(out, "cluster", s->name);
  put_text(out, "subnet", cidr_format(&s->network.subnet, text));
  put_endpoint(s, out);
  put_text(out, "user", s->users.v[0].name);
  put_mib(out, "image_mib", job->size);
  for (size_t i = 0; i < job->n_nodes; i++)
    buf_addf(&names, "%s%s", i ? " " : "", export_node(job, i)->name);
  put_text(out, "nodes", names.data);
  buf_adds(out, "node() {\n  case $1 in\n");
  for (size_t i = 0; i < job->n_nodes; i++)
    put_node(export_node(job, i), out);
  buf_adds(out, "  esac\n}\n\n");
  buf_add(out, body->data, body->len);
}

/* ---- The format ---- */

static int require(const struct export_job *job, struct error *err) {
  return wires_check(job, err) < 0 ? -1 : plain_require(job, err);
}

static void files(const struct export_job *job, struct strv *ret) {
  strv_push_all(ret, SCRIPT, DISK, NULL);
  for (size_t i = 0; i < job->n_nodes; i++)
    strv_pushf(ret, "%s.iso", export_node(job, i)->name);
}

static int write_disk(const struct export_job *job, struct error *err) {
  _cleanup_place_ struct place p = PLACE_NONE;
  _cleanup_free_ char *path = export_path(job, DISK);
  if (place_begin(path, &p, err) < 0 ||
      convert_image(job->log, job->image, "vdi", NULL, p.tmp, "writing " DISK,
                    err) < 0)
    return -1;
  return place_commit(&p, 0644, err);
}

/* The script last: with it all is there. */
static int write_files(const struct export_job *job, struct error *err) {
  _cleanup_buf_ struct buf script = {0};
  _cleanup_free_ char *path = export_path(job, SCRIPT);
  if (write_disk(job, err) < 0)
    return -1;
  for (size_t i = 0; i < job->n_nodes; i++)
    if (export_seed_put(job, i, err) < 0)
      return -1;
  virtualbox_script(job, &script);
  return file_write(path, script.data, script.len, 0755, err);
}

static void tell(const struct export_job *job) {
  char has[NET_TEXT], wants[NET_TEXT];
  const struct spec *s = job->plan->spec;
  struct ip gateway = cidr_host(&s->network.subnet, 1);
  _cleanup_buf_ struct buf word = {0};
  _cleanup_free_ char *path = export_path(job, SCRIPT);
  quote_word(path, &word);
  log_info(job->log, "`sh %s start` makes the machines and switches them on",
           word.data);
  wires_tell(job);
  if (ip_is_set(s->network.gateway) && !ip_equal(gateway, s->network.gateway))
    log_warn(job->log,
             "VirtualBox's NAT network has the gateway %s, the spec %s: the "
             "nodes reach each other, but nothing outside",
             ip_format(gateway, has), ip_format(s->network.gateway, wants));
}

const struct export_format export_virtualbox = {
    .name = "virtualbox",
    .what = "a VDI, seeds, and a script that makes the machines",
    .of_nodes = true,
    .real = true,
    .require = require,
    .files = files,
    .write = write_files,
    .tell = tell,
};
