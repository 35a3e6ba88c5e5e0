/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Patches of what kubeadm writes, known by their files' names:
 * TARGET[SUFFIX][+TYPE].EXTENSION (kubernetes.io, "Customizing components with
 * the kubeadm API"). kubeadm applies those of one target by their names.
 */
#pragma once

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* Where nodes have them, kubeseed's own among them. */
#define PATCH_FOLDER "/etc/kubeseed/patches/"
#define PATCHES_MAX 99 /* two digits tell their order */

enum patch_target {
  PATCH_API_SERVER,
  PATCH_CONTROLLER_MANAGER,
  PATCH_SCHEDULER,
  PATCH_ETCD,
  PATCH_KUBELET,
  PATCH_COREDNS,
};

#define PATCH_RULE                                                             \
  "a file named as kubeadm wants it, TARGET[SUFFIX][+TYPE].yaml or .json, "    \
  "like kube-apiserver+merge.yaml"
#define PATCH_PATTERN                                                          \
  "^([^\\x00-\\x1f\\x7f]*/)?(kube-(apiserver|controller-manager|scheduler)|"   \
  "etcd|kubeletconfiguration|corednsdeployment)[A-Za-z0-9_-]{0,32}"            \
  "(\\+(strategic|merge|json))?\\.(yaml|json)$"

/* Whether the file, perhaps with folders before it, has such a name. */
bool patch_name_ok(const char *source);

/* Of a name that is ok, as all below. */
enum patch_target patch_target(const char *source);

/* The path on the node of the spec's i-th, from 0; they are applied in this
 * order, behind kubeseed's own. The caller frees. */
char *patch_path(size_t i, const char *source);

/* NULL for a text that kubeadm can apply by its type, or what is wrong with it:
 * "is no map". Faults of its YAML go into err, and "" comes back. */
const char *patch_fault(const char *source, const char *text, size_t len,
                        struct error *err);
