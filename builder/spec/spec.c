/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/spec.h"

#include <string.h>

static void files_done(struct spec_file_vec *files) {
  for (size_t i = 0; i < files->n; i++) {
    free(files->v[i].path);
    buf_done(&files->v[i].content);
    free(files->v[i].source);
    free(files->v[i].where);
    free(files->v[i].owner);
  }
  free(files->v);
}

static void disks_done(struct spec_disk_vec *disks) {
  for (size_t i = 0; i < disks->n; i++) {
    free(disks->v[i].name);
    free(disks->v[i].mount);
    free(disks->v[i].device);
  }
  free(disks->v);
}

static void extras_done(struct spec_extras *e) {
  strv_done(&e->labels);
  strv_done(&e->taints.list);
  strv_done(&e->kubelet_args);
  files_done(&e->files);
  strv_done(&e->sysctls);
  strv_done(&e->annotations);
  strv_done(&e->modules);
  strv_done(&e->arguments);
  strv_done(&e->before);
  strv_done(&e->after);
  disks_done(&e->disks);
  free(e->locale);
  free(e->keyboard);
  yaml_node_free(e->cloud_config);
  *e = (struct spec_extras){0};
}

static void component_done(struct spec_component *c) {
  strv_done(&c->args);
  for (size_t i = 0; i < c->volumes.n; i++) {
    free(c->volumes.v[i].host_path);
    free(c->volumes.v[i].mount_path);
  }
  free(c->volumes.v);
}

static void api_server_done(struct spec_api_server *a) {
  for (size_t i = 0; i < a->tokens.n; i++) {
    free(a->tokens.v[i].user);
    free(a->tokens.v[i].uid);
    strv_done(&a->tokens.v[i].groups);
    free(a->tokens.v[i].file);
    free(a->tokens.v[i].where);
    buf_done(&a->tokens.v[i].given);
  }
  free(a->tokens.v);
  strv_done(&a->enable);
  strv_done(&a->disable);
  free(a->node_ports);
  strv_done(&a->kubelet_addresses);
  free(a->webhook.config);
  free(a->oidc.issuer);
  free(a->oidc.client);
  free(a->oidc.username_claim);
  free(a->oidc.username_prefix);
  free(a->oidc.groups_claim);
  free(a->oidc.groups_prefix);
  strv_done(&a->oidc.claims);
  free(a->oidc.ca);
}

static void kubelet_done(struct spec *s) {
  strv_done(&s->kubernetes.kubelet.kube_reserved);
  strv_done(&s->kubernetes.kubelet.system_reserved);
  strv_done(&s->kubernetes.kubelet.eviction_hard);
  free(s->kubernetes.kubelet.dns.v);
}

static void authority_done(struct spec_authority *a) {
  free(a->cert);
  free(a->key);
  free(a->where);
  buf_done(&a->cert_pem);
  buf_done(&a->key_pem);
}

static void registries_done(struct spec_registry_vec *l) {
  for (size_t i = 0; i < l->n; i++) {
    free(l->v[i].name);
    strv_done(&l->v[i].mirrors);
    free(l->v[i].ca);
    free(l->v[i].credentials);
    free(l->v[i].ca_where);
    free(l->v[i].credentials_where);
  }
  free(l->v);
}

void spec_nodes_done(struct spec_node_vec *nodes) {
  for (size_t i = 0; i < nodes->n; i++) {
    struct spec_node *n = &nodes->v[i];
    free(n->where);
    free(n->name);
    free(n->libvirt);
    extras_done(&n->extras);
    strv_done(&n->bond.members);
    free(n->more.v);
    spec_interfaces_done(&n->interfaces);
  }
  free(nodes->v);
  *nodes = (struct spec_node_vec){0};
}

static void gateway_done(struct spec_gateway *g) {
  for (size_t i = 0; i < g->dhcp.n; i++)
    free(g->dhcp.v[i].interface);
  free(g->dhcp.v);
  free(g->forwarders.v);
  free(g->wan);
  free(g->tftp);
  free(g->boot_file);
}

static void entry_interfaces_done(struct spec_cards_vec *v) {
  for (size_t i = 0; i < v->n; i++)
    spec_interfaces_done(&v->v[i]);
  free(v->v);
}

static void addons_done(struct spec_addon_vec *l) {
  for (size_t i = 0; i < l->n; i++) {
    strv_done(&l->v[i].addresses);
    free(l->v[i].path);
  }
  free(l->v);
}

static void users_done(struct spec_user_vec *users) {
  for (size_t i = 0; i < users->n; i++) {
    struct spec_user *u = &users->v[i];
    free(u->name);
    strv_done(&u->ssh_keys);
    if (u->password)
      explicit_bzero(u->password, strlen(u->password));
    free(u->password);
    strv_done(&u->groups);
  }
  free(users->v);
}

void spec_done(struct spec *s) {
  free(s->file);
  free(s->name);
  free(s->kubernetes.version_text);
  free(s->kubernetes.payload);
  free(s->kubernetes.payload_where);
  free(s->kubernetes.from.packages);
  free(s->kubernetes.from.registry);
  free(s->kubernetes.from.key);
  free(s->kubernetes.from.proxy);
  free(s->kubernetes.from.ca);
  strv_done(&s->kubernetes.images);
  free(s->kubernetes.cluster_domain);
  free(s->kubernetes.audit_policy);
  api_server_done(&s->kubernetes.api);
  kubelet_done(s);
  strv_done(&s->kubernetes.feature_gates);
  strv_done(&s->kubernetes.cert_sans);
  for (size_t i = 0; i < N_COMPONENTS; i++)
    component_done(&s->kubernetes.components[i]);
  for (size_t i = 0; i < N_AUTHORITIES; i++)
    authority_done(&s->pki.authorities[i]);
  free(s->image.mirror);
  free(s->image.containerd.file);
  free(s->image.containerd.sha256);
  free(s->image.containerd.where);
  free(s->image.timezone);
  strv_done(&s->image.packages);
  strv_done(&s->image.firmware);
  free(s->network.domain);
  free(s->network.dns.v);
  strv_done(&s->network.ntp);
  free(s->network.routes.v);
  free(s->network.subnets.v);
  strv_done(&s->network.bond.members);
  gateway_done(&s->gateway);
  spec_interfaces_done(&s->network.interfaces);
  free(s->endpoint.name);
  users_done(&s->users);
  spec_nodes_done(&s->nodes);
  files_done(&s->manifests);
  addons_done(&s->addons);
  files_done(&s->kubernetes.patches);
  strv_done(&s->etcd.args);
  files_done(&s->api_files);
  registries_done(&s->registries);
  files_done(&s->registry_files);
  files_done(&s->ca_files);
  free(s->proxy.http);
  free(s->proxy.https);
  strv_done(&s->proxy.none);
  extras_done(&s->extras);
  free(s->written);
  for (size_t i = 0; i < s->roles.n; i++)
    extras_done(&s->roles.v[i].extras);
  free(s->roles.v);
  for (size_t i = 0; i < s->entry_extras.n; i++)
    extras_done(&s->entry_extras.v[i]);
  free(s->entry_extras.v);
  entry_interfaces_done(&s->entry_interfaces);
  strv_done(&s->warnings);
  *s = (struct spec){0};
}

char *spec_beside(const char *spec_file, const char *name) {
  const char *slash = strrchr(spec_file, '/');
  if (*name == '/' || !slash)
    return xstrdup(name);
  return xasprintf("%.*s/%s", (int)(slash - spec_file), spec_file, name);
}

const struct spec_extras *spec_role_extras(const struct spec *s,
                                           enum role role) {
  for (size_t i = 0; i < s->roles.n; i++)
    if (s->roles.v[i].role == role)
      return &s->roles.v[i].extras;
  return NULL;
}

const struct spec_node *spec_first(const struct spec *s, enum role role) {
  for (size_t i = 0; i < s->nodes.n; i++)
    if (s->nodes.v[i].role == role)
      return &s->nodes.v[i];
  return NULL;
}

bool spec_has_ipv6(const struct spec *s) {
  return ip_is_set(s->network.ipv6.subnet.base);
}

static const struct spec_subnet *further_subnet(const struct spec *s,
                                                struct ip a) {
  for (size_t i = 0; i < s->network.subnets.n; i++)
    if (cidr_has(&s->network.subnets.v[i].net, a))
      return &s->network.subnets.v[i];
  return NULL;
}

const struct cidr *spec_net_of(const struct spec *s, struct ip a) {
  const struct spec_subnet *further = further_subnet(s, a);
  if (further)
    return &further->net;
  return cidr_has(&s->network.subnet, a) ? &s->network.subnet : NULL;
}

struct ip spec_gateway_of(const struct spec *s, struct ip a) {
  const struct spec_subnet *further = further_subnet(s, a);
  return further ? further->gateway : s->network.gateway;
}

bool spec_is_etcd(const struct spec_node *n) {
  return n->role == ROLE_ETCD || n->etcd == MEMBER_TOO;
}

bool spec_may_hold(const struct spec *s, enum role role) {
  switch (s->endpoint.provider) {
  case PROVIDER_KEEPALIVED:
    return role == ROLE_CONTROL_PLANE;
  case PROVIDER_HAPROXY:
  case PROVIDER_NGINX:
  case PROVIDER_PACEMAKER:
    return role == ROLE_LOAD_BALANCER;
  case PROVIDER_EXTERNAL:
  case PROVIDER_FIRST_NODE:
    break;
  }
  return false;
}

size_t spec_count(const struct spec *s, enum role role) {
  size_t n = 0;
  for (size_t i = 0; i < s->nodes.n; i++)
    n += s->nodes.v[i].role == role;
  return n;
}
