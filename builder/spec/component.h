/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an author may tell a component of Kubernetes: how an argument, a feature
 * gate and a name in a certificate must look, and which arguments are
 * kubeseed's or kubeadm's own.
 */
#pragma once

#include <stdbool.h>

/* The components that are static pods of kubeadm's, and the kubelet. */
enum component {
  COMPONENT_API_SERVER,
  COMPONENT_CONTROLLER_MANAGER,
  COMPONENT_SCHEDULER,
  COMPONENT_KUBELET,
  N_COMPONENTS,
  /* Takes arguments as well, and is told of them in its own place. */
  COMPONENT_ETCD = N_COMPONENTS,
};

/* "apiServer": the key below "kubernetes". */
const char *component_name(enum component c);

/* Without the dashes before it. */
#define ARGUMENT_RULE "a name like audit-log-maxage"
#define ARGUMENT_PATTERN "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
bool argument_name_ok(const char *name);

/* Why the argument cannot be an author's, as the end of a sentence: "follows
 * from etcd.mode"; NULL when it can. */
const char *argument_reserved(enum component c, const char *name);

/* What the API server's audit policy is on a node, and where its log is. */
#define AUDIT_POLICY "/etc/kubeseed/audit-policy.yaml"
#define AUDIT_LOGS "/var/log/kubernetes/audit"

#define GATE_RULE "a name like SidecarContainers"
#define GATE_PATTERN "^[A-Z][A-Za-z0-9]*$"
bool gate_name_ok(const char *name);

/* A DNS name, perhaps with "*." before it, or an IPv4 address. */
#define SAN_RULE "a DNS name or an IPv4 address"
bool san_ok(const char *name);
