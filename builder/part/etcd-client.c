/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An API server whose etcd is not kubeadm's: its client certificate. */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (n->spec->role != ROLE_CONTROL_PLANE)
    return NULL;
  switch (p->spec->etcd.mode) {
  case ETCD_FOUNDING:
    return "etcd.mode founding: the API server asks the member beside it";
  case ETCD_EXTERNAL:
    return "etcd.mode external: the API server asks the nodes of role etcd";
  case ETCD_STACKED:
    return NULL;
  }
  return NULL;
}

static const struct part_file files[] = {
    {KUBE_PKI "apiserver-etcd-client.crt", "pki:node/apiserver-etcd-client.crt",
     0644, ROOT, NULL},
    {KUBE_PKI "apiserver-etcd-client.key", "pki:node/apiserver-etcd-client.key",
     0600, ROOT, NULL},
    {LIB "steps-etcd.sh", "scripts/steps-etcd.sh", 0644, ROOT, NULL},
    {0},
};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_set_flag(s, "etcd_external", p->spec->etcd.mode != ETCD_STACKED);
  scope_set_list(s, "etcd_endpoints");
  for (size_t i = 0; i < p->etcd_endpoints.n; i++)
    scope_set(scope_add(s, "etcd_endpoints"), "url", p->etcd_endpoints.v[i]);
}

const struct part part_etcd_client = {
    .name = "etcd-client",
    .why = why,
    .files = files,
    .values = values,
};
