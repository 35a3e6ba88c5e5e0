/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is the running cluster what the plan says? Two halves that meet in the facts
 * (part/facts.h):
 *
 *   verify_gather_*   plan, ssh ---> facts     asks, understands nothing
 *   parts_verify      plan, facts -> checks    pure; each part judges its own
 *
 * Here are the first, and the ways to tell what came out.
 */
#pragma once

#include "base/error.h"
#include "cluster/remote.h"
#include "part/facts.h"
#include <jansson.h>

/* ---- Gathering ---- */

/*
 * Asks all nodes at once but those whose error is set, for they are known not
 * to answer. stats_secret opens haproxy's statistics (NULL where
 * there is none). A node that does not answer is a fact and no failure; that
 * the program ssh is missing is one.
 */
int verify_gather_nodes(const struct plan *plan, const struct remote *r,
                        const char *stats_secret, struct verify_facts *f,
                        struct error *err) _must_check_;

/* Asks the first control-plane node that can tell. After gather_nodes. */
void verify_gather_cluster(const struct plan *plan, const struct remote *r,
                           struct verify_facts *f);

/*
 * Starts a pod on every node of Kubernetes and lets each talk to all; removes
 * them. After gather_cluster. Notes why when there is no image to do it with.
 */
void verify_gather_pods(const struct plan *plan, const struct remote *r,
                        struct verify_facts *f);

/*
 * Has a control-plane node run what tutorials look at (cluster/tutorial.h);
 * with objects in a namespace of its own too, which it removes. After
 * gather_nodes, and not beside gather_pods, whose namespace has the same name.
 */
void verify_gather_tutorial(const struct plan *plan, const struct remote *r,
                            bool objects, struct verify_facts *f);

/* ---- Telling ---- */

/* One line per check: "FAIL  what: detail". */
void verify_print(const struct verify_check_vec *checks, FILE *out);

/* {"cluster", "ok", "summary": {...}, "checks": [{"id", "what", "ok", "state",
 * "detail"}]}. The caller json_decref's. */
json_t *verify_json(const struct verify_check_vec *checks, const char *cluster);

/*
 * One test suite with a test case per check, as JUnit's readers take it
 * (github.com/testmoapp/junitxml): well-formed XML 1.0 whatever the details
 * hold. seconds is how long it all took.
 */
void verify_junit(const struct verify_check_vec *checks, const char *cluster,
                  double seconds, struct buf *out);
