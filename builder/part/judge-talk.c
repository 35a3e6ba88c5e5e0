/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-talk.h"

#include "base/json.h"
#include "part/objects.h"
#include "spec/addons.h"
#include <string.h>

/* The service of all those pods, as scripts/verify-pods has it asked. */
#define SERVICE "http://reach:2379"

/* One of the pods that were started, as scripts/verify-pods lists them. */
struct talker {
  const char *name, *node, *phase, *address, *reason; /* into the text */
  const char *address6;                               /* "" without one */
  char *url, *url6; /* by which the others ask it; url6 with address6 */
  char *says;       /* what it reaches, or NULL */
};
DEFINE_VEC(talker_vec, struct talker);

/* The next field of a line, cut off; "" when there are no more. */
static const char *next_field(char **line) {
  char *field = strsep(line, ",");
  return field ? field : "";
}

static const char *next_word(char **text) {
  char *word = strsep(text, " ");
  return word ? word : "";
}

static void talkers_done(struct talker_vec *pods) {
  for (size_t i = 0; i < pods->n; i++) {
    free(pods->v[i].url);
    free(pods->v[i].url6);
    free(pods->v[i].says);
  }
  free(pods->v);
}

static bool talker_runs(const struct talker *t) {
  return strcmp(t->phase, "Running") == 0 && *t->address;
}

/* Cuts text up. */
static void talkers_read(char *text, struct talker_vec *ret) {
  char *save = NULL;
  for (char *line = strtok_r(text, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save)) {
    struct talker *t = talker_vec_add(ret);
    t->name = next_field(&line);
    t->node = next_field(&line);
    t->phase = next_field(&line);
    t->address = next_field(&line);
    t->reason = next_field(&line);
    t->url = xasprintf("http://%s:2379", t->address);
    /* All of its addresses. */
    char *all = strsep(&line, ",");
    (void)next_word(&all);
    t->address6 = next_word(&all);
    if (*t->address6)
      t->url6 = xasprintf("http://[%s]:2379", t->address6);
  }
}

/* Gives each pod the section "reach POD". */
static void talkers_hear(const char *text, struct talker_vec *pods) {
  static const char reach[] = "reach ";
  _cleanup_json_ json_t *by_name = json_object();
  for (size_t i = 0; i < pods->n; i++)
    (void)json_object_set_new(by_name, pods->v[i].name,
                              json_integer((json_int_t)i));
  for (const char *at = text;;) {
    _cleanup_free_ char *name = NULL;
    _cleanup_free_ char *says = NULL;
    if (!verify_next_section(&at, &name, &says))
      return;
    if (strncmp(name, reach, strlen(reach)) != 0)
      continue;
    const json_t *i = json_object_get(by_name, name + strlen(reach));
    struct talker *t = i ? &pods->v[json_integer_value(i)] : NULL;
    if (t && !t->says)
      t->says = TAKE_PTR(says);
  }
}

/* Each node of Kubernetes has a pod that runs. */
static void judge_talkers(const struct judge *j, const struct talker_vec *pods,
                          struct wrong *w) {
  _cleanup_free_ const struct talker **on =
      xcalloc(j->plan->nodes.n, sizeof(const struct talker *));
  for (size_t i = 0; i < pods->n; i++) {
    const struct plan_node *n = plan_find(j->plan, pods->v[i].node);
    if (n && !on[n->index])
      on[n->index] = &pods->v[i];
  }
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    const struct talker *t = on[i];
    if (!n->registered)
      continue;
    if (!t)
      wrong_add(w, "%s has no pod", n->name);
    else if (!talker_runs(t))
      wrong_add(w, "the pod on %s is %s%s%s", n->name, t->phase,
                *t->reason ? ", " : "", t->reason);
    else if (spec_has_ipv6(j->plan->spec) && !t->url6)
      wrong_add(w, "the pod on %s has no address of IPv6", n->name);
  }
}

/* The healths that etcdctl tells, by endpoint. */
static json_t *by_endpoint(const json_t *list) {
  json_t *map = json_object();
  size_t i;
  json_t *e;
  json_array_foreach(list, i, e)(void)
      json_object_set(map, judge_text(e, "endpoint"), e);
  return map;
}

/* What etcdctl said there; NULL when it said nothing. The caller json_decref's.
 */
static json_t *healths_of(const struct talker *t) {
  /* kubectl's and its own complaints stand around the JSON. */
  const char *begin = t->says ? strstr(t->says, "[{") : NULL;
  return begin ? json_loads(begin, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

/* Whether one pod reaches another at an address, as it says. */
static bool judge_word(const struct talker *from, const struct talker *to,
                       const char *address, const json_t *said,
                       struct wrong *w) {
  if (json_is_true(json_object_get(said, "health")))
    return true;
  wrong_add(w, "the pod on %s does not reach %s on %s: %.*s", from->node,
            address, to->node, QUOTE_MAX, judge_text(said, "error"));
  return false;
}

/* What one pod says of all; returns how many it reaches. */
static size_t judge_words(const struct talker *from,
                          const struct talker_vec *pods, struct wrong *w) {
  _cleanup_json_ json_t *list = healths_of(from);
  size_t reached = 0;
  if (!list) {
    wrong_add(w, "%s: %.*s", from->node, QUOTE_MAX,
              from->says && *from->says ? from->says
                                        : "its pod does not answer");
    return 0;
  }
  _cleanup_json_ json_t *health = by_endpoint(list);
  for (size_t i = 0; i < pods->n; i++) {
    const struct talker *to = &pods->v[i];
    if (!talker_runs(to))
      continue;
    reached +=
        judge_word(from, to, to->address, json_object_get(health, to->url), w);
    if (to->url6)
      reached += judge_word(from, to, to->address6,
                            json_object_get(health, to->url6), w);
  }
  return reached;
}

/* Whether one pod reaches the service by its name. Who says nothing is told of
 * above. */
static bool finds_service(const struct talker *from, struct wrong *w) {
  _cleanup_json_ json_t *list = healths_of(from);
  _cleanup_json_ json_t *health = by_endpoint(list);
  const json_t *e = json_object_get(health, SERVICE);
  bool found = json_is_true(json_object_get(e, "health"));
  if (list && !found)
    wrong_add(w, "the pod on %s does not reach a service by its name: %.*s",
              from->node, QUOTE_MAX, e ? judge_text(e, "error") : "not asked");
  return found;
}

#define DNS "pods.dns", "DNS answers pods of every node"
#define REACH "pods.reach", "pods reach those of every node"

static void judge_pairs(struct judge *j, const struct talker_vec *pods) {
  struct wrong w = {0};
  size_t pairs = 0;
  judge_talkers(j, pods, &w);
  for (size_t i = 0; i < pods->n; i++)
    if (talker_runs(&pods->v[i]))
      pairs += judge_words(&pods->v[i], pods, &w);
  judge_end_count(j, REACH, &w, pairs, "connection");
}

static void judge_names(struct judge *j, const struct talker_vec *pods) {
  struct wrong w = {0};
  size_t n = 0;
  const char *name = addon_dns_name(j->plan->spec);
  if (!j->objects || !objects_find(j->objects, "Deployment", name)) {
    judge_add(j, DNS, VERIFY_SKIP, "there is no deployment %s", name);
    return;
  }
  for (size_t i = 0; i < pods->n; i++)
    if (talker_runs(&pods->v[i]))
      n += finds_service(&pods->v[i], &w);
  if (n == 0 && w.n == 0)
    judge_add(j, DNS, VERIFY_SKIP, "no pod could ask it");
  else
    judge_end_count(j, DNS, &w, n, "pod");
}

static void nobody_talks(struct judge *j, const char *why) {
  judge_add(j, DNS, VERIFY_SKIP, "%s", why);
  judge_add(j, REACH, VERIFY_SKIP, "%s", why);
}

void judge_talk(struct judge *j) {
  const struct verify_answer *a = &j->facts->pods;
  _cleanup_free_ char *text = verify_section(a, "pods");
  struct talker_vec pods = {0};
  if (a->skipped) {
    nobody_talks(j, a->skipped);
  } else if (!j->facts->cluster.text) {
    nobody_talks(j, "no API server answers");
  } else if (!text) {
    judge_add(j, DNS, VERIFY_SKIP, "no pod could ask it");
    judge_add(j, REACH, VERIFY_FAIL, "%s", a->error ? a->error : "no answer");
  } else {
    talkers_read(text, &pods);
    talkers_hear(a->text, &pods);
    judge_names(j, &pods);
    judge_pairs(j, &pods);
    talkers_done(&pods);
  }
}
