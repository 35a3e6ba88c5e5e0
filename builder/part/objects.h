/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the API server tells of nodes, pods, deployments and services.
 */
#pragma once

#include "part/judge.h"

/* All objects that were asked for, each with its kind; nodes and their pods
 * found by the node's place in the plan. */
struct objects {
  json_t *items;
  size_t n_nodes;
  const json_t **node; /* of plan->nodes.v[i]; NULL: not registered */
  json_t **pods;       /* arrays: those on plan->nodes.v[i]; NULL: none */
};

/* Reads the answer of scripts/verify-cluster; false after saying in w why it
 * cannot be. The caller objects_done's k in either case. */
bool objects_read(const struct judge *j, struct objects *k, struct wrong *w);
void objects_done(struct objects *k);

/* Parts of an object, borrowed; "" or NULL where there is none. */
const json_t *object_metadata(const json_t *o);
const char *object_name(const json_t *o);
bool object_is(const json_t *o, const char *kind);

/* The status of a condition such as Ready: "True", "False", "Unknown"; "" when
 * there is none. ret_message (may be NULL) is borrowed. */
const char *object_condition(const json_t *o, const char *type,
                             const char **ret_message);

const json_t *objects_find(const struct objects *k, const char *kind,
                           const char *name);

/* Evicted, or a job's failed attempt: who owns it has put another in its place,
 * and the record stays until somebody deletes it. */
bool pod_is_leftover(const json_t *pod);

/* Notes in w what is wrong with a pod that should run and be ready, or, when it
 * may, have ended well. */
void judge_pod(const json_t *pod, const char *name, bool may_end,
               struct wrong *w);

/* A check that each node of l has a pod of kubeadm's component that is well
 * and, when versioned, of the spec's version. Nothing without objects. Where
 * the component is a unit, judge_process in its place. */
void judge_component(struct judge *j, const char *id, const char *what,
                     const char *component, const struct plan_list *l,
                     bool versioned);
