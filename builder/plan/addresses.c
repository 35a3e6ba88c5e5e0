/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/addresses.h"

#include "plan/identity.h"
#include "spec/cni.h"

/* VRRP priorities: keepalived.conf lowers them by 50 while a check fails, and
 * every failing node must stay below every healthy one. */
#define VIP_PRIORITY 150

#define POD_BITS 24 /* of each node's own network of pods */
#define POD_BITS6 64

void addresses_plan_node(const struct spec *s, struct plan_node *n,
                         uint32_t kubelet) {
  bool holds = spec_may_hold(s, n->spec->role);
  n->runs_pacemaker = holds && s->endpoint.provider == PROVIDER_PACEMAKER;
  n->runs_keepalived = holds && !n->runs_pacemaker;
  if (n->runs_keepalived)
    n->vip_priority = VIP_PRIORITY - (int)n->ordinal;
  if (n->has_kubelet && cni_has_node_pods(s))
    n->has_pods = cidr_subnet(&s->network.pods, POD_BITS, kubelet, &n->pods);
  if (n->has_pods && spec_has_ipv6(s))
    n->has_pods =
        cidr_subnet(&s->network.ipv6.pods, POD_BITS6, kubelet, &n->pods6);
  if (n->has_pods && s->network.cni == CNI_VXLAN) {
    plan_mac(s, "vxlan", n->name, &n->vtep);
    n->has_vtep = true;
  }
}

/* As kubeadm has them: the first family is the one of the API's own service. */
static char *both(const struct spec *s, const struct cidr *v4,
                  const struct cidr *v6) {
  char a[NET_TEXT], b[NET_TEXT];
  cidr_format(v4, a);
  return spec_has_ipv6(s) ? xasprintf("%s,%s", a, cidr_format(v6, b))
                          : xstrdup(a);
}

void addresses_plan(struct plan *p) {
  const struct spec *s = p->spec;
  char a[NET_TEXT];
  /* A load balancer of the author's may have a DNS name alone. */
  p->endpoint = xasprintf("%s:%d",
                          ip_is_set(s->endpoint.address)
                              ? ip_format(s->endpoint.address, a)
                              : s->endpoint.name,
                          s->endpoint.port);
  p->api_service = xstrdup(ip_format(cidr_host(&s->network.services, 1), a));
  p->cluster_dns = xstrdup(ip_format(cidr_host(&s->network.services, 10), a));
  p->pod_networks = both(s, &s->network.pods, &s->network.ipv6.pods);
  p->service_networks =
      both(s, &s->network.services, &s->network.ipv6.services);
  uint8_t d[SHA256_BYTES];
  plan_derive(s, "vrrp", "", d);
  p->router_id = s->endpoint.router_id ? s->endpoint.router_id : 1 + d[0] % 255;
}
