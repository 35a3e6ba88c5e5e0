/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one node has of its own. */
#include "base/mem.h"
#include "format/crypto.h"
#include "pki/leaves.h"
#include "pki/making.h"
#include "pki/pki.h"
#include "spec/cni.h"
#include <string.h>

/* kubeadm's names for an etcd member, plus its full name. */
static int make_member(const struct making *m, const struct pki *pki,
                       const struct plan_node *node, struct error *err) {
  _cleanup_strv_ struct strv dns = {0};
  _cleanup_strv_ struct strv ips = {0};
  char address[NET_TEXT];
  strv_push_all(&dns, node->name, node->fqdn, "localhost", NULL);
  strv_push_all(&ips, ip_format(node->spec->address, address), "127.0.0.1",
                "::1", NULL);
  /* A member is also a client: of its peers, and of itself by the gateway. */
  const struct cert_profile profile = {.common_name = node->name,
                                       .server = true,
                                       .client = true,
                                       .dns = &dns,
                                       .ips = &ips};
  if (make_leaf(m, &PAIR_ETCD_SERVER, profile, pki->etcd_ca, pki->etcd_ca_key,
                err) < 0)
    return -1;
  return make_leaf(m, &PAIR_ETCD_PEER, profile, pki->etcd_ca, pki->etcd_ca_key,
                   err);
}

/* An API server's as kubeadm has it, and flannel's. */
static int make_etcd_client(const struct making *m, const struct pki *pki,
                            const struct pair *pair, struct error *err) {
  _cleanup_strv_ struct strv groups = {0};
  bool flannel = pair == &PAIR_FLANNEL;
  if (!flannel)
    strv_push(&groups, "system:masters");
  const struct cert_profile profile = {
      .common_name = flannel ? "flannel" : "kube-apiserver-etcd-client",
      .organizations = &groups,
      .client = true};
  return make_leaf(m, pair, profile, pki->etcd_ca, pki->etcd_ca_key, err);
}

static int make_leaf_of(const struct making *m, const struct pki *pki,
                        const struct plan_node *node, const struct leaf *leaf,
                        struct error *err) {
  _cleanup_leaf_names_ struct leaf_names names;
  leaf_names(leaf, m->plan, node, &names);
  const struct cert_profile profile = {.common_name = names.common_name,
                                       .organizations = &names.groups,
                                       .server = leaf->server,
                                       .client = leaf->client,
                                       .dns = &names.dns,
                                       .ips = &names.ips};
  bool front = leaf->ca == &PAIR_FRONT_PROXY;
  return make_leaf(
      m, leaf->pair, profile, front ? pki->front_proxy_ca : pki->kubernetes_ca,
      front ? pki->front_proxy_ca_key : pki->kubernetes_ca_key, err);
}

/* What kubeadm and the kubelet would make on the node. */
static int make_leaves(const struct making *m, const struct pki *pki,
                       const struct plan_node *node, struct error *err) {
  if (!leaf_wanted(&pki_leaves[0], m->plan, node))
    return 0;
  for (const struct leaf *l = pki_leaves; l->pair; l++)
    if (leaf_wanted(l, m->plan, node) && make_leaf_of(m, pki, node, l, err) < 0)
      return -1;
  if (!entry_find(m->out, PAIR_KUBELET.public))
    return 0; /* it is not signed yet */
  /* As the kubelet keeps its own: both in one file. */
  struct buf pem = {0};
  const char *const halves[] = {PAIR_KUBELET.secret, PAIR_KUBELET.public};
  for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
    const struct buf *half = &entry_find(m->out, halves[i])->data;
    buf_add(&pem, half->data, half->len);
  }
  entry_add(m->out, "node/kubelet.pem", true)->data = pem;
  return 0;
}

/* The node's SSH key for a purpose, derived as pki.h tells. */
static int derive_ssh_key(const struct pki *pki, const struct making *m,
                          const char *purpose, const struct plan_node *node,
                          struct ssh_key *ret, struct error *err) {
  uint8_t seed[ED25519_KEY];
  _cleanup_free_ char *info = xasprintf("kubeseed ssh %s key %s/%s", purpose,
                                        m->plan->spec->name, node->name);
  if (hkdf_sha256(pki->ssh_host_secret, sizeof(pki->ssh_host_secret), info,
                  strlen(info), seed, sizeof(seed), err) < 0)
    return -1;
  int r = sshkey_from_seed(seed, ret, err);
  explicit_bzero(seed, sizeof(seed));
  return r;
}

static int make_host_cert(const struct making *m, const struct pki *pki,
                          const struct plan_node *node,
                          const struct ssh_key *key, struct error *err) {
  _cleanup_strv_ struct strv names = {0};
  char address[NET_TEXT];
  strv_push_all(&names, node->name, node->fqdn,
                ip_format(node->spec->address, address), NULL);
  _cleanup_free_ char *id = xasprintf("%s/%s", m->plan->spec->name, node->name);
  const struct ssh_cert cert = {.host = true,
                                .key_id = id,
                                .principals = &names,
                                .valid_before = SSH_FOREVER};
  struct pki_entry *e =
      entry_add(m->out, "node/ssh_host_ed25519_key-cert.pub", false);
  return sshkey_certify(&cert, key->public, &pki->ssh_ca, &e->data, err);
}

static int make_host_key(const struct making *m, const struct pki *pki,
                         const struct plan_node *node, struct error *err) {
  _cleanup_ssh_key_ struct ssh_key key = {0};
  if (derive_ssh_key(pki, m, "host", node, &key, err) < 0)
    return -1;
  struct pki_entry *e = entry_add(m->out, "node/ssh_host_ed25519_key", true);
  sshkey_private(&key, node->name, &e->data);
  e = entry_add(m->out, "node/ssh_host_ed25519_key.pub", false);
  sshkey_public_line(key.public, node->name, &e->data);
  return make_host_cert(m, pki, node, &key, err);
}

/*
 * With pki.mode copied a control-plane node hands the CAs to the others: it may
 * log in to them as root, and there do nothing but that.
 */
static int make_copy_key(const struct making *m, const struct pki *pki,
                         const struct plan_node *node, struct error *err) {
  _cleanup_ssh_key_ struct ssh_key key = {0};
  _cleanup_strv_ struct strv logins = {0};
  if (derive_ssh_key(pki, m, "copy", node, &key, err) < 0)
    return -1;
  sshkey_private(&key, node->name,
                 &entry_add(m->out, "node/copy_key", true)->data);
  _cleanup_free_ char *id =
      xasprintf("%s/%s copies certificates", m->plan->spec->name, node->name);
  strv_push(&logins, "root");
  const struct ssh_cert cert = {.key_id = id,
                                .principals = &logins,
                                .valid_before = SSH_FOREVER,
                                .force_command =
                                    "/usr/lib/kubeseed/receive-certificates"};
  struct pki_entry *e = entry_add(m->out, "node/copy_key-cert.pub", false);
  return sshkey_certify(&cert, key.public, &pki->ssh_ca, &e->data, err);
}

bool pki_node_wants(const struct plan *plan, const struct plan_node *node,
                    const struct pair *pair) {
  if (plan->spec->pki.mode != PKI_OFFLINE)
    return false;
  for (const struct leaf *l = pki_leaves; l->pair; l++)
    if (l->pair == pair)
      return leaf_wanted(l, plan, node);
  /* Of a stacked etcd kubeadm makes the client certificate itself. */
  if (pair == &PAIR_ETCD_CLIENT)
    return node->spec->role == ROLE_CONTROL_PLANE &&
           plan->spec->etcd.mode != ETCD_STACKED;
  if (pair == &PAIR_FLANNEL)
    return node->has_kubelet && cni_asks_etcd(plan->spec);
  return node->runs_etcd;
}

int pki_node_make(const struct pki *pki, const struct plan *plan,
                  const struct plan_node *node, const struct pki_node *old,
                  time_t now, struct pki_node *ret, struct error *err) {
  static const struct pki_entry_vec none;
  _cleanup_pki_node_ struct pki_node n = {0};
  const struct making m = {.plan = plan,
                           .old = old ? &old->entries : &none,
                           .dir = old ? old->dir : NULL,
                           .now = now,
                           .out = &n.entries,
                           .node = node->name,
                           .requests = &n.requests,
                           .made = &n.made};
  if (pki_node_wants(plan, node, &PAIR_ETCD_SERVER) &&
      make_member(&m, pki, node, err) < 0)
    return -1;
  if (pki_node_wants(plan, node, &PAIR_ETCD_CLIENT) &&
      make_etcd_client(&m, pki, &PAIR_ETCD_CLIENT, err) < 0)
    return -1;
  if (pki_node_wants(plan, node, &PAIR_FLANNEL) &&
      make_etcd_client(&m, pki, &PAIR_FLANNEL, err) < 0)
    return -1;
  if (make_leaves(&m, pki, node, err) < 0)
    return -1;
  if (make_host_key(&m, pki, node, err) < 0)
    return -1;
  if (plan->spec->pki.mode == PKI_COPIED &&
      node->spec->role == ROLE_CONTROL_PLANE &&
      make_copy_key(&m, pki, node, err) < 0)
    return -1;
  *ret = n;
  n = (struct pki_node){0};
  return 0;
}
