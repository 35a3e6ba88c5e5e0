/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network.flannel.store etcd: flannel keeps its settings and who has which pods
 * in the cluster's etcd, at /coreos.com/network, as it does by itself. Each
 * node's shows a certificate of its own there (flannel's
 * Documentation/configuration.md; by etcd's API of the third version).
 */
#include "part/part.h"
#include "spec/cni.h"

#define KEYS "/etc/kubeseed/flannel/"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->has_kubelet && cni_asks_etcd(p->spec)
             ? "network.flannel.store etcd: flannel asks it itself"
             : NULL;
}

static bool founds(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->founder;
}

static const struct part_file files[] = {
    {KEYS "ca.crt", "pki:etcd/ca.crt", 0644, ROOT, NULL},
    {KEYS "client.crt", "pki:node/flannel.crt", 0644, ROOT, NULL},
    {KEYS "client.key", "pki:node/flannel.key", 0600, ROOT, NULL},
    {KEYS "config.json", "user-data/flannel.json", 0644, ROOT, founds},
    {KEYS "endpoints", "user-data/flannel-endpoints", 0644, ROOT, founds},
    {LIB "steps-flannel.sh", "scripts/steps-flannel.sh", 0644, ROOT, founds},
    {0},
};

static const struct part_step steps[] = {{"flannel", founds}, {0}};

static void check_store(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *map = yaml_get(c->root, "network");
  const struct yaml_node *at = yaml_get(yaml_get(map, "flannel"), "store");
  if (s->network.flannel.store != FLANNEL_ETCD)
    return;
  if (s->network.cni == CNI_CANAL)
    yaml_fault(
        c->err, at,
        "canal's calico learns from the API server, and its flannel with "
        "it; write `store: api`");
  else if (s->network.cni == CNI_FLANNEL && spec_has_ipv6(s))
    yaml_fault(c->err, yaml_get(map, "ipv6"),
               "flannel gives pods addresses of IPv6 by the API server alone; "
               "write `store: api`, or leave out ipv6");
  else if (s->network.cni == CNI_FLANNEL && s->pki.mode != PKI_OFFLINE)
    yaml_fault(c->err, at,
               "every node has a certificate for etcd then, which the "
               "workstation makes: write `mode: offline` under pki, or "
               "`store: api`");
  else if (s->network.cni == CNI_FLANNEL)
    check_warn(c, at,
               "every node, workers too, can then read and write all that etcd "
               "holds, the cluster's secrets among it; `store: api` needs no "
               "such key");
}

static const struct spec_check checks[] = {
    {check_store, {"network", "pki.mode"}},
    {0},
};

const struct part part_flannel_etcd = {
    .name = "flannel-etcd",
    .why = why,
    .checks = checks,
    .files = files,
    .steps = steps,
};
