/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The values of a spec that are words: the enums the program works with, and
 * for each the words of the YAML with what they mean.
 */
#pragma once

#include <stdbool.h>

/* Whether a node of another role than etcd has a member of etcd. */
enum member {
  MEMBER_NONE,
  MEMBER_TOO,
};

enum role {
  ROLE_CONTROL_PLANE,
  ROLE_WORKER,
  ROLE_ETCD,
  ROLE_LOAD_BALANCER,
  ROLE_GATEWAY,
  ROLE_JUMP,
};

#define N_ROLES 6

enum cni {
  CNI_BRIDGE,
  CNI_VXLAN,
  CNI_FLANNEL,
  CNI_CALICO,
  CNI_CANAL,
  CNI_NONE,
};

/* What runs in the cluster besides Kubernetes itself; see addons.h. */
enum addon {
  ADDON_LOCAL_VOLUMES,
  ADDON_METALLB,
  ADDON_INGRESS,
  ADDON_METRICS_SERVER,
  ADDON_HEADLAMP,
  ADDON_DASHBOARD,
  ADDON_GUESTBOOK,
  ADDON_KUBE_DNS,
};

enum flannel_backend { FLANNEL_VXLAN, FLANNEL_HOST_GW };
enum flannel_store { FLANNEL_API, FLANNEL_ETCD };

enum provider {
  PROVIDER_KEEPALIVED,
  PROVIDER_HAPROXY,
  PROVIDER_NGINX,
  PROVIDER_PACEMAKER,
  PROVIDER_EXTERNAL,
  PROVIDER_FIRST_NODE,
};

/* Whether load balancers run haproxy, whoever holds their address. */
static inline bool provider_is_haproxy(enum provider p) {
  return p == PROVIDER_HAPROXY || p == PROVIDER_PACEMAKER;
}

enum etcd_mode { ETCD_FOUNDING, ETCD_STACKED, ETCD_EXTERNAL };

enum pki_mode { PKI_OFFLINE, PKI_COPIED };

enum key_algorithm {
  KEY_ECDSA_P256,
  KEY_ECDSA_P384,
  KEY_RSA_2048,
  KEY_RSA_3072,
  KEY_RSA_4096
};

enum discovery { DISCOVERY_FILE, DISCOVERY_TOKEN };

enum bootstrapper {
  BOOTSTRAPPER_KUBEADM,
  BOOTSTRAPPER_STATIC_PODS,
  BOOTSTRAPPER_SYSTEMD,
};

enum kernel { KERNEL_CLOUD, KERNEL_GENERIC };

enum sudo { SUDO_NOPASSWD, SUDO_PASSWORD, SUDO_NONE };

enum proxy_mode { PROXY_MODE_IPTABLES, PROXY_MODE_IPVS, PROXY_MODE_NFTABLES };

/* Where a kubelet's port has its certificate from. */
enum serving { SERVING_OWN, SERVING_ROTATED };

/* Whether control-plane nodes are nodes of Kubernetes. */
enum control_planes { CONTROL_PLANES_REGISTERED, CONTROL_PLANES_ABSENT };

enum renewal { RENEWAL_NONE, RENEWAL_AUTOMATIC };

enum encryption {
  ENCRYPTION_NONE,
  ENCRYPTION_AESCBC,
  ENCRYPTION_AESGCM,
  ENCRYPTION_SECRETBOX
};

/* In which version of authentication.k8s.io a webhook is asked. */
enum review { REVIEW_BY_VERSION, REVIEW_V1, REVIEW_V1BETA1 };

enum access { ACCESS_READ_ONLY, ACCESS_READ_WRITE };

enum bond_mode { BOND_ACTIVE_BACKUP, BOND_8023AD, BOND_XOR, BOND_RR };

enum addressing { ADDRESSING_STATIC, ADDRESSING_DHCP };

enum shell { SHELL_BASH, SHELL_SH, SHELL_NOLOGIN };

/* One word of a list; the list ends with word NULL. */
struct word {
  const char *word;
  int value;
  const char *doc;  /* what it means: a phrase without a full stop */
  const char *also; /* what others call it: "master controlplane"; or NULL */
};

extern const struct word api_words[], kind_words[], role_words[], cni_words[],
    provider_words[], flannel_backend_words[], flannel_store_words[],
    etcd_words[], pki_words[], algorithm_words[], discovery_words[],
    bootstrapper_words[], payload_words[], kernel_words[], sudo_words[],
    shell_words[], proxy_mode_words[], access_words[], bond_words[],
    addressing_words[], renewal_words[], encryption_words[], review_words[],
    member_words[], addon_words[], serving_words[], control_planes_words[];

/* Whether name is one of the words in `also`, in whatever case; also may be
 * NULL. */
bool word_also(const char *also, const char *name);

/* The word for value, for messages and rendering; "?" when there is none. */
const char *word_of(const struct word *words, int value);

/* The same for each enum, e.g. "control-plane". */
const char *role_name(enum role r);
const char *cni_name(enum cni c);
const char *addon_name(int a);
const char *provider_name(enum provider p);
const char *etcd_mode_name(enum etcd_mode m);
const char *pki_mode_name(enum pki_mode m);
const char *key_algorithm_name(enum key_algorithm a);
