/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/flags.h"

#include "part/components.h"
#include "part/serving.h"
#include "spec/cni.h"
#include "spec/flags.h"

/* The list of one program that is being made. */
struct flags {
  const struct spec *spec;
  enum component component;
  struct scope *scope;
  const char *list;
  struct strv told; /* what the spec says in its place (component_args) */
};

static void flags_done(struct flags *f) {
  strv_done(&f->told);
}

#define _cleanup_flags_ _cleanup_(flags_done)

static struct flags begin(const struct plan *p, enum component c,
                          struct scope *s, const char *list) {
  struct flags f = {.spec = p->spec, .component = c, .scope = s, .list = list};
  scope_set_list(s, list);
  component_args(p->spec, c, &f.told);
  return f;
}

static void add(const struct flags *f, const char *name, const char *value) {
  if (!flag_is_known(f->component, name, &f->spec->kubernetes.version) ||
      component_is_told(&f->told, name))
    return;
  scope_setf(scope_add(f->scope, f->list), "flag", "--%s=%s", name, value);
}

/* Pairs of names and values that are the same everywhere, up to a NULL. */
static void add_all(const struct flags *f, const char *const *pairs) {
  for (; *pairs; pairs += 2)
    add(f, pairs[0], pairs[1]);
}

static void api_server(const struct plan *p, const struct plan_node *n,
                       struct scope *s) {
  static const char *const fixed[] = {"allow-privileged",
                                      "true",
                                      "authorization-mode",
                                      "Node,RBAC",
                                      "client-ca-file",
                                      KUBE_PKI "ca.crt",
                                      "enable-admission-plugins",
                                      "NodeRestriction",
                                      "etcd-cafile",
                                      KUBE_PKI "etcd/ca.crt",
                                      "etcd-certfile",
                                      KUBE_PKI "apiserver-etcd-client.crt",
                                      "etcd-keyfile",
                                      KUBE_PKI "apiserver-etcd-client.key",
                                      "kubelet-certificate-authority",
                                      KUBE_PKI "ca.crt",
                                      "kubelet-client-certificate",
                                      KUBE_PKI "apiserver-kubelet-client.crt",
                                      "kubelet-client-key",
                                      KUBE_PKI "apiserver-kubelet-client.key",
                                      "kubelet-preferred-address-types",
                                      "InternalIP,ExternalIP,Hostname",
                                      "proxy-client-cert-file",
                                      KUBE_PKI "front-proxy-client.crt",
                                      "proxy-client-key-file",
                                      KUBE_PKI "front-proxy-client.key",
                                      "requestheader-allowed-names",
                                      "front-proxy-client",
                                      "requestheader-client-ca-file",
                                      KUBE_PKI "front-proxy-ca.crt",
                                      "requestheader-extra-headers-prefix",
                                      "X-Remote-Extra-",
                                      "requestheader-group-headers",
                                      "X-Remote-Group",
                                      "requestheader-username-headers",
                                      "X-Remote-User",
                                      "secure-port",
                                      "6443",
                                      "service-account-key-file",
                                      KUBE_PKI "sa.pub",
                                      "service-account-signing-key-file",
                                      KUBE_PKI "sa.key",
                                      "tls-cert-file",
                                      KUBE_PKI "apiserver.crt",
                                      "tls-private-key-file",
                                      KUBE_PKI "apiserver.key",
                                      NULL};
  _cleanup_flags_ struct flags f =
      begin(p, COMPONENT_API_SERVER, s, "apiserver_flags");
  char a[NET_TEXT];
  add(&f, "advertise-address", ip_format(n->spec->address, a));
  add_all(&f, fixed);
  _cleanup_free_ char *etcd = strv_join(&p->etcd_endpoints, ",");
  add(&f, "etcd-servers", etcd);
  _cleanup_free_ char *issuer = xasprintf("https://kubernetes.default.svc.%s",
                                          p->spec->kubernetes.cluster_domain);
  add(&f, "service-account-issuer", issuer);
  add(&f, "service-cluster-ip-range", p->service_networks);
}

/* Without cluster-signing-* it signs nothing, and needs no key of a CA. */
static void controller_manager(const struct plan *p, struct scope *s) {
#define CONF "/etc/kubernetes/controller-manager.conf"
  static const char *const fixed[] = {"authentication-kubeconfig",
                                      CONF,
                                      "authorization-kubeconfig",
                                      CONF,
                                      "bind-address",
                                      "127.0.0.1",
                                      "client-ca-file",
                                      KUBE_PKI "ca.crt",
                                      "kubeconfig",
                                      CONF,
                                      "leader-elect",
                                      "true",
                                      "port",
                                      "0",
                                      "requestheader-client-ca-file",
                                      KUBE_PKI "front-proxy-ca.crt",
                                      "root-ca-file",
                                      KUBE_PKI "ca.crt",
                                      "service-account-private-key-file",
                                      KUBE_PKI "sa.key",
                                      "use-service-account-credentials",
                                      "true",
                                      NULL};
#undef CONF
  /* For kubelets alone, and for nobody else who asks. */
  static const char *const signs[] = {
      "cluster-signing-kubelet-client-cert-file",
      KUBE_PKI "ca.crt",
      "cluster-signing-kubelet-client-key-file",
      KUBE_PKI "ca.key",
      "cluster-signing-kubelet-serving-cert-file",
      KUBE_PKI "ca.crt",
      "cluster-signing-kubelet-serving-key-file",
      KUBE_PKI "ca.key",
      NULL};
  _cleanup_flags_ struct flags f =
      begin(p, COMPONENT_CONTROLLER_MANAGER, s, "controller_flags");
  /* Each node's pod network is known from its seed (bridge.c). */
  add(&f, "allocate-node-cidrs", cni_has_node_pods(p->spec) ? "false" : "true");
  add_all(&f, fixed);
  add(&f, "cluster-cidr", p->pod_networks);
  if (serving_is_rotated(p->spec))
    add_all(&f, signs);
  add(&f, "cluster-name", p->spec->name);
  add(&f, "service-cluster-ip-range", p->service_networks);
}

static void scheduler(const struct plan *p, struct scope *s) {
#define CONF "/etc/kubernetes/scheduler.conf"
  static const char *const fixed[] = {"authentication-kubeconfig",
                                      CONF,
                                      "authorization-kubeconfig",
                                      CONF,
                                      "bind-address",
                                      "127.0.0.1",
                                      "kubeconfig",
                                      CONF,
                                      "leader-elect",
                                      "true",
                                      "port",
                                      "0",
                                      NULL};
#undef CONF
  _cleanup_flags_ struct flags f =
      begin(p, COMPONENT_SCHEDULER, s, "scheduler_flags");
  add_all(&f, fixed);
}

void flags_control_plane(const struct plan *p, const struct plan_node *n,
                         struct scope *s) {
  api_server(p, n, s);
  controller_manager(p, s);
  scheduler(p, s);
}

void flags_kubelet(const struct plan *p, const struct plan_node *n,
                   struct scope *s) {
  const struct version *v = &p->spec->kubernetes.version;
  _cleanup_flags_ struct flags f =
      begin(p, COMPONENT_KUBELET, s, "kubelet_flags");
  _cleanup_free_ char *labels = strv_join(&n->extras.labels, ",");
  _cleanup_free_ char *taints = strv_join(&n->taints, ",");
  add(&f, "container-runtime", "remote");
  add(&f, "container-runtime-endpoint", version_cri_socket(v));
  /* One that knows of an API server and registers no node ends after two
   * minutes (kubernetes/pkg/volume/csi, initializeCSINode), again and again;
   * without one it has nobody to ask who may use its port. */
  if (n->registered)
    add(&f, "kubeconfig", "/etc/kubernetes/kubelet.conf");
  else
    add(&f, "enable-server", "false");
  add(&f, "node-ip", scope_text(s, "node_ip"));
  if (*labels && n->registered)
    add(&f, "node-labels", labels);
  if (*taints && n->registered)
    add(&f, "register-with-taints", taints);
  const struct strv *own = &n->extras.kubelet_args;
  if (own->n == 0)
    own = &p->spec->kubernetes.components[f.component].args;
  for (size_t i = 0; i < own->n; i++)
    scope_setf(scope_add(s, f.list), "flag", "--%s", own->v[i]);
}
