/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/words.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

const struct word api_words[] = {
    {"kubeseed/v1", 1, "the only one so far", NULL},
    {0},
};

const struct word kind_words[] = {
    {"Cluster", 1, "a cluster with all its machines", NULL},
    {0},
};

const struct word role_words[] = {
    {"control-plane", ROLE_CONTROL_PLANE,
     "runs the API server, its controllers and, unless etcd.mode is external, "
     "etcd",
     "master controlplane control_plane control server"},
    {"worker", ROLE_WORKER, "runs pods", "node minion agent compute"},
    {"etcd", ROLE_ETCD, "runs etcd alone; needs etcd.mode external", NULL},
    {"load-balancer", ROLE_LOAD_BALANCER,
     "holds the endpoint; needs the provider haproxy, nginx or pacemaker",
     "lb loadbalancer load_balancer balancer proxy"},
    {"gateway", ROLE_GATEWAY,
     "names, addresses and the way out for the others (see gateway)",
     "router gate nat dhcp dns"},
    {"jump", ROLE_JUMP, "leads to the others by ssh, and has nothing else",
     "bastion jumphost jump-host jumpbox busybox"},
    {0},
};

const struct word member_words[] = {
    {"none", MEMBER_NONE, "as the role has it", "false no"},
    {"member", MEMBER_TOO,
     "a member of the external etcd runs beside what the role has", "true yes"},
    {0},
};

const struct word cni_words[] = {
    {"bridge", CNI_BRIDGE, "pods are routed between the nodes", NULL},
    {"vxlan", CNI_VXLAN,
     "pods' packets travel between the nodes in packets of UDP (VXLAN, RFC "
     "7348), which routers pass on",
     "overlay"},
    {"flannel", CNI_FLANNEL,
     "flannel, which learns of nodes from the API server", NULL},
    {"calico", CNI_CALICO, "calico, by VXLAN; it keeps to NetworkPolicy", NULL},
    {"canal", CNI_CANAL,
     "addresses and ways as with flannel, NetworkPolicy as with calico", NULL},
    {"none", CNI_NONE, "you install a pod network yourself", NULL},
    {0},
};

const struct word addressing_words[] = {
    {"static", ADDRESSING_STATIC, "from the seed", "fixed manual none"},
    {"dhcp", ADDRESSING_DHCP,
     "from a DHCP server that has reserved it for the card's MAC address",
     "reserved auto"},
    {0},
};

const struct word flannel_store_words[] = {
    {"api", FLANNEL_API, "the API server, as Kubernetes' own objects",
     "kubernetes kube crd"},
    {"etcd", FLANNEL_ETCD,
     "the cluster's etcd, to which each node then has a key", NULL},
    {0},
};

const struct word flannel_backend_words[] = {
    {"vxlan", FLANNEL_VXLAN, "in packets of UDP (network.vxlan)", NULL},
    {"host-gw", FLANNEL_HOST_GW,
     "by routes to the nodes, which are in one network", "hostgw host_gw"},
    {0},
};

const struct word provider_words[] = {
    {"keepalived", PROVIDER_KEEPALIVED,
     "one control-plane node at a time, by VRRP", "vrrp vip kube-vip"},
    {"haproxy", PROVIDER_HAPROXY,
     "haproxy on the nodes of the role load-balancer", NULL},
    {"nginx", PROVIDER_NGINX, "nginx on the nodes of the role load-balancer",
     NULL},
    {"pacemaker", PROVIDER_PACEMAKER,
     "haproxy on those nodes, the address held by corosync and pacemaker",
     "corosync pcs crm"},
    {"external", PROVIDER_EXTERNAL,
     "a load balancer of yours; endpoint.address is its address, or "
     "endpoint.name its DNS name",
     "loadbalancer load-balancer lb"},
    {"first-node", PROVIDER_FIRST_NODE,
     "the first control-plane node; not highly available", NULL},
    {0},
};

const struct word etcd_words[] = {
    {"founding", ETCD_FOUNDING,
     "on control planes that know each other from their seeds", NULL},
    {"stacked", ETCD_STACKED,
     "on control planes as kubeadm does it, joined one at a time", NULL},
    {"external", ETCD_EXTERNAL, "on the nodes of the role etcd", NULL},
    {0},
};

const struct word pki_words[] = {
    {"offline", PKI_OFFLINE, "on this machine, all of them", NULL},
    {"copied", PKI_COPIED,
     "made on the first node and handed on; needs a stacked etcd", NULL},
    {0},
};

const struct word algorithm_words[] = {
    {"ecdsa-p256", KEY_ECDSA_P256, "needs Kubernetes 1.19 or newer", NULL},
    {"ecdsa-p384", KEY_ECDSA_P384, "needs Kubernetes 1.34 or newer", NULL},
    {"rsa-2048", KEY_RSA_2048, "slower to make, and any version takes it",
     NULL},
    {"rsa-3072", KEY_RSA_3072, "slower still; needs Kubernetes 1.31 or newer",
     NULL},
    {"rsa-4096", KEY_RSA_4096, "the slowest; needs Kubernetes 1.31 or newer",
     NULL},
    {0},
};

/* Those that answer with changing MAC addresses (balance-tlb, balance-alb)
 * would hide who has the endpoint's. */
const struct word bond_words[] = {
    {"active-backup", BOND_ACTIVE_BACKUP,
     "one member at a time, another one when its cable fails; any switch will "
     "do",
     "backup failover 1"},
    {"802.3ad", BOND_8023AD,
     "all members, as the switch agrees (LACP); its ports must be set up so",
     "lacp 4"},
    {"balance-xor", BOND_XOR,
     "all members, each connection by one; the switch's ports must be one "
     "group",
     "xor 2"},
    {"balance-rr", BOND_RR,
     "all members in turn; the switch's ports must be one group",
     "round-robin roundrobin 0"},
    {0},
};

const struct word sudo_words[] = {
    {"nopasswd", SUDO_NOPASSWD, "may do all as root", "true yes all"},
    {"password", SUDO_PASSWORD, "the same, after the user's own password",
     NULL},
    {"none", SUDO_NONE, "may not use it", "false no"},
    {0},
};

const struct word shell_words[] = {
    {"/bin/bash", SHELL_BASH, "Debian's usual one", "bash"},
    {"/bin/sh", SHELL_SH, "dash", "sh dash"},
    {"/usr/sbin/nologin", SHELL_NOLOGIN,
     "for a user that only owns things, or forwards ports", "nologin"},
    {0},
};

const struct word proxy_mode_words[] = {
    {"iptables", PROXY_MODE_IPTABLES, "by netfilter's older tables", NULL},
    {"ipvs", PROXY_MODE_IPVS, "by the kernel's own balancer of connections",
     NULL},
    {"nftables", PROXY_MODE_NFTABLES,
     "by netfilter's newer tables; from Kubernetes 1.31 on", "nft"},
    {0},
};

const struct word serving_words[] = {
    {"own", SERVING_OWN,
     "with kubeadm each kubelet makes one that nobody can check; otherwise it "
     "comes with the seed",
     "self false no"},
    {"rotated", SERVING_ROTATED,
     "each kubelet asks the cluster, and anew before it ends; a service on "
     "control-plane nodes approves what has that node's names and addresses "
     "of the spec, and nothing else. API servers then believe no other. "
     "Without kubeadm, control-plane nodes have the key of the cluster's CA "
     "for it, and certificates of kubelets as clients are renewed too",
     "true yes serverTLSBootstrap"},
    {0},
};

const struct word control_planes_words[] = {
    {"registered", CONTROL_PLANES_REGISTERED,
     "they are, with a taint that keeps others' pods away", "true yes"},
    {"absent", CONTROL_PLANES_ABSENT,
     "they are not: no pod can be sent there, not even one that tolerates all, "
     "and `kubectl get nodes` has the workers alone. It takes the bootstrapper "
     "static-pods or systemd, and a worker",
     "false no none"},
    {0},
};

const struct word renewal_words[] = {
    {"none", RENEWAL_NONE,
     "they end a year after the node has joined or was upgraded, or when "
     "pki.validity has them end",
     NULL},
    {"automatic", RENEWAL_AUTOMATIC,
     "a timer on each control plane looks daily, and renews those that end "
     "within 30 days; there and on members of etcd it tells of those of etcd, "
     "which no node can renew",
     "true yes timer"},
    {0},
};

const struct word encryption_words[] = {
    {"none", ENCRYPTION_NONE, "as they are", "identity false no"},
    {"secretbox", ENCRYPTION_SECRETBOX,
     "by XSalsa20 and Poly1305; the one to take", "true yes xsalsa20"},
    {"aesgcm", ENCRYPTION_AESGCM,
     "by AES-GCM; its key must be another one after 200,000 writes",
     "aes-gcm gcm"},
    {"aescbc", ENCRYPTION_AESCBC,
     "by AES-CBC with PKCS #7, which hides them and does not show changes",
     "aes-cbc cbc"},
    {0},
};

const struct word review_words[] = {
    {"v1", REVIEW_V1, "as Kubernetes itself has it today", NULL},
    {"v1beta1", REVIEW_V1BETA1, "for one that is older", NULL},
    {0},
};

const struct word access_words[] = {
    {"read-only", ACCESS_READ_ONLY, "the pod may read it", "ro"},
    {"read-write", ACCESS_READ_WRITE, "the pod may change it", "rw"},
    {0},
};

const struct word discovery_words[] = {
    {"file", DISCOVERY_FILE, "by a kubeconfig with the CA in its seed", NULL},
    {"token", DISCOVERY_TOKEN, "by a token and the hash of the CA's key", NULL},
    {0},
};

const struct word kernel_words[] = {
    {"cloud", KERNEL_CLOUD,
     "Debian's cloud kernel, small and quickly started: drivers for virtio, "
     "SCSI, IDE and NVMe disks",
     NULL},
    {"generic", KERNEL_GENERIC,
     "Debian's usual kernel, with drivers for real machines and for every "
     "hypervisor",
     "standard default bare-metal hardware"},
    {0},
};

const struct word bootstrapper_words[] = {
    {"kubeadm", BOOTSTRAPPER_KUBEADM,
     "one node founds the cluster, and the others join it", NULL},
    {"static-pods", BOOTSTRAPPER_STATIC_PODS,
     "each node runs its part as pods of its own, with certificates that were "
     "made beforehand: no init, no join, no token, no CA key on any node",
     "staticpods manual pods manifests"},
    {"systemd", BOOTSTRAPPER_SYSTEMD,
     "the same as units of systemd, with the programs on the node",
     "units services hard-way binaries"},
    {0},
};

const struct word addon_words[] = {
    {"local-volumes", ADDON_LOCAL_VOLUMES,
     "volumes that are folders of the nodes, and the class by which claims get "
     "one; needs no image",
     "local-path local-storage storage"},
    {"metallb", ADDON_METALLB,
     "MetalLB: addresses for services of the type LoadBalancer, for which a "
     "node answers in its own network",
     "load-balancer servicelb kube-vip"},
    {"ingress", ADDON_INGRESS,
     "ingress-nginx, which is retired: one way in for many services, by the "
     "names and paths that are asked for",
     "ingress-nginx nginx ingress-controller traefik"},
    {"metrics-server", ADDON_METRICS_SERVER,
     "what nodes and pods use of processors and memory: for kubectl top and "
     "autoscalers",
     "metrics heapster"},
    {"headlamp", ADDON_HEADLAMP, "Headlamp: the cluster in a browser", "ui"},
    {"dashboard", ADDON_DASHBOARD,
     "the dashboard 2.7, which is archived: the cluster in a browser, as "
     "Headlamp shows it",
     "kubernetes-dashboard"},
    {"guestbook", ADDON_GUESTBOOK,
     "the guestbook of Kubernetes' tutorial, in a namespace of its own: pods "
     "of three kinds that need each other",
     "sample example demo"},
    {"kube-dns", ADDON_KUBE_DNS,
     "kube-dns with its three containers, as the cluster's DNS in the place of "
     "CoreDNS",
     "kubedns skydns"},
    {0},
};

const struct word payload_words[] = {
    {"debian", 0, "built on this machine from Debian's source package", NULL},
    {"pkgs.k8s.io", 0,
     "the Kubernetes project's packages and images, fetched once", NULL},
    {0},
};

bool word_also(const char *also, const char *name) {
  size_t len = strlen(name);
  for (; also && *also && len; also += strspn(also, " ")) {
    size_t n = strcspn(also, " ");
    if (n == len && strncasecmp(also, name, n) == 0)
      return true;
    also += n;
  }
  return false;
}

const char *word_of(const struct word *words, int value) {
  for (; words->word; words++)
    if (words->value == value)
      return words->word;
  return "?";
}

const char *role_name(enum role r) {
  return word_of(role_words, (int)r);
}

const char *cni_name(enum cni c) {
  return word_of(cni_words, (int)c);
}

const char *addon_name(int a) {
  return word_of(addon_words, a);
}

const char *provider_name(enum provider p) {
  return word_of(provider_words, (int)p);
}

const char *etcd_mode_name(enum etcd_mode m) {
  return word_of(etcd_words, (int)m);
}

const char *pki_mode_name(enum pki_mode m) {
  return word_of(pki_words, (int)m);
}

const char *key_algorithm_name(enum key_algorithm a) {
  return word_of(algorithm_words, (int)a);
}
