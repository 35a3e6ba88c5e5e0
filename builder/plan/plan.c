/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

void plan_add_spec_files(const struct plan_extra_files *l,
                         struct plan_file_vec *ret) {
  for (size_t i = 0; i < l->n; i++)
    *plan_file_vec_add(ret) = (struct plan_file){l->v[i]->path, "spec:files",
                                                 l->v[i]->mode, l->v[i]->owner};
}

static void plan_node_done(struct plan_node *n) {
  free(n->fqdn);
  free(n->instance_id);
  plan_interfaces_done(&n->interfaces);
  plan_extras_done(&n->extras);
  free(n->parts.v);
  free(n->files.v);
  strv_done(&n->taints);
  strv_done(&n->units);
  strv_done(&n->steps);
}

void plan_done(struct plan *p) {
  for (size_t i = 0; i < p->nodes.n; i++)
    plan_node_done(&p->nodes.v[i]);
  free(p->nodes.v);
  free(p->endpoint);
  free(p->pod_networks);
  free(p->service_networks);
  free(p->etcd_initial_cluster);
  free(p->etcd_token);
  strv_done(&p->etcd_endpoints);
  free(p->cluster_dns);
  free(p->api_service);
  free(p->control_planes.v);
  free(p->balancers.v);
  free(p->kubelets.v);
  free(p->registered.v);
  free(p->members.v);
  free(p->holders.v);
  free(p->by_name.v);
  *p = (struct plan){0};
}

const struct plan_node *plan_jump(const struct plan *p) {
  for (size_t i = 0; i < p->nodes.n; i++)
    if (p->nodes.v[i].spec->role == ROLE_JUMP)
      return &p->nodes.v[i];
  return NULL;
}

const struct plan_interface *plan_cluster_interface(const struct plan_node *n) {
  return &n->interfaces.v[0];
}

static int compare_name(const void *key, const void *member) {
  const struct plan_node *const *n = member;
  return strcmp(key, (*n)->name);
}

const struct plan_node *plan_find(const struct plan *p, const char *name) {
  const struct plan_node *const *found =
      bsearch(name, p->by_name.v, p->by_name.n,
              sizeof(const struct plan_node *), compare_name);
  return found ? *found : NULL;
}
