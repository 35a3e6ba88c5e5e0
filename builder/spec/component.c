/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/component.h"

#include "base/cleanup.h"
#include "base/net.h"
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

const char *component_name(enum component c) {
  static const char *const names[] = {
      [COMPONENT_API_SERVER] = "apiServer",
      [COMPONENT_CONTROLLER_MANAGER] = "controllerManager",
      [COMPONENT_SCHEDULER] = "scheduler",
      [COMPONENT_KUBELET] = "kubelet",
  };
  return names[c];
}

bool argument_name_ok(const char *name) {
  if (*name < 'a' || *name > 'z')
    return false;
  size_t n = strlen(name);
  return strspn(name, LOWER DIGITS "-") == n && name[n - 1] != '-' &&
         !strstr(name, "--");
}

bool gate_name_ok(const char *name) {
  return *name >= 'A' && *name <= 'Z' &&
         strspn(name, UPPER LOWER DIGITS) == strlen(name);
}

bool san_ok(const char *name) {
  struct ip a;
  if (strncmp(name, "*.", 2) == 0)
    return dns_host_ok(name + 2);
  return ip_parse(name, &a) || dns_host_ok(name);
}

/* Arguments that kubeadm or kubeseed sets, or that what they set stands on
 * (cmd/kubeadm/app/phases/controlplane/manifests.go, phases/kubelet/flags.go).
 */
#define GATES "is written in kubernetes.featureGates, for all components"
#define PKI "names keys and certificates that kubeadm lays down"
#define NODES "follows from the nodes' addresses"
#define KUBECONFIGS "names a kubeconfig that kubeadm lays down"
#define MEMBERS "is how members find each other"
#define ETCD_TLS "names keys and certificates of the cluster"
#define ALLOWED "would keep out members and API servers, of many names"
#define PORTS "is asked by kubeadm and the kubelet, and by kubeseed"

static const struct {
  enum component component;
  const char *name, *why;
} reserved[] = {
    {COMPONENT_API_SERVER, "advertise-address", NODES},
    {COMPONENT_API_SERVER, "bind-address", PORTS},
    {COMPONENT_API_SERVER, "secure-port", PORTS},
    {COMPONENT_API_SERVER, "insecure-port", "is gone, for it asks nobody"},
    {COMPONENT_API_SERVER, "etcd-servers", "follows from etcd.mode"},
    {COMPONENT_API_SERVER, "etcd-cafile", PKI},
    {COMPONENT_API_SERVER, "etcd-certfile", PKI},
    {COMPONENT_API_SERVER, "etcd-keyfile", PKI},
    {COMPONENT_API_SERVER, "etcd-prefix", "is where nodes look for each other"},
    {COMPONENT_API_SERVER, "client-ca-file", PKI},
    {COMPONENT_API_SERVER, "tls-cert-file", PKI},
    {COMPONENT_API_SERVER, "tls-private-key-file", PKI},
    {COMPONENT_API_SERVER, "kubelet-client-certificate", PKI},
    {COMPONENT_API_SERVER, "kubelet-client-key", PKI},
    {COMPONENT_API_SERVER, "service-account-key-file", PKI},
    {COMPONENT_API_SERVER, "service-account-signing-key-file", PKI},
    {COMPONENT_API_SERVER, "proxy-client-cert-file", PKI},
    {COMPONENT_API_SERVER, "proxy-client-key-file", PKI},
    {COMPONENT_API_SERVER, "requestheader-client-ca-file", PKI},
    {COMPONENT_API_SERVER, "service-cluster-ip-range",
     "follows from network.services"},
    {COMPONENT_API_SERVER, "authorization-mode",
     "is Node,RBAC, on which kubeadm's join stands"},
    {COMPONENT_API_SERVER, "enable-bootstrap-token-auth",
     "is true, for nodes join by a token"},
    {COMPONENT_API_SERVER, "anonymous-auth",
     "is true, for nodes ask as anybody whether the cluster is open"},
    {COMPONENT_API_SERVER, "allow-privileged",
     "is true, for kube-proxy is privileged"},
    {COMPONENT_API_SERVER, "feature-gates", GATES},
    {COMPONENT_CONTROLLER_MANAGER, "allocate-node-cidrs",
     "follows from network.cni"},
    {COMPONENT_CONTROLLER_MANAGER, "cluster-cidr", "follows from network.pods"},
    {COMPONENT_CONTROLLER_MANAGER, "service-cluster-ip-range",
     "follows from network.services"},
    {COMPONENT_CONTROLLER_MANAGER, "cluster-name", "is the spec's name"},
    {COMPONENT_CONTROLLER_MANAGER, "controllers",
     "has those by which nodes join"},
    {COMPONENT_CONTROLLER_MANAGER, "kubeconfig", KUBECONFIGS},
    {COMPONENT_CONTROLLER_MANAGER, "authentication-kubeconfig", KUBECONFIGS},
    {COMPONENT_CONTROLLER_MANAGER, "authorization-kubeconfig", KUBECONFIGS},
    {COMPONENT_CONTROLLER_MANAGER, "client-ca-file", PKI},
    {COMPONENT_CONTROLLER_MANAGER, "cluster-signing-cert-file", PKI},
    {COMPONENT_CONTROLLER_MANAGER, "cluster-signing-key-file", PKI},
    {COMPONENT_CONTROLLER_MANAGER, "root-ca-file", PKI},
    {COMPONENT_CONTROLLER_MANAGER, "service-account-private-key-file", PKI},
    {COMPONENT_CONTROLLER_MANAGER, "requestheader-client-ca-file", PKI},
    {COMPONENT_CONTROLLER_MANAGER, "bind-address", PORTS},
    {COMPONENT_CONTROLLER_MANAGER, "secure-port", PORTS},
    {COMPONENT_CONTROLLER_MANAGER, "port", PORTS},
    {COMPONENT_CONTROLLER_MANAGER, "leader-elect",
     "is true, for there may be several"},
    {COMPONENT_CONTROLLER_MANAGER, "feature-gates", GATES},
    {COMPONENT_SCHEDULER, "kubeconfig", KUBECONFIGS},
    {COMPONENT_SCHEDULER, "authentication-kubeconfig", KUBECONFIGS},
    {COMPONENT_SCHEDULER, "authorization-kubeconfig", KUBECONFIGS},
    {COMPONENT_SCHEDULER, "bind-address", PORTS},
    {COMPONENT_SCHEDULER, "secure-port", PORTS},
    {COMPONENT_SCHEDULER, "port", PORTS},
    {COMPONENT_SCHEDULER, "leader-elect", "is true, for there may be several"},
    {COMPONENT_SCHEDULER, "feature-gates", GATES},
    {COMPONENT_KUBELET, "node-ip", NODES},
    {COMPONENT_KUBELET, "address", NODES},
    {COMPONENT_KUBELET, "port", PORTS},
    {COMPONENT_KUBELET, "healthz-port", PORTS},
    {COMPONENT_KUBELET, "healthz-bind-address", PORTS},
    {COMPONENT_KUBELET, "runonce", "is false, for a node goes on"},
    {COMPONENT_KUBELET, "hostname-override", "is the node's name"},
    {COMPONENT_KUBELET, "node-labels", "is written in the nodes' labels"},
    {COMPONENT_KUBELET, "register-with-taints",
     "is written in the nodes' taints"},
    {COMPONENT_KUBELET, "register-node", "is true, for nodes join so"},
    {COMPONENT_KUBELET, "config", "names a file that kubeadm lays down"},
    {COMPONENT_KUBELET, "kubeconfig", KUBECONFIGS},
    {COMPONENT_KUBELET, "bootstrap-kubeconfig", KUBECONFIGS},
    {COMPONENT_KUBELET, "cert-dir", PKI},
    {COMPONENT_KUBELET, "client-ca-file", PKI},
    {COMPONENT_KUBELET, "rotate-certificates",
     "is true, for a kubelet's certificate ends after a year"},
    {COMPONENT_KUBELET, "root-dir", "is where nodes look for its files"},
    {COMPONENT_KUBELET, "pod-manifest-path",
     "is where kubeadm puts the control plane"},
    {COMPONENT_KUBELET, "container-runtime", "is the image's containerd"},
    {COMPONENT_KUBELET, "container-runtime-endpoint",
     "is the image's containerd"},
    {COMPONENT_KUBELET, "image-service-endpoint", "is the image's containerd"},
    {COMPONENT_KUBELET, "pod-infra-container-image",
     "is the image that the nodes carry"},
    {COMPONENT_KUBELET, "cgroup-driver", "is that of the image's containerd"},
    {COMPONENT_KUBELET, "network-plugin", "follows from network.cni"},
    {COMPONENT_KUBELET, "cni-bin-dir", "follows from network.cni"},
    {COMPONENT_KUBELET, "cni-conf-dir", "follows from network.cni"},
    {COMPONENT_KUBELET, "cluster-dns", "follows from network.services"},
    {COMPONENT_KUBELET, "cluster-domain",
     "is written in kubernetes.clusterDomain"},
    {COMPONENT_KUBELET, "feature-gates", GATES},
    {COMPONENT_ETCD, "name", NODES},
    {COMPONENT_ETCD, "initial-advertise-peer-urls", NODES},
    {COMPONENT_ETCD, "advertise-client-urls", NODES},
    {COMPONENT_ETCD, "listen-peer-urls", NODES},
    {COMPONENT_ETCD, "listen-client-urls", NODES},
    {COMPONENT_ETCD, "listen-metrics-urls", PORTS},
    {COMPONENT_ETCD, "initial-cluster", MEMBERS},
    {COMPONENT_ETCD, "initial-cluster-state", MEMBERS},
    {COMPONENT_ETCD, "initial-cluster-token", MEMBERS},
    {COMPONENT_ETCD, "force-new-cluster", MEMBERS},
    {COMPONENT_ETCD, "strict-reconfig-check", MEMBERS},
    {COMPONENT_ETCD, "discovery", MEMBERS},
    {COMPONENT_ETCD, "discovery-srv", MEMBERS},
    {COMPONENT_ETCD, "discovery-srv-name", MEMBERS},
    {COMPONENT_ETCD, "discovery-fallback", MEMBERS},
    {COMPONENT_ETCD, "discovery-proxy", MEMBERS},
    {COMPONENT_ETCD, "discovery-endpoints", MEMBERS},
    {COMPONENT_ETCD, "proxy", MEMBERS},
    {COMPONENT_ETCD, "cert-file", ETCD_TLS},
    {COMPONENT_ETCD, "key-file", ETCD_TLS},
    {COMPONENT_ETCD, "client-cert-auth", ETCD_TLS},
    {COMPONENT_ETCD, "trusted-ca-file", ETCD_TLS},
    {COMPONENT_ETCD, "auto-tls", ETCD_TLS},
    {COMPONENT_ETCD, "peer-cert-file", ETCD_TLS},
    {COMPONENT_ETCD, "peer-key-file", ETCD_TLS},
    {COMPONENT_ETCD, "peer-client-cert-auth", ETCD_TLS},
    {COMPONENT_ETCD, "peer-trusted-ca-file", ETCD_TLS},
    {COMPONENT_ETCD, "peer-auto-tls", ETCD_TLS},
    {COMPONENT_ETCD, "data-dir", "is where nodes look for their data"},
    {COMPONENT_ETCD, "wal-dir", "is where nodes look for their data"},
    {COMPONENT_ETCD, "config-file",
     "would take the place of all other settings"},
    {COMPONENT_ETCD, "heartbeat-interval", "is written in etcd.heartbeatMs"},
    {COMPONENT_ETCD, "election-timeout", "is written in etcd.electionMs"},
    {COMPONENT_ETCD, "enable-grpc-gateway",
     "is true, for nodes ask it by HTTP"},
    {COMPONENT_ETCD, "listen-client-http-urls",
     "takes HTTP, by which nodes ask it, from where they ask"},
    {COMPONENT_ETCD, "client-cert-file", ETCD_TLS},
    {COMPONENT_ETCD, "client-key-file", ETCD_TLS},
    {COMPONENT_ETCD, "client-crl-file", ETCD_TLS},
    {COMPONENT_ETCD, "client-cert-allowed-hostname", ALLOWED},
    {COMPONENT_ETCD, "peer-cert-allowed-cn", ALLOWED},
    {COMPONENT_ETCD, "peer-cert-allowed-hostname", ALLOWED},
    {COMPONENT_ETCD, "peer-client-cert-file", ETCD_TLS},
    {COMPONENT_ETCD, "peer-client-key-file", ETCD_TLS},
    {COMPONENT_ETCD, "peer-crl-file", ETCD_TLS},
};

const char *argument_reserved(enum component c, const char *name) {
  static const char *const ends[] = {"help", "version"};
  for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
    if (strcmp(ends[i], name) == 0)
      return "has the program say something and end";
  for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
    if (reserved[i].component == c && strcmp(reserved[i].name, name) == 0)
      return reserved[i].why;
  return NULL;
}
