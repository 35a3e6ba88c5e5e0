/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a spec means; what is refused and how is told in tests/specs. */
#include "base/mem.h"
#include "part/parts.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEADER                                                                 \
  "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"                       \
  "kubernetes: {version: 1.34.2}\n"
#define NETWORK "network: {subnet: 192.168.4.0/24}\n"
/* A public key; nobody has the other half. */
#define KEY                                                                    \
  "ssh-ed25519 "                                                               \
  "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
#define THREE "nodes: [{name: \"m{1..3}\"}]\n"

static void read_spec(const char *text, struct spec *ret) {
  _cleanup_error_ struct error err = {0};
  int r = parts_read_spec("t.yaml", text, strlen(text), ret, &err);
  error_print(&err, "test", stderr);
  assert_int_equal(r, 0);
}

static void assert_ip(struct ip a, const char *expected) {
  char buf[NET_TEXT];
  assert_string_equal(ip_format(a, buf), expected);
}

static void assert_cidr(const struct cidr *c, const char *expected) {
  char buf[NET_TEXT];
  assert_string_equal(cidr_format(c, buf), expected);
}

static void test_cluster_defaults(void **state) {
  (void)state;
  _cleanup_spec_ struct spec s = {0};
  read_spec(HEADER NETWORK THREE, &s);
  assert_string_equal(s.file, "t.yaml");
  assert_string_equal(s.kubernetes.payload, "pkgs.k8s.io");
  assert_int_equal(s.kubernetes.version.minor, 34);
  assert_int_equal(s.image.debian, 13);
  assert_int_equal(s.image.disk >> 30, 8);
  assert_null(s.image.mirror);
  assert_string_equal(s.network.domain, "demo.internal");
  assert_ip(s.network.gateway, "192.168.4.1");
  assert_int_equal(s.network.dns.n, 1);
  assert_ip(s.network.dns.v[0], "192.168.4.1");
  assert_cidr(&s.network.pods, "10.244.0.0/16");
  assert_cidr(&s.network.services, "10.96.0.0/12");
  assert_int_equal(s.network.cni, CNI_BRIDGE);
  assert_ip(s.endpoint.address, "192.168.4.20");
  assert_string_equal(s.endpoint.name, "api.demo.internal");
  assert_int_equal(s.endpoint.stats_port, 32700);
  assert_int_equal(s.endpoint.router_id, 0);
  assert_int_equal(s.endpoint.port, 6443);
  assert_int_equal(s.endpoint.provider, PROVIDER_KEEPALIVED);
  assert_int_equal(s.etcd.mode, ETCD_FOUNDING);
  assert_int_equal(s.etcd.heartbeat_ms, 500);
  assert_int_equal(s.etcd.election_ms, 5000);
  assert_int_equal(s.pki.mode, PKI_OFFLINE);
  assert_int_equal(s.users.n, 1);
  assert_string_equal(s.users.v[0].name, "debian");
  assert_int_equal(s.warnings.n, 0);
}

/* Addresses are looked for from .31 on, past those that others have. */
static void test_node_defaults(void **state) {
  (void)state;
  _cleanup_spec_ struct spec s = {0};
  read_spec(HEADER NETWORK "endpoint: {address: 192.168.4.33,\n"
                           "  provider: haproxy}\n"
                           "nodes:\n"
                           "  - {name: \"m{1..3}\"}\n"
                           "  - {name: w1, role: worker,\n"
                           "     address: 192.168.4.32}\n"
                           "  - {name: \"lb{1..2}\", role: load-balancer}\n",
            &s);
  static const struct {
    const char *name;
    enum role role;
    const char *address;
    int cpus;
    unsigned memory_mib;
  } rows[] = {
      {"m1", ROLE_CONTROL_PLANE, "192.168.4.31", 2, 2048},
      {"m2", ROLE_CONTROL_PLANE, "192.168.4.34", 2, 2048},
      {"m3", ROLE_CONTROL_PLANE, "192.168.4.35", 2, 2048},
      {"w1", ROLE_WORKER, "192.168.4.32", 2, 2048},
      {"lb1", ROLE_LOAD_BALANCER, "192.168.4.36", 1, 512},
      {"lb2", ROLE_LOAD_BALANCER, "192.168.4.37", 1, 512},
  };
  assert_int_equal(s.nodes.n, ARRAY_SIZE(rows));
  for (size_t i = 0; i < s.nodes.n; i++) {
    const struct spec_node *n = &s.nodes.v[i];
    assert_string_equal(n->name, rows[i].name);
    assert_int_equal(n->role, rows[i].role);
    assert_ip(n->address, rows[i].address);
    assert_int_equal(n->cpus, rows[i].cpus);
    assert_int_equal(n->memory >> 20, rows[i].memory_mib);
    assert_int_equal(n->disk >> 30, 8);
  }
  assert_int_equal(spec_count(&s, ROLE_CONTROL_PLANE), 3);
  assert_int_equal(spec_count(&s, ROLE_LOAD_BALANCER), 2);
  assert_int_equal(spec_count(&s, ROLE_ETCD), 0);
}

static void test_written_values(void **state) {
  (void)state;
  _cleanup_spec_ struct spec s = {0};
  read_spec(
      HEADER
      "image: {disk: 10G, mirror: file:///srv}\n"
      "network: {subnet: 10.1.0.0/16, gateway: 10.1.9.9, cni: none,\n"
      "  dns: [9.9.9.9, 10.1.0.53], pods: 10.2.0.0/16,\n"
      "  services: 10.3.0.0/24, domain: kube.demo}\n"
      "endpoint: {name: k8s.example.org, routerId: 7, statsPort: 9000}\n"
      "etcd: {mode: stacked, heartbeatMs: 100, electionMs: 1000}\n"
      "pki: {algorithm: rsa-2048, discovery: token}\n"
      "users: [{name: a, sshKeys: [" KEY ", " KEY "]}, {name: b}]\n"
      "nodes:\n"
      "  - {name: m1, address: 10.1.0.7, cpus: 4, memory: 512M,\n"
      "     disk: 1T, mac: \"52:54:00:AA:bb:01\", labels: {a: b, c: \"\"},\n"
      "     taints: []}\n"
      "  - {name: \"w{08..10}\", role: worker, address: 10.1.1.254+,\n"
      "     taints: [\"k=v:NoSchedule\", \"k:NoExecute\"]}\n",
      &s);
  assert_string_equal(s.image.mirror, "file:///srv");
  assert_int_equal(s.network.dns.n, 2);
  assert_ip(s.network.gateway, "10.1.9.9");
  assert_cidr(&s.network.services, "10.3.0.0/24");
  assert_int_equal(s.network.cni, CNI_NONE);
  assert_string_equal(s.endpoint.name, "k8s.example.org");
  assert_int_equal(s.endpoint.router_id, 7);
  assert_int_equal(s.endpoint.stats_port, 9000);
  assert_int_equal(s.etcd.mode, ETCD_STACKED);
  assert_int_equal(s.pki.algorithm, KEY_RSA_2048);
  assert_int_equal(s.pki.discovery, DISCOVERY_TOKEN);
  assert_int_equal(s.users.v[0].ssh_keys.n, 2);
  assert_string_equal(s.users.v[1].name, "b");
  const struct spec_node *m1 = &s.nodes.v[0];
  assert_int_equal(m1->memory >> 20, 512);
  assert_int_equal(m1->disk >> 40, 1);
  assert_int_equal(m1->mac.b[3], 0xaa);
  const struct spec_extras *of_m = &s.entry_extras.v[m1->entry];
  assert_string_equal(of_m->labels.v[0], "a=b");
  assert_string_equal(of_m->labels.v[1], "c=");
  assert_true(of_m->taints.written);
  assert_int_equal(of_m->taints.list.n, 0);
  const struct spec_node *w = &s.nodes.v[3];
  assert_string_equal(w->name, "w10");
  assert_ip(w->address, "10.1.2.0");
  assert_int_equal(s.entry_extras.v[w->entry].taints.list.n, 2);
}

/* 1.20.2 is the version that is in Debian's own archive. */
/* A folder or file is where the spec says, and a word is a word. */
static void test_payload_files(void **state) {
  (void)state;
  static const char *const rows[][3] = {
      {"lab.yaml", "./k8s", "./k8s"},
      {"-", "k8s", "k8s"},
      {"lab/a.yaml", "../k8s", "lab/../k8s"},
      {"/a.yaml", "k8s", "/k8s"},
      {"lab/a.yaml", "/srv/k8s", "/srv/k8s"},
      {"lab/a.yaml", "debian", "debian"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_spec_ struct spec s = {0};
    _cleanup_free_ char *text =
        xasprintf("apiVersion: kubeseed/v1\nkind: Cluster\nname: x\n"
                  "kubernetes: {version: 1.20.2, payload: %s}\n"
                  "network: {subnet: 10.0.0.0/24}\nnodes: [{name: m}]\n",
                  rows[i][1]);
    _cleanup_error_ struct error err = {0};
    if (parts_read_spec(rows[i][0], text, strlen(text), &s, &err) < 0)
      fail_msg("%s", err.faults[0].msg);
    assert_string_equal(s.kubernetes.payload, rows[i][2]);
  }
  _cleanup_spec_ struct spec s = {0};
  _cleanup_error_ struct error err = {0};
  static const char text[] =
      "apiVersion: kubeseed/v1\nkind: Cluster\nname: x\n"
      "kubernetes: {version: 1.34.2, payload: {key: k.asc, ca: /ca.pem}}\n"
      "network: {subnet: 10.0.0.0/24}\nnodes: [{name: m}]\n";
  assert_int_equal(parts_read_spec("lab/a.yaml", text, strlen(text), &s, &err),
                   0);
  assert_string_equal(s.kubernetes.from.key, "lab/k.asc");
  assert_string_equal(s.kubernetes.from.ca, "/ca.pem");
}

static void test_payload_default(void **state) {
  (void)state;
  _cleanup_spec_ struct spec s = {0};
  read_spec("apiVersion: kubeseed/v1\nkind: Cluster\nname: d\n"
            "kubernetes: {version: 1.20.2}\n" NETWORK THREE,
            &s);
  assert_string_equal(s.kubernetes.payload, "debian");
  assert_int_equal(s.image.debian, 12);
}

static void test_first_node_is_the_endpoint(void **state) {
  (void)state;
  _cleanup_spec_ struct spec s = {0};
  read_spec(HEADER NETWORK "endpoint: {provider: first-node}\n"
                           "nodes:\n"
                           "  - {name: w1, role: worker,\n"
                           "     address: 192.168.4.50}\n"
                           "  - {name: m1, address: 192.168.4.51}\n",
            &s);
  assert_ip(s.endpoint.address, "192.168.4.51");
  assert_int_equal(s.warnings.n, 1); /* one control plane, told once */
}

static void test_names_of_values(void **state) {
  (void)state;
  assert_string_equal(role_name(ROLE_LOAD_BALANCER), "load-balancer");
  assert_string_equal(cni_name(CNI_NONE), "none");
  assert_string_equal(provider_name(PROVIDER_FIRST_NODE), "first-node");
  assert_string_equal(etcd_mode_name(ETCD_EXTERNAL), "external");
  assert_string_equal(pki_mode_name(PKI_COPIED), "copied");
  assert_string_equal(key_algorithm_name(KEY_RSA_2048), "rsa-2048");
}

/* Nothing is given back on failure, and nothing leaks (asan looks). */
static void test_faults_give_nothing(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      HEADER,
      HEADER NETWORK "nodes: [{name: \"m{1..2}\"}]\n",
      HEADER NETWORK THREE "users: [{name: a, sshKeys: [k, {}]}]\nx: 1\n",
      HEADER NETWORK "nodes: [{name: a, labels: {b: c}, cpus: x}]\n",
  };
  for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
    _cleanup_error_ struct error err = {0};
    struct spec s = {0};
    int r = parts_read_spec("t.yaml", texts[i], strlen(texts[i]), &s, &err);
    assert_int_equal(r, -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_null(s.name);
    assert_null(s.nodes.v);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cluster_defaults),
      cmocka_unit_test(test_node_defaults),
      cmocka_unit_test(test_written_values),
      cmocka_unit_test(test_payload_files),
      cmocka_unit_test(test_payload_default),
      cmocka_unit_test(test_first_node_is_the_endpoint),
      cmocka_unit_test(test_names_of_values),
      cmocka_unit_test(test_faults_give_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
