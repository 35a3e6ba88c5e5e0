/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cluster's keys: which exist, which CA signs what, and reuse of those
 * that an earlier run made. pki_make and pki_node_make are pure but for the
 * random numbers in new keys: time and old keys are handed in, and what is
 * still good is kept byte for byte. store.h does the files.
 *
 * Entries of the whole cluster, named as their files below NAME.cluster/pki/:
 *
 *   ca.crt ca.key                   Kubernetes CA, CN kubernetes
 *   etcd/ca.crt etcd/ca.key         etcd CA, CN etcd-ca
 *   front-proxy-ca.crt .key         front-proxy CA, CN front-proxy-ca
 *   sa.pub sa.key                   service-account token signing pair
 *   admin.crt admin.key             CN kubernetes-admin, signed by ca
 *   token                           bootstrap token, abcdef.0123456789abcdef
 *   vrrp.secret stats.secret        keepalived's and haproxy's pass words
 *   corosync.secret                 corosync's key; only with pacemaker
 *   ssh-user/id_ed25519 (.pub)      logs the workstation in to the nodes
 *   ssh-ca/ca (.pub)                signs SSH host (and user) certificates
 *   ssh-host.secret                 the nodes' SSH host keys come from it
 *   encryption.secret               spec/encryption.h; only if the spec says so
 *   tokens.secret                   spec/tokens.h; only if the spec says so
 *   tokens.csv                      the same for API servers; computed, no file
 *   ca.hash                         caCertHashes of ca.crt; computed, no file
 *
 * The first five lines and ca.hash are absent with pki.mode "copied": there
 * the first node makes them, and they never exist on the workstation. A CA's
 * key is absent where it is elsewhere (request.h); a leaf that is not signed
 * yet has a key and no certificate, and is among the requests.
 *
 * Entries of one node; * kept as files below NAME.cluster/pki/nodes/NODE/:
 *
 *   node/etcd-server.crt .key    *  members of a founding or external etcd
 *   node/etcd-peer.crt .key      *  the same
 *   node/apiserver-etcd-client.crt .key  *  control plane, etcd not stacked
 *   node/flannel.crt .key        *  where flannel asks etcd itself
 *   node/NAME.crt .key           *  those of leaves.h: nodes without kubeadm
 *   node/kubelet.pem                the kubelet's certificate and key; computed
 *   node/ssh_host_ed25519_key (.pub, -cert.pub)   every node
 *   node/copy_key (-cert.pub)       control plane with pki.mode copied
 *
 * SSH keys of nodes are not stored. A node's is HKDF-SHA256 (RFC 5869) of
 * ssh-host.secret with info "kubeseed ssh host key CLUSTER/NODE" (or "copy
 * key"), so a thousand
 * nodes need no state, and the same state gives the same bytes. Its
 * certificate has no end, as a known_hosts line has none, for the same reason.
 *
 * Names, subjects, usages and alternative names are kubeadm's:
 * kubernetes.io/docs/setup/best-practices/certificates and kubeadm's
 * app/phases/certs/certlist.go.
 */
#pragma once

#include "format/sshkey.h"
#include "format/x509.h"
#include "pki/entry.h"
#include "pki/life.h"
#include "pki/request.h"
#include "plan/plan.h"
#include <time.h>

struct pki {
  struct pki_entry_vec entries;
  struct strv mended; /* by pki_load: what an interrupted run left */
  char *dir;          /* whence pki_load read them; NULL: made */
  struct pki_request_vec requests; /* by pki_make: the administrator's */

  /* Parsed once, so that a thousand nodes need not; pki.c's own. NULL or
   * empty after pki_load. */
  struct cert *etcd_ca;
  struct key *etcd_ca_key;
  struct cert *kubernetes_ca, *front_proxy_ca; /* where nodes need them */
  /* NULL for one that is elsewhere as well. */
  struct key *kubernetes_ca_key, *front_proxy_ca_key;
  struct ssh_ca ssh_ca;
  uint8_t ssh_host_secret[32];
};

struct pki_node {
  struct pki_entry_vec entries;
  time_t made;        /* its newest certificate; 0 when it has none */
  struct strv mended; /* by pki_node_load */
  char *dir;          /* whence it read them; NULL: made */
  struct pki_request_vec requests; /* by pki_node_make */
};

/*
 * All of the cluster's entries that the plan asks for: those of old (from
 * pki_load, or NULL) and new ones for what is missing; of a pair with only its
 * private half the other half is made for that. admin.crt is also made
 * anew when it no longer fits its CA or the Kubernetes version or ends within
 * PKI_RENEW_DAYS. A CA that has ended is an error, and so is a certificate that
 * begins after now, and an offline cluster of which all CAs are gone. Keys of
 * the spec's own (pki.authorities) are taken as old ones, if those that are
 * there are not others. A usage error: they are, or pki.mode or pki.algorithm
 * is not what the old CAs were made with, or kubernetes.encryptionAtRest not
 * what the old keys are for.
 */
int pki_make(const struct plan *plan, const struct pki *old, time_t now,
             struct pki *ret, struct error *err) _must_check_;

/*
 * When a seed that is made now from keys of created counts as made, which is
 * the time that its node's clock must be near. It moves on when the first
 * certificates would be renewed, so that seeds do not change with each day.
 */
time_t pki_seed_time(const struct plan *plan, time_t created, time_t now);

void pki_done(struct pki *pki);

/*
 * All of a node's entries: those of old (from pki_node_load, or NULL) that
 * still fit the CA and the node's names and addresses and do not end within
 * PKI_RENEW_DAYS or long after one that is made now would, and new ones for the
 * rest. May run in several threads with
 * the same pki.
 */
int pki_node_make(const struct pki *pki, const struct plan *plan,
                  const struct plan_node *node, const struct pki_node *old,
                  time_t now, struct pki_node *ret,
                  struct error *err) _must_check_;

/* Whether the node has this one of pairs_of_node. */
bool pki_node_wants(const struct plan *plan, const struct plan_node *node,
                    const struct pair *pair);

void pki_node_done(struct pki_node *n);

/* The entry of that name, or NULL. Borrowed. */
const struct pki_entry *pki_get(const struct pki *pki, const char *name);
const struct pki_entry *pki_node_get(const struct pki_node *n,
                                     const char *name);

#define _cleanup_pki_ _cleanup_(pki_done)
#define _cleanup_pki_node_ _cleanup_(pki_node_done)
