/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/versions.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LABEL "node-role.kubernetes.io/"

static bool at_least(const struct version *v, int minor) {
  return v->major > 1 || (v->major == 1 && v->minor >= minor);
}

bool version_parse(const char *text, struct version *ret) {
  struct version v;
  char again[sizeof("999.999.999")];
  if (text[strspn(text, "0123456789.")])
    return false;
  /* Three digits cannot overflow. NOLINTNEXTLINE(cert-err34-c) */
  if (sscanf(text, "%3d.%3d.%3d", &v.major, &v.minor, &v.patch) != 3)
    return false;
  /* Nothing before, behind or in front of a number, such as a 0. */
  (void)snprintf(again, sizeof(again), "%d.%d.%d", v.major, v.minor, v.patch);
  if (strcmp(again, text) != 0)
    return false;
  *ret = v;
  return true;
}

/* kubeadm's v1beta2 came with 1.15 (the API's own documentation). */
const char *version_fault(const struct version *v) {
  if (!at_least(v, 15))
    return "is older than 1.15.0, the oldest that kubeseed can configure";
  return NULL;
}

bool version_is_newer(const struct version *v) {
  struct version newest;
  return version_parse(VERSION_NEWEST ".0", &newest) &&
         at_least(v, newest.minor + 1);
}

bool version_up_to(const struct version *v, int minor) {
  return !at_least(v, minor + 1);
}

/* v1beta3 came with 1.22 (kubernetes.io, "kubeadm Configuration (v1beta3)"),
 * v1beta4 with 1.31 (kubernetes pull 125029). */
enum kubeadm_api version_kubeadm_api(const struct version *v) {
  if (at_least(v, 31))
    return KUBEADM_V1BETA4;
  return at_least(v, 22) ? KUBEADM_V1BETA3 : KUBEADM_V1BETA2;
}

const char *kubeadm_api_name(enum kubeadm_api a) {
  static const char *const names[] = {
      [KUBEADM_V1BETA2] = "v1beta2",
      [KUBEADM_V1BETA3] = "v1beta3",
      [KUBEADM_V1BETA4] = "v1beta4",
  };
  return names[a];
}

/* With v1beta3 (kubernetes pull 103063). */
bool version_patches_in_config(const struct version *v) {
  return version_kubeadm_api(v) != KUBEADM_V1BETA2;
}

/* As --experimental-patches (kubernetes pull 92017). */
bool version_has_patches(const struct version *v) {
  return at_least(v, 19);
}

/* Kubernetes pull 110405. */
bool version_patches_kubelets(const struct version *v) {
  return at_least(v, 25);
}

/* kubeadm's own reference has the target from 1.32 on. */
bool version_patches_coredns(const struct version *v) {
  return at_least(v, 32);
}

/* From 1.24.0 on (kubernetes.io, "Installing kubeadm"). */
bool version_is_published(const struct version *v) {
  return at_least(v, 24);
}

/* kubeadm takes ECDSA keys that it finds since kubernetes pull 76390, and makes
 * some since 1.19 by the feature gate PublicKeysECDSA; v1beta4 has
 * encryptionAlgorithm in its place. */
bool version_has_ecdsa(const struct version *v) {
  return at_least(v, 19);
}

/* With v1beta4's encryptionAlgorithm (kubernetes pull 123054). */
bool version_has_key_sizes(const struct version *v) {
  return version_kubeadm_api(v) == KUBEADM_V1BETA4;
}

/* With v1beta4's certificateValidityPeriod and caCertificateValidityPeriod
 * (kubernetes pull 124652). */
bool version_has_validity(const struct version *v) {
  return version_kubeadm_api(v) == KUBEADM_V1BETA4;
}

/* From 1.34 on (kubernetes pull 131677). */
bool version_has_p384(const struct version *v) {
  return at_least(v, 34);
}

/* kubelet wants a URL from 1.24 on, where dockershim left. */
const char *version_cri_socket(const struct version *v) {
  return at_least(v, 24) ? "unix:///run/containerd/containerd.sock"
                         : "/run/containerd/containerd.sock";
}

/* "control-plane" since 1.20; "master" went with 1.24 (kubeadm issue 2200). */
const char *version_control_plane_label(const struct version *v) {
  return at_least(v, 20) ? LABEL "control-plane" : LABEL "master";
}

/* "master" up to 1.24, "control-plane" from it: 1.24 has both (KEP 2067). */
const char *version_control_plane_taint(const struct version *v, unsigned i) {
  if (!at_least(v, 25) && i-- == 0)
    return LABEL "master:NoSchedule";
  if (at_least(v, 24) && i == 0)
    return LABEL "control-plane:NoSchedule";
  return NULL;
}

/* Since 1.29 kubeadm binds its own group to cluster-admin, which can be
 * unbound; system:masters cannot (kubernetes pull 121305). */
const char *version_admin_group(const struct version *v) {
  return version_binds_admins(v) ? "kubeadm:cluster-admins" : "system:masters";
}

bool version_binds_admins(const struct version *v) {
  return at_least(v, 29);
}

/* From 1.27 on (kubernetes pull 112136). */
bool version_runtime_in_config(const struct version *v) {
  return at_least(v, 27);
}

/* Until 1.25 (kubernetes pull 110072, kubeadm issue 2567). */
bool version_etcd_probes_ask_all(const struct version *v) {
  return !at_least(v, 25);
}

/* Until 1.22 (kubernetes pull 98376). */
bool version_readiness_is_late(const struct version *v) {
  return !at_least(v, 22);
}

/* Until 1.26, in kubernetes issue 94145. */
bool version_fairness_is_busy(const struct version *v) {
  return !at_least(v, 26);
}

/* From 1.38, where the fallback for it ends (KEP 4033). */
bool version_needs_containerd_2(const struct version *v) {
  return at_least(v, 38);
}

/* --authentication-token-webhook-version (kubernetes pull 84768). */
bool version_reviews_by_v1(const struct version *v) {
  return at_least(v, 17);
}

/* From 1.31, where it is on unless switched off (KEP 3866). */
bool version_has_nftables(const struct version *v) {
  return at_least(v, 31);
}

/* Services of both families are there since 1.16, as they are today since 1.20,
 * as is the kubelet's --node-ip with two addresses (KEP 563). */
bool version_has_ipv6(const struct version *v) {
  return at_least(v, 20);
}

/* From 1.21 on; the other one went with 1.25 (kubernetes.io, "Deprecated API
 * Migration Guide"). */
const char *version_disruption_api(const struct version *v) {
  return at_least(v, 21) ? "v1" : "v1beta1";
}

/* On from 1.21 on. */
bool version_gates_ipv6(const struct version *v) {
  return !at_least(v, 21);
}

/* The containerd of Debian 13 keeps pinned images, as all do from 1.6.22 on and
 * Debian 12's is older; nothing else protects the pause image from
 * Kubernetes 1.35 on. 1.36 has been tried on both, older ones than 1.31 on
 * Debian 12. */
int version_debian(const struct version *v) {
  return at_least(v, 31) ? 13 : 12;
}
