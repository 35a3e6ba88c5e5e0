/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kubelet that nobody lets in: its configuration, and a certificate that was
 * made beforehand. */
#include "part/flags.h"
#include "part/part.h"
#include "part/serving.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->has_kubelet && !plan_by_kubeadm(p)
             ? "its kubelet has certificates from the seed, and joins nobody"
             : NULL;
}

/* On a control-plane node that has it among its other keys. */
static bool is_worker(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role != ROLE_CONTROL_PLANE;
}

static bool from_seed(const struct plan *p, const struct plan_node *n) {
  return n->registered && !serving_asks(p, n);
}

static bool registers(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->registered;
}

#define KUBELET_PKI "/var/lib/kubelet/pki/"

static const struct part_file files[] = {
    {KUBE_PKI "ca.crt", "pki:ca.crt", 0644, ROOT, is_worker},
    {KUBELET_PKI "kubelet-client-current.pem", "pki:node/kubelet.pem", 0600,
     ROOT, registers},
    {KUBELET_PKI "kubelet.crt", "pki:node/kubelet-server.crt", 0644, ROOT,
     from_seed},
    {KUBELET_PKI "kubelet.key", "pki:node/kubelet-server.key", 0600, ROOT,
     from_seed},
    {"/etc/kubernetes/kubelet.conf", "user-data/kubelet-kubeconfig.yaml", 0644,
     ROOT, registers},
    {"/var/lib/kubelet/config.yaml", "user-data/kubelet-config.yaml", 0644,
     ROOT, NULL},
    {"/etc/systemd/system/kubelet.service.d/50-kubeseed.conf",
     "user-data/kubelet-own.conf", 0644, ROOT, NULL},
    {0},
};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  const struct version *v = &p->spec->kubernetes.version;
  scope_set_flag(s, "runtime_in_config", version_runtime_in_config(v));
  /* As in user-data/kubeadm-init-*.yaml. */
  scope_set_flag(s, "looks_late", p->kubeadm_api != KUBEADM_V1BETA4);
}

/* An API server's own node asks it and no other: none waits for another. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  char a[NET_TEXT];
  if (!why(p, n))
    return;
  if (n->spec->role == ROLE_CONTROL_PLANE)
    scope_setf(s, "api_server", "https://%s:6443",
               ip_format(n->spec->address, a));
  else
    scope_setf(s, "api_server", "https://%s", p->endpoint);
  flags_kubelet(p, n, s);
}

const struct part part_kubelet_own = {
    .name = "kubelet-own",
    .why = why,
    .files = files,
    .values = values,
    .node_values = node_values,
};
