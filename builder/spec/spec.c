/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/spec.h"

#include "spec/check.h"
#include "spec/mirror.h"
#include "spec/payload-facts.h"
#include "spec/range.h"
#include "spec/read.h"
#include <string.h>

/* A defaulted address is looked for from here in the subnet. */
#define DEFAULT_VIP_HOST 20
#define DEFAULT_NODE_HOST 31

#define GIB ((uint64_t)1 << 30)
#define MIB ((uint64_t)1 << 20)

static const struct word role_words[] = {
    {"control-plane", ROLE_CONTROL_PLANE},
    {"worker", ROLE_WORKER},
    {"etcd", ROLE_ETCD},
    {"load-balancer", ROLE_LOAD_BALANCER},
    {0},
};

static const struct word cni_words[] = {
    {"bridge", CNI_BRIDGE},
    {"none", CNI_NONE},
    {0},
};

static const struct word provider_words[] = {
    {"keepalived", PROVIDER_KEEPALIVED}, {"haproxy", PROVIDER_HAPROXY},
    {"nginx", PROVIDER_NGINX},           {"external", PROVIDER_EXTERNAL},
    {"first-node", PROVIDER_FIRST_NODE}, {0},
};

static const struct word etcd_words[] = {
    {"founding", ETCD_FOUNDING},
    {"stacked", ETCD_STACKED},
    {"external", ETCD_EXTERNAL},
    {0},
};

static const struct word pki_words[] = {
    {"offline", PKI_OFFLINE},
    {"copied", PKI_COPIED},
    {0},
};

static const struct word algorithm_words[] = {
    {"ecdsa-p256", KEY_ECDSA_P256},
    {"rsa-2048", KEY_RSA_2048},
    {0},
};

static const struct word discovery_words[] = {
    {"file", DISCOVERY_FILE},
    {"token", DISCOVERY_TOKEN},
    {0},
};

static const struct word bootstrapper_words[] = {
    {"kubeadm", BOOTSTRAPPER_KUBEADM},
    {0},
};

static const struct word api_words[] = {{"kubeseed/v1", 1}, {0}};
static const struct word kind_words[] = {{"Cluster", 1}, {0}};

const char *role_name(enum role r) {
  return word_of(role_words, (int)r);
}

const char *cni_name(enum cni c) {
  return word_of(cni_words, (int)c);
}

const char *provider_name(enum provider p) {
  return word_of(provider_words, (int)p);
}

const char *etcd_mode_name(enum etcd_mode m) {
  return word_of(etcd_words, (int)m);
}

const char *pki_mode_name(enum pki_mode m) {
  return word_of(pki_words, (int)m);
}

const char *key_algorithm_name(enum key_algorithm a) {
  return word_of(algorithm_words, (int)a);
}

/* "1.20.2"; a shorter one would leave kubeadm to choose, so it is refused. */
static void read_version(const struct field *f, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct spec *s = base;
  const char *text = value->kind == YAML_SCALAR ? value->text : "";
  if (!version_parse(text, &s->kubernetes.version)) {
    yaml_fault(err, value,
               "'%s' is '%s', but must be a full version like 1.34.2", f->key,
               text);
    return;
  }
  const char *wrong = version_fault(&s->kubernetes.version);
  if (wrong)
    yaml_fault(err, value, "Kubernetes %s %s", text, wrong);
  s->kubernetes.version_text = xstrdup(text);
}

static void read_mirror(const struct field *f, const struct yaml_node *value,
                        void *base, struct error *err) {
  const char *wrong =
      value->kind == YAML_SCALAR ? mirror_fault(value->text) : NULL;
  /* Without the value itself, which may be a password. */
  if (wrong)
    yaml_fault(err, value, "'%s' %s", f->key, wrong);
  else
    read_text(f, value, base, err);
}

static const struct int_range debian_range = {12, 12};
static const struct int_range port_range = {1, 65535};
static const struct int_range router_range = {1, 255};
static const struct int_range heartbeat_range = {10, 5000};
static const struct int_range election_range = {50, 50000};
static const struct int_range cpus_range = {1, 256};
static const struct int_range api_port_range = {6443, 6443};

#define AT(member) offsetof(struct spec, member)

static const struct field kubernetes_fields[] = {
    {"version", read_version, 0, NULL, true},
    {"bootstrapper", read_word, AT(kubernetes.bootstrapper), bootstrapper_words,
     false},
    {"payload", read_text, AT(kubernetes.payload), NULL, false},
    FIELD_END,
};

static const struct field image_fields[] = {
    {"debian", read_int, AT(image.debian), &debian_range, false},
    {"disk", read_size, AT(image.disk), NULL, false},
    {"mirror", read_mirror, AT(image.mirror), NULL, false},
    FIELD_END,
};

static const struct field network_fields[] = {
    {"domain", read_dns_name, AT(network.domain), NULL, false},
    {"subnet", read_cidr, AT(network.subnet), NULL, true},
    {"gateway", read_ip, AT(network.gateway), NULL, false},
    {"dns", read_ips, AT(network.dns), NULL, false},
    {"pods", read_cidr, AT(network.pods), NULL, false},
    {"services", read_cidr, AT(network.services), NULL, false},
    {"cni", read_word, AT(network.cni), cni_words, false},
    FIELD_END,
};

static const struct field endpoint_fields[] = {
    {"address", read_ip, AT(endpoint.address), NULL, false},
    {"name", read_dns_name, AT(endpoint.name), NULL, false},
    {"port", read_int, AT(endpoint.port), &api_port_range, false},
    {"provider", read_word, AT(endpoint.provider), provider_words, false},
    {"statsPort", read_int, AT(endpoint.stats_port), &port_range, false},
    {"routerId", read_int, AT(endpoint.router_id), &router_range, false},
    FIELD_END,
};

static const struct field etcd_fields[] = {
    {"mode", read_word, AT(etcd.mode), etcd_words, false},
    {"heartbeatMs", read_int, AT(etcd.heartbeat_ms), &heartbeat_range, false},
    {"electionMs", read_int, AT(etcd.election_ms), &election_range, false},
    FIELD_END,
};

static const struct field pki_fields[] = {
    {"mode", read_word, AT(pki.mode), pki_words, false},
    {"algorithm", read_word, AT(pki.algorithm), algorithm_words, false},
    {"discovery", read_word, AT(pki.discovery), discovery_words, false},
    FIELD_END,
};

static const struct field user_fields[] = {
    {"name", read_name, offsetof(struct spec_user, name), NULL, true},
    {"sshKeys", read_texts, offsetof(struct spec_user, ssh_keys), NULL, false},
    FIELD_END,
};

static void read_users(const struct field *f, const struct yaml_node *value,
                       void *base, struct error *err) {
  struct spec *s = base;
  if (value->kind != YAML_SEQ || value->n == 0) {
    yaml_fault(err, value, "'%s' must be a list of users", f->key);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_fields(user_fields, "a user", value->child[i],
                spec_user_vec_add(&s->users), err);
}

/* A map of texts as "key=value". */
static void read_labels(const struct field *f, const struct yaml_node *value,
                        void *base, struct error *err) {
  struct strv *labels = (struct strv *)((char *)base + f->offset);
  if (value->kind != YAML_MAP) {
    yaml_fault(err, value, "'%s' must be a map like {zone: a}", f->key);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    const struct yaml_node *label = value->child[i];
    if (label->kind != YAML_SCALAR || strpbrk(label->text, ", =") ||
        strpbrk(label->key, ", ="))
      yaml_fault(err, label, "the label '%s' must be a plain text", label->key);
    else
      strv_pushf(labels, "%s=%s", label->key, label->text);
  }
}

/* "key=value:Effect" or "key:Effect", as kubectl taint writes them. */
static bool taint_ok(const char *taint) {
  static const char *const effects[] = {"NoSchedule", "PreferNoSchedule",
                                        "NoExecute"};
  const char *colon = strrchr(taint, ':');
  if (!colon || colon == taint || *taint == '=')
    return false;
  for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
    if (strcmp(colon + 1, effects[i]) == 0)
      return true;
  return false;
}

static void read_taints(const struct field *f, const struct yaml_node *value,
                        void *base, struct error *err) {
  struct spec_node *n = base;
  read_texts(f, value, base, err);
  n->untainted = value->kind == YAML_SEQ && value->n == 0;
  for (size_t i = 0; i < n->taints.n; i++)
    if (!taint_ok(n->taints.v[i]))
      yaml_fault(err, value, "the taint '%s' must be like key=value:NoSchedule",
                 n->taints.v[i]);
}

/* One entry of nodes before its ranges are expanded. */
struct entry {
  struct spec_node node; /* all but name, address and where */
  char *names;
  char *address;
};

#define AT_NODE(member) offsetof(struct entry, node.member)

static const struct field node_fields[] = {
    {"name", read_text, offsetof(struct entry, names), NULL, true},
    {"role", read_word, AT_NODE(role), role_words, false},
    {"address", read_text, offsetof(struct entry, address), NULL, false},
    {"mac", read_mac, AT_NODE(mac), NULL, false},
    {"cpus", read_int, AT_NODE(cpus), &cpus_range, false},
    {"memory", read_size, AT_NODE(memory), NULL, false},
    {"disk", read_size, AT_NODE(disk), NULL, false},
    {"labels", read_labels, AT_NODE(labels), NULL, false},
    {"taints", read_taints, AT_NODE(taints), NULL, false},
    FIELD_END,
};

static void copy_strv(struct strv *to, const struct strv *from) {
  for (size_t i = 0; i < from->n; i++)
    strv_push(to, from->v[i]);
}

static void node_done(struct spec_node *n) {
  free(n->where);
  free(n->name);
  strv_done(&n->labels);
  strv_done(&n->taints);
}

static void entry_done(struct entry *e) {
  node_done(&e->node);
  free(e->names);
  free(e->address);
}

/* One machine of an entry: the i-th name with the i-th address. */
static void add_node(struct spec *s, const struct entry *e, const char *name,
                     char *where, struct ip address) {
  struct spec_node *n = spec_node_vec_add(&s->nodes);
  *n = e->node;
  n->labels = n->taints = (struct strv){0};
  copy_strv(&n->labels, &e->node.labels);
  copy_strv(&n->taints, &e->node.taints);
  n->name = xstrdup(name);
  n->where = where;
  n->address = address;
}

/* Reads the entry's address; false after a fault. */
static bool entry_address(const struct entry *e, const struct yaml_node *value,
                          size_t n_names, struct ip *ret, bool *counted,
                          struct error *err) {
  *ret = (struct ip){0};
  *counted = false;
  if (!e->address)
    return true;
  const struct yaml_node *place = yaml_get(value, "address");
  if (!range_address(e->address, ret, counted)) {
    yaml_fault(err, place,
               "'address' is '%s', but must be an IPv4 address like "
               "192.168.4.31, or 192.168.4.31+ for a range of names",
               e->address);
    return false;
  }
  if (ret->family != IP_V4) {
    yaml_fault(err, place,
               "'address' is '%s', but IPv6 is not supported yet; write an "
               "IPv4 address like 192.168.4.31",
               e->address);
    return false;
  }
  if (n_names > 1 && !*counted) {
    yaml_fault(err, place,
               "%zu nodes cannot share the address %s; write %s+ to count up",
               n_names, e->address, e->address);
    return false;
  }
  struct ip last;
  if (!ip_add(*ret, (uint32_t)(n_names - 1), &last)) {
    yaml_fault(err, place,
               "'address' is '%s', but there are no %zu addresses from there "
               "on",
               e->address, n_names);
    return false;
  }
  return true;
}

static void expand_entry(struct spec *s, const struct entry *e,
                         const struct yaml_node *value, struct error *err) {
  _cleanup_strv_ struct strv names = {0};
  const struct yaml_node *place = yaml_get(value, "name");
  const char *wrong = range_names(e->names, &names);
  if (wrong) {
    yaml_fault(err, place, "the name '%s' %s", e->names, wrong);
    return;
  }
  struct ip first;
  bool counted;
  if (!entry_address(e, value, names.n, &first, &counted, err))
    return;
  if (names.n > 1 && yaml_get(value, "mac")) {
    yaml_fault(err, yaml_get(value, "mac"),
               "%zu nodes cannot share one MAC address", names.n);
    return;
  }
  for (size_t i = 0; i < names.n; i++) {
    if (!dns_label_ok(names.v[i])) {
      yaml_fault(err, place,
                 "the name '%s' must be of a-z, 0-9 and inner '-', at most 63 "
                 "long",
                 names.v[i]);
      return;
    }
    struct ip address = {0};
    (void)ip_add(first, (uint32_t)i, &address); /* absent stays absent */
    add_node(s, e, names.v[i], yaml_where(value), address);
  }
}

static void read_nodes(const struct field *f, const struct yaml_node *value,
                       void *base, struct error *err) {
  struct spec *s = base;
  if (value->kind != YAML_SEQ || value->n == 0) {
    yaml_fault(err, value, "'%s' must be a list of nodes", f->key);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    _cleanup_(entry_done) struct entry e = {0};
    read_fields(node_fields, "a node", value->child[i], &e, err);
    if (e.names)
      expand_entry(s, &e, value->child[i], err);
    if (s->nodes.n > RANGE_MAX) {
      yaml_fault(err, value, "more than %d nodes", RANGE_MAX);
      return;
    }
  }
}

/* apiVersion and kind are only checked; they are read into here. */
struct header {
  struct spec spec; /* first, so that the other rows can use AT() */
  int api;
  int kind;
};

static const struct field spec_fields[] = {
    {"apiVersion", read_word, offsetof(struct header, api), api_words, true},
    {"kind", read_word, offsetof(struct header, kind), kind_words, true},
    {"name", read_name, AT(name), NULL, true},
    {"kubernetes", read_map, 0, kubernetes_fields, true},
    {"image", read_map, 0, image_fields, false},
    {"network", read_map, 0, network_fields, true},
    {"endpoint", read_map, 0, endpoint_fields, false},
    {"etcd", read_map, 0, etcd_fields, false},
    {"pki", read_map, 0, pki_fields, false},
    {"users", read_users, 0, NULL, false},
    {"nodes", read_nodes, 0, NULL, true},
    FIELD_END,
};

static void default_text(char **dest, const char *value) {
  if (!*dest)
    *dest = xstrdup(value);
}

static int by_address(const void *a, const void *b) {
  return ip_compare(*(const struct ip *)a, *(const struct ip *)b);
}

/* The addresses that the author or a default has given away, sorted. */
static struct ip_vec taken_addresses(const struct spec *s) {
  struct ip_vec taken = {0};
  *ip_vec_add(&taken) = s->endpoint.address;
  *ip_vec_add(&taken) = s->network.gateway;
  for (size_t i = 0; i < s->nodes.n; i++)
    *ip_vec_add(&taken) = s->nodes.v[i].address;
  qsort(taken.v, taken.n, sizeof(*taken.v), by_address);
  return taken;
}

/* Gives each node without an address the next free one in the subnet; those
 * for which there is none stay without, which spec_check refuses. */
static void default_addresses(struct spec *s) {
  const struct cidr *net = &s->network.subnet;
  struct ip_vec taken = taken_addresses(s);
  uint32_t host = DEFAULT_NODE_HOST;
  for (size_t i = 0; i < s->nodes.n; i++) {
    struct ip *address = &s->nodes.v[i].address;
    if (ip_is_set(*address))
      continue;
    struct ip next;
    do
      next = cidr_host(net, host++);
    while (ip_is_set(next) &&
           bsearch(&next, taken.v, taken.n, sizeof(next), by_address));
    if (!ip_is_set(next) || ip_equal(next, cidr_last(net)))
      break;
    *address = next;
  }
  free(taken.v);
}

static void default_nodes(struct spec *s) {
  for (size_t i = 0; i < s->nodes.n; i++) {
    struct spec_node *n = &s->nodes.v[i];
    bool small = n->role == ROLE_LOAD_BALANCER;
    if (n->cpus == 0)
      n->cpus = small ? 1 : 2;
    if (n->memory == 0)
      n->memory = small ? 512 * MIB : 2 * GIB;
    if (n->disk == 0)
      n->disk = s->image.disk;
  }
  default_addresses(s);
}

static void default_network(struct spec *s) {
  if (!ip_is_set(s->network.gateway))
    s->network.gateway = cidr_host(&s->network.subnet, 1);
  if (s->network.dns.n == 0)
    *ip_vec_add(&s->network.dns) = s->network.gateway;
  if (!s->network.domain)
    s->network.domain = xasprintf("%s.internal", s->name);
  if (!ip_is_set(s->endpoint.address) &&
      s->endpoint.provider != PROVIDER_FIRST_NODE)
    s->endpoint.address = cidr_host(&s->network.subnet, DEFAULT_VIP_HOST);
  if (!s->endpoint.name)
    s->endpoint.name = xasprintf("api.%s", s->network.domain);
}

static void fill_defaults(struct spec *s) {
  default_text(&s->kubernetes.payload,
               payload_default(s->kubernetes.version_text));
  if (s->users.n == 0)
    spec_user_vec_add(&s->users)->name = xstrdup("debian");
  default_network(s);
  default_nodes(s);
  const struct spec_node *first = spec_first(s, ROLE_CONTROL_PLANE);
  if (s->endpoint.provider == PROVIDER_FIRST_NODE && first &&
      !ip_is_set(s->endpoint.address))
    s->endpoint.address = first->address;
}

/* Values that hold unless the author writes others. */
static void set_defaults(struct spec *s) {
  bool host_bits;
  s->image.debian = 12;
  s->image.disk = 8 * GIB;
  /* kubeadm's service network; flannel's pod network, the field's habit. */
  (void)cidr_parse("10.96.0.0/12", &s->network.services, &host_bits);
  (void)cidr_parse("10.244.0.0/16", &s->network.pods, &host_bits);
  s->endpoint.port = 6443;
  s->endpoint.stats_port = 32700;
  /* Relaxed from etcd's 100/1000: slow machines lose leaders over nothing. */
  s->etcd.heartbeat_ms = 500;
  s->etcd.election_ms = 5000;
}

int spec_read(const char *file, const char *text, size_t len, struct spec *ret,
              struct error *err) {
  _cleanup_error_ struct error faults = {0};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  if (yaml_parse(file, text, len, &root, err) < 0)
    return -1;
  struct header h = {0};
  _cleanup_spec_ struct spec s = {0};
  set_defaults(&h.spec);
  read_fields(spec_fields, "the spec", root, &h, &faults);
  s = h.spec;
  s.file = xstrdup(file);
  /* Cross-checks make sense only for values that were read. */
  if (!error_is_set(&faults)) {
    fill_defaults(&s);
    spec_check(&s, root, &faults);
  }
  if (error_is_set(&faults)) {
    error_move(err, &faults);
    return -1;
  }
  *ret = s;
  s = (struct spec){0};
  return 0;
}

void spec_done(struct spec *s) {
  free(s->file);
  free(s->name);
  free(s->kubernetes.version_text);
  free(s->kubernetes.payload);
  free(s->image.mirror);
  free(s->network.domain);
  free(s->network.dns.v);
  free(s->endpoint.name);
  for (size_t i = 0; i < s->users.n; i++) {
    free(s->users.v[i].name);
    strv_done(&s->users.v[i].ssh_keys);
  }
  free(s->users.v);
  for (size_t i = 0; i < s->nodes.n; i++)
    node_done(&s->nodes.v[i]);
  free(s->nodes.v);
  strv_done(&s->warnings);
  *s = (struct spec){0};
}

const struct spec_node *spec_first(const struct spec *s, enum role role) {
  for (size_t i = 0; i < s->nodes.n; i++)
    if (s->nodes.v[i].role == role)
      return &s->nodes.v[i];
  return NULL;
}

size_t spec_count(const struct spec *s, enum role role) {
  size_t n = 0;
  for (size_t i = 0; i < s->nodes.n; i++)
    n += s->nodes.v[i].role == role;
  return n;
}
