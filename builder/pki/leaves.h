/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The certificates that kubeadm makes on a node, and that the workstation makes
 * where there is no kubeadm (kubernetes.bootstrapper): which node has which, in
 * whose name, signed by which CA. Names, groups and usages are those that
 * Kubernetes knows (kubernetes.io/docs/setup/best-practices/certificates);
 * nobody has system:masters but whom the first objects of a cluster need.
 */
#pragma once

#include "pki/entry.h"
#include "plan/plan.h"

struct leaf {
  const struct pair *pair;
  const struct pair *ca;
  const char *common_name; /* NULL: "system:node:" and the node's name */
  const char *group;       /* organization, or NULL */
  bool control_plane;      /* not on workers */
  bool server, client;
};

/* All of them; pair is NULL after the last. */
extern const struct leaf pki_leaves[];

/* Whether the node has it. */
bool leaf_wanted(const struct leaf *leaf, const struct plan *plan,
                 const struct plan_node *node);

/* Whose name it is in: cn and groups are filled, and of a server dns and ips;
 * the caller strv_done's the lists and frees cn. */
struct leaf_names {
  char *common_name;
  struct strv groups, dns, ips;
};
void leaf_names(const struct leaf *leaf, const struct plan *plan,
                const struct plan_node *node, struct leaf_names *ret);
void leaf_names_done(struct leaf_names *n);

#define _cleanup_leaf_names_ _cleanup_(leaf_names_done)
