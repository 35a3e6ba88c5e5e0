/* SPDX-License-Identifier: GPL-3.0-or-later */
/* etcd.mode founding and external: a member as a unit of systemd, from a
 * membership that every member knows beforehand. */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (!n->runs_etcd)
    return NULL;
  if (p->spec->etcd.mode != ETCD_EXTERNAL)
    return "member of the founding etcd";
  return n->spec->etcd == MEMBER_TOO
             ? "etcd: member of the external etcd beside its role"
             : "member of the external etcd";
}

static const struct part_file files[] = {
    {ETCD_PKI "ca.crt", "pki:etcd/ca.crt", 0644, ETCD, NULL},
    {ETCD_PKI "server.crt", "pki:node/etcd-server.crt", 0644, ETCD, NULL},
    {ETCD_PKI "server.key", "pki:node/etcd-server.key", 0600, ETCD, NULL},
    {ETCD_PKI "peer.crt", "pki:node/etcd-peer.crt", 0644, ETCD, NULL},
    {ETCD_PKI "peer.key", "pki:node/etcd-peer.key", 0600, ETCD, NULL},
    {"/etc/default/etcd", "user-data/etcd.default", 0644, ROOT, NULL},
    {"/etc/systemd/system/etcd.service.d/kubeseed.conf",
     "user-data/etcd-start.conf", 0644, ROOT, NULL},
    {0},
};

static const char *const units[] = {"etcd.service", NULL};

static const struct part_step steps[] = {{"etcd", NULL}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_set(s, "etcd_initial_cluster",
            p->etcd_initial_cluster ? p->etcd_initial_cluster : "");
  scope_set(s, "etcd_token", p->etcd_token);
}

const struct part part_etcd_unit = {
    .name = "etcd-unit",
    .why = why,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
};
