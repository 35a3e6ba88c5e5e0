/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every fact about a Kubernetes version, and nowhere else: who needs one asks
 * here and compares no numbers itself (tests/lint/versions). Each function
 * names where its fact comes from. Facts that scripts need on a node are in
 * scripts/steps-kubernetes.sh.
 */
#pragma once

#include <stdbool.h>

struct version {
  int major, minor, patch;
};

/* The newest minor version whose changes are among the facts below; for newer
 * ones they are taken to hold as for this. Beside its packages lies the copy of
 * their key that runs out last; one beside older packages may have run out
 * (kubernetes/release issue 3869). */
#define VERSION_NEWEST "1.37"

/* Reads "1.34.2": three numbers and nothing else. Whether that version can be
 * configured says version_fault. */
bool version_parse(const char *text, struct version *ret);

/* Why this version cannot be configured, as the end of a sentence that begins
 * with "Kubernetes 1.14.9"; NULL when it can. */
const char *version_fault(const struct version *v);

/* Whether it is of 1.MINOR or an older one: for tables of what ends. */
bool version_up_to(const struct version *v, int minor);

/* pkgs.k8s.io has packages of it. */
bool version_is_published(const struct version *v);

/* Whether it is of a minor version after VERSION_NEWEST. */
bool version_is_newer(const struct version *v);

/* Which kubeadm.k8s.io API kubeadm of that version is configured with. */
enum kubeadm_api { KUBEADM_V1BETA2, KUBEADM_V1BETA3, KUBEADM_V1BETA4 };
enum kubeadm_api version_kubeadm_api(const struct version *v);

/* "v1beta4" */
const char *kubeadm_api_name(enum kubeadm_api a);

/* kubeadm's configuration names the folder of patches; before, a flag does. */
bool version_patches_in_config(const struct version *v);

/* Whether kubeadm takes patches at all, and of what besides static pods. */
bool version_has_patches(const struct version *v);
bool version_patches_kubelets(const struct version *v);
bool version_patches_coredns(const struct version *v);

/* kubeadm makes and takes ECDSA keys. */
bool version_has_ecdsa(const struct version *v);

/* kubeadm is told the size of RSA keys, and before makes them of 2048 bits. */
bool version_has_key_sizes(const struct version *v);

/* kubeadm is told how long its certificates are valid, and before makes them
 * for a year and CAs for ten. */
bool version_has_validity(const struct version *v);

/* kubeadm makes keys on the curve P-384. */
bool version_has_p384(const struct version *v);

/* The runtime's socket as kubelet and kubeadm want it written. */
const char *version_cri_socket(const struct version *v);

/* The label by which kubeadm marks a control-plane node. */
const char *version_control_plane_label(const struct version *v);

/* The i-th taint, from 0, that kubeadm gives a control-plane node; NULL after
 * the last. */
const char *version_control_plane_taint(const struct version *v, unsigned i);

/* The group (organization) of admin.conf's certificate. */
const char *version_admin_group(const struct version *v);

/* That group has no right but by a binding. */
bool version_binds_admins(const struct version *v);

/* The runtime's socket is a field of the kubelet's configuration. */
bool version_runtime_in_config(const struct version *v);

/* The kubelet's probe of kubeadm's etcd asks about all of etcd and not only
 * about this member. */
bool version_etcd_probes_ask_all(const struct version *v);

/* The kubelet calls a pod ready a minute after its startup probe has succeeded,
 * where no readiness probe tells it. */
bool version_readiness_is_late(const struct version *v);

/* The kubelet does not speak to containerd 1 any more, from this version on. */
#define VERSION_CONTAINERD_2 "1.38"
bool version_needs_containerd_2(const struct version *v);

/* kube-proxy's mode nftables needs no feature gate. */
bool version_has_nftables(const struct version *v);

/* An API server is told in which version it asks a webhook whose a token is;
 * before, that is v1beta1. */
bool version_reviews_by_v1(const struct version *v);

/* It can give nodes, pods and services addresses of IPv4 and IPv6 (dual stack);
 * at first only where the feature gate IPv6DualStack is written. */
bool version_has_ipv6(const struct version *v);
bool version_gates_ipv6(const struct version *v);

/* The release of Debian on which it runs best. */
int version_debian(const struct version *v);

/* In which version of the API group policy it has PodDisruptionBudgets. */
const char *version_disruption_api(const struct version *v);

/* The API server's priority and fairness never rests. */
bool version_fairness_is_busy(const struct version *v);
