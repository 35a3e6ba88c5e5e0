/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-processes.h"

#include <stdlib.h>
#include <string.h>

/* A line of scripts/verify-node's section "components": "NAME STATE RESTARTS
 * VERSION ANSWER", the rest of the line. */
struct process {
  const char *state, *restarts, *version, *answer;
};

/* Reads the program's line out of text, which it cuts up. */
static bool find_process(char *text, const char *program, struct process *ret) {
  char *lines = NULL;
  for (char *line = strtok_r(text, "\n", &lines); line;
       line = strtok_r(NULL, "\n", &lines)) {
    char *words = NULL;
    const char *name = strtok_r(line, " ", &words);
    if (!name || strcmp(name, program) != 0)
      continue;
    ret->state = strtok_r(NULL, " ", &words);
    ret->restarts = strtok_r(NULL, " ", &words);
    ret->version = strtok_r(NULL, " ", &words);
    ret->answer = strtok_r(NULL, "", &words);
    return ret->version != NULL;
  }
  return false;
}

static void judge_one(const struct plan *p, const struct plan_node *n,
                      const char *program, const struct process *f,
                      struct wrong *w) {
  const char *expected = p->spec->kubernetes.version_text;
  const char *answer = f->answer ? f->answer : "nothing";
  const char *found = f->version;
  if (strcmp(f->state, "active") != 0) {
    wrong_add(w, "%s: %s is %.*s", n->name, program, QUOTE_MAX, f->state);
    return;
  }
  if (*found != 'v' || strcmp(found + 1, expected) != 0)
    wrong_add(w, "%s: expected %s v%s, found %.*s", n->name, program, expected,
              QUOTE_MAX, found);
  if (strcmp(answer, "200") != 0)
    wrong_add(w, "%s: asked whether it is well, %s says %.*s", n->name, program,
              QUOTE_MAX, answer);
}

void judge_process_on(struct judge *j, const struct plan_node *n,
                      const char *program, struct wrong *w, size_t *n_found,
                      long long *restarts) {
  struct process f = {0};
  _cleanup_free_ char *text = judge_section(j, n, "components", w);
  if (!text)
    return;
  if (!find_process(text, program, &f)) {
    wrong_add(w, "%s: nothing known of %s", n->name, program);
    return;
  }
  (*n_found)++;
  *restarts += strtol(f.restarts, NULL, 10);
  judge_one(j->plan, n, program, &f, w);
}

void judge_process(struct judge *j, const char *id, const char *what,
                   const char *program, const struct plan_list *l) {
  struct wrong w = {0};
  size_t n_found = 0;
  long long restarts = 0;
  for (size_t i = 0; i < l->n; i++)
    judge_process_on(j, l->v[i], program, &w, &n_found, &restarts);
  judge_end(j, id, what, &w, "%zu, restarts so far: %lld", n_found, restarts);
}
