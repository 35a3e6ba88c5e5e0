/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-seed.h"

#include "base/json.h"

static void judge_errors(const char *node, const json_t *errors,
                         struct wrong *w) {
  size_t i;
  const json_t *error;
  json_array_foreach(errors, i, error) {
    const char *text = json_string_value(error);
    wrong_add(w, "%s: %.*s", node, QUOTE_MAX, text ? text : "an error");
  }
}

void judge_seed(struct judge *j) {
  struct wrong w = {0};
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    _cleanup_free_ char *text = judge_section(j, n, "cloud-init", &w);
    if (!text)
      continue;
    _cleanup_json_ json_t *o = json_loads(text, 0, NULL);
    const json_t *errors = json_object_get(json_object_get(o, "v1"), "errors");
    if (json_is_array(errors))
      judge_errors(n->name, errors, &w);
    else
      wrong_add(&w, "%s: nothing known of cloud-init", n->name);
  }
  judge_end_count(j, "seed", "cloud-init laid down all of the seed", &w,
                  j->plan->nodes.n, "node");
}
