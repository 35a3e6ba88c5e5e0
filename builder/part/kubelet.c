/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node of Kubernetes: containerd and the kubelet, and how it finds the API.
 */
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

static const struct part_file files[] = {
    {"/etc/kubeseed/discovery.conf", "user-data/kubeconfig", 0600, ROOT, NULL},
    {LIB "steps-kubernetes.sh", "scripts/steps-kubernetes.sh", 0644, ROOT,
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
static void set_taints(const struct spec_node *n, struct scope *s) {
  scope_set_flag(s, "taints_set", n->untainted || n->taints.n > 0);
  scope_set_list(s, "taints");
  for (size_t i = 0; i < n->taints.n; i++) {
    const char *taint = n->taints.v[i];
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
  _cleanup_free_ char *labels = strv_join(&n->spec->labels, ",");
  _cleanup_free_ char *taints = strv_join(&n->taints, ",");
  bool control_plane = n->spec->role == ROLE_CONTROL_PLANE;
  scope_set(s, "node_labels", labels);
  /* kubeadm sets the taints of a control-plane node when it has joined. A busy
   * node lifecycle controller can then write back an older list without them
   * (seen with 1.20.2); so the kubelet registers with them. */
  scope_set(s, "register_taints", control_plane ? taints : "");
  set_taints(n->spec, s);
}

const struct part part_kubelet = {
    .name = "kubelet",
    .why = why,
    .files = files,
    .units = units,
    .values = values,
    .node_values = node_values,
};
