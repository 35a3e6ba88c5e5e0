/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-addons.h"

#include "base/json.h"
#include "part/objects.h"
#include "spec/addons.h"
#include <string.h>

/* The section's list of objects, the caller's; NULL after noting in w that
 * there is none. */
static json_t *read_list(const struct judge *j, const char *section,
                         struct wrong *w) {
  _cleanup_free_ char *text = verify_section(&j->facts->cluster, section);
  _cleanup_json_ json_t *root = json_loads(text ? text : "", 0, NULL);
  json_t *list = json_object_get(root, "items");
  if (!json_is_array(list)) {
    wrong_add(w, "no list of %s: %.*s", section, QUOTE_MAX,
              text && *text ? text : "nothing");
    return NULL;
  }
  return json_incref(list);
}

static bool spec_has(const struct spec *s, const char *name) {
  for (size_t i = 0; i < s->addons.n; i++)
    if (strcmp(addon_name(s->addons.v[i].name), name) == 0)
      return true;
  return false;
}

/* What the first node has noted of each (scripts/steps-addons.sh). */
static void judge_record(const struct spec *s, const json_t *maps,
                         struct wrong *w) {
  static const char applied[] = "applied ";
  json_t *data = json_object_get(json_array_get(maps, 0), "data");
  const char *name;
  json_t *state;
  for (size_t i = 0; i < s->addons.n; i++) {
    name = addon_name(s->addons.v[i].name);
    const char *said = judge_text(data, name);
    if (strncmp(said, applied, strlen(applied)) != 0)
      wrong_add(w, "%s %.*s", name, QUOTE_MAX,
                *said ? said : "has not been applied");
  }
  json_object_foreach(data, name, state) {
    if (!spec_has(s, name))
      wrong_add(w, "%s is there, and the spec has it no more", name);
  }
}

/* Of those that run in pods. */
static void judge_pods(const json_t *list, const char *wanted,
                       const char *ready, struct wrong *w) {
  size_t i;
  const json_t *o;
  json_array_foreach(list, i, o) {
    const json_t *status = json_object_get(o, "status");
    json_int_t all = json_integer_value(json_object_get(status, wanted));
    json_int_t those = json_integer_value(json_object_get(status, ready));
    if (those < all || all == 0)
      wrong_add(w, "%s: %lld of %lld pods of %s are ready",
                judge_text(json_object_get(object_metadata(o), "labels"),
                           ADDON_LABEL),
                (long long)those, (long long)all, object_name(o));
  }
}

void judge_addons(struct judge *j) {
  const struct spec *s = j->plan->spec;
  struct wrong w = {0};
  if (!j->objects || !s->addons_written)
    return;
  _cleanup_json_ json_t *maps = read_list(j, "addons", &w);
  _cleanup_json_ json_t *deployments = read_list(j, "addon-deployments", &w);
  _cleanup_json_ json_t *daemons = read_list(j, "addon-daemonsets", &w);
  if (maps)
    judge_record(s, maps, &w);
  if (deployments)
    judge_pods(deployments, "replicas", "readyReplicas", &w);
  if (daemons)
    judge_pods(daemons, "desiredNumberScheduled", "numberReady", &w);
  judge_end_count(j, "addons", "the add-ons are those of the spec, and run", &w,
                  s->addons.n, "add-on");
}
