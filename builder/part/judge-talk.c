/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-talk.h"

#include "base/json.h"
#include <string.h>

/* One of the pods that were started, as scripts/verify-pods lists them. */
struct talker {
  const char *name, *node, *phase, *address, *reason; /* into the text */
  char *url;  /* by which the others ask it */
  char *says; /* what it reaches, or NULL */
};
DEFINE_VEC(talker_vec, struct talker);

/* The next field of a line, cut off; "" when there are no more. */
static const char *next_field(char **line) {
  char *field = strsep(line, ",");
  return field ? field : "";
}

static void talkers_done(struct talker_vec *pods) {
  for (size_t i = 0; i < pods->n; i++) {
    free(pods->v[i].url);
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
    if (!n->has_kubelet)
      continue;
    if (!t)
      wrong_add(w, "%s has no pod", n->name);
    else if (!talker_runs(t))
      wrong_add(w, "the pod on %s is %s%s%s", n->name, t->phase,
                *t->reason ? ", " : "", t->reason);
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

/* What one pod says of all; returns how many it reaches. */
static size_t judge_words(const struct talker *from,
                          const struct talker_vec *pods, struct wrong *w) {
  const char *text = from->says;
  /* kubectl's and etcdctl's complaints stand around the JSON. */
  const char *begin = text ? strstr(text, "[{") : NULL;
  _cleanup_json_ json_t *list =
      begin ? json_loads(begin, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
  size_t reached = 0;
  if (!list) {
    wrong_add(w, "%s: %.*s", from->node, QUOTE_MAX,
              text && *text ? text : "its pod does not answer");
    return 0;
  }
  _cleanup_json_ json_t *health = by_endpoint(list);
  for (size_t i = 0; i < pods->n; i++) {
    const struct talker *to = &pods->v[i];
    if (!talker_runs(to))
      continue;
    const json_t *e = json_object_get(health, to->url);
    if (json_is_true(json_object_get(e, "health")))
      reached++;
    else
      wrong_add(w, "the pod on %s does not reach %s on %s: %.*s", from->node,
                to->address, to->node, QUOTE_MAX, judge_text(e, "error"));
  }
  return reached;
}

void judge_talk(struct judge *j) {
  static const char id[] = "pods.reach";
  static const char what[] = "pods reach those of every node";
  const struct verify_answer *a = &j->facts->pods;
  _cleanup_free_ char *text = verify_section(a, "pods");
  struct talker_vec pods = {0};
  struct wrong w = {0};
  size_t pairs = 0;
  if (a->skipped) {
    judge_add(j, id, what, VERIFY_SKIP, "%s", a->skipped);
    return;
  }
  if (!j->facts->cluster.text) {
    judge_add(j, id, what, VERIFY_SKIP, "no API server answers");
    return;
  }
  if (text) {
    talkers_read(text, &pods);
    talkers_hear(a->text, &pods);
    judge_talkers(j, &pods, &w);
    for (size_t i = 0; i < pods.n; i++)
      if (talker_runs(&pods.v[i]))
        pairs += judge_words(&pods.v[i], &pods, &w);
  } else {
    wrong_add(&w, "%s", a->error ? a->error : "no answer");
  }
  talkers_done(&pods);
  judge_end_count(j, id, what, &w, pairs, "connection");
}
