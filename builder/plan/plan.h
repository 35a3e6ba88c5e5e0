/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan: the spec with everything decided. Per node its identity, and every
 * file, unit and first-boot step with the reason it is there. Plain data made
 * by a pure function; what comes later reads it and changes nothing.
 *
 * The plan is where least privilege is decided: a node's seed holds the files
 * listed here for it and no other, so `kubeseed plan` shows who gets which key.
 */
#pragma once

#include "plan/identity.h"
#include "plan/network.h"
#include "spec/spec.h"

/*
 * One file of a node's seed. source says where its bytes come from:
 *   "pki:NAME"         a key or certificate (see pki.h for the names)
 *   "user-data/NAME"   a template, rendered for the node
 *   "scripts/NAME"     a script, as it is
 */
struct plan_file {
  const char *path; /* absolute, on the node */
  const char *source;
  unsigned mode;
  const char *owner; /* "root:root" */
};
DEFINE_VEC(plan_file_vec, struct plan_file);

struct plan_node {
  const struct spec_node *spec; /* role, address, cpus, memory, labels, ... */
  const char *name;             /* short host name */
  char *fqdn;
  size_t index;   /* position in plan->nodes */
  size_t ordinal; /* position among nodes of its role, from 0 */
  struct plan_interface_vec interfaces; /* the cluster's first */
  char uuid[PLAN_UUID];
  char *instance_id;    /* the seed adds a digest of its content */
  bool founder;         /* the one node that may run `kubeadm init` */
  bool runs_etcd;       /* a member of the founding or external etcd */
  bool runs_keepalived; /* may hold the VIP */
  int vip_priority;     /* VRRP priority when runs_keepalived */
  struct cidr pods;     /* this node's pod subnet (cni: bridge) */
  bool has_pods;
  struct plan_file_vec files;
  /* What the Node object has when all is well: "key=value:Effect", or
   * "key:Effect" without a value. */
  struct strv taints;
  struct strv units; /* systemd units enabled on the node */
  struct strv steps; /* first-boot steps, in order */
};
DEFINE_VEC(plan_node_vec, struct plan_node);

struct plan {
  const struct spec *spec; /* borrowed: must outlive the plan */
  enum kubeadm_api kubeadm_api;
  char *endpoint;               /* "192.168.4.20:6443" */
  char *etcd_initial_cluster;   /* "a=https://..:2380,b=..."; NULL if stacked */
  char *etcd_token;             /* initial-cluster-token */
  int router_id;                /* VRRP virtual_router_id */
  struct strv etcd_endpoints;   /* "https://..:2379" for the API servers */
  const char *image_repository; /* NULL: kubeadm's own default */
  const char *etcd_image_tag;   /* of kubeadm's local etcd; NULL: its default */
  char *cluster_dns;            /* service address for kubelet's clusterDNS */
  char *api_service;            /* first address of the service network */
  struct plan_node_vec nodes;
  const struct plan_node **by_name; /* the nodes sorted, for plan_find */
};

/*
 * Decides everything. Pure: the same spec gives the same plan. Fails with
 * faults at the spec's places when the parts do not fit together.
 */
int plan_make(const struct spec *spec, struct plan *ret,
              struct error *err) _must_check_;

void plan_done(struct plan *p);

#define _cleanup_plan_ _cleanup_(plan_done)

/* The card over which the node talks to the cluster; every node has it. */
const struct plan_interface *plan_cluster_interface(const struct plan_node *n);

/* The node of that name, or NULL. */
const struct plan_node *plan_find(const struct plan *p, const char *name);
