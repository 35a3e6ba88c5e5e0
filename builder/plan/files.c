/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/files.h"

/* A group of files goes to the nodes for which its condition holds. */
struct group {
  bool (*wanted)(const struct plan *p, const struct plan_node *n);
  const struct plan_file *files; /* ends with path NULL */
};

static bool any(const struct plan *p, const struct plan_node *n) {
  (void)p;
  (void)n;
  return true;
}

static bool control_plane(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_CONTROL_PLANE;
}

static bool founder(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->founder;
}

static bool kubelet(const struct plan *p, const struct plan_node *n) {
  return control_plane(p, n) || n->spec->role == ROLE_WORKER;
}

static bool etcd_member(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->runs_etcd;
}

static bool copied(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->spec->pki.mode == PKI_COPIED;
}

static bool copied_kubelet(const struct plan *p, const struct plan_node *n) {
  return copied(p, n) && kubelet(p, n);
}

static bool copied_control_plane(const struct plan *p,
                                 const struct plan_node *n) {
  return copied(p, n) && control_plane(p, n);
}

static bool offline_kubelet(const struct plan *p, const struct plan_node *n) {
  return !copied(p, n) && kubelet(p, n);
}

static bool offline_control_plane(const struct plan *p,
                                  const struct plan_node *n) {
  return !copied(p, n) && control_plane(p, n);
}

static bool etcd_client(const struct plan *p, const struct plan_node *n) {
  return control_plane(p, n) && p->spec->etcd.mode != ETCD_STACKED;
}

static bool etcd_stacked(const struct plan *p, const struct plan_node *n) {
  return control_plane(p, n) && p->spec->etcd.mode == ETCD_STACKED;
}

static bool offline_stacked(const struct plan *p, const struct plan_node *n) {
  return !copied(p, n) && etcd_stacked(p, n);
}

static bool keepalived(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->runs_keepalived;
}

static bool bridge(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->has_pods;
}

static bool v1beta4(const struct plan *p) {
  return p->kubeadm_api == KUBEADM_V1BETA4;
}

static bool init_v1beta4(const struct plan *p, const struct plan_node *n) {
  return founder(p, n) && v1beta4(p);
}

static bool init_older(const struct plan *p, const struct plan_node *n) {
  return founder(p, n) && !v1beta4(p);
}

static bool join_v1beta4(const struct plan *p, const struct plan_node *n) {
  return kubelet(p, n) && v1beta4(p);
}

static bool join_older(const struct plan *p, const struct plan_node *n) {
  return kubelet(p, n) && !v1beta4(p);
}

#define ROOT "root:root"
#define ETCD "etcd:etcd"
#define LIB "/usr/lib/kubeseed/"
#define PKI "/etc/kubernetes/pki/"
#define ETCD_PKI "/etc/etcd/pki/"

static const struct plan_file name_files[] = {
    {"/etc/hosts", "user-data/hosts", 0644, ROOT},
    {"/etc/resolv.conf", "user-data/resolv.conf", 0644, ROOT},
    {0},
};

static const struct plan_file any_files[] = {
    {"/etc/ssh/ssh_host_ed25519_key", "pki:node/ssh_host_ed25519_key", 0600,
     ROOT},
    {"/etc/ssh/ssh_host_ed25519_key.pub", "pki:node/ssh_host_ed25519_key.pub",
     0644, ROOT},
    {"/etc/ssh/ssh_host_ed25519_key-cert.pub",
     "pki:node/ssh_host_ed25519_key-cert.pub", 0644, ROOT},
    {"/etc/ssh/sshd_config.d/kubeseed.conf", "user-data/sshd.conf", 0644, ROOT},
    {"/etc/kubeseed/node.env", "user-data/node.env", 0644, ROOT},
    {LIB "bootstrap", "scripts/bootstrap", 0755, ROOT},
    {LIB "steps-common.sh", "scripts/steps-common.sh", 0644, ROOT},
    {0},
};

static const struct plan_file offline_kubelet_files[] = {
    {"/etc/kubeseed/ca.crt", "pki:ca.crt", 0644, ROOT},
    {0},
};

static const struct plan_file kubelet_files[] = {
    {"/etc/kubeseed/discovery.conf", "user-data/kubeconfig", 0600, ROOT},
    {LIB "steps-kubernetes.sh", "scripts/steps-kubernetes.sh", 0644, ROOT},
    {0},
};

static const struct plan_file join_older_files[] = {
    {"/etc/kubeseed/kubeadm-join.yaml", "user-data/kubeadm-join-v1beta3.yaml",
     0600, ROOT},
    {0},
};

static const struct plan_file join_v1beta4_files[] = {
    {"/etc/kubeseed/kubeadm-join.yaml", "user-data/kubeadm-join-v1beta4.yaml",
     0600, ROOT},
    {0},
};

static const struct plan_file init_older_files[] = {
    {"/etc/kubeseed/kubeadm.yaml", "user-data/kubeadm-init-v1beta3.yaml", 0600,
     ROOT},
    {0},
};

static const struct plan_file init_v1beta4_files[] = {
    {"/etc/kubeseed/kubeadm.yaml", "user-data/kubeadm-init-v1beta4.yaml", 0600,
     ROOT},
    {0},
};

/* kubeadm keeps what it finds of these and makes the leaf certificates. */
static const struct plan_file offline_control_plane_files[] = {
    {PKI "ca.crt", "pki:ca.crt", 0644, ROOT},
    {PKI "ca.key", "pki:ca.key", 0600, ROOT},
    {PKI "front-proxy-ca.crt", "pki:front-proxy-ca.crt", 0644, ROOT},
    {PKI "front-proxy-ca.key", "pki:front-proxy-ca.key", 0600, ROOT},
    {PKI "sa.pub", "pki:sa.pub", 0644, ROOT},
    {PKI "sa.key", "pki:sa.key", 0600, ROOT},
    {PKI "etcd/ca.crt", "pki:etcd/ca.crt", 0644, ROOT},
    {0},
};

/* pki.mode copied: the first node makes the CAs and hands them to the others,
 * by the two scripts of the tutorials. */
static const struct plan_file copied_kubelet_files[] = {
    {"/etc/ssh/kubeseed_ca.pub", "pki:ssh-ca/ca.pub", 0644, ROOT},
    {"/etc/ssh/sshd_config.d/kubeseed-copy.conf", "user-data/sshd-copy.conf",
     0644, ROOT},
    {LIB "receive-certificates", "scripts/receive-certificates", 0755, ROOT},
    {LIB "steps-copied.sh", "scripts/steps-copied.sh", 0644, ROOT},
    {"/root/bin/move-certificates.sh", "scripts/move-certificates.sh", 0755,
     ROOT},
    {0},
};

static const struct plan_file copied_control_plane_files[] = {
    {"/etc/kubeseed/ssh/copy_key", "pki:node/copy_key", 0600, ROOT},
    {"/etc/kubeseed/ssh/copy_key-cert.pub", "pki:node/copy_key-cert.pub", 0644,
     ROOT},
    {"/etc/kubeseed/ssh/known_hosts", "user-data/known_hosts", 0644, ROOT},
    {"/root/bin/copy-certificates.sh", "scripts/copy-certificates.sh", 0755,
     ROOT},
    {0},
};

static const struct plan_file control_plane_files[] = {
    {LIB "check-apiserver", "scripts/check-apiserver", 0755, ROOT},
    {"/etc/kubeseed/patches/kube-apiserver+strategic.yaml",
     "user-data/kube-apiserver.patch.yaml", 0644, ROOT},
    {"/etc/kubeseed/emulated/kube-apiserver0+json.yaml",
     "user-data/kube-apiserver-emulated.patch.yaml", 0644, ROOT},
    {"/etc/kubeseed/emulated/kube-controller-manager0+json.yaml",
     "user-data/controller-emulated.patch.yaml", 0644, ROOT},
    {"/etc/kubeseed/emulated/kube-scheduler0+json.yaml",
     "user-data/controller-emulated.patch.yaml", 0644, ROOT},
    {0},
};

static const struct plan_file etcd_client_files[] = {
    {PKI "apiserver-etcd-client.crt", "pki:node/apiserver-etcd-client.crt",
     0644, ROOT},
    {PKI "apiserver-etcd-client.key", "pki:node/apiserver-etcd-client.key",
     0600, ROOT},
    {LIB "steps-etcd.sh", "scripts/steps-etcd.sh", 0644, ROOT},
    {0},
};

static const struct plan_file offline_stacked_files[] = {
    {PKI "etcd/ca.key", "pki:etcd/ca.key", 0600, ROOT},
    {0},
};

static const struct plan_file etcd_stacked_files[] = {
    {"/etc/kubeseed/etcd-pod.yaml", "user-data/etcd-pod.yaml", 0600, ROOT},
    {"/etc/kubeseed/patches/etcd+json.yaml", "user-data/etcd.patch.yaml", 0644,
     ROOT},
    {LIB "steps-etcd.sh", "scripts/steps-etcd.sh", 0644, ROOT},
    {LIB "steps-stacked.sh", "scripts/steps-stacked.sh", 0644, ROOT},
    {0},
};

static const struct plan_file etcd_member_files[] = {
    {ETCD_PKI "ca.crt", "pki:etcd/ca.crt", 0644, ETCD},
    {ETCD_PKI "server.crt", "pki:node/etcd-server.crt", 0644, ETCD},
    {ETCD_PKI "server.key", "pki:node/etcd-server.key", 0600, ETCD},
    {ETCD_PKI "peer.crt", "pki:node/etcd-peer.crt", 0644, ETCD},
    {ETCD_PKI "peer.key", "pki:node/etcd-peer.key", 0600, ETCD},
    {"/etc/default/etcd", "user-data/etcd.default", 0644, ROOT},
    {"/etc/systemd/system/etcd.service.d/kubeseed.conf",
     "user-data/etcd-start.conf", 0644, ROOT},
    {0},
};

/* Every node where etcd will be founded or joined. */
static const struct plan_file etcd_empty_files[] = {
    {"/etc/systemd/system/etcd-empty.service", "user-data/etcd-empty.service",
     0644, ROOT},
    {LIB "etcd-empty", "scripts/etcd-empty", 0755, ROOT},
    {0},
};

static bool etcd_anywhere(const struct plan *p, const struct plan_node *n) {
  return etcd_member(p, n) || etcd_stacked(p, n);
}

/* A control-plane node that is a member has the script already. */
static const struct plan_file etcd_node_files[] = {
    {LIB "steps-etcd.sh", "scripts/steps-etcd.sh", 0644, ROOT},
    {0},
};

static bool etcd_node(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_ETCD;
}

static const struct plan_file keepalived_files[] = {
    {"/etc/keepalived/keepalived.conf", "user-data/keepalived.conf", 0600,
     ROOT},
    {LIB "steps-vip.sh", "scripts/steps-vip.sh", 0644, ROOT},
    {0},
};

static const struct plan_file proxy_files[] = {
    {LIB "check-proxy", "scripts/check-proxy", 0755, ROOT},
    {LIB "steps-proxy.sh", "scripts/steps-proxy.sh", 0644, ROOT},
    {0},
};

static const struct plan_file haproxy_files[] = {
    {"/etc/haproxy/haproxy.cfg", "user-data/haproxy.cfg", 0600, ROOT},
    {0},
};

static const struct plan_file nginx_files[] = {
    {"/etc/nginx/nginx.conf", "user-data/nginx.conf", 0644, ROOT},
    {0},
};

static bool proxy(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_LOAD_BALANCER;
}

static bool haproxy(const struct plan *p, const struct plan_node *n) {
  return proxy(p, n) && p->spec->endpoint.provider == PROVIDER_HAPROXY;
}

static bool nginx(const struct plan *p, const struct plan_node *n) {
  return proxy(p, n) && p->spec->endpoint.provider == PROVIDER_NGINX;
}

static const struct plan_file bridge_files[] = {
    {"/etc/cni/net.d/10-kubeseed.conflist", "user-data/cni-bridge.conflist",
     0644, ROOT},
    {"/etc/nftables.conf", "user-data/nftables.conf", 0755, ROOT},
    {0},
};

static const struct group groups[] = {
    {any, any_files},
    {kubelet, kubelet_files},
    {offline_kubelet, offline_kubelet_files},
    {copied_kubelet, copied_kubelet_files},
    {init_older, init_older_files},
    {init_v1beta4, init_v1beta4_files},
    {join_older, join_older_files},
    {join_v1beta4, join_v1beta4_files},
    {control_plane, control_plane_files},
    {offline_control_plane, offline_control_plane_files},
    {copied_control_plane, copied_control_plane_files},
    {etcd_client, etcd_client_files},
    {etcd_stacked, etcd_stacked_files},
    {offline_stacked, offline_stacked_files},
    {etcd_member, etcd_member_files},
    {etcd_anywhere, etcd_empty_files},
    {etcd_node, etcd_node_files},
    {proxy, proxy_files},
    {haproxy, haproxy_files},
    {nginx, nginx_files},
    {keepalived, keepalived_files},
    {bridge, bridge_files},
};

/* A first-boot step (scripts/steps-*.sh) or unit, in the order they run. */
struct item {
  bool (*wanted)(const struct plan *p, const struct plan_node *n);
  const char *name;
};

static bool joiner(const struct plan *p, const struct plan_node *n) {
  return kubelet(p, n) && !n->founder;
}

static bool copied_founder(const struct plan *p, const struct plan_node *n) {
  return copied(p, n) && n->founder;
}

static bool copied_joiner(const struct plan *p, const struct plan_node *n) {
  return copied(p, n) && joiner(p, n);
}

static const struct item steps[] = {
    {any, "check"},
    {proxy, "proxy"},
    {keepalived, "vip"},
    {bridge, "pod-network"},
    {etcd_member, "etcd"},
    {copied_founder, "make-certificates"},
    {founder, "kubeadm-init"},
    {copied_joiner, "move-certificates"},
    {joiner, "kubeadm-join"},
    {control_plane, "kubeconfig"},
    {any, "wipe"},
    {any, "ready"},
    {copied_founder, "copy-certificates"},
    {founder, "tidy"},
};

static const struct item units[] = {
    {any, "kubeseed-bootstrap.service"}, {etcd_member, "etcd.service"},
    {haproxy, "haproxy.service"},        {nginx, "nginx.service"},
    {keepalived, "keepalived.service"},  {bridge, "nftables.service"},
    {kubelet, "containerd.service"},     {kubelet, "kubelet.service"},
};

static void add_files(struct plan_node *n, const struct plan_file *f) {
  for (; f->path; f++)
    *plan_file_vec_add(&n->files) = *f;
}

/* One for each card; seed/render finds the card by the path. */
static void add_links(struct plan_node *n) {
  for (size_t i = 0; i < n->interfaces.n; i++)
    *plan_file_vec_add(&n->files) = (struct plan_file){
        n->interfaces.v[i].link, "user-data/kube0.link", 0644, ROOT};
}

void plan_node_contents(const struct plan *p, struct plan_node *n) {
  add_files(n, name_files);
  add_links(n);
  for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
    if (groups[i].wanted(p, n))
      add_files(n, groups[i].files);
  for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
    if (steps[i].wanted(p, n))
      strv_push(&n->steps, steps[i].name);
  for (size_t i = 0; i < ARRAY_SIZE(units); i++)
    if (units[i].wanted(p, n))
      strv_push(&n->units, units[i].name);
}
