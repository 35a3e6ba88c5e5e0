/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cli.h"

#include <getopt.h>
#include <jansson.h>
#include <string.h>

static json_t *json_strings(const struct strv *l) {
  json_t *list = json_array();
  for (size_t i = 0; i < l->n; i++)
    (void)json_array_append_new(list, json_string(l->v[i]));
  return list;
}

static void set_string(json_t *object, const char *key, const char *value) {
  (void)json_object_set_new(object, key,
                            value ? json_string(value) : json_null());
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

static json_t *json_node(const struct plan_node *n) {
  char a[NET_TEXT];
  json_t *o = json_object();
  set_string(o, "name", n->name);
  set_string(o, "fqdn", n->fqdn);
  set_string(o, "role", role_name(n->spec->role));
  set_string(o, "address", ip_format(n->spec->address, a));
  set_string(o, "mac", mac_format(&plan_cluster_interface(n)->mac, a));
  set_string(o, "uuid", n->uuid);
  set_string(o, "pods", n->has_pods ? cidr_format(&n->pods, a) : NULL);
  (void)json_object_set_new(o, "founder", json_boolean(n->founder));
  (void)json_object_set_new(o, "etcdMember", json_boolean(n->runs_etcd));
  (void)json_object_set_new(o, "vipPriority",
                            n->runs_keepalived ? json_integer(n->vip_priority)
                                               : json_null());
  (void)json_object_set_new(o, "cpus", json_integer(n->spec->cpus));
  (void)json_object_set_new(o, "memory",
                            json_integer((json_int_t)n->spec->memory));
  (void)json_object_set_new(o, "disk", json_integer((json_int_t)n->spec->disk));
  (void)json_object_set_new(o, "files", json_files(n));
  (void)json_object_set_new(o, "units", json_strings(&n->units));
  (void)json_object_set_new(o, "steps", json_strings(&n->steps));
  return o;
}

static int print_json(const struct plan *p, struct error *err) {
  const struct spec *s = p->spec;
  json_t *o = json_object();
  set_string(o, "name", s->name);
  set_string(o, "kubernetes", s->kubernetes.version_text);
  set_string(o, "payload", s->kubernetes.payload);
  set_string(o, "kubeadmApi", kubeadm_api_name(p->kubeadm_api));
  set_string(o, "endpoint", p->endpoint);
  set_string(o, "endpointProvider", provider_name(s->endpoint.provider));
  set_string(o, "etcdMode", etcd_mode_name(s->etcd.mode));
  set_string(o, "etcdInitialCluster", p->etcd_initial_cluster);
  set_string(o, "clusterDns", p->cluster_dns);
  json_t *nodes = json_array();
  for (size_t i = 0; i < p->nodes.n; i++)
    (void)json_array_append_new(nodes, json_node(&p->nodes.v[i]));
  (void)json_object_set_new(o, "nodes", nodes);
  int r = json_dumpf(o, stdout, JSON_INDENT(2));
  json_decref(o);
  putchar('\n');
  return r == 0 ? 0 : error_set(err, 0, "cannot print the plan");
}

static const char *bootstrapper_why(const struct spec *s) {
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

static void print_cluster(const struct plan *p) {
  const struct spec *s = p->spec;
  char a[NET_TEXT];
  char b[NET_TEXT];
  printf("cluster     %s: Kubernetes %s (payload %s, kubeadm %s)\n", s->name,
         s->kubernetes.version_text, s->kubernetes.payload,
         kubeadm_api_name(p->kubeadm_api));
  printf("endpoint    https://%s (%s), also %s\n", p->endpoint,
         provider_name(s->endpoint.provider), s->endpoint.name);
  printf("etcd        %s: %s\n", etcd_mode_name(s->etcd.mode),
         bootstrapper_why(s));
  printf("network     %s, gateway %s\n", cidr_format(&s->network.subnet, a),
         ip_format(s->network.gateway, b));
  printf("pods        %s (cni %s)", cidr_format(&s->network.pods, a),
         cni_name(s->network.cni));
  printf(", services %s, DNS %s\n", cidr_format(&s->network.services, a),
         p->cluster_dns);
  printf("keys        %s, %s\n", pki_mode_name(s->pki.mode),
         key_algorithm_name(s->pki.algorithm));
}

/* For endpoint.provider external: what the user's own balancer must do. */
static void print_sample(const struct plan *p) {
  char a[NET_TEXT];
  printf("\nYour load balancer must answer at %s; for haproxy:\n\n"
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
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    if (n->spec->role == ROLE_CONTROL_PLANE)
      printf("    server %s %s:6443 check check-ssl verify none\n", n->name,
             ip_format(n->spec->address, a));
  }
}

static void print_list(const char *what, const struct strv *l) {
  printf("  %-9s", what);
  for (size_t i = 0; i < l->n; i++)
    printf(" %s", l->v[i]);
  putchar('\n');
}

static void print_node(const struct plan_node *n) {
  char a[NET_TEXT];
  char m[NET_TEXT];
  printf("\n%s (%s%s)\n", n->name, role_name(n->spec->role),
         n->founder ? ", founds the cluster" : "");
  for (size_t i = 0; i < n->interfaces.n; i++)
    printf("  address   %s, MAC %s\n", ip_format(n->interfaces.v[i].address, a),
           mac_format(&n->interfaces.v[i].mac, m));
  printf("  machine   %d CPU, %llu MiB, UUID %s\n", n->spec->cpus,
         (unsigned long long)(n->spec->memory >> 20), n->uuid);
  if (n->has_pods)
    printf("  pods      %s\n", cidr_format(&n->pods, a));
  if (n->runs_keepalived)
    printf("  VIP       priority %d\n", n->vip_priority);
  print_list("units", &n->units);
  print_list("steps", &n->steps);
  for (size_t i = 0; i < n->files.n; i++)
    printf("  %04o %-12s %s\n", n->files.v[i].mode, n->files.v[i].owner,
           n->files.v[i].path);
}

int cmd_plan(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option none[] = {{0}};
  if (cli_getopt(argc, argv, ":", none, err) == '?')
    return -1;
  if (argc - optind != 1)
    return error_usage(err, "plan needs one spec: kubeseed plan SPEC");
  _cleanup_cluster_ struct cluster c;
  if (cluster_load(cli, argv[optind], &c, err) < 0)
    return -1;
  if (cli->json)
    return print_json(&c.plan, err);
  print_cluster(&c.plan);
  for (size_t i = 0; i < c.plan.nodes.n; i++)
    print_node(&c.plan.nodes.v[i]);
  if (c.spec.endpoint.provider == PROVIDER_EXTERNAL)
    print_sample(&c.plan);
  return 0;
}
