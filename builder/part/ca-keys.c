/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cluster's CAs, made on the workstation: kubeadm keeps what it finds of
 * these and makes the leaf certificates. */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE && plan_by_kubeadm(p) &&
                 p->spec->pki.mode == PKI_OFFLINE
             ? "pki.mode offline: kubeadm signs with CAs that were made before"
             : NULL;
}

static const struct part_file files[] = {
    {KUBE_PKI "ca.crt", "pki:ca.crt", 0644, ROOT, NULL},
    {KUBE_PKI "ca.key", "pki:ca.key", 0600, ROOT, NULL},
    {KUBE_PKI "front-proxy-ca.crt", "pki:front-proxy-ca.crt", 0644, ROOT, NULL},
    {KUBE_PKI "front-proxy-ca.key", "pki:front-proxy-ca.key", 0600, ROOT, NULL},
    {KUBE_PKI "sa.pub", "pki:sa.pub", 0644, ROOT, NULL},
    {KUBE_PKI "sa.key", "pki:sa.key", 0600, ROOT, NULL},
    {KUBE_PKI "etcd/ca.crt", "pki:etcd/ca.crt", 0644, ROOT, NULL},
    {0},
};

const struct part part_ca_keys = {
    .name = "ca-keys",
    .why = why,
    .files = files,
};
