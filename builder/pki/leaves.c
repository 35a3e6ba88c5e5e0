/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/leaves.h"

#include "base/mem.h"
#include "base/net.h"

#define CLIENT .client = true
#define SERVER .server = true
#define CONTROL_PLANE .control_plane = true

/*
 * The API server asks kubelets as a user without a group: the first objects of
 * the cluster bind it to system:kubelet-api-admin, no more. The
 * administrator's group is that of the version (leaf_names).
 */
const struct leaf pki_leaves[] = {
    {&PAIR_KUBELET, &PAIR_KUBERNETES, NULL, "system:nodes", CLIENT},
    {&PAIR_KUBELET_SERVER, &PAIR_KUBERNETES, NULL, "system:nodes", SERVER},
    {&PAIR_KUBE_PROXY, &PAIR_KUBERNETES, "system:kube-proxy", NULL, CLIENT},
    {&PAIR_API_SERVER, &PAIR_KUBERNETES, "kube-apiserver", NULL, CONTROL_PLANE,
     SERVER},
    {&PAIR_API_KUBELET, &PAIR_KUBERNETES, "kube-apiserver-kubelet-client", NULL,
     CONTROL_PLANE, CLIENT},
    {&PAIR_FRONT_CLIENT, &PAIR_FRONT_PROXY, "front-proxy-client", NULL,
     CONTROL_PLANE, CLIENT},
    {&PAIR_CONTROLLER, &PAIR_KUBERNETES, "system:kube-controller-manager", NULL,
     CONTROL_PLANE, CLIENT},
    {&PAIR_SCHEDULER, &PAIR_KUBERNETES, "system:kube-scheduler", NULL,
     CONTROL_PLANE, CLIENT},
    {&PAIR_NODE_ADMIN, &PAIR_KUBERNETES, "kubernetes-admin", NULL,
     CONTROL_PLANE, CLIENT},
    {&PAIR_SUPER_ADMIN, &PAIR_KUBERNETES, "kubernetes-super-admin",
     "system:masters", CONTROL_PLANE, CLIENT},
    {0},
};

bool leaf_wanted(const struct leaf *leaf, const struct plan *plan,
                 const struct plan_node *node) {
  /* Where administrators need no binding nobody needs to make one. */
  if (leaf->pair == &PAIR_SUPER_ADMIN &&
      !version_binds_admins(&plan->spec->kubernetes.version))
    return false;
  return plan->spec->kubernetes.bootstrapper != BOOTSTRAPPER_KUBEADM &&
         node->has_kubelet &&
         (!leaf->control_plane || node->spec->role == ROLE_CONTROL_PLANE);
}

/* A name in a certificate is an address or of DNS. */
static void add_name(struct leaf_names *n, const char *name) {
  struct ip a;
  struct strv *l = ip_parse(name, &a) ? &n->ips : &n->dns;
  if (!strv_has(l, name))
    strv_push(l, name);
}

/* What kubeadm puts there (cmd/kubeadm/app/util/pkiutil, GetAPIServerAltNames),
 * and the names that all nodes' have (part/kubeadm-init.c). */
static void api_server_names(const struct plan *plan,
                             const struct plan_node *node,
                             struct leaf_names *n) {
  const struct spec *s = plan->spec;
  char a[NET_TEXT];
  add_name(n, node->name);
  add_name(n, "kubernetes");
  add_name(n, "kubernetes.default");
  add_name(n, "kubernetes.default.svc");
  strv_pushf(&n->dns, "kubernetes.default.svc.%s",
             s->kubernetes.cluster_domain);
  add_name(n, s->endpoint.name);
  add_name(n, "localhost");
  add_name(n, plan->api_service);
  add_name(n, ip_format(node->spec->address, a));
  if (ip_is_set(s->endpoint.address))
    add_name(n, ip_format(s->endpoint.address, a));
  add_name(n, "127.0.0.1");
  for (size_t i = 0; i < s->kubernetes.cert_sans.n; i++)
    add_name(n, s->kubernetes.cert_sans.v[i]);
}

void leaf_names(const struct leaf *leaf, const struct plan *plan,
                const struct plan_node *node, struct leaf_names *ret) {
  *ret = (struct leaf_names){0};
  ret->common_name = leaf->common_name
                         ? xstrdup(leaf->common_name)
                         : xasprintf("system:node:%s", node->name);
  if (leaf->group)
    strv_push(&ret->groups, leaf->group);
  if (leaf->pair == &PAIR_NODE_ADMIN)
    strv_push(&ret->groups,
              version_admin_group(&plan->spec->kubernetes.version));
  if (leaf->pair == &PAIR_API_SERVER)
    api_server_names(plan, node, ret);
  if (leaf->pair == &PAIR_KUBELET_SERVER) {
    char a[NET_TEXT];
    strv_push_all(&ret->dns, node->name, node->fqdn, NULL);
    strv_push(&ret->ips, ip_format(node->spec->address, a));
    if (ip_is_set(node->spec->address6))
      strv_push(&ret->ips, ip_format(node->spec->address6, a));
  }
}

void leaf_names_done(struct leaf_names *n) {
  free(n->common_name);
  strv_done(&n->groups);
  strv_done(&n->dns);
  strv_done(&n->ips);
}
