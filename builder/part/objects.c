/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/objects.h"

#include "base/json.h"
#include "part/judge-processes.h"
#include <string.h>

const json_t *object_metadata(const json_t *o) {
  return json_object_get(o, "metadata");
}

const char *object_name(const json_t *o) {
  return judge_text(object_metadata(o), "name");
}

bool object_is(const json_t *o, const char *kind) {
  return strcmp(judge_text(o, "kind"), kind) == 0;
}

const json_t *objects_find(const struct objects *k, const char *kind,
                           const char *name) {
  size_t i;
  const json_t *o;
  json_array_foreach(k->items, i, o) {
    if (object_is(o, kind) && strcmp(object_name(o), name) == 0)
      return o;
  }
  return NULL;
}

void objects_done(struct objects *k) {
  json_decref(k->items);
  free(k->node);
  for (size_t i = 0; k->pods && i < k->n_nodes; i++)
    json_decref(k->pods[i]);
  free(k->pods);
}

const char *object_condition(const json_t *o, const char *type,
                             const char **ret_message) {
  size_t i;
  const json_t *c;
  const json_t *status = json_object_get(o, "status");
  json_array_foreach(json_object_get(status, "conditions"), i, c) {
    if (strcmp(judge_text(c, "type"), type) != 0)
      continue;
    if (ret_message)
      *ret_message = judge_text(c, "message");
    return judge_text(c, "status");
  }
  return "";
}

/* Adds the items of one list, which in a list do not say what they are. */
static bool list_read(const struct verify_answer *a, const char *section,
                      const char *kind, json_t *items, struct wrong *w) {
  _cleanup_free_ char *text = verify_section(a, section);
  _cleanup_json_ json_t *root = json_loads(text ? text : "", 0, NULL);
  const json_t *list = json_object_get(root, "items");
  size_t i;
  json_t *o;
  if (!json_is_array(list)) {
    wrong_add(w, "no list of %s: %.*s", section, QUOTE_MAX,
              text && *text ? text : "nothing");
    return false;
  }
  json_array_foreach(list, i, o) {
    if (json_object_set_new(o, "kind", json_string(kind)) == 0)
      json_array_append(items, o);
  }
  return true;
}

static void index_objects(const struct judge *j, struct objects *k) {
  size_t i;
  json_t *o;
  k->n_nodes = j->plan->nodes.n;
  k->node = xcalloc(k->n_nodes, sizeof(const json_t *));
  k->pods = xcalloc(k->n_nodes, sizeof(json_t *));
  json_array_foreach(k->items, i, o) {
    bool pod = object_is(o, "Pod");
    const struct plan_node *n = plan_find(
        j->plan, pod ? judge_text(json_object_get(o, "spec"), "nodeName")
                     : object_name(o));
    if (!n)
      continue;
    if (object_is(o, "Node"))
      k->node[n->index] = o;
    if (pod && !k->pods[n->index])
      k->pods[n->index] = json_array();
    if (pod)
      json_array_append(k->pods[n->index], o);
  }
}

bool objects_read(const struct judge *j, struct objects *k, struct wrong *w) {
  static const struct {
    const char *section, *kind;
  } lists[] = {{"nodes", "Node"},
               {"pods", "Pod"},
               {"deployments", "Deployment"},
               {"services", "Service"}};
  const struct verify_answer *a = &j->facts->cluster;
  k->items = json_array();
  if (!a->text) {
    w->unasked = judge_nobody_asked(j);
    if (!w->unasked)
      wrong_add(w, "%s", a->error ? a->error : "no answer");
    return false;
  }
  for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
    if (!list_read(a, lists[i].section, lists[i].kind, k->items, w))
      return false;
  index_objects(j, k);
  return true;
}

/* ---- Pods ---- */

bool pod_is_leftover(const json_t *pod) {
  const char *phase = judge_text(json_object_get(pod, "status"), "phase");
  return strcmp(phase, "Failed") == 0 &&
         json_array_size(
             json_object_get(object_metadata(pod), "ownerReferences"));
}

/* kubeadm labels static pods with their component, kube-proxy's as an app. */
static const json_t *find_pod(const struct objects *k, const char *component,
                              const struct plan_node *node) {
  size_t i;
  const json_t *o;
  json_array_foreach(k->pods[node->index], i, o) {
    const json_t *labels = json_object_get(object_metadata(o), "labels");
    if (!pod_is_leftover(o) &&
        (strcmp(judge_text(labels, "component"), component) == 0 ||
         strcmp(judge_text(labels, "k8s-app"), component) == 0))
      return o;
  }
  return NULL;
}

/* Why a container of the pod does not run: "CrashLoopBackOff"; "" if none. */
static const char *waiting_reason(const json_t *pod) {
  size_t i;
  const json_t *c;
  const json_t *status = json_object_get(pod, "status");
  json_array_foreach(json_object_get(status, "containerStatuses"), i, c) {
    const json_t *state = json_object_get(c, "state");
    const json_t *waiting = json_object_get(state, "waiting");
    if (waiting)
      return judge_text(waiting, "reason");
  }
  return "";
}

static json_int_t restarts(const json_t *pod) {
  json_int_t sum = 0;
  size_t i;
  const json_t *c;
  const json_t *status = json_object_get(pod, "status");
  json_array_foreach(json_object_get(status, "containerStatuses"), i, c) sum +=
      json_integer_value(json_object_get(c, "restartCount"));
  return sum;
}

void judge_pod(const json_t *pod, const char *name, bool may_end,
               struct wrong *w) {
  const char *phase = judge_text(json_object_get(pod, "status"), "phase");
  const char *reason = waiting_reason(pod);
  if (may_end && strcmp(phase, "Succeeded") == 0)
    return;
  if (strcmp(phase, "Running") != 0 || *reason)
    wrong_add(w, "%s is %s%s%s", name, *phase ? phase : "of no phase",
              *reason ? ", " : "", reason);
  else if (strcmp(object_condition(pod, "Ready", NULL), "True") != 0)
    wrong_add(w, "%s runs and is not Ready", name);
}

/* kubeadm tags the images of Kubernetes itself with its version. */
static void judge_pod_version(const struct plan *p, const json_t *pod,
                              struct wrong *w) {
  const json_t *containers =
      json_object_get(json_object_get(pod, "spec"), "containers");
  const char *image = judge_text(json_array_get(containers, 0), "image");
  const char *tag = strrchr(image, ':');
  const char *expected = p->spec->kubernetes.version_text;
  if (!tag || tag[1] != 'v' || strcmp(tag + 2, expected) != 0)
    wrong_add(w, "%s: expected v%s, found the image %.*s", object_name(pod),
              expected, QUOTE_MAX, *image ? image : "(none)");
}

void judge_component(struct judge *j, const char *id, const char *what,
                     const char *component, const struct plan_list *l,
                     bool versioned) {
  struct wrong w = {0};
  size_t n_pods = 0;
  if (j->plan->spec->kubernetes.bootstrapper == BOOTSTRAPPER_SYSTEMD) {
    judge_process(j, id, what, component, l);
    return;
  }
  long long n_restarts = 0;
  for (size_t i = 0; j->objects && i < l->n; i++) {
    const struct plan_node *n = l->v[i];
    if (!n->registered) {
      judge_process_on(j, n, component, &w, &n_pods, &n_restarts);
      continue;
    }
    const json_t *pod = find_pod(j->objects, component, n);
    if (!pod) {
      wrong_add(&w, "none on %s", n->name);
      continue;
    }
    n_pods++;
    n_restarts += restarts(pod);
    judge_pod(pod, object_name(pod), false, &w);
    if (versioned)
      judge_pod_version(j->plan, pod, &w);
  }
  if (j->objects)
    judge_end(j, id, what, &w, "%zu, restarts so far: %lld", n_pods,
              n_restarts);
}
