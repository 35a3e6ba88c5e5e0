/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan: the spec with everything decided. Per node its identity and
 * addresses, which parts it has and why, and from them its files, units and
 * first-boot steps. Plain data made by a pure function (part/parts.h); what
 * comes later reads it and changes nothing.
 *
 * The plan is where least privilege is decided: a node's seed holds the files
 * listed here for it and no other, so `kubeseed plan` shows who gets which key.
 */
#pragma once

#include "plan/extras.h"
#include "plan/identity.h"
#include "plan/network.h"
#include "spec/spec.h"

/* One thing a node has (part/README.md), and the reason. */
struct plan_part {
  const char *name; /* "keepalived" */
  const char *why;  /* "may hold the endpoint's address" */
};
DEFINE_VEC(plan_part_vec, struct plan_part);

/*
 * One file of a node's seed. source says where its bytes come from:
 *   "pki:NAME"         a key or certificate (see pki.h for the names)
 *   "user-data/NAME"   a template, rendered for the node
 *   "scripts/NAME"     a script, as it is
 *   "kubeconfig:NAME"  a kubeconfig with the node's certificate of that name
 *   "spec:files"       what the spec has for that path
 */
struct plan_file {
  const char *path; /* absolute, on the node */
  const char *source;
  unsigned mode;
  const char *owner; /* "root:root" */
};
DEFINE_VEC(plan_file_vec, struct plan_file);

/* Adds what the spec's author lays down, as parts' more_files tell it; the
 * texts are borrowed of the spec. */
void plan_add_spec_files(const struct plan_extra_files *l,
                         struct plan_file_vec *ret);

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
  bool has_kubelet;     /* a node of Kubernetes: control plane or worker */
  bool registered;      /* its kubelet registers it: pods can be sent there */
  bool has_member;      /* a member of etcd, of whatever etcd.mode */
  bool runs_etcd;       /* that member is a unit of systemd, not a static pod */
  bool runs_keepalived; /* may hold the VIP */
  bool runs_pacemaker;  /* the same, by pacemaker */
  int vip_priority;     /* VRRP priority when runs_keepalived */
  struct cidr pods;     /* this node's pod subnet (cni_has_node_pods) */
  bool has_pods;
  struct cidr pods6; /* the same of IPv6; base absent: the cluster has none */
  struct mac vtep;   /* of its end of the cluster's VXLAN (RFC 7348) */
  bool has_vtep;
  /* What the Node object has when all is well: "key=value:Effect", or
   * "key:Effect" without a value. */
  struct strv taints;
  struct plan_extras extras;
  struct plan_part_vec parts;
  struct plan_file_vec files;
  struct strv units; /* systemd units enabled on the node */
  struct strv steps; /* first-boot steps, in order */
};
DEFINE_VEC(plan_node_vec, struct plan_node);

/* Some of plan->nodes, in its order: of workers there may be thousands, and
 * who looks for the few others need not walk over them for each node. */
DEFINE_VEC(plan_list, const struct plan_node *);

struct plan {
  const struct spec *spec; /* borrowed: must outlive the plan */
  enum kubeadm_api kubeadm_api;
  char *endpoint;               /* "192.168.4.20:6443" */
  char *pod_networks;           /* "10.244.0.0/16", or with ",fd00:.../56" */
  char *service_networks;       /* the same */
  char *etcd_initial_cluster;   /* "a=https://..:2380,b=..."; NULL if stacked */
  char *etcd_token;             /* initial-cluster-token */
  int router_id;                /* VRRP virtual_router_id */
  struct strv etcd_endpoints;   /* "https://..:2379" for the API servers */
  const char *image_repository; /* NULL: kubeadm's own default */
  const char *etcd_image_tag;   /* of kubeadm's local etcd; NULL: its default */
  char *cluster_dns;            /* service address for kubelet's clusterDNS */
  char *api_service;            /* first address of the service network */
  struct plan_node_vec nodes;
  struct plan_list control_planes;
  struct plan_list balancers;  /* nodes of the role load-balancer */
  struct plan_list kubelets;   /* nodes with has_kubelet */
  struct plan_list registered; /* of them, those the API server knows */
  struct plan_list members;    /* nodes with has_member */
  struct plan_list holders;    /* nodes that may hold the VIP */
  struct plan_list by_name;    /* all, sorted by name */
};

void plan_done(struct plan *p);

/* Whether kubeadm makes the cluster, and is part of what follows. */
static inline bool plan_by_kubeadm(const struct plan *p) {
  return p->spec->kubernetes.bootstrapper == BOOTSTRAPPER_KUBEADM;
}

/* Whether a node that is a member can be told to take its seed once more
 * (scripts/take-seed.sh). */
static inline bool plan_takes_seeds(const struct plan *p,
                                    const struct plan_node *n) {
  return n->has_kubelet && !plan_by_kubeadm(p);
}

#define _cleanup_plan_ _cleanup_(plan_done)

/* The card over which the node talks to the cluster; every node has it. */
const struct plan_interface *plan_cluster_interface(const struct plan_node *n);

/* The first node of the role jump, through which people reach the others by
 * ssh; NULL when there is none. */
const struct plan_node *plan_jump(const struct plan *p);

/* The node of that name, or NULL. */
const struct plan_node *plan_find(const struct plan *p, const char *name);
