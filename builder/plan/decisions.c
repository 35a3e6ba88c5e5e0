/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/decisions.h"

#include "base/utf8.h"
#include "spec/cni.h"
#include "spec/table.h"
#include <stdlib.h>
#include <string.h>

/* ---- Values; the caller frees. NULL: there is nothing to decide. ---- */

static char *of_payload(const struct plan *p) {
  return xstrdup(p->spec->kubernetes.payload);
}

static char *of_debian(const struct plan *p) {
  return xasprintf("%d", p->spec->image.debian);
}

static char *of_bootstrapper(const struct plan *p) {
  return xstrdup(
      word_of(bootstrapper_words, (int)p->spec->kubernetes.bootstrapper));
}

static char *of_domain(const struct plan *p) {
  return xstrdup(p->spec->network.domain);
}

static char *of_gateway(const struct plan *p) {
  char a[NET_TEXT];
  return ip_is_set(p->spec->network.gateway)
             ? xstrdup(ip_format(p->spec->network.gateway, a))
             : NULL;
}

static char *of_dns(const struct plan *p) {
  const struct ip_vec *dns = &p->spec->network.dns;
  char a[NET_TEXT];
  return dns->n > 0 ? xstrdup(ip_format(dns->v[0], a)) : NULL;
}

static char *of_cni(const struct plan *p) {
  return xstrdup(cni_name(p->spec->network.cni));
}

static char *of_pods(const struct plan *p) {
  char a[NET_TEXT];
  return xstrdup(cidr_format(&p->spec->network.pods, a));
}

static char *of_services(const struct plan *p) {
  char a[NET_TEXT];
  return xstrdup(cidr_format(&p->spec->network.services, a));
}

static char *of_endpoint(const struct plan *p) {
  char a[NET_TEXT];
  return ip_is_set(p->spec->endpoint.address)
             ? xstrdup(ip_format(p->spec->endpoint.address, a))
             : NULL;
}

static char *of_name(const struct plan *p) {
  return xstrdup(p->spec->endpoint.name);
}

static char *of_provider(const struct plan *p) {
  return xstrdup(provider_name(p->spec->endpoint.provider));
}

static char *of_router(const struct plan *p) {
  for (size_t i = 0; i < p->nodes.n; i++)
    if (p->nodes.v[i].runs_keepalived)
      return xasprintf("%d", p->router_id);
  return NULL;
}

static char *of_etcd(const struct plan *p) {
  return xstrdup(etcd_mode_name(p->spec->etcd.mode));
}

static char *of_pki(const struct plan *p) {
  return xstrdup(pki_mode_name(p->spec->pki.mode));
}

static char *of_algorithm(const struct plan *p) {
  return xstrdup(key_algorithm_name(p->spec->pki.algorithm));
}

static char *of_discovery(const struct plan *p) {
  return plan_by_kubeadm(p)
             ? xstrdup(word_of(discovery_words, (int)p->spec->pki.discovery))
             : NULL;
}

/* ---- Why, where it is not always the same ---- */

static const char *why_payload(const struct plan *p) {
  return strcmp(p->spec->kubernetes.payload, "debian") == 0
             ? "Debian's archive has the source of this version, and it is "
               "built here"
             : "the Kubernetes project's own builds: Debian has none of this "
               "version";
}

static const char *why_debian(const struct plan *p) {
  return p->spec->image.debian == 12
             ? "what Kubernetes before 1.31 has been tried on"
             : "from Kubernetes 1.31 on; its containerd keeps pinned images";
}

static const char *why_endpoint(const struct plan *p) {
  return p->spec->endpoint.provider == PROVIDER_FIRST_NODE
             ? "that of the first control-plane node, which alone answers"
             : "the subnet's .20, below the nodes' own from .31 on";
}

static const char *why_pods(const struct plan *p) {
  return cni_has_node_pods(p->spec)
             ? "outside of the nodes' networks; a /24 of it for each node, in "
               "the spec's order"
             : "outside of the nodes' networks; a /24 of it for each node";
}

static const struct decision {
  const char *key;
  char *(*value)(const struct plan *p);
  const char *why; /* NULL: explain tells */
  const char *(*explain)(const struct plan *p);
} decisions[] = {
    {"kubernetes.payload.source", of_payload, NULL, why_payload},
    {"kubernetes.bootstrapper", of_bootstrapper,
     "Kubernetes' own way: nodes join, and make their certificates", NULL},
    {"image.debian", of_debian, NULL, why_debian},
    {"network.domain", of_domain,
     "the cluster's name below .internal, which nobody has on the internet",
     NULL},
    {"network.gateway", of_gateway, "the subnet's first address", NULL},
    {"network.dns", of_dns, "the gateway, where most answer DNS", NULL},
    {"network.cni", of_cni,
     "routes of the kernel between the nodes; no image and no pod for it",
     NULL},
    {"network.pods", of_pods, NULL, why_pods},
    {"network.services", of_services,
     "kubeadm's own; no machine has an address in it", NULL},
    {"endpoint.provider", of_provider,
     "control planes hold the address themselves, and no further machine is "
     "needed",
     NULL},
    {"endpoint.address", of_endpoint, NULL, why_endpoint},
    {"endpoint.name", of_name, "api in the nodes' domain", NULL},
    {"endpoint.routerId", of_router,
     "of the cluster's name and subnet, so that two on one wire differ", NULL},
    {"etcd.mode", of_etcd,
     "every member knows the others from its seed, so any boot order works",
     NULL},
    {"pki.mode", of_pki,
     "made on this machine, so that no node has to ask another one for keys",
     NULL},
    {"pki.algorithm", of_algorithm,
     "small and quickly made; kubeadm takes it from 1.19 on", NULL},
    {"pki.discovery", of_discovery,
     "the seed brings the CA, and nobody has to be believed", NULL},
};

static const char *why(const struct decision *d, const struct plan *p) {
  return d->why ? d->why : d->explain(p);
}

/* Nodes whose address the spec leaves open. */
static size_t count_open(const struct plan *p,
                         bool (*open)(const struct spec_node *)) {
  size_t n = 0;
  for (size_t i = 0; i < p->nodes.n; i++)
    n += open(p->nodes.v[i].spec);
  return n;
}

static bool address_open(const struct spec_node *n) {
  return n->address_made;
}

static bool mac_open(const struct spec_node *n) {
  static const struct mac none;
  return memcmp(&n->mac, &none, sizeof(none)) == 0;
}

static const struct {
  const char *key;
  bool (*open)(const struct spec_node *n);
  const char *why;
} of_nodes[] = {
    {"nodes.address", address_open,
     "the next free ones of the subnet, from its .31 on"},
    {"nodes.mac", mac_open,
     "made of the cluster's name, its subnet and the node's name"},
};

static void print_line(bool first, const char *key, const char *value,
                       const char *reason, FILE *out) {
  _cleanup_free_ char *shown = utf8_printable(value);
  fprintf(out, "%-11s %-25s %-18s %s\n", first ? "decided" : "", key, shown,
          reason);
}

void decisions_print(const struct plan *p, FILE *out) {
  bool first = true;
  for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
    const struct decision *d = &decisions[i];
    _cleanup_free_ char *value = d->value(p);
    if (!value || spec_wrote(p->spec, d->key))
      continue;
    print_line(first, d->key, value, why(d, p), out);
    first = false;
  }
  for (size_t i = 0; i < ARRAY_SIZE(of_nodes); i++) {
    size_t n = count_open(p, of_nodes[i].open);
    _cleanup_free_ char *value =
        xasprintf("of %zu node%s", n, n == 1 ? "" : "s");
    if (n == 0)
      continue;
    print_line(first, of_nodes[i].key, value, of_nodes[i].why, out);
    first = false;
  }
}

json_t *decisions_json(const struct plan *p) {
  json_t *list = json_array();
  for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
    const struct decision *d = &decisions[i];
    _cleanup_free_ char *value = d->value(p);
    bool written = spec_wrote(p->spec, d->key);
    if (value)
      (void)json_array_append_new(list,
                                  json_pack("{ss ss sb ss?}", "key", d->key,
                                            "value", value, "written", written,
                                            "why", written ? NULL : why(d, p)));
  }
  return list;
}
