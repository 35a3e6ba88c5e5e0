/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the API server tells of nodes, pods and DNS. */
#include "base/json.h"
#include "cluster/verify-judge.h"

#include <string.h>

#define QUOTE_MAX 200

/* ---- Objects ---- */

/* All objects that were asked for, each with its kind; nodes and their pods
 * found by the node's place in the plan. */
struct objects {
  json_t *items;
  size_t n_nodes;
  const json_t **node; /* of plan->nodes.v[i]; NULL: not registered */
  json_t **pods;       /* arrays: those on plan->nodes.v[i]; NULL: none */
};

static const json_t *metadata(const json_t *o) {
  return json_object_get(o, "metadata");
}

static const char *name_of(const json_t *o) {
  return judge_text(metadata(o), "name");
}

static bool is_kind(const json_t *o, const char *kind) {
  return strcmp(judge_text(o, "kind"), kind) == 0;
}

static const json_t *find_object(const struct objects *k, const char *kind,
                                 const char *name) {
  size_t i;
  const json_t *o;
  json_array_foreach(k->items, i, o) {
    if (is_kind(o, kind) && strcmp(name_of(o), name) == 0)
      return o;
  }
  return NULL;
}

static void objects_done(struct objects *k) {
  json_decref(k->items);
  free(k->node);
  for (size_t i = 0; k->pods && i < k->n_nodes; i++)
    json_decref(k->pods[i]);
  free(k->pods);
}

/* The status of a condition such as Ready: "True", "False", "Unknown"; "" when
 * there is none. ret_message (may be NULL) is borrowed. */
static const char *condition(const json_t *o, const char *type,
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

/* ---- Nodes ---- */

/* One property of a registered node; what differs goes to w. */
typedef void property_fn(const struct plan *p, const struct plan_node *n,
                         const json_t *o, struct wrong *w);

static void node_ready(const struct plan *p, const struct plan_node *n,
                       const json_t *o, struct wrong *w) {
  (void)p;
  const char *message = "";
  const char *ready = condition(o, "Ready", &message);
  if (strcmp(ready, "True") != 0)
    wrong_add(w, "%s: Ready is %s (%.*s)", n->name, *ready ? ready : "not set",
              QUOTE_MAX, message);
}

static void node_version(const struct plan *p, const struct plan_node *n,
                         const json_t *o, struct wrong *w) {
  const json_t *status = json_object_get(o, "status");
  const char *found =
      judge_text(json_object_get(status, "nodeInfo"), "kubeletVersion");
  const char *expected = p->spec->kubernetes.version_text;
  if (*found != 'v' || strcmp(found + 1, expected) != 0)
    wrong_add(w, "%s: expected v%s, found %s", n->name, expected, found);
}

static void node_address(const struct plan *p, const struct plan_node *n,
                         const json_t *o, struct wrong *w) {
  (void)p;
  char a[NET_TEXT];
  const char *expected = ip_format(n->spec->address, a);
  const char *found = "none";
  size_t i;
  const json_t *address;
  const json_t *status = json_object_get(o, "status");
  json_array_foreach(json_object_get(status, "addresses"), i, address) {
    if (strcmp(judge_text(address, "type"), "InternalIP") != 0)
      continue;
    found = judge_text(address, "address");
    if (strcmp(found, expected) == 0)
      return;
  }
  wrong_add(w, "%s: expected %s, found %s", n->name, expected, found);
}

static void node_role(const struct plan *p, const struct plan_node *n,
                      const json_t *o, struct wrong *w) {
  const json_t *labels = json_object_get(metadata(o), "labels");
  bool found =
      json_object_get(labels, version_control_plane_label(
                                  &p->spec->kubernetes.version)) != NULL;
  bool expected = n->spec->role == ROLE_CONTROL_PLANE;
  if (found != expected)
    wrong_add(w, "%s: expected %s, found %s", n->name, role_name(n->spec->role),
              found ? "control-plane" : "no label of the control plane");
}

static void node_labels(const struct plan *p, const struct plan_node *n,
                        const json_t *o, struct wrong *w) {
  (void)p;
  const json_t *labels = json_object_get(metadata(o), "labels");
  for (size_t i = 0; i < n->spec->labels.n; i++) {
    const char *label = n->spec->labels.v[i];
    size_t len = strcspn(label, "=");
    _cleanup_free_ char *key = xstrndup(label, len);
    const char *expected = label[len] ? label + len + 1 : "";
    const char *found = json_string_value(json_object_get(labels, key));
    if (!found || strcmp(found, expected) != 0)
      wrong_add(w, "%s: expected %s, found %s", n->name, label,
                found ? found : "none");
  }
}

/* Those that come and go with the Ready condition are told there. */
static bool is_passing(const char *key) {
  return strcmp(key, "node.kubernetes.io/not-ready") == 0 ||
         strcmp(key, "node.kubernetes.io/unreachable") == 0;
}

static void found_taints(const json_t *o, struct strv *ret) {
  size_t i;
  const json_t *t;
  const json_t *spec = json_object_get(o, "spec");
  json_array_foreach(json_object_get(spec, "taints"), i, t) {
    const char *value = judge_text(t, "value");
    if (!is_passing(judge_text(t, "key")))
      strv_pushf(ret, "%s%s%s:%s", judge_text(t, "key"), *value ? "=" : "",
                 value, judge_text(t, "effect"));
  }
}

static void node_taints(const struct plan *p, const struct plan_node *n,
                        const json_t *o, struct wrong *w) {
  (void)p;
  const struct strv *expected = &n->taints;
  _cleanup_strv_ struct strv found = {0};
  found_taints(o, &found);
  for (size_t i = 0; i < expected->n; i++)
    if (!strv_has(&found, expected->v[i]))
      wrong_add(w, "%s: %s is missing", n->name, expected->v[i]);
  for (size_t i = 0; i < found.n; i++)
    if (!strv_has(expected, found.v[i]))
      wrong_add(w, "%s: %s is not planned", n->name, found.v[i]);
}

static void judge_registered(struct judge *j, const struct objects *k) {
  struct wrong w = {0};
  size_t n_expected = 0;
  size_t i;
  const json_t *o;
  for (i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    n_expected += judge_has_kubelet(n);
    if (judge_has_kubelet(n) && !k->node[i])
      wrong_add(&w, "%s is not registered", n->name);
  }
  json_array_foreach(k->items, i, o) {
    const struct plan_node *n = plan_find(j->plan, name_of(o));
    if (is_kind(o, "Node") && (!n || !judge_has_kubelet(n)))
      wrong_add(&w, "%s is registered and not planned", name_of(o));
  }
  judge_end(j, "nodes.names", "the spec's nodes are registered", &w,
            "%zu nodes", n_expected);
}

static void judge_properties(struct judge *j, const struct objects *k) {
  static const struct {
    const char *id, *what;
    property_fn *check;
  } properties[] = {
      {"nodes.ready", "every node is Ready", node_ready},
      {"nodes.version", "every kubelet has the spec's version", node_version},
      {"nodes.address", "every node has its InternalIP", node_address},
      {"nodes.role", "every node has its role", node_role},
      {"nodes.labels", "every node has the spec's labels", node_labels},
      {"nodes.taints", "every node has its taints and no others", node_taints},
  };
  for (size_t c = 0; c < ARRAY_SIZE(properties); c++) {
    struct wrong w = {0};
    size_t n_nodes = 0;
    for (size_t i = 0; i < j->plan->nodes.n; i++) {
      const struct plan_node *n = &j->plan->nodes.v[i];
      if (!judge_has_kubelet(n))
        continue;
      n_nodes++;
      if (k->node[i])
        properties[c].check(j->plan, n, k->node[i], &w);
      else
        wrong_add(&w, "%s is not registered", n->name);
    }
    judge_end(j, properties[c].id, properties[c].what, &w, "%zu nodes",
              n_nodes);
  }
}

/* ---- Pods of kube-system ---- */

/* Evicted, or a job's failed attempt: who owns it has put another in its place,
 * and the record stays until somebody deletes it. */
static bool is_leftover(const json_t *pod) {
  const char *phase = judge_text(json_object_get(pod, "status"), "phase");
  return strcmp(phase, "Failed") == 0 &&
         json_array_size(json_object_get(metadata(pod), "ownerReferences"));
}

/* kubeadm labels static pods with their component, kube-proxy's as an app. */
static const json_t *find_pod(const struct objects *k, const char *component,
                              const struct plan_node *node) {
  size_t i;
  const json_t *o;
  json_array_foreach(k->pods[node->index], i, o) {
    const json_t *labels = json_object_get(metadata(o), "labels");
    if (!is_leftover(o) &&
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

/* Running and Ready, or, when it may, ended well. */
static void judge_pod(const json_t *pod, const char *name, bool may_end,
                      struct wrong *w) {
  const char *phase = judge_text(json_object_get(pod, "status"), "phase");
  const char *reason = waiting_reason(pod);
  if (may_end && strcmp(phase, "Succeeded") == 0)
    return;
  if (strcmp(phase, "Running") != 0 || *reason)
    wrong_add(w, "%s is %s%s%s", name, *phase ? phase : "of no phase",
              *reason ? ", " : "", reason);
  else if (strcmp(condition(pod, "Ready", NULL), "True") != 0)
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
    wrong_add(w, "%s: expected v%s, found the image %.*s", name_of(pod),
              expected, QUOTE_MAX, *image ? image : "(none)");
}

static void judge_component(struct judge *j, const struct objects *k,
                            const char *id, const char *what,
                            const char *component, bool workers) {
  struct wrong w = {0};
  size_t n_pods = 0;
  json_int_t n_restarts = 0;
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    if (n->spec->role != ROLE_CONTROL_PLANE &&
        !(workers && n->spec->role == ROLE_WORKER))
      continue;
    const json_t *pod = find_pod(k, component, n);
    if (!pod) {
      wrong_add(&w, "none on %s", n->name);
      continue;
    }
    n_pods++;
    n_restarts += restarts(pod);
    judge_pod(pod, name_of(pod), false, &w);
    if (strcmp(component, "etcd") != 0)
      judge_pod_version(j->plan, pod, &w);
  }
  judge_end(j, id, what, &w, "%zu, restarts so far: %lld", n_pods,
            (long long)n_restarts);
}

static void judge_components(struct judge *j, const struct objects *k) {
  judge_component(j, k, "pods.kube-apiserver",
                  "kube-apiserver runs on every control-plane node",
                  "kube-apiserver", false);
  judge_component(j, k, "pods.kube-controller-manager",
                  "kube-controller-manager runs on every control-plane node",
                  "kube-controller-manager", false);
  judge_component(j, k, "pods.kube-scheduler",
                  "kube-scheduler runs on every control-plane node",
                  "kube-scheduler", false);
  if (j->plan->spec->etcd.mode == ETCD_STACKED)
    judge_component(j, k, "pods.etcd", "etcd runs on every control-plane node",
                    "etcd", false);
  judge_component(j, k, "pods.kube-proxy", "kube-proxy runs on every node",
                  "kube-proxy", true);
}

/* The network's pods, DNS and whatever else has been added. */
static void judge_system_pods(struct judge *j, const struct objects *k) {
  struct wrong w = {0};
  size_t n_pods = 0;
  size_t i;
  const json_t *o;
  json_array_foreach(k->items, i, o) {
    if (!is_kind(o, "Pod") || is_leftover(o))
      continue;
    n_pods++;
    judge_pod(o, name_of(o), true, &w);
  }
  judge_end(j, "pods.system", "no pod of kube-system is in trouble", &w,
            "%zu pods", n_pods);
}

/* ---- DNS ---- */

static void judge_dns(struct judge *j, const struct objects *k) {
  static const char id[] = "dns";
  static const char what[] = "DNS is ready at its address";
  struct wrong w = {0};
  const json_t *coredns = find_object(k, "Deployment", "coredns");
  if (!coredns) {
    judge_add(j, id, what, VERIFY_SKIP, "there is no deployment coredns");
    return;
  }
  json_int_t expected = json_integer_value(
      json_object_get(json_object_get(coredns, "spec"), "replicas"));
  json_int_t ready = json_integer_value(
      json_object_get(json_object_get(coredns, "status"), "readyReplicas"));
  if (ready < expected || ready == 0)
    wrong_add(&w, "%lld of %lld replicas of coredns are ready",
              (long long)ready, (long long)expected);
  const json_t *service = find_object(k, "Service", "kube-dns");
  const char *address =
      judge_text(json_object_get(service, "spec"), "clusterIP");
  if (!service)
    wrong_add(&w, "there is no service kube-dns");
  else if (strcmp(address, j->plan->cluster_dns) != 0)
    wrong_add(&w, "service kube-dns: expected %s, found %s",
              j->plan->cluster_dns, address);
  judge_end(j, id, what, &w, "%lld replicas, %s", (long long)ready,
            j->plan->cluster_dns);
}

/* ---- All of the API server's ---- */

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
  k->node = xcalloc(k->n_nodes, sizeof(*k->node));
  k->pods = xcalloc(k->n_nodes, sizeof(*k->pods));
  json_array_foreach(k->items, i, o) {
    bool pod = is_kind(o, "Pod");
    const struct plan_node *n = plan_find(
        j->plan,
        pod ? judge_text(json_object_get(o, "spec"), "nodeName") : name_of(o));
    if (!n)
      continue;
    if (is_kind(o, "Node"))
      k->node[n->index] = o;
    if (pod && !k->pods[n->index])
      k->pods[n->index] = json_array();
    if (pod)
      json_array_append(k->pods[n->index], o);
  }
}

/* Reads the answer; false after saying in w why it cannot be. */
static bool objects_read(const struct judge *j, struct objects *k,
                         struct wrong *w) {
  static const struct {
    const char *section, *kind;
  } lists[] = {{"nodes", "Node"},
               {"pods", "Pod"},
               {"deployments", "Deployment"},
               {"services", "Service"}};
  const struct verify_answer *a = &j->facts->cluster;
  k->items = json_array();
  if (!a->text) {
    wrong_add(w, "%s", a->error ? a->error : "no answer");
    return false;
  }
  for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
    if (!list_read(a, lists[i].section, lists[i].kind, k->items, w))
      return false;
  index_objects(j, k);
  return true;
}

void judge_kubernetes(struct judge *j) {
  _cleanup_(objects_done) struct objects k = {0};
  struct wrong w = {0};
  bool known = objects_read(j, &k, &w);
  judge_end(j, "api", "an API server tells about nodes and pods", &w,
            "%zu objects", json_array_size(k.items));
  if (!known)
    return;
  judge_registered(j, &k);
  judge_properties(j, &k);
  judge_components(j, &k);
  judge_system_pods(j, &k);
  judge_dns(j, &k);
}
