/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include "base/buf.h"
#include "plan/files.h"
#include "spec/payload-facts.h"
#include <stdlib.h>
#include <string.h>

/* VRRP priorities: keepalived.conf lowers them by 50 while a check fails, and
 * every failing node must stay below every healthy one. */
#define VIP_PRIORITY 150

static bool has_kubelet(const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE || n->spec->role == ROLE_WORKER;
}

static bool runs_etcd(const struct spec *s, enum role role) {
  if (s->etcd.mode == ETCD_FOUNDING)
    return role == ROLE_CONTROL_PLANE;
  return s->etcd.mode == ETCD_EXTERNAL && role == ROLE_ETCD;
}

static bool runs_keepalived(const struct spec *s, enum role role) {
  switch (s->endpoint.provider) {
  case PROVIDER_KEEPALIVED:
    return role == ROLE_CONTROL_PLANE;
  case PROVIDER_HAPROXY:
  case PROVIDER_NGINX:
    return role == ROLE_LOAD_BALANCER;
  case PROVIDER_EXTERNAL:
  case PROVIDER_FIRST_NODE:
    return false;
  }
  return false;
}

static void plan_identity(const struct spec *s, struct plan_node *n) {
  n->name = n->spec->name;
  n->fqdn = xasprintf("%s.%s", n->name, s->network.domain);
  plan_interfaces(s, n->spec, &n->interfaces);
  plan_uuid(s, n->name, n->uuid);
  n->instance_id = xasprintf("%s-%.8s", n->name, n->uuid);
}

/* How many nodes of each kind came before, while the nodes are planned. */
struct counters {
  size_t role[ROLE_LOAD_BALANCER + 1];
  uint32_t kubelets;
};

static void default_taints(const struct spec *s, const struct spec_node *n,
                           struct strv *ret) {
  const struct version *v = &s->kubernetes.version;
  if (n->role != ROLE_CONTROL_PLANE || n->untainted)
    return;
  const char *taint;
  for (unsigned i = 0; (taint = version_control_plane_taint(v, i)); i++)
    strv_push(ret, taint);
}

static void plan_taints(const struct spec *s, struct plan_node *n) {
  const struct strv *taints = &n->spec->taints;
  if (taints->n == 0)
    default_taints(s, n->spec, &n->taints);
  for (size_t i = 0; i < taints->n; i++) {
    const char *empty = strstr(taints->v[i], "=:");
    if (empty)
      strv_pushf(&n->taints, "%.*s%s", (int)(empty - taints->v[i]),
                 taints->v[i], empty + 1);
    else
      strv_push(&n->taints, taints->v[i]);
  }
}

static void plan_node(const struct spec *s, struct plan_node *n,
                      struct counters *c) {
  enum role role = n->spec->role;
  plan_identity(s, n);
  n->ordinal = c->role[role]++;
  n->founder = role == ROLE_CONTROL_PLANE && n->ordinal == 0;
  n->runs_etcd = runs_etcd(s, role);
  n->runs_keepalived = runs_keepalived(s, role);
  if (n->runs_keepalived)
    n->vip_priority = VIP_PRIORITY - (int)n->ordinal;
  if (has_kubelet(n) && s->network.cni == CNI_BRIDGE)
    n->has_pods = cidr_subnet(&s->network.pods, 24, c->kubelets++, &n->pods);
}

static void plan_etcd(struct plan *p) {
  const struct spec *s = p->spec;
  _cleanup_buf_ struct buf cluster = {0};
  char a[NET_TEXT];
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    if (!n->runs_etcd)
      continue;
    const char *address = ip_format(n->spec->address, a);
    buf_addf(&cluster, "%s%s=https://%s:2380", cluster.len ? "," : "", n->name,
             address);
    if (s->etcd.mode == ETCD_EXTERNAL)
      strv_pushf(&p->etcd_endpoints, "https://%s:2379", address);
  }
  /* An API server asks the member beside it, as with kubeadm's stacked etcd:
   * Kubernetes 1.20 opens some seventy TLS connections to each endpoint, and on
   * a slow machine those to all three took longer than all else. */
  if (s->etcd.mode == ETCD_FOUNDING)
    strv_push(&p->etcd_endpoints, "https://127.0.0.1:2379");
  if (cluster.len)
    p->etcd_initial_cluster = buf_take(&cluster);
  uint8_t d[SHA256_BYTES];
  plan_derive(s, "etcd", "", d);
  p->etcd_token =
      xasprintf("%s-%02x%02x%02x%02x", s->name, d[0], d[1], d[2], d[3]);
}

static void plan_cluster(struct plan *p) {
  const struct spec *s = p->spec;
  char a[NET_TEXT];
  p->kubeadm_api = version_kubeadm_api(&s->kubernetes.version);
  p->endpoint =
      xasprintf("%s:%d", ip_format(s->endpoint.address, a), s->endpoint.port);
  p->api_service = xstrdup(ip_format(cidr_host(&s->network.services, 1), a));
  p->cluster_dns = xstrdup(ip_format(cidr_host(&s->network.services, 10), a));
  uint8_t d[SHA256_BYTES];
  plan_derive(s, "vrrp", "", d);
  p->router_id = s->endpoint.router_id ? s->endpoint.router_id : 1 + d[0] % 255;
  const struct payload_facts *payload = payload_facts(s->kubernetes.payload);
  p->image_repository = payload->image_repository;
  p->etcd_image_tag = payload->etcd_image_tag;
}

/* A card with the node it is in, for finding doubles. */
struct card {
  struct mac mac;
  const struct plan_node *node;
};
DEFINE_VEC(card_vec, struct card);

static int by_mac(const void *a, const void *b) {
  const struct card *x = a;
  const struct card *y = b;
  int order = memcmp(&x->mac, &y->mac, sizeof(x->mac));
  /* The author's order, so that the later of two is the one at fault. */
  return order ? order : (x->node < y->node ? -1 : x->node > y->node);
}

static int check_macs(const struct plan *p, struct error *err) {
  struct card_vec cards = {0};
  int r = 0;
  char buf[NET_TEXT];
  for (size_t i = 0; i < p->nodes.n; i++)
    for (size_t k = 0; k < p->nodes.v[i].interfaces.n; k++)
      *card_vec_add(&cards) =
          (struct card){p->nodes.v[i].interfaces.v[k].mac, &p->nodes.v[i]};
  qsort(cards.v, cards.n, sizeof(*cards.v), by_mac);
  for (size_t i = 1; i < cards.n && r == 0; i++)
    if (memcmp(&cards.v[i].mac, &cards.v[i - 1].mac, sizeof(struct mac)) == 0)
      r = error_at(err, cards.v[i].node->spec->where,
                   "the nodes '%s' and '%s' have the same MAC address %s",
                   cards.v[i - 1].node->name, cards.v[i].node->name,
                   mac_format(&cards.v[i].mac, buf));
  free(cards.v);
  return r;
}

static int by_name(const void *a, const void *b) {
  const struct plan_node *const *x = a;
  const struct plan_node *const *y = b;
  return strcmp((*x)->name, (*y)->name);
}

/* Commands look up each of ten thousand names. */
static void sort_names(struct plan *p) {
  p->by_name = xcalloc(p->nodes.n, sizeof(*p->by_name));
  for (size_t i = 0; i < p->nodes.n; i++)
    p->by_name[i] = &p->nodes.v[i];
  qsort(p->by_name, p->nodes.n, sizeof(*p->by_name), by_name);
}

int plan_make(const struct spec *spec, struct plan *ret, struct error *err) {
  _cleanup_plan_ struct plan p = {.spec = spec};
  struct counters counters = {0};
  for (size_t i = 0; i < spec->nodes.n; i++) {
    struct plan_node *n = plan_node_vec_add(&p.nodes);
    n->spec = &spec->nodes.v[i];
    n->index = i;
    plan_node(spec, n, &counters);
    plan_taints(spec, n);
  }
  if (check_macs(&p, err) < 0)
    return -1;
  sort_names(&p);
  plan_etcd(&p);
  plan_cluster(&p);
  for (size_t i = 0; i < p.nodes.n; i++)
    plan_node_contents(&p, &p.nodes.v[i]);
  *ret = p;
  p = (struct plan){0};
  return 0;
}

static void plan_node_done(struct plan_node *n) {
  free(n->fqdn);
  free(n->instance_id);
  plan_interfaces_done(&n->interfaces);
  free(n->files.v);
  strv_done(&n->taints);
  strv_done(&n->units);
  strv_done(&n->steps);
}

void plan_done(struct plan *p) {
  for (size_t i = 0; i < p->nodes.n; i++)
    plan_node_done(&p->nodes.v[i]);
  free(p->nodes.v);
  free(p->by_name);
  free(p->endpoint);
  free(p->etcd_initial_cluster);
  free(p->etcd_token);
  strv_done(&p->etcd_endpoints);
  free(p->cluster_dns);
  free(p->api_service);
  *p = (struct plan){0};
}

const struct plan_interface *plan_cluster_interface(const struct plan_node *n) {
  return &n->interfaces.v[0];
}

const struct plan_node *plan_find(const struct plan *p, const char *name) {
  const struct plan_node key = {.name = name};
  const struct plan_node *sought = &key;
  const struct plan_node **found =
      bsearch(&sought, p->by_name, p->nodes.n, sizeof(sought), by_name);
  return found ? *found : NULL;
}
