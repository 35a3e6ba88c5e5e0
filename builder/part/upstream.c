/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/upstream.h"

#include "part/parts.h"
#include <fnmatch.h>
#include <string.h>

#define KUBERNETES "https://kubernetes.io/docs/"
#define SYSTEMD "https://www.freedesktop.org/software/systemd/man/latest/"
#define DEBIAN "https://manpages.debian.org/bookworm/"

/* The first that fits; patterns of the path on the node. */
static const struct {
  const char *path, *page;
} pages[] = {
    {"/etc/hosts", DEBIAN "manpages/hosts.5.en.html"},
    {"/etc/resolv.conf", DEBIAN "manpages/resolv.conf.5.en.html"},
    {"/etc/systemd/network/*.link", SYSTEMD "systemd.link.html"},
    {"/etc/systemd/network/*.netdev", SYSTEMD "systemd.netdev.html"},
    {"/etc/systemd/network/*", SYSTEMD "systemd.network.html"},
    {"/etc/systemd/timesyncd.conf.d/*", SYSTEMD "timesyncd.conf.html"},
    {"/etc/systemd/system/*.timer", SYSTEMD "systemd.timer.html"},
    {"/etc/systemd/system/*", SYSTEMD "systemd.service.html"},
    {"/etc/sysctl.d/*", SYSTEMD "sysctl.d.html"},
    {"/etc/modules-load.d/*", SYSTEMD "modules-load.d.html"},
    {"/etc/ssh/*-cert.pub", DEBIAN "openssh-client/ssh-keygen.1.en.html"},
    {"/etc/ssh/*", DEBIAN "openssh-server/sshd_config.5.en.html"},
    {"/etc/nftables.conf", DEBIAN "nftables/nft.8.en.html"},
    {"/etc/haproxy/*", "https://docs.haproxy.org/2.6/configuration.html"},
    {"/etc/nginx/*",
     "https://nginx.org/en/docs/stream/ngx_stream_core_module.html"},
    {"/etc/keepalived/*", DEBIAN "keepalived/keepalived.conf.5.en.html"},
    {"/etc/dnsmasq.d/*", DEBIAN "dnsmasq-base/dnsmasq.8.en.html"},
    {"/etc/corosync/*", DEBIAN "corosync/corosync.conf.5.en.html"},
    {"/etc/*pacemaker*",
     "https://clusterlabs.org/projects/pacemaker/doc/2.1/Pacemaker_Explained/"
     "html/"},
    {"/etc/default/etcd", "https://etcd.io/docs/v3.5/op-guide/configuration/"},
    {"/etc/etcd/*", "https://etcd.io/docs/v3.5/op-guide/security/"},
    {"/etc/cni/*", "https://www.cni.dev/plugins/current/main/bridge/"},
    {"/etc/containerd/certs.d/*",
     "https://github.com/containerd/containerd/blob/main/docs/hosts.md"},
    {"/etc/kubernetes/pki/*", KUBERNETES "setup/best-practices/certificates/"},
    {"/etc/kubeseed/kubeadm*.yaml",
     KUBERNETES "reference/config-api/kubeadm-config.v1beta3/"},
    {"/etc/kubeseed/patches/*",
     KUBERNETES "setup/production-environment/tools/kubeadm/"
                "control-plane-flags/#patches"},
    {"/etc/kubeseed/discovery.conf",
     KUBERNETES "reference/setup-tools/kubeadm/kubeadm-join/"
                "#file-or-https-based-discovery"},
    {"/etc/kubeseed/flannel/*",
     "https://github.com/flannel-io/flannel/blob/master/Documentation/"
     "configuration.md"},
    {"/etc/kubeseed/manifests/00-flannel.yaml",
     "https://github.com/flannel-io/flannel/blob/master/Documentation/"
     "configuration.md"},
    {"/etc/kubeseed/manifests/00-ca*.yaml",
     "https://docs.tigera.io/calico/latest/reference/"},
    {"/etc/kubeseed/addons/metallb*.yaml", "https://metallb.io/configuration/"},
    {"/etc/kubeseed/addons/ingress.yaml",
     "https://kubernetes.github.io/ingress-nginx/user-guide/cli-arguments/"},
    {"/etc/kubeseed/addons/metrics-server.yaml",
     "https://kubernetes-sigs.github.io/metrics-server/"},
    {"/etc/kubeseed/addons/headlamp.yaml",
     "https://headlamp.dev/docs/latest/installation/in-cluster/"},
    {"/etc/kubeseed/addons/dashboard.yaml",
     "https://github.com/kubernetes-retired/dashboard/tree/v2.7.0/docs"},
    {"/etc/kubeseed/addons/guestbook.yaml",
     "https://cloud.google.com/kubernetes-engine/docs/tutorials/guestbook"},
    {"/etc/kubeseed/addons/kube-dns.yaml",
     "https://github.com/kubernetes/dns/tree/master/docs"},
    {"/etc/kubeseed/addons/local-volumes.yaml",
     KUBERNETES "concepts/storage/volumes/#local"},
    {"*encryption*.yaml", KUBERNETES "tasks/administer-cluster/encrypt-data/"},
    {"/etc/kubeseed/tokens.csv",
     KUBERNETES "reference/access-authn-authz/authentication/"
                "#static-token-file"},
    {"/etc/kubeseed/token-webhook.yaml",
     KUBERNETES "reference/access-authn-authz/authentication/"
                "#webhook-token-authentication"},
    {"/etc/kubeseed/oidc-ca.crt",
     KUBERNETES "reference/access-authn-authz/authentication/"
                "#openid-connect-tokens"},
    {"*audit*", KUBERNETES "tasks/debug/debug-cluster/audit/"},
};

const char *upstream_page(const struct plan_file *f) {
  if (strcmp(f->source, "user-data/kubeadm-init-v1beta4.yaml") == 0 ||
      strcmp(f->source, "user-data/kubeadm-join-v1beta4.yaml") == 0)
    return KUBERNETES "reference/config-api/kubeadm-config.v1beta4/";
  for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
    if (fnmatch(pages[i].path, f->path, 0) == 0)
      return pages[i].page;
  return NULL;
}

static bool has_file(const struct part *part, const struct plan *p,
                     const struct plan_node *node, const struct plan_file *f) {
  for (const struct part_file *is = part->files; is && is->path; is++)
    if (strcmp(is->path, f->path) == 0 && (!is->when || is->when(p, node)))
      return true;
  struct plan_file_vec more = {0};
  bool found = false;
  if (part->more_files)
    part->more_files(node, &more);
  for (size_t i = 0; i < more.n; i++)
    found = found || strcmp(more.v[i].path, f->path) == 0;
  free(more.v);
  return found;
}

const struct plan_part *upstream_part(const struct plan *p,
                                      const struct plan_node *node,
                                      const struct plan_file *f) {
  for (const struct part *const *part = parts_all(); *part; part++)
    for (size_t i = 0; i < node->parts.n; i++)
      if (strcmp(node->parts.v[i].name, (*part)->name) == 0 &&
          has_file(*part, p, node, f))
        return &node->parts.v[i];
  return NULL;
}
