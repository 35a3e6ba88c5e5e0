/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The flags of Kubernetes' programs on a node without kubeadm, as lists for
 * templates: rows with "flag", "--name=value". A flag is left out that the
 * version does not know (spec/flags.h), and one that the spec says
 * (components.h).
 */
#pragma once

#include "part/part.h"

/* apiserver_flags, controller_flags and scheduler_flags of a control-plane
 * node. */
void flags_control_plane(const struct plan *p, const struct plan_node *n,
                         struct scope *s);

/* kubelet_flags of a node, the author's arguments behind them. */
void flags_kubelet(const struct plan *p, const struct plan_node *n,
                   struct scope *s);
