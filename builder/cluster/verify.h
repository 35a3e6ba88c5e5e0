/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is the running cluster what the plan says? Two halves that meet in the
 * facts, so that every verdict can be tested without a cluster:
 *
 *   verify_gather_*   plan, ssh ---> facts     asks, understands nothing
 *   verify_judge      plan, facts -> checks    pure
 *
 * What is not known is not right: a check whose facts are missing fails. Only
 * what the spec does not ask for, or the user did not want, is skipped.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include "cluster/remote.h"
#include "plan/plan.h"
#include <jansson.h>
#include <time.h>

/* ---- Facts ---- */

/*
 * An answer is text in sections, each after a line "@section NAME"; which
 * there are say scripts/verify-node, verify-cluster and verify-pods.
 */
struct verify_answer {
  char *text;    /* NULL: none */
  char *error;   /* why there is none, or NULL */
  char *skipped; /* why it was not asked for, or NULL */
};

struct verify_facts {
  struct verify_answer *node; /* of plan->nodes.v[i] */
  size_t n;
  struct verify_answer cluster; /* the API server's objects */
  struct verify_answer pods;    /* the pods that were started to talk */
  time_t now;
};

/* Room for one answer per node; the caller verify_facts_done's. */
void verify_facts_init(struct verify_facts *f, const struct plan *plan,
                       time_t now);
void verify_facts_done(struct verify_facts *f);

/* A copy of the section's text without outer newlines; NULL when there is
 * none. The caller frees. */
char *verify_section(const struct verify_answer *a, const char *name);

/*
 * All sections one after the other: *at is the answer's text at first. Gives
 * name and text of the next one, both the caller's to free; false at the end.
 */
bool verify_next_section(const char **at, char **ret_name, char **ret_text);

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

/* ---- Judging ---- */

enum verify_state { VERIFY_OK, VERIFY_WARN, VERIFY_FAIL, VERIFY_SKIP };

/* "ok", "warn", "FAIL", "skip" */
const char *verify_state_name(enum verify_state s);

struct verify_check {
  const char *id;   /* "etcd.leader"; stays the same between versions */
  const char *what; /* "etcd has one leader" */
  enum verify_state state;
  char *detail; /* what differs, or what was found */
};
DEFINE_VEC(verify_check_vec, struct verify_check);

/* All checks that the plan asks for, in a fixed order. The caller
 * verify_checks_done's ret. Cannot fail. */
void verify_judge(const struct plan *plan, const struct verify_facts *facts,
                  struct verify_check_vec *ret);

size_t verify_count(const struct verify_check_vec *checks,
                    enum verify_state state);

void verify_checks_done(struct verify_check_vec *checks);

#define _cleanup_verify_facts_ _cleanup_(verify_facts_done)
#define _cleanup_verify_checks_ _cleanup_(verify_checks_done)

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
