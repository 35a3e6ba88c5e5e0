/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is decided from a spec, and who gets which file. */
#include "base/mem.h"
#include "part/parts.h"
#include "plan/decisions.h"
#include "plan/ethernet.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

/* A plan with its spec; plan points into spec, so it is not moved. */
struct fixture {
  struct spec spec;
  struct plan plan;
};

#define HEADER                                                                 \
  "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"                       \
  "kubernetes: {version: 1.34.2}\n"                                            \
  "network: {subnet: 192.168.4.0/24, domain: kube.demo}\n"
#define MASTERS "nodes:\n  - {name: \"m{1..3}\", role: control-plane}\n"

static void make(const char *text, struct fixture *f) {
  _cleanup_error_ struct error err = {0};
  int r = parts_read_spec("t.yaml", text, strlen(text), &f->spec, &err);
  if (r == 0)
    r = parts_plan(&f->spec, &f->plan, &err);
  error_print(&err, "test", stderr);
  assert_int_equal(r, 0);
}

static void fixture_done(struct fixture *f) {
  plan_done(&f->plan);
  spec_done(&f->spec);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static const struct plan_file *file_of(const struct plan_node *n,
                                       const char *path) {
  for (size_t i = 0; i < n->files.n; i++)
    if (strcmp(n->files.v[i].path, path) == 0)
      return &n->files.v[i];
  return NULL;
}

static bool has_source(const struct plan_node *n, const char *source) {
  for (size_t i = 0; i < n->files.n; i++)
    if (strcmp(n->files.v[i].source, source) == 0)
      return true;
  return false;
}

static void test_identity(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_fixture_ struct fixture again = {0};
  make(HEADER MASTERS, &f);
  make(HEADER MASTERS, &again);
  for (size_t i = 0; i < f.plan.nodes.n; i++) {
    const struct plan_node *n = &f.plan.nodes.v[i];
    const struct plan_node *m = &again.plan.nodes.v[i];
    assert_int_equal(n->index, i);
    assert_int_equal(n->ordinal, i);
    /* The same spec gives the same machines. */
    assert_string_equal(n->uuid, m->uuid);
    const struct mac *mac = &plan_cluster_interface(n)->mac;
    assert_memory_equal(mac, &plan_cluster_interface(m)->mac, sizeof(*mac));
    /* Locally administered, not multicast; UUID version 8, variant 10. */
    assert_int_equal(mac->b[0], 0x02);
    assert_int_equal(strlen(n->uuid), 36);
    assert_int_equal(n->uuid[14], '8');
    assert_non_null(strchr("89ab", n->uuid[19]));
    /* cloud-init runs anew for a new instance-id, so it must be stable. */
    assert_memory_equal(n->instance_id, n->name, strlen(n->name));
    assert_memory_equal(n->instance_id + strlen(n->name) + 1, n->uuid, 8);
  }
  assert_string_equal(f.plan.nodes.v[0].fqdn, "m1.kube.demo");
  assert_string_not_equal(f.plan.nodes.v[0].uuid, f.plan.nodes.v[1].uuid);
  assert_true(f.plan.nodes.v[0].founder);
  assert_false(f.plan.nodes.v[1].founder);
  assert_ptr_equal(plan_find(&f.plan, "m2"), &f.plan.nodes.v[1]);
  assert_null(plan_find(&f.plan, "m4"));
}

/* Every node is found by its name, in whatever order the spec has them. */
static void test_find(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  make(HEADER "nodes:\n  - {name: z}\n  - {name: \"w{1..12}\", role: worker}\n"
              "  - {name: a}\n  - {name: m}\n",
       &f);
  assert_int_equal(f.plan.nodes.n, 15);
  for (size_t i = 0; i < f.plan.nodes.n; i++)
    assert_ptr_equal(plan_find(&f.plan, f.plan.nodes.v[i].name),
                     &f.plan.nodes.v[i]);
  assert_null(plan_find(&f.plan, "w13"));
  assert_null(plan_find(&f.plan, ""));
}

/* What the spec and its defaults say of a node's one card. */
static void test_interfaces(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  char a[NET_TEXT];
  make(HEADER "nodes:\n  - {name: m1, mac: 52:54:00:aa:bb:cc}\n", &f);
  const struct plan_node *n = &f.plan.nodes.v[0];
  assert_int_equal(n->interfaces.n, 1);
  const struct plan_interface *i = plan_cluster_interface(n);
  assert_string_equal(i->name, "kube0");
  assert_string_equal(mac_format(&i->mac, a), "52:54:00:aa:bb:cc");
  assert_string_equal(ip_format(i->address, a), "192.168.4.31");
  assert_int_equal(i->bits, 24);
  assert_string_equal(ip_format(i->gateway, a), "192.168.4.1");
  assert_true(i->pod_routes);
  assert_non_null(file_of(n, "/etc/systemd/network/10-kube0.link"));
}

/* Cards of all nodes count on through all of them; one of an entry stands in
 * the place of the one with its name; who has a gateway leads out. */
static void test_further_cards(void **state) {
  (void)state;
  static const struct {
    const char *node, *card; /* NULL: the cluster's */
    const char *mac, *address, *gateway;
    bool dhcp, gateway_dhcp, on_link, service_routes;
  } rows[] = {
      {"m1", "kube0", NULL, "192.168.4.31", "", false, false, false, true},
      {"m1", "nat", NULL, "", "", true, true, false, false},
      {"m3", "net2", "52:54:00:00:00:03", "10.0.0.7", "", .dhcp = false},
      {"w1", "kube0", NULL, "192.168.4.34", "192.168.4.1", .dhcp = false},
      {"w1", "nat", "52:54:00:00:01:00", "10.9.0.1", "", .dhcp = false},
      {"w1", "net2", "52:54:00:00:00:04", "10.0.0.8", "", .dhcp = false},
      {"w2", "nat", "52:54:00:00:01:01", "10.9.0.2", "", .dhcp = false},
      {"x1", "kube0", NULL, "192.168.4.36", "", .service_routes = true},
      {"x1", "nat", NULL, "10.7.0.9", "10.6.0.1", .on_link = true},
  };
  _cleanup_fixture_ struct fixture f = {0};
  make("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
       "kubernetes: {version: 1.34.2}\n"
       "network:\n"
       "  subnet: 192.168.4.0/24\n"
       "  interfaces:\n"
       "    - {name: nat, address: dhcp, gateway: dhcp}\n"
       "    - {mac: 5254.0000.0001+, address: 10.0.0.5/24+}\n"
       "nodes:\n"
       "  - {name: \"m{1..3}\"}\n"
       "  - name: w{1..2}\n"
       "    role: worker\n"
       "    interfaces:\n"
       "      - {name: nat, mac: 525400000100+, address: 10.9.0.1/24+}\n"
       "  - name: x1\n"
       "    role: worker\n"
       "    interfaces:\n"
       "      - {name: nat, address: 10.7.0.9/24, gateway: 10.6.0.1}\n",
       &f);
  char a[NET_TEXT];
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const struct plan_node *n = plan_find(&f.plan, rows[i].node);
    const struct plan_interface *c = NULL;
    for (size_t k = 0; k < n->interfaces.n; k++)
      if (strcmp(n->interfaces.v[k].name, rows[i].card) == 0)
        c = &n->interfaces.v[k];
    assert_non_null(c);
    assert_int_equal(n->interfaces.n, 3);
    if (rows[i].mac)
      assert_string_equal(mac_format(&c->mac, a), rows[i].mac);
    assert_string_equal(ip_format(c->address, a), rows[i].address);
    assert_string_equal(ip_format(c->gateway, a), rows[i].gateway);
    assert_int_equal(c->dhcp, rows[i].dhcp);
    assert_int_equal(c->gateway_dhcp, rows[i].gateway_dhcp);
    assert_int_equal(c->on_link, rows[i].on_link);
    assert_int_equal(c->service_routes, rows[i].service_routes);
  }
  const struct plan_node *m1 = plan_find(&f.plan, "m1");
  assert_null(file_of(m1, "/etc/systemd/network/10-nat.link"));
  assert_non_null(file_of(m1, "/etc/systemd/network/10-net2.link"));
  assert_non_null(file_of(m1, "/etc/systemd/network/"
                              "10-cloud-init-nat.network.d/kubeseed.conf"));
}

/* Of IPv6 what is not written is as far from the network's beginning as the
 * address of IPv4; who has no kubelet has no pods. */
static void test_ipv6(void **state) {
  (void)state;
  static const struct {
    const char *node, *address, *pods;
  } rows[] = {
      {"m1", "fd00:4::31", "fd00:10:244::/64"},
      {"m2", "fd00:4::32", "fd00:10:244:1::/64"},
      {"w1", "fd00:4::22", "fd00:10:244:3::/64"},
      {"lb1", "fd00:4::23", ""},
  };
  _cleanup_fixture_ struct fixture f = {0};
  make("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
       "kubernetes: {version: 1.34.2}\n"
       "network:\n"
       "  subnet: 192.168.4.0/24\n"
       "  ipv6: {subnet: 'fd00:4::/64'}\n"
       "endpoint: {address: 192.168.4.20, provider: nginx}\n"
       "nodes:\n"
       "  - {name: \"m{1..3}\", ipv6: 'fd00:4::31+', address: 192.168.4.31+}\n"
       "  - {name: w1, role: worker}\n"
       "  - {name: lb1, role: load-balancer}\n",
       &f);
  char a[NET_TEXT];
  assert_string_equal(f.plan.pod_networks, "10.244.0.0/16,fd00:10:244::/56");
  assert_string_equal(f.plan.service_networks, "10.96.0.0/12,fd00:10:96::/112");
  assert_string_equal(f.plan.endpoint, "192.168.4.20:6443");
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const struct plan_node *n = plan_find(&f.plan, rows[i].node);
    const struct plan_interface *c = plan_cluster_interface(n);
    assert_string_equal(ip_format(c->address6, a), rows[i].address);
    assert_int_equal(c->bits6, 64);
    assert_true(c->service_routes6);
    assert_string_equal(cidr_format(&n->pods6, a), rows[i].pods);
  }
}

/* A VLAN on a bond: who is on what, and which files make it so. */
static void test_vlan_and_bond(void **state) {
  (void)state;
  static const struct {
    const char *name, *of, *mac, *file;
    enum plan_link kind;
    bool made;
  } rows[] = {
      {"kube0", "kubelan0", "52:54:00:00:00:09", "10-kube0.netdev", LINK_VLAN,
       false},
      {"kubelan0", "", "52:54:00:00:00:09", "10-kubelan0.netdev", LINK_BOND,
       false},
      {"kubelan0p1", "kubelan0", "52:54:00:00:01:02", "10-kubelan0p1.network",
       LINK_MEMBER, true},
      {"eno2", "kubelan0", "00:00:00:00:00:00", "10-eno2.network", LINK_MEMBER,
       false},
      {"san", "kubelan0", "00:00:00:00:00:00", "10-san.netdev", LINK_VLAN,
       false},
  };
  _cleanup_fixture_ struct fixture f = {0};
  make("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
       "kubernetes: {version: 1.34.2}\n"
       "network: {subnet: 192.168.4.0/24, vlan: 20,\n"
       "  interfaces: [{name: san, vlan: 42}]}\n"
       "nodes:\n"
       "  - name: m{1..3}\n"
       "    mac: 52:54:00:00:00:08+\n"
       "    bond: {members: [5254.0000.0101+, eno2], mode: 802.3ad}\n",
       &f);
  const struct plan_node *n = plan_find(&f.plan, "m2");
  char a[NET_TEXT];
  assert_int_equal(n->interfaces.n, ARRAY_SIZE(rows));
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const struct plan_interface *c = &n->interfaces.v[i];
    _cleanup_free_ char *path =
        xasprintf("/etc/systemd/network/%s", rows[i].file);
    assert_string_equal(c->name, rows[i].name);
    assert_string_equal(c->of ? c->of : "", rows[i].of);
    assert_string_equal(mac_format(&c->mac, a), rows[i].mac);
    assert_int_equal(c->kind, rows[i].kind);
    assert_int_equal(plan_interface_made(c), rows[i].made);
    assert_non_null(file_of(n, path));
  }
  assert_int_equal(n->interfaces.v[1].mode, BOND_8023AD);
  assert_int_equal(n->interfaces.v[1].vlans.n, 2);
  assert_string_equal(n->interfaces.v[1].vlans.v[1], "san");
}

#define CARDS                                                                  \
  "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"                       \
  "kubernetes: {version: 1.34.2}\n"                                            \
  "network: {subnet: 192.168.4.0/24, vlan: 20,\n"                              \
  "  interfaces: [{name: san, mac: 52:54:00:aa:00:01+}]}\n"                    \
  "nodes:\n"                                                                   \
  "  - {name: m1}\n"                                                           \
  "  - {name: m2, role: worker, bond: {members: [%s]}}\n"

/* Of machines that are made: each card of m2 is where m1 has its own. */
static void test_wires(void **state) {
  (void)state;
  static const size_t plain[] = {0, 0, 1}, bond[] = {0, 0, 0, 0, 1};
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_free_ char *text =
      xasprintf(CARDS, "52:54:00:bb:00:01, 52:54:00:bb:00:02");
  make(text, &f);
  for (size_t i = 0; i < 2; i++) {
    const struct plan_interface_vec *v = &f.plan.nodes.v[i].interfaces;
    assert_int_equal(v->n, i ? ARRAY_SIZE(bond) : ARRAY_SIZE(plain));
    for (size_t k = 0; k < v->n; k++)
      assert_int_equal(plan_interface_wire(v, k), i ? bond[k] : plain[k]);
  }
}

/* What containers have of the same: a network is one Ethernet, whether its
 * machines have it tagged or not, and a VLAN a card with an address of its own.
 */
static void test_ethernets(void **state) {
  (void)state;
  static const struct {
    const char *node, *card, *ethernet, *mac;
  } rows[] = {
      {"g1", "kube0", "", "52:54:00:00:00:01"},
      {"g1", "wan", "wire-1", "52:54:00:a5:00:01"},
      {"g1", "dmz", "wire-2", "52:54:00:a5:00:02"},
      {"g1", "lb", "net-c0a80480-25", "52:d4:2b:a5:00:02"},
      {"g1", "tag", "vlan-7", "52:d4:07:a5:00:02"},
      {"m1", "kube0", "", "52:54:00:00:00:02"},
      {"m1", "floating", "vlan-300", "52:d5:2c:00:00:02"},
      {"l1", "kube0", "net-c0a80480-25", "52:54:00:00:00:03"},
      {"l1", "eno2", "net-0a090000-16", NULL},
  };
  _cleanup_fixture_ struct fixture f = {0};
  make("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
       "kubernetes: {version: 1.34.2}\n"
       "network: {subnet: 192.168.1.0/24, cni: vxlan,\n"
       "  subnets: [{subnet: 192.168.4.128/25, gateway: 192.168.4.129}]}\n"
       "nodes:\n"
       "  - name: g1\n    role: gateway\n    mac: 52:54:00:00:00:01\n"
       "    address: 192.168.1.1\n"
       "    interfaces:\n"
       "      - {name: wan, mac: 52:54:00:a5:00:01, address: dhcp}\n"
       "      - {name: dmz, mac: 52:54:00:a5:00:02}\n"
       "      - {name: lb, vlan: 43, link: dmz, address: 192.168.4.129/25}\n"
       "      - {name: tag, vlan: 7, link: dmz}\n"
       "  - name: m1\n    mac: 52:54:00:00:00:02\n    address: 192.168.1.31\n"
       "    interfaces: [{name: floating, vlan: 300}]\n"
       "  - name: l1\n    role: worker\n    mac: 52:54:00:00:00:03\n"
       "    address: 192.168.4.131\n"
       "    interfaces: [{name: eno2, address: 10.9.2.3/16}]\n",
       &f);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const struct plan_interface_vec *v =
        &plan_find(&f.plan, rows[i].node)->interfaces;
    size_t k = 0;
    struct mac mac;
    char text[NET_TEXT];
    while (k < v->n && strcmp(v->v[k].name, rows[i].card) != 0)
      k++;
    assert_true(k < v->n);
    assert_string_equal(v->v[k].ethernet, rows[i].ethernet);
    assert_int_equal(ethernet_card(v, k, &mac), rows[i].mac != NULL);
    if (rows[i].mac)
      assert_string_equal(mac_format(&mac, text), rows[i].mac);
  }
}

static void test_cards_by_name(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_fixture_ struct fixture f = {0}, one = {0};
  _cleanup_free_ char *names = xasprintf(CARDS, "eno1, eno2");
  _cleanup_free_ char *both = xasprintf(CARDS, "eno1, 52:54:00:bb:00:02");
  make(names, &f);
  make(both, &one);
  assert_int_equal(
      plan_interfaces_check("m1", &f.plan.nodes.v[0].interfaces, &err), 0);
  check_error(plan_interfaces_check("m2", &f.plan.nodes.v[1].interfaces, &err),
              &err, "m2: a machine that is made has cards by their MAC");
  assert_int_equal(
      plan_interfaces_check("m2", &one.plan.nodes.v[1].interfaces, &err), 0);
}

/* Machines here are on a network of their own. */
static void test_reserved_addresses(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_fixture_ struct fixture f = {0};
  make("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
       "kubernetes: {version: 1.34.2}\n"
       "network: {subnet: 192.168.4.0/24, addresses: dhcp}\n"
       "nodes: [{name: m1, address: 192.168.4.31}]\n",
       &f);
  const struct plan_interface_vec *v = &f.plan.nodes.v[0].interfaces;
  assert_true(v->v[0].dhcp);
  assert_false(v->v[0].further);
  check_error(plan_interfaces_check("m1", v, &err), &err,
              "m1: on the network of machines that are made here no DHCP");
}

static void test_kubeadm_api(void **state) {
  (void)state;
  static const struct {
    const char *version;
    const char *api;
  } rows[] = {
      {"1.15.0", "v1beta2"}, {"1.20.2", "v1beta2"}, {"1.21.14", "v1beta2"},
      {"1.22.0", "v1beta3"}, {"1.29.3", "v1beta3"}, {"1.30.14", "v1beta3"},
      {"1.31.0", "v1beta4"}, {"1.34.2", "v1beta4"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_fixture_ struct fixture f = {0};
    _cleanup_free_ char *text =
        xasprintf("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
                  "kubernetes: {version: %s}\n"
                  "network: {subnet: 192.168.4.0/24}\n"
                  "pki: {algorithm: rsa-2048}\n" MASTERS,
                  rows[i].version);
    make(text, &f);
    assert_string_equal(kubeadm_api_name(f.plan.kubeadm_api), rows[i].api);
    bool v4 = f.plan.kubeadm_api == KUBEADM_V1BETA4;
    const struct plan_node *n = &f.plan.nodes.v[0];
    assert_int_equal(has_source(n, "user-data/kubeadm-init-v1beta4.yaml"), v4);
    assert_int_equal(has_source(n, "user-data/kubeadm-init-v1beta3.yaml"), !v4);
  }
}

static void test_cluster(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  make(HEADER MASTERS, &f);
  const struct plan *p = &f.plan;
  assert_string_equal(p->endpoint, "192.168.4.20:6443");
  assert_string_equal(p->cluster_dns, "10.96.0.10");
  assert_string_equal(p->api_service, "10.96.0.1");
  assert_true(p->router_id >= 1 && p->router_id <= 255);
  assert_string_equal(p->etcd_initial_cluster, "m1=https://192.168.4.31:2380,"
                                               "m2=https://192.168.4.32:2380,"
                                               "m3=https://192.168.4.33:2380");
  /* An API server asks the member beside it. */
  assert_int_equal(p->etcd_endpoints.n, 1);
  assert_string_equal(p->etcd_endpoints.v[0], "https://127.0.0.1:2379");
  assert_memory_equal(p->etcd_token, "demo-", 5);
  assert_null(p->image_repository);
}

static void test_other_etcds(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture external = {0};
  make(HEADER "etcd: {mode: external}\n" MASTERS
              "  - {name: \"e{1..3}\", role: etcd}\n",
       &external);
  const struct plan *p = &external.plan;
  assert_memory_equal(p->etcd_initial_cluster, "e1=https://", 11);
  assert_int_equal(p->etcd_endpoints.n, 3);
  assert_string_equal(p->etcd_endpoints.v[2], "https://192.168.4.36:2379");
  _cleanup_fixture_ struct fixture stacked = {0};
  make(HEADER "etcd: {mode: stacked}\n" MASTERS, &stacked);
  assert_null(stacked.plan.etcd_initial_cluster);
  assert_int_equal(stacked.plan.etcd_endpoints.n, 0);
}

static void test_pod_networks(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  make(HEADER MASTERS "  - {name: w1, role: worker}\n", &f);
  for (size_t i = 0; i < f.plan.nodes.n; i++) {
    char buf[NET_TEXT];
    _cleanup_free_ char *expected = xasprintf("10.244.%zu.0/24", i);
    assert_true(f.plan.nodes.v[i].has_pods);
    assert_string_equal(cidr_format(&f.plan.nodes.v[i].pods, buf), expected);
  }
}

/* Who holds the VIP: control planes, or the load balancers, or nobody. */
static void test_vip(void **state) {
  (void)state;
  static const struct {
    const char *endpoint;
    bool masters, balancers;
  } rows[] = {
      {"{provider: keepalived}", true, false},
      {"{provider: haproxy}", false, true},
      {"{provider: nginx}", false, true},
      {"{provider: pacemaker}", false, false},
      {"{provider: external, address: 10.1.1.1}", false, false},
      {"{provider: first-node}", false, false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_fixture_ struct fixture f = {0};
    bool proxies = strstr(rows[i].endpoint, "haproxy") ||
                   strstr(rows[i].endpoint, "nginx") ||
                   strstr(rows[i].endpoint, "pacemaker");
    _cleanup_free_ char *text = xasprintf(
        HEADER "endpoint: %s\n" MASTERS "%s", rows[i].endpoint,
        proxies ? "  - {name: \"lb{1..2}\", role: load-balancer}\n" : "");
    make(text, &f);
    int last = 256;
    for (size_t k = 0; k < f.plan.nodes.n; k++) {
      const struct plan_node *n = &f.plan.nodes.v[k];
      bool master = n->spec->role == ROLE_CONTROL_PLANE;
      bool holds = master ? rows[i].masters : rows[i].balancers;
      assert_int_equal(n->runs_keepalived, holds);
      assert_int_equal(strv_has(&n->units, "keepalived.service"), holds);
      assert_int_equal(strv_has(&n->steps, "vip"), holds);
      if (!holds)
        continue;
      /* A failing holder (priority - 50) is below every healthy one. */
      assert_true(n->vip_priority < last && n->vip_priority > 100);
      last = n->vip_priority;
    }
  }
}

/* The words of a list, with a space between them. */
static void assert_words(const struct strv *l, const char *expected) {
  _cleanup_free_ char *words = xstrdup("");
  for (size_t i = 0; i < l->n; i++) {
    char *more = xasprintf("%s%s%s", words, i ? " " : "", l->v[i]);
    free(words);
    words = more;
  }
  assert_string_equal(words, expected);
}

static void test_steps(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  make(HEADER "etcd: {mode: external}\nendpoint: {provider: haproxy}\n"
              "nodes:\n"
              "  - {name: \"m{1..2}\"}\n"
              "  - {name: \"e{1..3}\", role: etcd}\n"
              "  - {name: w1, role: worker}\n"
              "  - {name: \"lb{1..2}\", role: load-balancer}\n",
       &f);
  static const struct {
    const char *node;
    const char *steps;
  } rows[] = {
      {"m1", "check pod-network kubeadm-init kubeconfig wipe ready tidy"},
      {"m2", "check pod-network kubeadm-join kubeconfig wipe ready"},
      {"e1", "check etcd wipe ready"},
      {"w1", "check pod-network kubeadm-join wipe ready"},
      {"lb1", "check proxy vip wipe ready"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    assert_words(&plan_find(&f.plan, rows[i].node)->steps, rows[i].steps);
}

/* What pacemaker runs, systemd does not start; the key is the balancers'. */
static void test_pacemaker(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  make(HEADER "endpoint: {provider: pacemaker}\n" MASTERS
              "  - {name: \"lb{1..2}\", role: load-balancer}\n",
       &f);
  assert_words(&plan_find(&f.plan, "lb2")->steps, "check pacemaker wipe ready");
  assert_int_equal(f.plan.holders.n, 2);
  for (size_t i = 0; i < f.plan.nodes.n; i++) {
    const struct plan_node *n = &f.plan.nodes.v[i];
    bool balancer = n->spec->role == ROLE_LOAD_BALANCER;
    assert_int_equal(n->runs_pacemaker, balancer);
    assert_int_equal(strv_has(&n->units, "pacemaker.service"), balancer);
    size_t keys = 0;
    for (size_t k = 0; k < n->files.n; k++)
      if (strcmp(n->files.v[k].source, "pki:corosync.secret") == 0) {
        assert_string_equal(n->files.v[k].path, "/etc/corosync/authkey");
        assert_int_equal(n->files.v[k].mode, 0400);
        assert_string_equal(n->files.v[k].owner, "root:root");
        keys++;
      }
    assert_int_equal(keys, balancer);
  }
}

/* What was decided, and why; nothing of what is written. */
static void test_decisions(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  make(HEADER "endpoint: {address: 192.168.4.20}\n"
              "nodes:\n  - {name: a}\n  - {name: b, address: 192.168.4.9, mac: "
              "\"52:54:00:00:00:01\"}\n  - {name: c}\n",
       &f);
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);
  assert_non_null(out);
  decisions_print(&f.plan, out);
  assert_int_equal(fclose(out), 0);
  static const char *const lines[] = {
      "\n            network.gateway           192.168.4.1        the subnet's "
      "first address\n",
      "\n            nodes.address             of 2 nodes         the next "
      "free",
      "\n            nodes.mac                 of 2 nodes         made of",
  };
  assert_int_equal(strncmp(text, "decided     ", 12), 0);
  for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
    if (!strstr(text, lines[i]))
      fail_msg("no '%s' in %s", lines[i], text);
  assert_null(strstr(text, "endpoint.address"));
  free(text);
  json_t *all = decisions_json(&f.plan), *d;
  size_t i, written = 0;
  json_array_foreach(all, i, d) {
    bool is = json_is_true(json_object_get(d, "written"));
    written += is;
    assert_int_equal(json_is_null(json_object_get(d, "why")), is);
  }
  assert_true(written > 0 && written < i);
  json_decref(all);
}

#define OWN_TAINT "node-role.kubernetes.io/control-plane:NoSchedule"

/* The entry's in one form, else its role's; else kubeadm's own for control
 * planes. */
static void test_taints(void **state) {
  (void)state;
  static const struct {
    const char *node;
    const char *role; /* what is for control planes */
    const char *taints;
  } rows[] = {
      {"{name: a}", "{}", OWN_TAINT},
      {"{name: a, taints: []}", "{}", ""},
      {"{name: a, taints: [\"k=v:NoExecute\", \"l=:NoSchedule\"]}", "{}",
       "k=v:NoExecute l:NoSchedule"},
      {"{name: a}", "taints: []", ""},
      {"{name: a}", "taints: [\"r=:NoSchedule\"]", "r:NoSchedule"},
      {"{name: a, taints: [\"k:NoExecute\"]}", "taints: [\"r:NoSchedule\"]",
       "k:NoExecute"},
      {"{name: a, taints: []}", "taints: [\"r:NoSchedule\"]", ""},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_fixture_ struct fixture f = {0};
    _cleanup_free_ char *spec =
        xasprintf(HEADER "endpoint: {address: 192.168.4.20}\nroles:\n"
                         "  - role: control-plane\n%s%s\n"
                         "nodes:\n  - %s\n  - {name: w, role: worker}\n",
                  *rows[i].role == '{' ? "" : "    ",
                  *rows[i].role == '{' ? "" : rows[i].role, rows[i].node);
    make(spec, &f);
    assert_words(&plan_find(&f.plan, "a")->taints, rows[i].taints);
    assert_int_equal(plan_find(&f.plan, "w")->taints.n, 0);
  }
}

/* Those for all nodes, for the role and for the entry; the narrower counts.
 * What is no node of Kubernetes has none. */
static void test_labels(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  make(HEADER "endpoint: {address: 192.168.4.20, provider: haproxy}\n"
              "etcd: {mode: founding}\n"
              "labels: {site: x, zone: a, rack: r0}\n"
              "annotations: {note: y}\n"
              "roles:\n  - {role: worker, labels: {zone: b, disk: ssd}}\n"
              "nodes:\n  - {name: a}\n  - {name: lb, role: load-balancer}\n"
              "  - {name: w, role: worker, labels: {rack: r1}}\n",
       &f);
  assert_words(&plan_find(&f.plan, "a")->extras.labels,
               "site=x zone=a rack=r0");
  assert_words(&plan_find(&f.plan, "w")->extras.labels,
               "site=x zone=b rack=r1 disk=ssd");
  assert_int_equal(plan_find(&f.plan, "lb")->extras.labels.n, 0);
  assert_int_equal(plan_find(&f.plan, "lb")->extras.annotations.n, 0);
}

/* Least privilege: which key goes to which role. */
static void test_who_gets_keys(void **state) {
  (void)state;
  static const char all_roles[] =
      HEADER "etcd: {mode: external}\nendpoint: {provider: haproxy}\n"
             "nodes:\n"
             "  - {name: \"m{1..2}\"}\n"
             "  - {name: \"e{1..3}\", role: etcd}\n"
             "  - {name: w1, role: worker}\n"
             "  - {name: \"lb{1..2}\", role: load-balancer}\n";
  static const struct {
    const char *key;
    const char *roles; /* first letters of the nodes' names */
  } rows[] = {
      {"pki:ca.key", "m"},
      {"pki:ca.crt", "mw"},
      {"pki:front-proxy-ca.key", "m"},
      {"pki:sa.key", "m"},
      {"pki:etcd/ca.key", ""},
      {"pki:etcd/ca.crt", "me"},
      {"pki:node/apiserver-etcd-client.key", "m"},
      {"pki:node/etcd-server.key", "e"},
      {"pki:node/etcd-peer.key", "e"},
      {"pki:node/ssh_host_ed25519_key", "mewl"},
      {"pki:admin.key", ""},
      {"pki:ssh-ca/ca", ""},
      {"pki:ssh-user/id_ed25519", ""},
      {"pki:ssh-host.secret", ""},
  };
  _cleanup_fixture_ struct fixture f = {0};
  make(all_roles, &f);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    for (size_t k = 0; k < f.plan.nodes.n; k++) {
      const struct plan_node *n = &f.plan.nodes.v[k];
      bool wanted = strchr(rows[i].roles, n->name[0]) != NULL;
      if (has_source(n, rows[i].key) != wanted)
        fail_msg("%s: %s %s", n->name, rows[i].key,
                 wanted ? "is missing" : "does not belong here");
    }
}

/* Nothing secret is readable by others, and no path comes twice. */
static void test_modes(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  make(HEADER MASTERS "  - {name: w1, role: worker}\n", &f);
  for (size_t k = 0; k < f.plan.nodes.n; k++) {
    const struct plan_node *n = &f.plan.nodes.v[k];
    for (size_t i = 0; i < n->files.n; i++) {
      const struct plan_file *p = &n->files.v[i];
      assert_ptr_equal(file_of(n, p->path), p);
      assert_int_equal(p->path[0], '/');
      const char *end = p->source + strlen(p->source);
      bool key = strncmp(p->source, "pki:", 4) == 0 &&
                 (strcmp(end - 4, ".key") == 0 || strcmp(end - 4, "_key") == 0);
      bool token = strstr(p->source, "kubeadm-") ||
                   strstr(p->source, "kubeconfig") ||
                   strstr(p->source, "keepalived.conf");
      if (key || token)
        assert_int_equal(p->mode, 0600);
    }
  }
}

static void test_same_mac(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  struct fixture f = {0};
  static const char text[] =
      HEADER "nodes:\n"
             "  - {name: m1, mac: \"52:54:00:12:34:56\"}\n"
             "  - {name: m2}\n"
             "  - {name: m3, mac: \"52:54:00:12:34:56\"}\n";
  assert_int_equal(parts_read_spec("t.yaml", text, strlen(text), &f.spec, &err),
                   0);
  assert_int_equal(parts_plan(&f.spec, &f.plan, &err), -1);
  assert_int_equal(err.kind, ERROR_USAGE);
  assert_string_equal(err.faults[0].where, "t.yaml:9:21");
  assert_null(f.plan.nodes.v);
  spec_done(&f.spec);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_interfaces),
      cmocka_unit_test(test_find),
      cmocka_unit_test(test_identity),
      cmocka_unit_test(test_kubeadm_api),
      cmocka_unit_test(test_cluster),
      cmocka_unit_test(test_other_etcds),
      cmocka_unit_test(test_pod_networks),
      cmocka_unit_test(test_vip),
      cmocka_unit_test(test_steps),
      cmocka_unit_test(test_pacemaker),
      cmocka_unit_test(test_taints),
      cmocka_unit_test(test_labels),
      cmocka_unit_test(test_decisions),
      cmocka_unit_test(test_who_gets_keys),
      cmocka_unit_test(test_modes),
      cmocka_unit_test(test_same_mac),
      cmocka_unit_test(test_further_cards),
      cmocka_unit_test(test_ipv6),
      cmocka_unit_test(test_vlan_and_bond),
      cmocka_unit_test(test_wires),
      cmocka_unit_test(test_ethernets),
      cmocka_unit_test(test_cards_by_name),
      cmocka_unit_test(test_reserved_addresses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
