/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the files of verify; nobody else includes it. Each judge_* function
 * adds its checks to j->checks.
 */
#pragma once

#include "cluster/verify.h"

struct judge {
  const struct plan *plan;
  const struct verify_facts *facts;
  struct verify_check_vec *checks;
};

/* What one check found wrong, for its detail. */
struct wrong {
  struct buf text;
  size_t n;
};

/* Adds one finding. */
void wrong_add(struct wrong *w, const char *fmt, ...) _printf_(2, 3);

/*
 * Ends a check: it fails with what is wrong, or is ok with the detail that
 * fmt gives. Empties w.
 */
void judge_end(struct judge *j, const char *id, const char *what,
               struct wrong *w, const char *fmt, ...) _printf_(5, 6);

/* A check with this state and detail. */
void judge_add(struct judge *j, const char *id, const char *what,
               enum verify_state state, const char *fmt, ...) _printf_(5, 6);

/* The node's section; NULL after noting in w that it is not known. The caller
 * frees. */
char *judge_section(const struct judge *j, const struct plan_node *n,
                    const char *section, struct wrong *w);

/* The string at key, borrowed; "" where there is none. */
const char *judge_text(const json_t *o, const char *key);

/* Kubernetes runs on the node. */
bool judge_has_kubelet(const struct plan_node *n);

/* A member of etcd runs on the node, of whatever etcd.mode. */
bool judge_is_member(const struct plan *plan, const struct plan_node *n);

void judge_etcd(struct judge *j);       /* verify-etcd.c */
void judge_endpoint(struct judge *j);   /* verify-endpoint.c */
void judge_kubernetes(struct judge *j); /* verify-kube.c */
void judge_pods(struct judge *j);       /* verify-pods.c */
