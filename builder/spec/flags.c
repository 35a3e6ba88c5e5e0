/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/flags.h"

#include <stddef.h>
#include <string.h>

#define API COMPONENT_API_SERVER
#define CONTROLLER COMPONENT_CONTROLLER_MANAGER
#define SCHEDULER COMPONENT_SCHEDULER
#define KUBELET COMPONENT_KUBELET

/*
 * Programs of 1.20.2 are started with them (tests/consumers); of 1.34.9
 * and 1.36.2 each was looked up where the sources register it, and those that
 * end before are not there (the kubelet's endpoint is, deprecated). Also
 * kubernetes.io/docs/reference/command-line-tools-reference. --insecure-port is
 * not here: from 1.20 on it can only be 0 (kubernetes pull 95856).
 */
const struct flag flag_table[] = {
    {API, "advertise-address", 0, NULL},
    {API, "allow-privileged", 0, NULL},
    {API, "authentication-token-webhook-cache-ttl", 0, NULL},
    {API, "authentication-token-webhook-config-file", 0, NULL},
    {API, "authentication-token-webhook-version", 0, NULL},
    {API, "authorization-mode", 0, NULL},
    {API, "client-ca-file", 0, NULL},
    {API, "disable-admission-plugins", 0, NULL},
    {API, "enable-admission-plugins", 0, NULL},
    {API, "etcd-cafile", 0, NULL},
    {API, "etcd-certfile", 0, NULL},
    {API, "etcd-keyfile", 0, NULL},
    {API, "etcd-servers", 0, NULL},
    {API, "event-ttl", 0, NULL},
    {API, "kubelet-certificate-authority", 0, NULL},
    {API, "kubelet-client-certificate", 0, NULL},
    {API, "kubelet-client-key", 0, NULL},
    {API, "kubelet-preferred-address-types", 0, NULL},
    {API, "oidc-ca-file", 0, NULL},
    {API, "oidc-client-id", 0, NULL},
    {API, "oidc-groups-claim", 0, NULL},
    {API, "oidc-groups-prefix", 0, NULL},
    {API, "oidc-issuer-url", 0, NULL},
    {API, "oidc-required-claim", 0, NULL},
    {API, "oidc-username-claim", 0, NULL},
    {API, "oidc-username-prefix", 0, NULL},
    {API, "proxy-client-cert-file", 0, NULL},
    {API, "proxy-client-key-file", 0, NULL},
    {API, "requestheader-allowed-names", 0, NULL},
    {API, "requestheader-client-ca-file", 0, NULL},
    {API, "requestheader-extra-headers-prefix", 0, NULL},
    {API, "requestheader-group-headers", 0, NULL},
    {API, "requestheader-username-headers", 0, NULL},
    {API, "secure-port", 0, NULL},
    {API, "service-account-issuer", 0, NULL},
    {API, "service-account-key-file", 0, NULL},
    {API, "service-account-signing-key-file", 0, NULL},
    {API, "service-cluster-ip-range", 0, NULL},
    {API, "service-node-port-range", 0, NULL},
    {API, "tls-cert-file", 0, NULL},
    {API, "tls-private-key-file", 0, NULL},
    {API, "token-auth-file", 0, NULL},
    {CONTROLLER, "allocate-node-cidrs", 0, NULL},
    {CONTROLLER, "authentication-kubeconfig", 0, NULL},
    {CONTROLLER, "authorization-kubeconfig", 0, NULL},
    {CONTROLLER, "bind-address", 0, NULL},
    {CONTROLLER, "client-ca-file", 0, NULL},
    {CONTROLLER, "cluster-cidr", 0, NULL},
    {CONTROLLER, "cluster-name", 0, NULL},
    {CONTROLLER, "cluster-signing-kubelet-client-cert-file", 0, NULL},
    {CONTROLLER, "cluster-signing-kubelet-client-key-file", 0, NULL},
    {CONTROLLER, "cluster-signing-kubelet-serving-cert-file", 0, NULL},
    {CONTROLLER, "cluster-signing-kubelet-serving-key-file", 0, NULL},
    {CONTROLLER, "kubeconfig", 0, NULL},
    {CONTROLLER, "leader-elect", 0, NULL},
    {CONTROLLER, "port", 21, "kubernetes pull 96216: no effect, gone in 1.24"},
    {CONTROLLER, "requestheader-client-ca-file", 0, NULL},
    {CONTROLLER, "root-ca-file", 0, NULL},
    {CONTROLLER, "service-account-private-key-file", 0, NULL},
    {CONTROLLER, "service-cluster-ip-range", 0, NULL},
    {CONTROLLER, "use-service-account-credentials", 0, NULL},
    {SCHEDULER, "authentication-kubeconfig", 0, NULL},
    {SCHEDULER, "authorization-kubeconfig", 0, NULL},
    {SCHEDULER, "bind-address", 0, NULL},
    {SCHEDULER, "kubeconfig", 0, NULL},
    {SCHEDULER, "leader-elect", 0, NULL},
    {SCHEDULER, "port", 22, "kubernetes pull 96345: no effect, gone in 1.24"},
    {KUBELET, "container-runtime", 26, "kubernetes pull 114017"},
    {KUBELET, "container-runtime-endpoint", 26,
     "kubernetes pull 112136: a field of its configuration"},
    {KUBELET, "enable-server", 0, NULL},
    {KUBELET, "kubeconfig", 0, NULL},
    {KUBELET, "node-ip", 0, NULL},
    {KUBELET, "node-labels", 0, NULL},
    {KUBELET, "register-with-taints", 0, NULL},
    {0},
};

bool flag_is_known(enum component c, const char *name,
                   const struct version *v) {
  for (const struct flag *f = flag_table; f->name; f++)
    if (f->component == c && strcmp(f->name, name) == 0)
      return f->until == 0 || version_up_to(v, f->until);
  return false;
}
