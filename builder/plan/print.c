/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/print.h"

#include "base/utf8.h"
#include "plan/decisions.h"
#include "spec/authorities.h"
#include "spec/payload-facts.h"
#include <inttypes.h>

/* ---- JSON ---- */

static json_t *json_strings(const struct strv *l) {
  json_t *list = json_array();
  for (size_t i = 0; i < l->n; i++)
    (void)json_array_append_new(list, json_string(l->v[i]));
  return list;
}

static json_t *json_addresses(const struct ip_vec *v) {
  char a[NET_TEXT];
  json_t *list = json_array();
  for (size_t i = 0; i < v->n; i++)
    (void)json_array_append_new(list, json_string(ip_format(v->v[i], a)));
  return list;
}

static bool has_vip(const struct plan *p) {
  for (size_t i = 0; i < p->nodes.n; i++)
    if (p->nodes.v[i].runs_keepalived)
      return true;
  return false;
}

static void set_string(json_t *object, const char *key, const char *value) {
  (void)json_object_set_new(object, key,
                            value ? json_string(value) : json_null());
}

static void set_int(json_t *object, const char *key, uint64_t value) {
  (void)json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *json_files(const struct plan_node *n) {
  json_t *list = json_array();
  for (size_t i = 0; i < n->files.n; i++) {
    const struct plan_file *f = &n->files.v[i];
    char mode[8];
    (void)snprintf(mode, sizeof(mode), "%04o", f->mode & 07777);
    (void)json_array_append_new(
        list, json_pack("{ss ss ss ss}", "path", f->path, "source", f->source,
                        "mode", mode, "owner", f->owner));
  }
  return list;
}

static json_t *json_parts(const struct plan_node *n) {
  json_t *list = json_array();
  for (size_t i = 0; i < n->parts.n; i++)
    (void)json_array_append_new(list,
                                json_pack("{ss ss}", "name", n->parts.v[i].name,
                                          "why", n->parts.v[i].why));
  return list;
}

static void json_card(json_t *o, const struct plan_interface *card) {
  char a[NET_TEXT], b[NET_TEXT];
  json_t *routes = json_array();
  for (size_t i = 0; card->routes && i < card->routes->n; i++)
    (void)json_array_append_new(
        routes,
        json_pack("{ss ss}", "to", cidr_format(&card->routes->v[i].to, a),
                  "via", ip_format(card->routes->v[i].via, b)));
  static const char *const kinds[] = {[LINK_CARD] = "card",
                                      [LINK_VLAN] = "vlan",
                                      [LINK_BOND] = "bond",
                                      [LINK_MEMBER] = "member"};
  set_string(o, "kind", kinds[card->kind]);
  set_string(o, "of", card->of);
  (void)json_object_set_new(
      o, "vlan", card->vlan ? json_integer(card->vlan) : json_null());
  set_string(o, "mode",
             card->kind == LINK_BOND ? word_of(bond_words, (int)card->mode)
                                     : NULL);
  (void)json_object_set_new(o, "mtu",
                            card->mtu ? json_integer(card->mtu) : json_null());
  (void)json_object_set_new(o, "routes", routes);
}

/* The first is the one over which the cluster talks. */
static json_t *json_interfaces(const struct plan_node *n) {
  char a[NET_TEXT];
  json_t *list = json_array();
  for (size_t i = 0; i < n->interfaces.n; i++) {
    const struct plan_interface *card = &n->interfaces.v[i];
    json_t *o = json_object();
    set_string(o, "name", card->name);
    set_string(o, "mac",
               plan_interface_made(card) ? mac_format(&card->mac, a) : NULL);
    set_string(o, "address",
               card->dhcp && card->further ? "dhcp"
               : ip_is_set(card->address)  ? ip_format(card->address, a)
                                           : NULL);
    set_int(o, "prefix", (uint64_t)card->bits);
    if (card->more && card->more->n > 0)
      (void)json_object_set_new(o, "moreAddresses", json_addresses(card->more));
    if (card->further && ip_is_set(card->address6))
      set_string(o, "address6", ip_format(card->address6, a));
    if (!card->further && card->dhcp)
      (void)json_object_set_new(o, "dhcp", json_true());
    set_string(o, "gateway",
               ip_is_set(card->gateway) ? ip_format(card->gateway, a)
               : card->gateway_dhcp     ? "dhcp"
                                        : NULL);
    json_card(o, card);
    (void)json_array_append_new(list, o);
  }
  return list;
}

static json_t *json_disks(const struct plan_disk_vec *l) {
  json_t *list = json_array();
  for (size_t i = 0; i < l->n; i++) {
    json_t *o = json_object();
    set_string(o, "name", l->v[i]->name);
    set_string(o, "mount", l->v[i]->mount);
    set_string(o, "device", l->v[i]->device);
    set_int(o, "size", l->v[i]->size);
    (void)json_array_append_new(list, o);
  }
  return list;
}

json_t *plan_node_json(const struct plan_node *n) {
  char a[NET_TEXT];
  json_t *o = json_object();
  set_string(o, "name", n->name);
  set_string(o, "fqdn", n->fqdn);
  set_string(o, "role", role_name(n->spec->role));
  set_string(o, "address", ip_format(n->spec->address, a));
  if (ip_is_set(n->spec->address6))
    set_string(o, "address6", ip_format(n->spec->address6, a));
  set_string(o, "mac", mac_format(&plan_cluster_interface(n)->mac, a));
  (void)json_object_set_new(o, "interfaces", json_interfaces(n));
  set_string(o, "uuid", n->uuid);
  set_string(o, "pods", n->has_pods ? cidr_format(&n->pods, a) : NULL);
  if (ip_is_set(n->pods6.base))
    set_string(o, "pods6", cidr_format(&n->pods6, a));
  if (n->has_vtep)
    set_string(o, "vtep", mac_format(&n->vtep, a));
  (void)json_object_set_new(o, "founder", json_boolean(n->founder));
  (void)json_object_set_new(o, "etcdMember", json_boolean(n->runs_etcd));
  (void)json_object_set_new(o, "vipPriority",
                            n->runs_keepalived ? json_integer(n->vip_priority)
                                               : json_null());
  set_int(o, "cpus", (uint64_t)n->spec->cpus);
  set_int(o, "memory", n->spec->memory);
  set_int(o, "disk", n->spec->disk);
  if (n->spec->libvirt)
    set_string(o, "libvirt", n->spec->libvirt);
  (void)json_object_set_new(o, "labels", json_strings(&n->extras.labels));
  (void)json_object_set_new(o, "taints", json_strings(&n->taints));
  (void)json_object_set_new(o, "annotations",
                            json_strings(&n->extras.annotations));
  if (n->extras.kubelet_args.n > 0)
    (void)json_object_set_new(o, "kubeletArguments",
                              json_strings(&n->extras.kubelet_args));
  if (n->extras.arguments.n > 0)
    (void)json_object_set_new(o, "kernelArguments",
                              json_strings(&n->extras.arguments));
  if (n->extras.disks.n > 0)
    (void)json_object_set_new(o, "disks", json_disks(&n->extras.disks));
  if (n->extras.locale)
    set_string(o, "locale", n->extras.locale);
  if (n->extras.keyboard)
    set_string(o, "keyboard", n->extras.keyboard);
  (void)json_object_set_new(o, "parts", json_parts(n));
  (void)json_object_set_new(o, "files", json_files(n));
  (void)json_object_set_new(o, "units", json_strings(&n->units));
  (void)json_object_set_new(o, "steps", json_strings(&n->steps));
  return o;
}

static json_t *json_users(const struct spec *s) {
  json_t *list = json_array();
  for (size_t i = 0; i < s->users.n; i++)
    (void)json_array_append_new(list, json_string(s->users.v[i].name));
  return list;
}

static json_t *json_subnets(const struct spec *s) {
  char a[NET_TEXT];
  json_t *list = json_array();
  for (size_t i = 0; i < s->network.subnets.n; i++) {
    const struct spec_subnet *net = &s->network.subnets.v[i];
    json_t *o = json_object();
    set_string(o, "subnet", cidr_format(&net->net, a));
    set_string(o, "gateway", ip_format(net->gateway, a));
    (void)json_array_append_new(list, o);
  }
  return list;
}

static void json_network(const struct plan *p, json_t *o) {
  const struct spec *s = p->spec;
  char a[NET_TEXT];
  set_string(o, "domain", s->network.domain);
  set_string(o, "subnet", cidr_format(&s->network.subnet, a));
  set_string(o, "gateway",
             ip_is_set(s->network.gateway) ? ip_format(s->network.gateway, a)
                                           : NULL);
  if (s->network.subnets.n > 0)
    (void)json_object_set_new(o, "subnets", json_subnets(s));
  (void)json_object_set_new(o, "dns", json_addresses(&s->network.dns));
  (void)json_object_set_new(o, "ntp", json_strings(&s->network.ntp));
  set_string(o, "podNetwork", cidr_format(&s->network.pods, a));
  set_string(o, "serviceNetwork", cidr_format(&s->network.services, a));
  if (spec_has_ipv6(s)) {
    set_string(o, "subnet6", cidr_format(&s->network.ipv6.subnet, a));
    set_string(o, "gateway6",
               ip_is_set(s->network.ipv6.gateway)
                   ? ip_format(s->network.ipv6.gateway, a)
                   : NULL);
    set_string(o, "podNetwork6", cidr_format(&s->network.ipv6.pods, a));
    set_string(o, "serviceNetwork6", cidr_format(&s->network.ipv6.services, a));
  }
  set_string(o, "cni", cni_name(s->network.cni));
  set_string(o, "clusterDns", p->cluster_dns);
}

static json_t *json_addons(const struct spec *s) {
  json_t *list = json_array();
  for (size_t i = 0; i < s->addons.n; i++)
    (void)json_array_append_new(list,
                                json_string(addon_name(s->addons.v[i].name)));
  return list;
}

json_t *plan_json(const struct plan *p, json_t *locked) {
  const struct spec *s = p->spec;
  json_t *o = json_object();
  set_string(o, "name", s->name);
  set_string(o, "kubernetes", s->kubernetes.version_text);
  set_string(o, "payload", s->kubernetes.payload);
  if (locked)
    (void)json_object_set(o, "payloadLock", locked);
  set_string(o, "bootstrapper",
             word_of(bootstrapper_words, (int)s->kubernetes.bootstrapper));
  set_string(o, "kubeadmApi", kubeadm_api_name(p->kubeadm_api));
  set_string(o, "endpoint", p->endpoint);
  set_string(o, "endpointName", s->endpoint.name);
  set_string(o, "endpointProvider", provider_name(s->endpoint.provider));
  set_int(o, "debian", (uint64_t)s->image.debian);
  set_int(o, "imageDisk", s->image.disk);
  set_string(o, "kernel", word_of(kernel_words, (int)s->image.kernel));
  set_string(o, "timezone", s->image.timezone);
  set_string(o, "mirror", s->image.mirror);
  set_string(o, "containerd", s->image.containerd.sha256);
  (void)json_object_set_new(
      o, "routerId", has_vip(p) ? json_integer(p->router_id) : json_null());
  (void)json_object_set_new(o, "statsPort",
                            provider_is_haproxy(s->endpoint.provider)
                                ? json_integer(s->endpoint.stats_port)
                                : json_null());
  if (s->proxy.http)
    set_string(o, "httpProxy", s->proxy.http);
  if (s->proxy.http || s->proxy.https)
    set_string(o, "httpsProxy",
               s->proxy.https ? s->proxy.https : s->proxy.http);
  set_string(o, "etcdMode", etcd_mode_name(s->etcd.mode));
  set_int(o, "etcdHeartbeatMs", (uint64_t)s->etcd.heartbeat_ms);
  set_int(o, "etcdElectionMs", (uint64_t)s->etcd.election_ms);
  set_string(o, "etcdInitialCluster", p->etcd_initial_cluster);
  json_network(p, o);
  set_string(o, "pkiMode", pki_mode_name(s->pki.mode));
  set_string(o, "keyAlgorithm", key_algorithm_name(s->pki.algorithm));
  json_t *own = json_array();
  for (int a = 0; a < N_AUTHORITIES; a++)
    if (s->pki.authorities[a].key)
      (void)json_array_append_new(
          own, json_string(authority_name((enum authority)a)));
  if (json_array_size(own) > 0)
    (void)json_object_set(o, "ownKeys", own);
  json_decref(own);
  if (s->pki.ca_hours != CA_HOURS)
    set_int(o, "caHours", (uint64_t)s->pki.ca_hours);
  if (s->pki.leaf_hours)
    set_int(o, "leafHours", (uint64_t)s->pki.leaf_hours);
  set_string(o, "discovery", word_of(discovery_words, (int)s->pki.discovery));
  set_int(o, "joinDays", (uint64_t)s->kubernetes.join_days);
  if (s->addons_written)
    (void)json_object_set_new(o, "addons", json_addons(s));
  (void)json_object_set_new(o, "users", json_users(s));
  (void)json_object_set_new(o, "decisions", decisions_json(p));
  json_t *nodes = json_array();
  for (size_t i = 0; i < p->nodes.n; i++)
    (void)json_array_append_new(nodes, plan_node_json(&p->nodes.v[i]));
  (void)json_object_set_new(o, "nodes", nodes);
  return o;
}

/* ---- Text ---- */

static void put(FILE *out, const char *text) {
  _cleanup_free_ char *shown = utf8_printable(text);
  fputs(shown, out);
}

static const char *etcd_why(const struct spec *s) {
  switch (s->etcd.mode) {
  case ETCD_FOUNDING:
    return "every member knows the others from its seed, so any boot order "
           "works";
  case ETCD_STACKED:
    return "kubeadm's own; joins are one at a time";
  case ETCD_EXTERNAL:
    return "on nodes of their own, which know each other from their seeds";
  }
  return "";
}

static void print_ipv6(const struct spec *s, FILE *out) {
  char a[NET_TEXT], b[NET_TEXT], c[NET_TEXT], d[NET_TEXT];
  bool gateway = ip_is_set(s->network.ipv6.gateway);
  fprintf(out, "IPv6 too    %s, gateway %s, pods %s, services %s\n",
          cidr_format(&s->network.ipv6.subnet, a),
          gateway ? ip_format(s->network.ipv6.gateway, b) : "none",
          cidr_format(&s->network.ipv6.pods, c),
          cidr_format(&s->network.ipv6.services, d));
}

static void print_addons(const struct spec *s, FILE *out) {
  fprintf(out, "add-ons     %s", s->addons.n > 0 ? "" : "none any more");
  for (size_t i = 0; i < s->addons.n; i++) {
    const struct spec_addon *a = &s->addons.v[i];
    fprintf(out, "%s%s", i == 0 ? "" : ", ", addon_name(a->name));
    for (size_t k = 0; k < a->addresses.n; k++)
      fprintf(out, "%s%s", k == 0 ? " " : " and ", a->addresses.v[k]);
  }
  fputc('\n', out);
}

static void print_network(const struct plan *p, FILE *out) {
  const struct spec *s = p->spec;
  char a[NET_TEXT];
  char b[NET_TEXT];
  fprintf(out, "network     %s, gateway %s, domain %s, DNS",
          cidr_format(&s->network.subnet, a),
          s->network.no_gateway ? "none" : ip_format(s->network.gateway, b),
          s->network.domain);
  if (s->network.dns.n == 0)
    fputs(" none", out);
  for (size_t i = 0; i < s->network.dns.n; i++)
    fprintf(out, " %s", ip_format(s->network.dns.v[i], a));
  for (size_t i = 0; i < s->network.ntp.n; i++)
    fprintf(out, "%s %s", i == 0 ? ", NTP" : "", s->network.ntp.v[i]);
  for (size_t i = 0; i < s->network.subnets.n; i++)
    fprintf(out, "%s %s, gateway %s", i == 0 ? "\nand        " : ";",
            cidr_format(&s->network.subnets.v[i].net, a),
            ip_format(s->network.subnets.v[i].gateway, b));
  fprintf(out, "\npods        %s (cni %s), services %s, DNS %s%s\n",
          cidr_format(&s->network.pods, a), cni_name(s->network.cni),
          cidr_format(&s->network.services, b), p->cluster_dns,
          payload_facts(s->kubernetes.payload)->coredns
              ? ""
              : " (served by nobody: the payload has no CoreDNS)");
  if (s->addons_written)
    print_addons(s, out);
  if (spec_has_ipv6(s))
    print_ipv6(s, out);
}

static void put_more(const char *what, const struct strv *list, FILE *out) {
  for (size_t i = 0; i < list->n; i++)
    fprintf(out, "%s %s", i == 0 ? what : "", list->v[i]);
}

/* What the nodes' disks are made of. */
static void print_image(const struct spec *s, FILE *out) {
  fprintf(out, "image       Debian %d, disk %" PRIu64 " MiB", s->image.debian,
          s->image.disk >> 20);
  if (s->image.kernel != KERNEL_CLOUD)
    fprintf(out, ", kernel %s", word_of(kernel_words, (int)s->image.kernel));
  if (strcmp(s->image.timezone, "UTC") != 0)
    fprintf(out, ", time zone %s", s->image.timezone);
  put_more(", also", &s->image.packages, out);
  put_more(", firmware", &s->image.firmware, out);
  if (s->image.mirror) {
    fputs(", packages from ", out);
    put(out, s->image.mirror);
  }
  if (s->image.containerd.file) {
    fputs(", containerd from ", out);
    put(out, s->image.containerd.file);
  }
  fputc('\n', out);
}

/* Hours, as days where they are whole ones. */
static void put_hours(const char *what, int hours, FILE *out) {
  bool days = hours % 24 == 0;
  fprintf(out, ", %s for %d %s", what, days ? hours / 24 : hours,
          days ? "days" : "hours");
}

static void print_keys(const struct spec *s, FILE *out) {
  size_t own = 0;
  fprintf(out, "keys        %s, %s", pki_mode_name(s->pki.mode),
          key_algorithm_name(s->pki.algorithm));
  for (int a = 0; a < N_AUTHORITIES; a++)
    if (s->pki.authorities[a].key)
      fprintf(out, "%s%s", own++ ? ", " : ", your own for ",
              authority_name((enum authority)a));
  if (s->pki.ca_hours != CA_HOURS)
    put_hours("CAs", s->pki.ca_hours, out);
  if (s->pki.leaf_hours)
    put_hours("certificates", s->pki.leaf_hours, out);
  if (s->kubernetes.bootstrapper != BOOTSTRAPPER_KUBEADM) {
    fputs("; all certificates are made before, and no node has a CA's key\n",
          out);
    return;
  }
  fprintf(out, "; nodes find the cluster by %s, and may join for %d days\n",
          s->pki.discovery == DISCOVERY_TOKEN ? "token and CA hash"
                                              : "a file with its CA",
          s->kubernetes.join_days);
}

/* How nodes reach the outside. */
static void print_outward(const struct spec *s, FILE *out) {
  const char *https = s->proxy.https ? s->proxy.https : s->proxy.http;
  if (s->proxy.http)
    fprintf(out, "proxy       http %s, https %s\n", s->proxy.http, https);
  else if (https)
    fprintf(out, "proxy       https %s\n", https);
  for (size_t i = 0; i < s->ca_files.n; i++) {
    fputs(i ? ", " : "trusted     ", out);
    put(out, s->ca_files.v[i].source);
    fputs(i + 1 == s->ca_files.n ? "\n" : "", out);
  }
}

static void print_cluster(const struct plan *p, const char *locked, FILE *out) {
  const struct spec *s = p->spec;
  fprintf(out, "cluster     %s: Kubernetes %s (payload ", s->name,
          s->kubernetes.version_text);
  put(out, s->kubernetes.payload);
  if (plan_by_kubeadm(p))
    fprintf(out, ", kubeadm %s)\n", kubeadm_api_name(p->kubeadm_api));
  else
    fprintf(out, ", %s)\n",
            word_of(bootstrapper_words, (int)s->kubernetes.bootstrapper));
  if (locked) {
    fputs("payload     ", out);
    put(out, locked);
    fputs(" (payload.lock.json)\n", out);
  }
  print_image(s, out);
  fprintf(out, "endpoint    https://%s (%s", p->endpoint,
          provider_name(s->endpoint.provider));
  if (has_vip(p))
    fprintf(out, ", VRRP router %d", p->router_id);
  if (provider_is_haproxy(s->endpoint.provider))
    fprintf(out, ", statistics at port %d", s->endpoint.stats_port);
  fprintf(out, ")%s%s\n", ip_is_set(s->endpoint.address) ? ", also " : "",
          ip_is_set(s->endpoint.address) ? s->endpoint.name : "");
  fprintf(out, "etcd        %s: %s; heartbeat %d ms, election %d ms\n",
          etcd_mode_name(s->etcd.mode), etcd_why(s), s->etcd.heartbeat_ms,
          s->etcd.election_ms);
  print_network(p, out);
  print_keys(s, out);
  print_outward(s, out);
  fprintf(out, "users      ");
  for (size_t i = 0; i < s->users.n; i++)
    fprintf(out, " %s", s->users.v[i].name);
  fputc('\n', out);
  decisions_print(p, out);
}

/* For endpoint.provider external: what the user's own balancer must do. */
static void print_sample(const struct plan *p, FILE *out) {
  char a[NET_TEXT];
  fprintf(out,
          "\nYour load balancer must answer at %s; for haproxy:\n\n"
          "  frontend kubernetes\n"
          "    mode tcp\n"
          "    bind %s\n"
          "    timeout client 4h\n"
          "    default_backend kubernetes\n\n"
          "  backend kubernetes\n"
          "    mode tcp\n"
          "    timeout connect 5s\n"
          "    timeout server 4h\n"
          "    timeout check 30s\n"
          "    option httpchk GET /readyz\n"
          "    http-check expect status 200\n"
          "    default-server inter 10s fastinter 2s fall 3 rise 1\n",
          p->endpoint, p->endpoint);
  for (size_t i = 0; i < p->control_planes.n; i++) {
    const struct plan_node *n = p->control_planes.v[i];
    fprintf(out, "    server %s %s:6443 check check-ssl verify none\n", n->name,
            ip_format(n->spec->address, a));
  }
}

static void print_disks(const struct plan_disk_vec *l, FILE *out) {
  for (size_t i = 0; i < l->n; i++)
    fprintf(out, "  %-9s %s at %s, %s%s, %" PRIu64 " MiB when made here\n",
            i ? "" : "disks", l->v[i]->name, l->v[i]->mount,
            l->v[i]->device ? "" : "by the serial number ",
            l->v[i]->device ? l->v[i]->device : l->v[i]->name,
            l->v[i]->size >> 20);
}

/* Its keys alone: a value may be a secret. */
static void print_cloud(const struct yaml_node *map, FILE *out) {
  for (size_t i = 0; map && i < map->n; i++)
    fprintf(out, "%s%s%s", i ? " " : "  cloud     ", map->child[i]->key,
            i + 1 == map->n ? "\n" : "");
}

static void print_list(const char *what, const struct strv *l, FILE *out) {
  if (l->n == 0)
    return;
  fprintf(out, "  %-9s", what);
  for (size_t i = 0; i < l->n; i++) {
    fputc(' ', out);
    put(out, l->v[i]);
  }
  fputc('\n', out);
}

/* What a card has besides an address. */
static void card_ways(const struct plan_interface *card, struct strv *ret) {
  char a[NET_TEXT], b[NET_TEXT];
  for (size_t i = 0; card->routes && i < card->routes->n; i++)
    strv_pushf(ret, "%s by %s", cidr_format(&card->routes->v[i].to, a),
               ip_format(card->routes->v[i].via, b));
  if (card->mtu)
    strv_pushf(ret, "MTU %d", card->mtu);
}

static void card_gateway(const struct plan_interface *card, struct strv *ret) {
  char a[NET_TEXT];
  if (card->gateway_dhcp)
    strv_push(ret, "default route by DHCP");
  else if (ip_is_set(card->gateway))
    strv_pushf(ret, "default route by %s%s", ip_format(card->gateway, a),
               card->on_link ? " (on-link)" : "");
}

/* What it is, if it is no card. */
static void card_kind(const struct plan_interface *card, struct strv *ret) {
  switch (card->kind) {
  case LINK_CARD:
    break;
  case LINK_VLAN:
    strv_pushf(ret, "VLAN %d of %s", card->vlan, card->of);
    break;
  case LINK_BOND:
    strv_pushf(ret, "bond (%s)", word_of(bond_words, (int)card->mode));
    break;
  case LINK_MEMBER:
    strv_pushf(ret, "of the bond %s", card->of);
    break;
  }
}

/* The cluster's, whose address stands above: what is unusual. */
static void cluster_card(const struct plan_interface *card, struct strv *ret) {
  card_kind(card, ret);
  if (card->service_routes)
    strv_push(ret, "no default route");
  if (card->on_link)
    card_gateway(card, ret);
  card_ways(card, ret);
}

static void further_card(const struct plan_interface *card, struct strv *ret) {
  char a[NET_TEXT];
  card_kind(card, ret);
  if (card->dhcp)
    strv_push(ret, "by DHCP");
  else if (ip_is_set(card->address))
    strv_pushf(ret, "%s/%d", ip_format(card->address, a), card->bits);
  else if (card->kind == LINK_CARD && card->vlans.n == 0 &&
           !ip_is_set(card->address6))
    strv_push(ret, "no address");
  for (size_t i = 0; card->more && i < card->more->n; i++)
    strv_pushf(ret, "also %s", ip_format(card->more->v[i], a));
  if (ip_is_set(card->address6))
    strv_pushf(ret, "%s/%d", ip_format(card->address6, a), card->bits6);
  if (plan_interface_made(card))
    strv_pushf(ret, "MAC %s", mac_format(&card->mac, a));
  card_gateway(card, ret);
  card_ways(card, ret);
}

static void print_card(const struct plan_interface *card, bool first,
                       FILE *out) {
  _cleanup_strv_ struct strv said = {0};
  if (first)
    cluster_card(card, &said);
  else
    further_card(card, &said);
  for (size_t i = 0; i < said.n; i++) {
    if (i == 0)
      fprintf(out, "  %-9s ", card->name);
    fprintf(out, "%s%s", i ? ", " : "", said.v[i]);
  }
  if (said.n > 0)
    fputc('\n', out);
}

void plan_print_node(const struct plan *p, const struct plan_node *n,
                     FILE *out) {
  bool founds = n->founder && plan_by_kubeadm(p);
  char a[NET_TEXT];
  char m[NET_TEXT];
  fprintf(out, "\n%s (%s%s)\n", n->name, role_name(n->spec->role),
          founds ? ", founds the cluster" : "");
  fprintf(out, "  address   %s, ", ip_format(n->spec->address, a));
  if (ip_is_set(n->spec->address6))
    fprintf(out, "%s, ", ip_format(n->spec->address6, a));
  for (size_t i = 0; i < n->spec->more.n; i++)
    fprintf(out, "also %s, ", ip_format(n->spec->more.v[i], a));
  fprintf(out, "MAC %s%s\n", mac_format(&plan_cluster_interface(n)->mac, m),
          plan_cluster_interface(n)->dhcp ? ", reserved by a DHCP server" : "");
  for (size_t i = 0; i < n->interfaces.n; i++)
    print_card(&n->interfaces.v[i], i == 0, out);
  fprintf(out,
          "  machine   %d CPU, %" PRIu64 " MiB, disk %" PRIu64
          " MiB, UUID %s\n",
          n->spec->cpus, n->spec->memory >> 20, n->spec->disk >> 20, n->uuid);
  if (n->spec->libvirt)
    fprintf(out, "  libvirt   %s\n", n->spec->libvirt);
  if (n->has_pods)
    fprintf(out, "  pods      %s%s%s\n", cidr_format(&n->pods, a),
            ip_is_set(n->pods6.base) ? ", " : "", cidr_format(&n->pods6, m));
  if (n->has_vtep)
    fprintf(out, "  VXLAN     MAC %s\n", mac_format(&n->vtep, m));
  if (n->runs_keepalived)
    fprintf(out, "  VIP       priority %d\n", n->vip_priority);
  if (n->runs_pacemaker)
    fputs("  VIP       where pacemaker decides\n", out);
  print_list("labels", &n->extras.labels, out);
  print_list("taints", &n->taints, out);
  print_list("notes", &n->extras.annotations, out);
  print_list("kernel", &n->extras.arguments, out);
  print_list("kubelet", &n->extras.kubelet_args, out);
  print_disks(&n->extras.disks, out);
  if (n->extras.locale)
    fprintf(out, "  locale    %s\n", n->extras.locale);
  if (n->extras.keyboard)
    fprintf(out, "  keyboard  %s\n", n->extras.keyboard);
  print_cloud(n->extras.cloud_config, out);
  print_list("units", &n->units, out);
  print_list("steps", &n->steps, out);
  for (size_t i = 0; i < n->parts.n; i++)
    fprintf(out, "  %-9s %-14s %s\n", i ? "" : "parts", n->parts.v[i].name,
            n->parts.v[i].why);
  for (size_t i = 0; i < n->files.n; i++)
    fprintf(out, "  %04o %-12s %s\n", n->files.v[i].mode, n->files.v[i].owner,
            n->files.v[i].path);
}

void plan_print(const struct plan *p, const char *locked, FILE *out) {
  print_cluster(p, locked, out);
  for (size_t i = 0; i < p->nodes.n; i++)
    plan_print_node(p, &p->nodes.v[i], out);
  if (p->spec->endpoint.provider == PROVIDER_EXTERNAL)
    print_sample(p, out);
}
