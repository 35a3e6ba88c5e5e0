/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node of Kubernetes: containerd and the kubelet, and how it finds the API.
 */
#include "part/ask.h"
#include "part/components.h"
#include "part/judge-talk.h"
#include "part/label-checks.h"
#include "part/objects.h"
#include "part/part.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  if (!n->has_kubelet)
    return NULL;
  return n->spec->role == ROLE_CONTROL_PLANE
             ? "a control-plane node of Kubernetes"
             : "a worker of Kubernetes";
}

static bool offline(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->spec->pki.mode == PKI_OFFLINE;
}

static bool joins(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return plan_by_kubeadm(p);
}

static const struct part_file files[] = {
    {"/etc/kubeseed/discovery.conf", "user-data/kubeconfig", 0600, ROOT, joins},
    {LIB "steps-kubernetes.sh", "scripts/steps-kubernetes.sh", 0644, ROOT,
     NULL},
    {LIB "steps-containerd.sh", "scripts/steps-containerd.sh", 0644, ROOT,
     NULL},
    {"/etc/kubeseed/ca.crt", "pki:ca.crt", 0644, ROOT, offline},
    {0},
};

static const char *const units[] = {"containerd.service", "kubelet.service",
                                    NULL};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  const char *token = part_key(in, "token");
  scope_set(s, "cri_socket", version_cri_socket(&p->spec->kubernetes.version));
  scope_set(s, "token", token);
  scope_setf(s, "token_id", "%.6s", token);
  scope_set(s, "ca_crt", part_key(in, "ca.crt"));
  /* For the kubeconfig of discovery: a server and its CA, and nobody. Without a
   * user there can be no context, and then kubeadm takes the cluster that has
   * no name (cmd/kubeadm/app/util/kubeconfig, GetClusterFromKubeConfig). */
  scope_set_list(s, "contexts");
  struct scope *context = scope_add(s, "contexts");
  scope_set(context, "name", "");
  scope_setf(context, "server", "https://%s", p->endpoint);
  scope_set(s, "user", "");
}

/* The spec's taints, key, value and effect apart. */
static void set_taints(const struct spec_taints *taints, struct scope *s) {
  scope_set_flag(s, "taints_set", taints != NULL);
  scope_set_list(s, "taints");
  for (size_t i = 0; taints && i < taints->list.n; i++) {
    const char *taint = taints->list.v[i];
    const char *colon = strrchr(taint, ':');
    const char *equals = memchr(taint, '=', (size_t)(colon - taint));
    const char *key_end = equals ? equals : colon;
    struct scope *row = scope_add(s, "taints");
    scope_setf(row, "key", "%.*s", (int)(key_end - taint), taint);
    scope_setf(row, "value", "%.*s", equals ? (int)(colon - equals - 1) : 0,
               equals ? equals + 1 : "");
    scope_set(row, "effect", colon + 1);
  }
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  (void)p;
  if (!n->has_kubelet)
    return;
  const struct strv *args = &n->extras.kubelet_args;
  if (args->n > 0)
    scope_set_list(s, "kubelet_args");
  for (size_t i = 0; i < args->n; i++)
    component_add_pair(s, "kubelet_args", args->v[i]);
  _cleanup_free_ char *labels = strv_join(&n->extras.labels, ",");
  _cleanup_free_ char *taints = strv_join(&n->taints, ",");
  bool control_plane = n->spec->role == ROLE_CONTROL_PLANE;
  scope_set(s, "node_labels", labels);
  /* kubeadm sets the taints of a control-plane node when it has joined. A busy
   * node lifecycle controller can then write back an older list without them
   * (seen with 1.20.2); so the kubelet registers with them. */
  scope_set(s, "register_taints", control_plane ? taints : "");
  set_taints(n->extras.taints, s);
}

/* ---- verify ---- */

/* One property of a registered node; what differs goes to w. */
typedef void property_fn(const struct plan *p, const struct plan_node *n,
                         const json_t *o, struct wrong *w);

static void node_ready(const struct plan *p, const struct plan_node *n,
                       const json_t *o, struct wrong *w) {
  (void)p;
  const char *message = "";
  const char *ready = object_condition(o, "Ready", &message);
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

static void expect_address(const struct plan_node *n, struct ip wanted,
                           const json_t *o, struct wrong *w) {
  char a[NET_TEXT];
  const char *expected = ip_format(wanted, a);
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

static void node_address(const struct plan *p, const struct plan_node *n,
                         const json_t *o, struct wrong *w) {
  (void)p;
  expect_address(n, n->spec->address, o, w);
  if (ip_is_set(n->spec->address6))
    expect_address(n, n->spec->address6, o, w);
}

static void node_role(const struct plan *p, const struct plan_node *n,
                      const json_t *o, struct wrong *w) {
  const json_t *labels = json_object_get(object_metadata(o), "labels");
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
  const json_t *labels = json_object_get(object_metadata(o), "labels");
  for (size_t i = 0; i < n->extras.labels.n; i++) {
    const char *label = n->extras.labels.v[i];
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

static void judge_registered(struct judge *j) {
  const struct objects *k = j->objects;
  struct wrong w = {0};
  size_t i;
  const json_t *o;
  for (i = 0; i < j->plan->registered.n; i++) {
    const struct plan_node *n = j->plan->registered.v[i];
    if (!k->node[n->index])
      wrong_add(&w, "%s is not registered", n->name);
  }
  json_array_foreach(k->items, i, o) {
    const struct plan_node *n = plan_find(j->plan, object_name(o));
    if (object_is(o, "Node") && (!n || !n->registered))
      wrong_add(&w, "%s is registered and not planned", object_name(o));
  }
  judge_end_count(j, "nodes.names", "the spec's nodes are registered", &w,
                  j->plan->registered.n, "node");
}

static void judge_properties(struct judge *j) {
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
    for (size_t i = 0; i < j->plan->registered.n; i++) {
      const struct plan_node *n = j->plan->registered.v[i];
      const json_t *o = j->objects->node[n->index];
      if (o)
        properties[c].check(j->plan, n, o, &w);
      else
        wrong_add(&w, "%s is not registered", n->name);
    }
    judge_end_count(j, properties[c].id, properties[c].what, &w,
                    j->plan->registered.n, "node");
  }
}

/* Of an API server's list of checks only the "[-]" ones; the caller frees. */
static char *unready_words(const char *text) {
  _cleanup_buf_ struct buf b = {0};
  for (const char *p = text; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    if (strncmp(p, "[-]", 3) == 0)
      buf_addf(&b, "%s%.*s", b.len ? ", " : "", (int)strcspn(p, "\n"), p);
  }
  if (b.len == 0)
    buf_adds(&b, *text ? text : "nothing");
  return buf_take(&b);
}

static void judge_readyz(struct judge *j) {
  struct wrong w = {0};
  size_t n_asked = 0;
  for (size_t i = 0; i < j->plan->kubelets.n; i++, n_asked++) {
    const struct plan_node *n = j->plan->kubelets.v[i];
    _cleanup_free_ char *text = judge_section(j, n, "readyz", &w);
    if (!text || strcmp(text, "ok") == 0)
      continue;
    _cleanup_free_ char *words = unready_words(text);
    wrong_add(&w, "%s: %.*s", n->name, QUOTE_MAX, words);
  }
  judge_end(j, "endpoint.readyz",
            "/readyz of the endpoint is ok from every node", &w,
            "https://%s, from %zu node%s", j->plan->endpoint, n_asked,
            n_asked == 1 ? "" : "s");
}

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  (void)in;
  ask_set(head, "KUBELET", n->has_kubelet ? "yes" : "");
}

static void verify(struct judge *j) {
  judge_readyz(j);
  judge_talk(j);
  if (!j->objects)
    return;
  judge_registered(j);
  judge_properties(j);
}

const struct part part_kubelet = {
    .name = "kubelet",
    .why = why,
    .checks = label_checks,
    .files = files,
    .units = units,
    .values = values,
    .node_values = node_values,
    .ask = ask,
    .verify = verify,
};
