/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/render.h"

#include "base/digest.h"
#include "base/embedded.h"
#include "format/template.h"
#include "format/yaml.h"
#include "spec/payload-facts.h"
#include <string.h>

/* One template of user-data/, parsed. */
struct parsed {
  const char *name;
  struct template *template;
};
DEFINE_VEC(parsed_vec, struct parsed);

struct render {
  const struct plan *plan;
  const struct pki *pki;
  struct parsed_vec templates;
  struct yaml_node *base; /* user-data/cloud-config.yaml */
  struct scope scope;     /* what is the same for all nodes */
  struct buf routes;      /* to each node's pods, for network-config */
  size_t *route_ends;     /* where each node's end in it */
};

#define USER_DATA "user-data/"
#define KUBE_PKI "/etc/kubernetes/pki/"
#define LIB "/usr/lib/kubeseed/"

void seed_done(struct seed *s) {
  buf_done(&s->user_data);
  buf_done(&s->meta_data);
  buf_done(&s->network_config);
}

void render_free(struct render *r) {
  if (!r)
    return;
  for (size_t i = 0; i < r->templates.n; i++)
    template_free(r->templates.v[i].template);
  free(r->templates.v);
  yaml_node_free(r->base);
  scope_done(&r->scope);
  buf_done(&r->routes);
  free(r->route_ends);
  free(r);
}

/* Scopes: the cluster's, and over it the node's. */

/* For /etc/hosts: those that others look for. Not the workers, of which there
 * may be thousands, each with a seed that would name all others. */
static void scope_nodes(struct scope *s, const struct plan *p) {
  char a[NET_TEXT];
  scope_set_list(s, "nodes");
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    if (n->spec->role == ROLE_WORKER)
      continue;
    struct scope *row = scope_add(s, "nodes");
    scope_set(row, "node", n->name);
    scope_set(row, "fqdn", n->fqdn);
    scope_set(row, "address", ip_format(n->spec->address, a));
  }
}

static void scope_network(struct scope *s, const struct spec *spec) {
  char a[NET_TEXT];
  scope_set(s, "domain", spec->network.domain);
  scope_set(s, "subnet", cidr_format(&spec->network.subnet, a));
  scope_set(s, "pods", cidr_format(&spec->network.pods, a));
  scope_set(s, "services", cidr_format(&spec->network.services, a));
  scope_set(s, "vip", ip_format(spec->endpoint.address, a));
  scope_set(s, "endpoint_name", spec->endpoint.name);
  scope_set_list(s, "dns");
  for (size_t i = 0; i < spec->network.dns.n; i++)
    scope_set(scope_add(s, "dns"), "address",
              ip_format(spec->network.dns.v[i], a));
}

/* Whether n is a member of the etcd that node belongs to or asks. */
static bool is_etcd_peer(const struct plan *p, const struct plan_node *n) {
  if (p->spec->etcd.mode == ETCD_STACKED)
    return n->spec->role == ROLE_CONTROL_PLANE;
  return n->runs_etcd;
}

static void scope_etcd(struct scope *s, const struct plan *p) {
  _cleanup_buf_ struct buf members = {0};
  for (size_t i = 0; i < p->nodes.n; i++)
    if (is_etcd_peer(p, &p->nodes.v[i]))
      buf_addf(&members, "%s%s", members.len ? ", " : "", p->nodes.v[i].name);
  scope_set(s, "etcd_members", members.len ? members.data : "");
  scope_set(s, "etcd_initial_cluster",
            p->etcd_initial_cluster ? p->etcd_initial_cluster : "");
  scope_set(s, "etcd_token", p->etcd_token);
  scope_set(s, "etcd_mode", etcd_mode_name(p->spec->etcd.mode));
  scope_set(s, "pki_mode", pki_mode_name(p->spec->pki.mode));
  scope_setf(s, "etcd_heartbeat", "%d", p->spec->etcd.heartbeat_ms);
  scope_setf(s, "etcd_election", "%d", p->spec->etcd.election_ms);
  scope_set_flag(s, "etcd_external", p->spec->etcd.mode != ETCD_STACKED);
  scope_set(s, "etcd_image_tag", p->etcd_image_tag ? p->etcd_image_tag : "");
  scope_set_list(s, "etcd_endpoints");
  for (size_t i = 0; i < p->etcd_endpoints.n; i++)
    scope_set(scope_add(s, "etcd_endpoints"), "url", p->etcd_endpoints.v[i]);
}

/* The unit that balances load on the nodes of that role. */
static const char *proxy_name(const struct spec *s) {
  return s->endpoint.provider == PROVIDER_NGINX ? "nginx" : "haproxy";
}

/* Who gets certificates with pki.mode copied: "NODE=ADDRESS=ROLE ...". */
static void scope_copy_to(struct scope *s, const struct plan *p,
                          const struct plan_node *node) {
  char a[NET_TEXT];
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    if (n == node ||
        (n->spec->role != ROLE_CONTROL_PLANE && n->spec->role != ROLE_WORKER))
      continue;
    buf_addf(&b, "%s%s=%s=%s", b.len ? " " : "", n->name,
             ip_format(n->spec->address, a), role_name(n->spec->role));
  }
  scope_set(s, "copy_to", b.len ? b.data : "");
}

static void scope_endpoint(struct scope *s, const struct plan *p) {
  char a[NET_TEXT];
  _cleanup_buf_ struct buf macs = {0};
  for (size_t i = 0; i < p->nodes.n; i++)
    if (p->nodes.v[i].runs_keepalived)
      buf_addf(&macs, "%s%s", macs.len ? " " : "",
               mac_format(&plan_cluster_interface(&p->nodes.v[i])->mac, a));
  scope_set(s, "vip_macs", macs.len ? macs.data : "");
  scope_set(s, "proxy", proxy_name(p->spec));
  scope_setf(s, "stats_port", "%d", p->spec->endpoint.stats_port);
  scope_set_list(s, "api_servers");
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    if (n->spec->role != ROLE_CONTROL_PLANE)
      continue;
    struct scope *row = scope_add(s, "api_servers");
    scope_set(row, "node", n->name);
    scope_set(row, "address", ip_format(n->spec->address, a));
  }
}

/* kubeadm adds each node's own names; these hold for all. */
static void scope_cert_sans(struct scope *s, const struct spec *spec) {
  scope_set(scope_add(s, "cert_sans"), "name", spec->endpoint.name);
  scope_set(scope_add(s, "cert_sans"), "name", "localhost");
  scope_set(scope_add(s, "cert_sans"), "name", "127.0.0.1");
}

static void scope_pki_text(struct scope *s, const char *name,
                           const struct pki *pki, const char *entry) {
  const struct pki_entry *e = pki_get(pki, entry);
  scope_set(s, name, e ? e->data.data : "");
}

static void scope_kubernetes(struct scope *s, const struct plan *p) {
  const struct spec *spec = p->spec;
  const struct version *v = &spec->kubernetes.version;
  scope_set(s, "version", spec->kubernetes.version_text);
  scope_set(s, "kubeadm_api", kubeadm_api_name(p->kubeadm_api));
  scope_set(s, "endpoint", p->endpoint);
  scope_set(s, "image_repository",
            p->image_repository ? p->image_repository : "");
  scope_set(s, "cluster_dns", p->cluster_dns);
  scope_set(s, "cri_socket", version_cri_socket(v));
  /* With cni: bridge each node's pod network is known from its seed. */
  scope_set(s, "allocate_node_cidrs",
            spec->network.cni == CNI_BRIDGE ? "false" : "true");
  scope_set_flag(s, "ecdsa", spec->pki.algorithm == KEY_ECDSA_P256);
  scope_set_flag(s, "etcd_probes_ask_all", version_etcd_probes_ask_all(v));
  scope_set_flag(s, "fairness_is_busy", version_fairness_is_busy(v));
  scope_set_flag(s, "token_discovery", spec->pki.discovery == DISCOVERY_TOKEN);
  /* The node's own checks (step "check") stand for kubeadm's preflight, which
   * refuses to go on after a power cut because files exist, and before 1.24
   * wants crictl, which Debian 12 does not have. */
  bool coredns = payload_facts(spec->kubernetes.payload)->coredns;
  scope_setf(s, "init_skip", "preflight%s", coredns ? "" : ",addon/coredns");
  scope_set(s, "join_skip", "preflight");
}

static void scope_cluster(struct scope *s, const struct plan *p,
                          const struct pki *pki, time_t created) {
  scope_set(s, "cluster", p->spec->name);
  scope_setf(s, "seed_time", "%lld", (long long)created);
  scope_setf(s, "router_id", "%d", p->router_id);
  scope_network(s, p->spec);
  scope_nodes(s, p);
  scope_endpoint(s, p);
  scope_etcd(s, p);
  scope_cert_sans(s, p->spec);
  scope_kubernetes(s, p);
  scope_setf(s, "expected_nodes", "%zu",
             spec_count(p->spec, ROLE_CONTROL_PLANE) +
                 spec_count(p->spec, ROLE_WORKER));
  const struct pki_entry *token = pki_get(pki, "token");
  scope_setf(s, "token_id", "%.6s", token ? token->data.data : "");
  scope_pki_text(s, "token", pki, "token");
  scope_pki_text(s, "ca_hash", pki, "ca.hash");
  scope_pki_text(s, "ssh_ca", pki, "ssh-ca/ca.pub");
  scope_pki_text(s, "ca_crt", pki, "ca.crt");
  scope_pki_text(s, "vrrp_secret", pki, "vrrp.secret");
  scope_pki_text(s, "stats_secret", pki, "stats.secret");
  /* For the kubeconfig of discovery: a server and its CA, and nobody. Without a
   * user there can be no context, and then kubeadm takes the cluster that has
   * no name (cmd/kubeadm/app/util/kubeconfig, GetClusterFromKubeConfig). */
  struct scope *context = scope_add(s, "contexts");
  scope_set(context, "name", "");
  scope_setf(context, "server", "https://%s", p->endpoint);
  scope_set(s, "user", "");
}

static char *join_strv(const struct strv *l, const char *separator) {
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < l->n; i++)
    buf_addf(&b, "%s%s", i ? separator : "", l->v[i]);
  return buf_take(&b);
}

static void scope_taints(struct scope *s, const struct spec_node *n) {
  scope_set_flag(s, "taints_set", n->untainted || n->taints.n > 0);
  scope_set_list(s, "taints");
  for (size_t i = 0; i < n->taints.n; i++) {
    const char *taint = n->taints.v[i];
    const char *colon = strrchr(taint, ':');
    const char *equals = memchr(taint, '=', (size_t)(colon - taint));
    const char *key_end = equals ? equals : colon;
    struct scope *row = scope_add(s, "taints");
    scope_setf(row, "key", "%.*s", (int)(key_end - taint), taint);
    scope_setf(row, "value", "%.*s", equals ? (int)(colon - equals - 1) : 0,
               equals ? equals + 1 : "");
    scope_set(row, "effect", colon + 1);
  }
}

static void add_url(struct buf *list, const char *address) {
  buf_addf(list, "%shttps://%s:2379", list->len ? "," : "", address);
}

/* The other holders of the VIP, control planes and members of etcd. */
static void scope_peers(struct scope *s, const struct plan *p,
                        const struct plan_node *node) {
  char a[NET_TEXT];
  _cleanup_buf_ struct buf etcd = {0};
  _cleanup_buf_ struct buf peers = {0};
  scope_set_list(s, "vip_peers");
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    if (n == node)
      continue;
    ip_format(n->spec->address, a);
    if (n->runs_keepalived)
      scope_set(scope_add(s, "vip_peers"), "address", a);
    if (n->spec->role == ROLE_CONTROL_PLANE)
      buf_addf(&peers, "%s%s=%s", peers.len ? " " : "", n->name, a);
    if (is_etcd_peer(p, n))
      add_url(&etcd, a);
  }
  scope_set(s, "peers", peers.len ? peers.data : "");
  scope_set(s, "etcd_peers", etcd.len ? etcd.data : "");
  /* A member asks itself; the others ask whoever answers. */
  if (node->runs_etcd)
    scope_setf(s, "etcd_ask", "https://%s:2379",
               ip_format(node->spec->address, a));
  else
    scope_set(s, "etcd_ask", etcd.len ? etcd.data : "");
}

/* What the node shows to etcd when it asks something. */
static void scope_etcd_client(struct scope *s, const struct plan *p,
                              const struct plan_node *n) {
  bool control_plane = n->spec->role == ROLE_CONTROL_PLANE;
  const char *cert = "/etc/etcd/pki/server";
  if (control_plane)
    cert = p->spec->etcd.mode == ETCD_STACKED
               ? KUBE_PKI "etcd/healthcheck-client"
               : KUBE_PKI "apiserver-etcd-client";
  scope_set(s, "etcd_cert", cert);
  scope_set(s, "etcd_ca",
            control_plane ? KUBE_PKI "etcd/ca.crt" : "/etc/etcd/pki/ca.crt");
}

/* Stacked etcd grows one member at a time, in the order of the plan. */
static void scope_predecessor(struct scope *s, const struct plan *p,
                              const struct plan_node *node) {
  char a[NET_TEXT];
  const struct plan_node *before = NULL;
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    /* A founder that comes back joins after everybody else. */
    if (n->spec->role == ROLE_CONTROL_PLANE && n != node &&
        (node->founder || n->ordinal < node->ordinal))
      before = n;
  }
  scope_set(s, "predecessor", before ? before->name : "");
  scope_set(s, "predecessor_address",
            before ? ip_format(before->spec->address, a) : "");
}

/* What a template that is rendered for one card says of it. */
static void scope_interface(struct scope *s, const struct plan_interface *i) {
  char a[NET_TEXT];
  scope_set(s, "interface", i->name);
  scope_set(s, "mac", mac_format(&i->mac, a));
  scope_set(s, "address", ip_format(i->address, a));
  scope_setf(s, "bits", "%d", i->bits);
  scope_set(s, "gateway", ip_format(i->gateway, a));
}

static void scope_node(struct scope *s, const struct plan *p,
                       const struct plan_node *n) {
  char a[NET_TEXT];
  bool control_plane = n->spec->role == ROLE_CONTROL_PLANE;
  _cleanup_free_ char *steps = join_strv(&n->steps, " ");
  _cleanup_free_ char *labels = join_strv(&n->spec->labels, ",");
  scope_set(s, "node", n->name);
  scope_set(s, "fqdn", n->fqdn);
  scope_set(s, "role", role_name(n->spec->role));
  scope_set(s, "uuid", n->uuid);
  scope_interface(s, plan_cluster_interface(n));
  scope_set_flag(s, "worker", n->spec->role == ROLE_WORKER);
  scope_set_flag(s, "etcd_own", n->runs_etcd);
  scope_set(s, "steps", steps);
  scope_set(s, "node_labels", labels);
  scope_set_flag(s, "control_plane", control_plane);
  scope_set_flag(s, "patches_in_config",
                 control_plane &&
                     version_patches_in_config(&p->spec->kubernetes.version));
  scope_setf(s, "vip_priority", "%d", n->vip_priority);
  if (control_plane)
    scope_set(s, "vip_check", LIB "check-apiserver");
  else
    scope_setf(s, "vip_check", LIB "check-proxy %s", proxy_name(p->spec));
  /* kubeadm sets the taints of a control-plane node when it has joined. A busy
   * node lifecycle controller can then write back an older list without them
   * (seen with 1.20.2); so the kubelet registers with them. */
  _cleanup_free_ char *taints = join_strv(&n->taints, ",");
  scope_set(s, "register_taints", control_plane ? taints : "");
  if (n->has_pods)
    scope_set(s, "node_pods", cidr_format(&n->pods, a));
  scope_taints(s, n->spec);
  scope_peers(s, p, n);
  scope_etcd_client(s, p, n);
  scope_predecessor(s, p, n);
  /* Only the modes that need it pay for a list of all nodes in each seed. */
  if (p->spec->pki.mode == PKI_COPIED)
    scope_copy_to(s, p, n);
  else
    scope_set(s, "copy_to", "");
}

static bool is_yaml(const char *source) {
  size_t n = strlen(source);
  return (n > 5 && strcmp(source + n - 5, ".yaml") == 0) ||
         strcmp(source, USER_DATA "kubeconfig") == 0 ||
         strcmp(source, USER_DATA "cni-bridge.conflist") == 0;
}

static bool is_checked(const char *source, size_t len) {
  if (strcmp(source, USER_DATA "network-config") == 0)
    return len <= RENDER_NETWORK_CHECKED;
  return is_yaml(source);
}

static int render_template(const struct render *r, const char *source,
                           const struct scope *scope, struct buf *out,
                           struct error *err) {
  for (size_t i = 0; i < r->templates.n; i++) {
    const struct parsed *t = &r->templates.v[i];
    if (strcmp(t->name, source) != 0)
      continue;
    if (template_render(t->template, scope, out, err) < 0)
      return -1;
    return is_checked(source, out->len)
               ? yaml_check(source, out->data, out->len, err)
               : 0;
  }
  return error_set(err, 0, "there is no template '%s'", source);
}

/* The bytes of one of the plan's files, from wherever its source says. */
static int render_file(const struct render *r, const struct plan_file *f,
                       const struct scope *scope, const struct pki_node *keys,
                       struct buf *out, struct error *err) {
  if (strncmp(f->source, "pki:", 4) == 0) {
    const char *name = f->source + 4;
    const struct pki_entry *e = pki_get(r->pki, name);
    if (!e)
      e = pki_node_get(keys, name);
    if (!e)
      return error_set(err, 0, "there is no key '%s' for '%s'", name, f->path);
    buf_add(out, e->data.data, e->data.len);
    return 0;
  }
  if (strncmp(f->source, USER_DATA, strlen(USER_DATA)) == 0)
    return render_template(r, f->source, scope, out, err);
  const struct embedded *e = embedded_find(f->source);
  if (!e)
    return error_set(err, 0, "there is no file '%s'", f->source);
  buf_add(out, e->data, e->len);
  return 0;
}

/* The card whose link file is at path; NULL for any other file. */
static const struct plan_interface *card_of(const struct plan_node *n,
                                            const char *path) {
  for (size_t i = 0; i < n->interfaces.n; i++)
    if (strcmp(n->interfaces.v[i].link, path) == 0)
      return &n->interfaces.v[i];
  return NULL;
}

static int add_files(const struct render *r, const struct plan_node *node,
                     const struct scope *scope, const struct pki_node *keys,
                     struct yaml_node *root, struct error *err) {
  struct yaml_node *list = yaml_map_set_seq(root, "write_files");
  for (size_t i = 0; i < node->files.n; i++) {
    const struct plan_file *f = &node->files.v[i];
    const struct plan_interface *card = card_of(node, f->path);
    _cleanup_scope_ struct scope own = {.parent = scope};
    _cleanup_buf_ struct buf content = {0};
    if (card)
      scope_interface(&own, card);
    if (render_file(r, f, &own, keys, &content, err) < 0)
      return error_prefix(err, "node '%s'", node->name);
    struct yaml_node *file = yaml_seq_add_map(list);
    yaml_map_set_str(file, "path", f->path);
    yaml_map_set_str(file, "owner", f->owner);
    yaml_map_set_strf(file, "permissions", "%04o", f->mode);
    yaml_map_set(file, "content",
                 yaml_new_strn(content.data ? content.data : "", content.len));
  }
  return 0;
}

/* The spec's users; the workstation's own key opens the first one. */
static void add_users(const struct render *r, struct yaml_node *root) {
  const struct spec_user_vec *users = &r->plan->spec->users;
  const struct pki_entry *own = pki_get(r->pki, "ssh-user/id_ed25519.pub");
  struct yaml_node *list = yaml_map_set_seq(root, "users");
  for (size_t i = 0; i < users->n; i++) {
    const struct spec_user *u = &users->v[i];
    struct yaml_node *user = yaml_seq_add_map(list);
    yaml_map_set_str(user, "name", u->name);
    yaml_map_set_str(user, "shell", "/bin/bash");
    yaml_map_set_str(user, "sudo", "ALL=(ALL) NOPASSWD:ALL");
    yaml_map_set_bool(user, "lock_passwd", true);
    /* cloud-init's schema allows no empty list. */
    if (u->ssh_keys.n == 0 && !(i == 0 && own))
      continue;
    struct yaml_node *keys = yaml_map_set_seq(user, "ssh_authorized_keys");
    if (i == 0 && own)
      yaml_seq_add(
          keys, yaml_new_strn(own->data.data, strcspn(own->data.data, "\n")));
    for (size_t k = 0; k < u->ssh_keys.n; k++)
      yaml_seq_add_str(keys, u->ssh_keys.v[k]);
  }
}

static int render_user_data(const struct render *r,
                            const struct plan_node *node,
                            const struct scope *scope,
                            const struct pki_node *keys, struct buf *out,
                            struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = yaml_copy(r->base);
  yaml_map_set_str(root, "hostname", node->name);
  yaml_map_set_str(root, "fqdn", node->fqdn);
  add_users(r, root);
  if (add_files(r, node, scope, keys, root, err) < 0)
    return -1;
  buf_adds(out, "#cloud-config\n");
  if (yaml_emit(root, out, err) < 0)
    return -1;
  return yaml_check("user-data", out->data, out->len, err);
}

#define CONTENT_HEX 8 /* digits of a digest that tell two contents apart */

/* The instance-id ends with a digest of what else is in the seed: cloud-init
 * lays a seed's files down once for each instance-id, and a corrected seed must
 * be read (cloud-init's documentation, "first boot determination"). */
static int render_meta_data(const struct plan_node *node, struct seed *s,
                            struct error *err) {
  char user[SHA256_HEX], network[SHA256_HEX], both[SHA256_HEX];
  sha256_hex(s->user_data.data, s->user_data.len, user);
  sha256_hex(s->network_config.data, s->network_config.len, network);
  _cleanup_free_ char *digests = xasprintf("%s%s", user, network);
  sha256_hex(digests, strlen(digests), both);
  _cleanup_free_ char *instance_id =
      xasprintf("%s-%.*s", node->instance_id, CONTENT_HEX, both);
  _cleanup_yaml_ struct yaml_node *root = yaml_new_map();
  yaml_map_set_str(root, "instance-id", instance_id);
  yaml_map_set_str(root, "local-hostname", node->name);
  /* The seed is all there is to fetch: cloud-init need not wait for a network
   * (cloud-init's NoCloud documentation, "dsmode"). */
  yaml_map_set_str(root, "dsmode", "local");
  if (yaml_emit(root, &s->meta_data, err) < 0)
    return -1;
  return yaml_check("meta-data", s->meta_data.data, s->meta_data.len, err);
}

/* The routes to the pods of all nodes but this one, without the last newline;
 * the caller frees. */
static char *routes_of(const struct render *r, const struct plan_node *node) {
  size_t start = node->index ? r->route_ends[node->index - 1] : 0;
  size_t end = r->route_ends[node->index];
  struct buf b = {0};
  if (start)
    buf_add(&b, r->routes.data, start);
  if (end < r->routes.len)
    buf_add(&b, r->routes.data + end, r->routes.len - end);
  if (b.len)
    b.data[--b.len] = '\0';
  return buf_take(&b);
}

/* Text and not a tree of YAML: with cni: bridge each of a thousand nodes has a
 * thousand routes. There is no word of a user's in it that could need quotes.
 */
static int render_network_config(const struct render *r,
                                 const struct plan_node *node,
                                 struct scope *scope, struct buf *out,
                                 struct error *err) {
  for (size_t i = 0; i < node->interfaces.n; i++) {
    const struct plan_interface *card = &node->interfaces.v[i];
    _cleanup_free_ char *routes =
        card->pod_routes ? routes_of(r, node) : xstrdup("");
    struct scope *row = scope_add(scope, "interfaces");
    scope_interface(row, card);
    scope_set(row, "pod_routes", routes);
    scope_set_flag(row, "routed", ip_is_set(card->gateway) || *routes);
  }
  return render_template(r, USER_DATA "network-config", scope, out, err);
}

int render_node(const struct render *r, const struct plan_node *node,
                const struct pki_node *keys, struct seed *ret,
                struct error *err) {
  _cleanup_seed_ struct seed s = {0};
  _cleanup_scope_ struct scope scope = {.parent = &r->scope};
  scope_node(&scope, r->plan, node);
  if (render_user_data(r, node, &scope, keys, &s.user_data, err) < 0 ||
      render_network_config(r, node, &scope, &s.network_config, err) < 0 ||
      render_meta_data(node, &s, err) < 0)
    return -1;
  *ret = s;
  s = (struct seed){0};
  return 0;
}

int render_admin_conf(const struct render *r,
                      const struct kubeconfig_context *contexts, size_t n,
                      struct buf *out, struct error *err) {
  _cleanup_scope_ struct scope scope = {.parent = &r->scope};
  _cleanup_free_ char *user = xasprintf("%s-admin", r->plan->spec->name);
  scope_set(&scope, "user", user);
  scope_set(&scope, "current_context", n ? contexts[0].name : "");
  scope_pki_text(&scope, "user_crt", r->pki, "admin.crt");
  scope_pki_text(&scope, "user_key", r->pki, "admin.key");
  scope_set_list(&scope, "contexts");
  for (size_t i = 0; i < n; i++) {
    struct scope *row = scope_add(&scope, "contexts");
    scope_set(row, "name", contexts[i].name);
    scope_set(row, "server", contexts[i].server);
  }
  return render_template(r, USER_DATA "kubeconfig", &scope, out, err);
}

static int parse_templates(struct render *r, struct error *err) {
  for (size_t i = 0; i < n_embedded; i++) {
    const struct embedded *e = &embedded[i];
    if (strncmp(e->name, USER_DATA, strlen(USER_DATA)) != 0)
      continue;
    struct template *t = NULL;
    if (template_parse(e->name, (const char *)e->data, e->len, &t, err) < 0)
      return -1;
    *parsed_vec_add(&r->templates) = (struct parsed){e->name, t};
  }
  const struct embedded *base = embedded_find(USER_DATA "cloud-config.yaml");
  if (!base)
    return error_set(err, 0, "there is no user-data/cloud-config.yaml");
  return yaml_parse(base->name, (const char *)base->data, base->len, &r->base,
                    err);
}

/* With cni: bridge the pods of each node are behind that node. */
static void format_routes(struct render *r) {
  char to[NET_TEXT], via[NET_TEXT];
  r->route_ends = xcalloc(r->plan->nodes.n, sizeof(*r->route_ends));
  for (size_t i = 0; i < r->plan->nodes.n; i++) {
    const struct plan_node *n = &r->plan->nodes.v[i];
    if (n->has_pods)
      buf_addf(&r->routes, "    - to: \"%s\"\n      via: \"%s\"\n",
               cidr_format(&n->pods, to), ip_format(n->spec->address, via));
    r->route_ends[i] = r->routes.len;
  }
}

int render_new(const struct plan *plan, const struct pki *pki, time_t created,
               struct render **ret, struct error *err) {
  _cleanup_render_ struct render *r = xcalloc(1, sizeof(*r));
  r->plan = plan;
  r->pki = pki;
  if (parse_templates(r, err) < 0)
    return -1;
  scope_cluster(&r->scope, plan, pki, created);
  format_routes(r);
  *ret = TAKE_PTR(r);
  return 0;
}
