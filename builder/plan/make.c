/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/make.h"

#include "base/buf.h"
#include "plan/addresses.h"
#include "plan/ethernet.h"
#include "spec/payload-facts.h"
#include <stdlib.h>
#include <string.h>

static void plan_identity(const struct spec *s, struct plan_node *n) {
  n->name = n->spec->name;
  n->fqdn = xasprintf("%s.%s", n->name, s->network.domain);
  plan_interfaces(s, n->spec, &n->interfaces);
  ethernet_set(s, &n->interfaces);
  plan_uuid(s, n->name, n->uuid);
  n->instance_id = xasprintf("%s-%.8s", n->name, n->uuid);
}

static bool runs_etcd(const struct spec *s, const struct spec_node *n) {
  if (s->etcd.mode == ETCD_FOUNDING)
    return n->role == ROLE_CONTROL_PLANE;
  return s->etcd.mode == ETCD_EXTERNAL && spec_is_etcd(n);
}

static void default_taints(const struct spec *s, const struct spec_node *n,
                           struct strv *ret) {
  const struct version *v = &s->kubernetes.version;
  if (n->role != ROLE_CONTROL_PLANE)
    return;
  const char *taint;
  for (unsigned i = 0; (taint = version_control_plane_taint(v, i)); i++)
    strv_push(ret, taint);
}

static void plan_taints(const struct spec *s, struct plan_node *n) {
  if (!n->extras.taints) {
    default_taints(s, n->spec, &n->taints);
    return;
  }
  const struct strv *taints = &n->extras.taints->list;
  for (size_t i = 0; i < taints->n; i++) {
    const char *empty = strstr(taints->v[i], "=:");
    if (empty)
      strv_pushf(&n->taints, "%.*s%s", (int)(empty - taints->v[i]),
                 taints->v[i], empty + 1);
    else
      strv_push(&n->taints, taints->v[i]);
  }
}

/* How many nodes of each kind came before, while the nodes are planned. */
struct counters {
  size_t role[N_ROLES];
  uint32_t kubelets;
};

static void plan_node(const struct spec *s, struct plan_node *n,
                      struct counters *c) {
  enum role role = n->spec->role;
  plan_identity(s, n);
  n->ordinal = c->role[role]++;
  n->founder = role == ROLE_CONTROL_PLANE && n->ordinal == 0;
  n->has_kubelet = role == ROLE_CONTROL_PLANE || role == ROLE_WORKER;
  n->registered = n->has_kubelet && (role != ROLE_CONTROL_PLANE ||
                                     s->kubernetes.kubelet.control_planes !=
                                         CONTROL_PLANES_ABSENT);
  n->runs_etcd = runs_etcd(s, n->spec);
  n->has_member = n->runs_etcd ||
                  (s->etcd.mode == ETCD_STACKED && role == ROLE_CONTROL_PLANE);
  addresses_plan_node(s, n, c->kubelets);
  c->kubelets += n->has_kubelet;
  plan_extras(s, n->spec, n->founder, n->has_kubelet, &n->extras);
  plan_taints(s, n);
}

static int compare_names(const void *a, const void *b) {
  const struct plan_node *const *x = a;
  const struct plan_node *const *y = b;
  return strcmp((*x)->name, (*y)->name);
}

static void add_to(struct plan_list *l, const struct plan_node *n,
                   bool wanted) {
  if (wanted)
    *plan_list_add(l) = n;
}

/* Once all nodes are planned and stay where they are. */
static void plan_lists(struct plan *p) {
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    add_to(&p->control_planes, n, n->spec->role == ROLE_CONTROL_PLANE);
    add_to(&p->balancers, n, n->spec->role == ROLE_LOAD_BALANCER);
    add_to(&p->kubelets, n, n->has_kubelet);
    add_to(&p->registered, n, n->registered);
    add_to(&p->members, n, n->has_member);
    add_to(&p->holders, n, n->runs_keepalived || n->runs_pacemaker);
    add_to(&p->by_name, n, true);
  }
  qsort(p->by_name.v, p->by_name.n, sizeof(const struct plan_node *),
        compare_names);
}

static void plan_etcd(struct plan *p) {
  const struct spec *s = p->spec;
  _cleanup_buf_ struct buf cluster = {0};
  char a[NET_TEXT];
  for (size_t i = 0; i < p->members.n; i++) {
    const struct plan_node *n = p->members.v[i];
    const char *address = ip_format(n->spec->address, a);
    if (n->runs_etcd)
      buf_addf(&cluster, "%s%s=https://%s:2380", cluster.len ? "," : "",
               n->name, address);
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
      if (plan_interface_made(&p->nodes.v[i].interfaces.v[k]))
        *card_vec_add(&cards) =
            (struct card){p->nodes.v[i].interfaces.v[k].mac, &p->nodes.v[i]};
  if (cards.n > 0)
    qsort(cards.v, cards.n, sizeof(*cards.v), by_mac);
  for (size_t i = 1; i < cards.n && r == 0; i++)
    if (memcmp(&cards.v[i].mac, &cards.v[i - 1].mac, sizeof(struct mac)) != 0)
      continue;
    else if (cards.v[i].node == cards.v[i - 1].node)
      r = error_at(err, cards.v[i].node->spec->where,
                   "two cards of the node '%s' have the same MAC address %s",
                   cards.v[i].node->name, mac_format(&cards.v[i].mac, buf));
    else
      r = error_at(err, cards.v[i].node->spec->where,
                   "the nodes '%s' and '%s' have the same MAC address %s",
                   cards.v[i - 1].node->name, cards.v[i].node->name,
                   mac_format(&cards.v[i].mac, buf));
  free(cards.v);
  return r;
}

int plan_make(const struct spec *spec, struct plan *ret, struct error *err) {
  _cleanup_plan_ struct plan p = {.spec = spec};
  struct counters counters = {0};
  for (size_t i = 0; i < spec->nodes.n; i++) {
    struct plan_node *n = plan_node_vec_add(&p.nodes);
    n->spec = &spec->nodes.v[i];
    n->index = i;
    plan_node(spec, n, &counters);
  }
  if (check_macs(&p, err) < 0)
    return -1;
  plan_lists(&p);
  plan_etcd(&p);
  addresses_plan(&p);
  p.kubeadm_api = version_kubeadm_api(&spec->kubernetes.version);
  const struct payload_facts *payload = payload_facts(spec->kubernetes.payload);
  p.image_repository = payload->image_repository;
  p.etcd_image_tag = payload->etcd_image_tag;
  *ret = p;
  p = (struct plan){0};
  return 0;
}
