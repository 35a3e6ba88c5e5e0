/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the spec says to the components of Kubernetes (kubernetes.apiServer and
 * so on), as kubeadm's configuration has it, and what it may not say.
 */
#pragma once

#include "part/part.h"

/* What Kubernetes 1.20 has addresses of both families by. */
#define IPV6_GATE "IPv6DualStack"

/* Adds "name=value" to a list of rows with name and value; the new row. */
struct scope *component_add_pair(struct scope *s, const char *list,
                                 const char *pair);

/*
 * What the spec says to a component, of whatever bootstrapper: "name=value",
 * the author's own arguments first, then those of keys that are arguments in
 * other words. A key that becomes an argument is a line here, and the
 * bootstrappers (kubeadm's configuration, and flags.h without kubeadm) follow.
 * ret gets copies.
 */
void component_args(const struct spec *spec, enum component c,
                    struct strv *ret);

/* Whether "name=..." is among them. */
bool component_is_told(const struct strv *args, const char *name);

/* These as lists for templates, with the volumes that they need, for kubeadm's
 * configuration and what runs without it; the same on all nodes. */
void components_values(const struct plan *p, struct scope *s);

/* Faults at arguments that are not the author's, and at what the version does
 * not know; and what they read of the spec. */
void components_check(const struct checking *c);
#define COMPONENTS_READ                                                        \
  {                                                                            \
    "kubernetes.apiServer", "kubernetes.controllerManager",                    \
        "kubernetes.scheduler", "kubernetes.kubelet", "kubernetes.kubeProxy",  \
        "kubernetes.version"                                                   \
  }

/* The same for what kubelets of some roles and entries are told. */
void components_check_kubelets(const struct checking *c);
#define COMPONENTS_READ_KUBELETS                                               \
  { "roles", "nodes" }
