/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stands under network.ipv6, and the nodes' addresses of it. Sizes are
 * those that kubeadm takes (cmd/kubeadm/app/apis/kubeadm/validation).
 */
#pragma once

#include "spec/check.h"

/* What each node has of the pods' network: kubeadm's default. */
#define IPV6_NODE_BITS 64

extern const struct spec_check check_ipv6_table[];
