/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cluster's CAs, made on the workstation: kubeadm keeps what it finds of
 * these and makes the leaf certificates. */
#include "part/part.h"
#include "spec/authorities.h"

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

/*
 * A CA whose key is elsewhere signs what is made beforehand, and nothing later.
 * A kubelet that joins by kubeadm gets its certificate from the cluster, whose
 * controller manager signs only with the CA's key (kubeadm's docs, "External CA
 * mode": the csrsigner is off, and no node joins by a token).
 */
static void check_elsewhere(const struct checking *c,
                            const struct yaml_node *at, enum authority a) {
  const struct spec *s = c->spec;
  if (s->pki.mode == PKI_COPIED)
    yaml_fault_key(c->err, at,
                   "with pki.mode copied the first node makes this one; "
                   "write pki.mode offline, or leave it out");
  else if (a != AUTHORITY_ETCD &&
           s->kubernetes.bootstrapper == BOOTSTRAPPER_KUBEADM)
    yaml_fault_key(c->err, at,
                   "a CA without its key: with the bootstrapper kubeadm nodes "
                   "get certificates from the cluster when they join, which "
                   "signs them with that key. Write `bootstrapper: "
                   "static-pods` under kubernetes, with which all are made and "
                   "signed before; or let the key that stays elsewhere sign a "
                   "CA for this cluster (an intermediate), and name that one's "
                   "certificate and key");
  else if (a == AUTHORITY_ETCD && s->etcd.mode == ETCD_STACKED)
    yaml_fault_key(
        c->err, at,
        "a CA without its key: kubeadm makes the certificates of a "
        "stacked etcd's members on their nodes, with that key. Write "
        "`etcd: {mode: founding}`, or name the key");
}

/* Both files, and of a key that is to be signed with. */
static void check_authorities(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *all =
      yaml_get(yaml_get(c->root, "pki"), "authorities");
  for (int a = 0; a < N_AUTHORITIES; a++) {
    const char *name = authority_name((enum authority)a);
    const struct spec_authority *own = &s->pki.authorities[a];
    const struct yaml_node *at = yaml_get(all, name);
    if (own->cert && !own->key)
      check_elsewhere(c, at, (enum authority)a);
    else if (own->key && !own->cert && authority_is_ca((enum authority)a))
      yaml_fault_key(c->err, at,
                     "a CA's key without its certificate; write cert as well");
    else if (own->key && a != AUTHORITY_SSH && s->pki.mode == PKI_COPIED)
      yaml_fault_key(c->err, at,
                     "with pki.mode copied the first node makes this one; "
                     "write pki.mode offline, or leave it out");
  }
}

static const struct spec_check checks[] = {
    {check_authorities,
     {"pki.authorities", "pki.mode", "kubernetes.bootstrapper", "etcd.mode"}},
    {0},
};

const struct part part_ca_keys = {
    .name = "ca-keys",
    .why = why,
    .checks = checks,
    .files = files,
};
