/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For a part's verify: how it looks at the facts and adds its checks. Each
 * check has an id that stays the same between versions; its place among the
 * others is in parts.c.
 */
#pragma once

#include "part/facts.h"
#include <jansson.h>

struct objects;

struct judge {
  const struct plan *plan;
  const struct verify_facts *facts;
  /* What the API server tells (objects.h); NULL when it cannot be read, which a
   * check of its own says. */
  const struct objects *objects;
  struct verify_check_vec *checks;
};

/* An answer that says something else than it should is quoted up to here. */
#define QUOTE_MAX 200

/* What one check found wrong, for its detail. */
struct wrong {
  struct buf text;
  size_t n;
  size_t unasked; /* nodes that it takes and that do not answer */
};

/* What was found as one text, "; and 3 more" behind those that a detail names;
 * the caller frees. Empties w. */
char *wrong_take(struct wrong *w);

/* Adds one finding. */
void wrong_add(struct wrong *w, const char *fmt, ...) _printf_(2, 3);

/*
 * Ends a check: it fails with what is wrong, or is skipped when nothing is but
 * somebody was not asked, or is ok with the detail that fmt gives. Empties w.
 */
void judge_end(struct judge *j, const char *id, const char *what,
               struct wrong *w, const char *fmt, ...) _printf_(5, 6);

/* The same with the detail "3 nodes" for n and "node", and "1 node" for one. */
void judge_end_count(struct judge *j, const char *id, const char *what,
                     struct wrong *w, size_t n, const char *noun);

/* A check with this state and detail. */
void judge_add(struct judge *j, const char *id, const char *what,
               enum verify_state state, const char *fmt, ...) _printf_(5, 6);

/* The node's section; NULL after noting in w that it is not known: as unasked
 * when the node does not answer, which "reach" tells. The caller frees. */
char *judge_section(const struct judge *j, const struct plan_node *n,
                    const char *section, struct wrong *w);

/* How many control-plane nodes there are when none of them answers, else 0. */
size_t judge_nobody_asked(const struct judge *j);

/* The string at key, borrowed; "" where there is none. */
const char *judge_text(const json_t *o, const char *key);
