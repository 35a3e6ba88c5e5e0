/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether kubelets ask the cluster for the certificates of their ports. */
#pragma once

#include "spec/spec.h"

/* kubernetes.kubelet.servingCertificates is rotated. */
bool serving_is_rotated(const struct spec *s);
