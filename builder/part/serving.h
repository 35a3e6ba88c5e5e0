/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether kubelets ask the cluster for the certificates of their ports. */
#pragma once

#include "plan/plan.h"

/* kubernetes.kubelet.servingCertificates is rotated. */
bool serving_is_rotated(const struct spec *s);

/* Whether the node's kubelet asks. One that registers no node does not: it
 * knows its addresses from there. */
bool serving_asks(const struct plan *p, const struct plan_node *n);
