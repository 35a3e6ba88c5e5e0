/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A part is one thing that a node can have: etcd, a load balancer, the keys of
 * the CAs. All that the program knows of it stands in one file, which ends with
 * a const struct part; README.md tells how to write one. Everything here is
 * pure: spec, plan and facts in, plain data out.
 */
#pragma once

#include "base/buf.h"
#include "format/template.h"
#include "plan/plan.h"
#include "spec/check.h"
#include <time.h>

/* Owners and folders of files. */
#define ROOT "root:root"
#define ETCD "etcd:etcd"
#define LIB "/usr/lib/kubeseed/"
#define KUBE_PKI "/etc/kubernetes/pki/"
#define ETCD_PKI "/etc/etcd/pki/"
/* Pods and units as the seed has them (scripts/steps-no-kubeadm.sh). */
#define PROCESSES "/etc/kubeseed/processes/"

struct judge;

/* A condition on a node that has the part; NULL in a table means always. */
typedef bool part_when(const struct plan *p, const struct plan_node *n);

/* A file of the node's seed; see struct plan_file for the sources. */
struct part_file {
  const char *path;
  const char *source;
  unsigned mode;
  const char *owner;
  part_when *when;
};

/* A step of its first boot: step_NAME in scripts/steps-*.sh. Which comes when
 * is decided in one place for all parts, parts.c. */
struct part_step {
  const char *name;
  part_when *when;
};

/* What values are made from. */
struct part_input {
  const struct plan *plan;
  time_t created;      /* when the seeds count as made */
  const char *earlier; /* lists of members of earlier seeds; NULL: none */
  /* The text of one of the cluster's keys or secrets (pki.h has the names),
   * borrowed; "" where there is none. */
  const char *(*key)(const void *keys, const char *name);
  const void *keys;
};

static inline const char *part_key(const struct part_input *in,
                                   const char *name) {
  return in->key(in->keys, name);
}

struct part {
  const char *name; /* as `kubeseed plan` shows it */

  /* Why this node has the part, in a few words; NULL: it has not. */
  const char *(*why)(const struct plan *p, const struct plan_node *n);

  /* All of what follows may be NULL. */

  /* What must fit together in a spec that asks for it, and what else it should
   * be told; run for every spec. Ends with a check of NULL. */
  const struct spec_check *checks;

  /* more_files adds, behind files, those of which not every node has the same.
   */
  const struct part_file *files; /* ends with a path of NULL */
  void (*more_files)(const struct plan_node *n, struct plan_file_vec *ret);
  /* systemd's, enabled; ends with NULL. more_units adds, behind them, those
   * that not every node with the part has. */
  const char *const *units;
  void (*more_units)(const struct plan_node *n, struct strv *ret);
  const struct part_step *steps; /* ends with a name of NULL */

  /* What its templates need. values is called once for each cluster, whoever
   * has the part, for what is the same on all nodes; node_values for every
   * node, and sets only what differs: with ten thousand workers it must not
   * walk over plan->nodes. */
  void (*values)(const struct part_input *in, struct scope *cluster);
  void (*node_values)(const struct plan *p, const struct plan_node *n,
                      struct scope *node);

  /* What `verify` must tell a node before it asks: lines that set variables of
   * scripts/verify-node (ask.h), for every node. in has the one key that a
   * question needs, and no created. */
  void (*ask)(const struct part_input *in, const struct plan_node *n,
              struct buf *head);

  /* What it makes of the answers: adds checks to a judge (judge.h), once for
   * each cluster, and none when it does not apply. */
  void (*verify)(struct judge *j);
};

/* Every part, in the order in which a seed has their files. */
#define PART_LIST(PART)                                                        \
  PART(network)                                                                \
  PART(node)                                                                   \
  PART(kubelet)                                                                \
  PART(copied_receive)                                                         \
  PART(kubeadm_init)                                                           \
  PART(kubeadm_join)                                                           \
  PART(control_plane)                                                          \
  PART(ca_keys)                                                                \
  PART(copied_hand)                                                            \
  PART(etcd_client)                                                            \
  PART(etcd_stacked)                                                           \
  PART(etcd_unit)                                                              \
  PART(etcd)                                                                   \
  PART(haproxy)                                                                \
  PART(nginx)                                                                  \
  PART(keepalived)                                                             \
  PART(pacemaker)                                                              \
  PART(gateway)                                                                \
  PART(jump)                                                                   \
  PART(first_node)                                                             \
  PART(bridge)                                                                 \
  PART(extras)                                                                 \
  PART(time)                                                                   \
  PART(manifests)                                                              \
  PART(registries)                                                             \
  PART(renewal)                                                                \
  PART(encryption)                                                             \
  PART(kernel)                                                                 \
  PART(disks)                                                                  \
  PART(cloud)                                                                  \
  PART(patches)                                                                \
  PART(outward)                                                                \
  PART(kubelet_own)                                                            \
  PART(leaf_keys)                                                              \
  PART(no_kubeadm)                                                             \
  PART(static_pods)                                                            \
  PART(systemd)                                                                \
  PART(console)                                                                \
  PART(tokens)                                                                 \
  PART(vxlan)                                                                  \
  PART(cni)                                                                    \
  PART(volumes)                                                                \
  PART(addons)                                                                 \
  PART(serving)                                                                \
  PART(flannel_etcd)                                                           \
  PART(unregistered)                                                           \
  PART(health)

#define PART_DECLARE(name) extern const struct part part_##name;
PART_LIST(PART_DECLARE)
#undef PART_DECLARE
