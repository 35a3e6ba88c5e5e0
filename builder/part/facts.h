/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What verify has been told about a running cluster, and what it finds of it.
 * Between those who ask (cluster/) and the parts, which judge: every verdict
 * can be tested without a cluster.
 *
 * What is not known is not right: a check whose facts are cut short fails. A
 * node that does not answer fails "reach", once; what else would take its
 * answer is skipped, as is what the spec does not ask for or the user did not
 * want.
 */
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "plan/plan.h"
#include <time.h>

/* ---- Facts ---- */

/*
 * An answer is text in sections, each after a line "@section NAME"; which
 * there are say scripts/verify-node, verify-cluster, verify-pods and
 * verify-tutorial.
 */
struct verify_answer {
  char *text;    /* NULL: none */
  char *error;   /* why there is none, or NULL */
  char *skipped; /* why it was not asked for, or NULL */
};

struct verify_facts {
  struct verify_answer *node; /* of plan->nodes.v[i] */
  size_t n;
  struct verify_answer cluster;  /* the API server's objects */
  struct verify_answer pods;     /* the pods that were started to talk */
  struct verify_answer tutorial; /* no part judges it; empty if not asked for */
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

/* ---- Checks ---- */

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

size_t verify_count(const struct verify_check_vec *checks,
                    enum verify_state state);

void verify_checks_done(struct verify_check_vec *checks);

#define _cleanup_verify_facts_ _cleanup_(verify_facts_done)
#define _cleanup_verify_checks_ _cleanup_(verify_checks_done)
