/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses: who may hold the endpoint's, which pods are behind which node, and
 * the cluster's own services.
 */
#pragma once

#include "plan/plan.h"

/* Fills runs_keepalived, runs_pacemaker, vip_priority, pods and vtep of n,
 * whose role, ordinal and has_kubelet are decided; kubelet counts the nodes of
 * Kubernetes before it. */
void addresses_plan_node(const struct spec *s, struct plan_node *n,
                         uint32_t kubelet);

/* Fills endpoint, api_service, cluster_dns and router_id. */
void addresses_plan(struct plan *p);
