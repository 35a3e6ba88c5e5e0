/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists of nodes as templates need them: a text of entries, or rows for a
 * section.
 */
#pragma once

#include "base/buf.h"
#include "format/template.h"
#include "plan/plan.h"

/* Adds one node's entry to a text. */
typedef void nodes_entry(const struct plan_node *n, struct buf *out);

nodes_entry nodes_name;    /* "m1" */
nodes_entry nodes_address; /* "m1=192.168.4.31" */
nodes_entry nodes_etcd;    /* "https://192.168.4.31:2379" */
nodes_entry nodes_mac;     /* "02:98:ab:88:d2:e7" */
nodes_entry nodes_macs;    /* those of its further cards, each behind a blank */

/* Sets name to the entries of all nodes of l but one (may be NULL), with the
 * separator between them. */
void nodes_set(struct scope *s, const char *name, const struct plan_list *l,
               const struct plan_node *but, const char *separator,
               nodes_entry *entry);

/* The same where each node has a text of thousands of entries: name and
 * NAME_rest become what stands before and behind own, the node's entry, in all,
 * the cluster's text, which is not copied and must outlive s; without the last
 * newline. own may be "". */
void nodes_around(struct scope *s, const char *name, const char *all,
                  const char *own);

/* Makes name a list of them: each row has node, fqdn and address. */
void nodes_rows(struct scope *s, const char *name, const struct plan_list *l,
                const struct plan_node *but);
