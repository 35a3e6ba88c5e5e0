/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys of kubernetes.apiServer and kubernetes.kubelet (spec/settings.h)
 * may say together. */
#pragma once

#include "part/part.h"

/* Checks, for tables, and what they read of the spec. */
void settings_check_api_server(const struct checking *c);
#define SETTINGS_READ_API_SERVER                                               \
  { "kubernetes.version", "kubernetes.apiServer" }

void settings_check_kubelets(const struct checking *c);
#define SETTINGS_READ_KUBELETS                                                 \
  { "kubernetes.kubelet", "network.services", "nodes" }

/* Who listens at that port of a node, "the kubelet"; NULL: nobody of
 * Kubernetes', etcd's or ssh's. */
const char *settings_port_owner(int port);
