/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parts_verify with the facts of a cluster that is as planned, and with one
 * thing wrong at a time; verify_gather_* with tests/bin/ssh (run from the
 * project's folder); what verify tells.
 */
#include "base/file.h"
#include "base/mem.h"
#include "cluster/verify.h"
#include "format/x509.h"
#include "part/parts.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

/* 2026-11-21 00:00:00 UTC */
#define NOW 1795219200

/* ---- A cluster, and what it says when all is well ---- */

struct fixture {
  struct spec spec;
  struct plan plan;
  struct verify_facts facts;
  struct verify_check_vec checks;
};

/* With IPv6 beside IPv4. */
static const char nodes_dual[] =
    "endpoint: {address: 192.168.4.20}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: w1, role: worker, address: 192.168.4.41, labels: {disk: ssd},\n"
    "   ipv6: 'fd00:4::41', taints: ['gpu=yes:NoSchedule']}\n";

/* Kubernetes' programs as units. */
static const char nodes_units[] =
    "endpoint: {address: 192.168.4.20}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: w1, role: worker, address: 192.168.4.41, labels: {disk: ssd},\n"
    "   taints: ['gpu=yes:NoSchedule']}\n";

/* Control planes that are no nodes of Kubernetes. */
static const char nodes_absent[] =
    "endpoint: {address: 192.168.4.20}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: w1, role: worker, address: 192.168.4.41, labels: {disk: ssd},\n"
    "   taints: ['gpu=yes:NoSchedule']}\n";

static void cluster_of(struct fixture *f, const char *more) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *text = xasprintf(
      "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
      "kubernetes: {version: 1.20.2, payload: debian%s}\n"
      "network: {subnet: 192.168.4.0/24%s}\n%s",
      more == nodes_units ? ", bootstrapper: systemd, kubelet: "
                            "{servingCertificates: rotated}"
      : more == nodes_absent
          ? ", bootstrapper: static-pods, kubelet: {controlPlanes: absent}"
          : "",
      more == nodes_dual ? ", ipv6: {subnet: 'fd00:4::/64'}" : "", more);
  if (parts_read_spec("test.yaml", text, strlen(text), &f->spec, &err) < 0 ||
      parts_plan(&f->spec, &f->plan, &err) < 0)
    fail_msg("%s: %s", err.faults[0].where, err.faults[0].msg);
}

static const char nodes_ha[] =
    "endpoint: {address: 192.168.4.20}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: w1, role: worker, address: 192.168.4.41, labels: {disk: ssd},\n"
    "   taints: ['gpu=yes:NoSchedule']}\n";

static const char nodes_haproxy[] =
    "endpoint: {address: 192.168.4.20, provider: haproxy}\n"
    "etcd: {mode: stacked}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: 'lb{1..2}', role: load-balancer, address: 192.168.4.11+}\n";

static const char nodes_pacemaker[] =
    "endpoint: {address: 192.168.4.20, provider: pacemaker}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: 'lb{1..2}', role: load-balancer, address: 192.168.4.11+}\n";

static const char nodes_nginx[] =
    "endpoint: {address: 192.168.4.20, provider: nginx, healthPort: 80}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: lb1, role: load-balancer, address: 192.168.4.11}\n";

static const char nodes_gateway[] =
    "endpoint: {address: 192.168.4.20}\n"
    "gateway: {wan: wan}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: g1, role: gateway, address: 192.168.4.1, interfaces:\n"
    "    [{name: wan, mac: 52:54:00:00:00:01, address: dhcp, gateway: "
    "dhcp}]}\n";

/* Each role on machines of its own, and Kubernetes' last. */
static const char nodes_apart[] =
    "endpoint: {address: 192.168.4.20, provider: haproxy}\n"
    "etcd: {mode: external}\n"
    "nodes:\n"
    "- {name: 'lb{1..2}', role: load-balancer, address: 192.168.4.11+}\n"
    "- {name: 'e{1..3}', role: etcd, address: 192.168.4.25+}\n"
    "- {name: 'm{1..2}', role: control-plane, address: 192.168.4.31+}\n";

static bool has_kubelet(const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE || n->spec->role == ROLE_WORKER;
}

static bool is_member(const struct fixture *f, const struct plan_node *n) {
  return n->runs_etcd || (f->spec.etcd.mode == ETCD_STACKED &&
                          n->spec->role == ROLE_CONTROL_PLANE);
}

static void say_units(const struct plan_node *n, struct buf *b) {
  buf_adds(b,
           "\n@section cloud-init\n{\n \"v1\": {\n  \"datasource\": "
           "\"DataSourceNoCloud [seed=/dev/sr0]\",\n  \"errors\": []\n }\n}");
  buf_adds(b, "\n@section units\n");
  for (size_t i = 0; i < n->units.n; i++) {
    const char *unit = n->units.v[i];
    bool ends = strcmp(unit, "kubeseed-bootstrap.service") == 0;
    buf_addf(b,
             "%sType=%s\nResult=success\nId=%s\nLoadState=loaded\n"
             "ActiveState=%s\nSubState=%s\n",
             i ? "\n" : "",
             strcmp(unit, "nftables.service") == 0 ? "oneshot" : "exec", unit,
             ends ? "inactive" : "active",
             ends                                    ? "dead"
             : strcmp(unit, "nftables.service") == 0 ? "exited"
                                                     : "running");
  }
}

static void say_etcd(const struct fixture *f, const struct plan_node *n,
                     struct buf *b) {
  char a[NET_TEXT];
  const char *separator = "";
  buf_adds(b, "\n@section etcd-health\n{\"health\":\"true\"}\n"
              "\n@section etcd-members\n{\"members\":[");
  for (size_t i = 0; i < f->plan.nodes.n; i++) {
    const struct plan_node *m = &f->plan.nodes.v[i];
    if (!is_member(f, m))
      continue;
    ip_format(m->spec->address, a);
    buf_addf(b,
             "%s{\"ID\":\"1611812370801347%zu\",\"name\":\"%s\","
             "\"peerURLs\":[\"https://%s:2380\"],"
             "\"clientURLs\":[\"https://%s:2379\"]}",
             separator, i, m->name, a, a);
    separator = ",";
  }
  buf_addf(b,
           "]}\n@section etcd-status\n{\"header\":{\"member_id\":"
           "\"1611812370801347%zu\"},\"version\":\"3.4.23\","
           "\"leader\":\"1611812370801347%zu\"}",
           n->index, f->plan.members.v[f->plan.members.n > 1]->index);
}

static void say_stats(const struct fixture *f, struct buf *b) {
  buf_adds(b, "\n@section haproxy\n# pxname,svname,qcur,qmax\n"
              "kubernetes,FRONTEND,,,0,0,5000,0,0,0,0,0,0,,,,,OPEN\n");
  for (size_t i = 0; i < f->plan.nodes.n; i++)
    if (f->plan.nodes.v[i].spec->role == ROLE_CONTROL_PLANE)
      buf_addf(b,
               "kubernetes-busy,%s,0,0,0,0,,0,0,0,,0,,0,0,0,0,no check,1,1,0\n"
               "kubernetes,%s,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP,1,1,0\n",
               f->plan.nodes.v[i].name, f->plan.nodes.v[i].name);
}

static void say_backends(const struct fixture *f, struct buf *b) {
  buf_adds(b, "\n@section backends\n");
  for (size_t i = 0; i < f->plan.nodes.n; i++)
    if (f->plan.nodes.v[i].spec->role == ROLE_CONTROL_PLANE)
      buf_addf(b, "%s 200\n", f->plan.nodes.v[i].name);
}

/* As nft prints what user-data/gateway.nft makes, with what dnsmasq tells. */
static void say_gateway(const struct fixture *f, struct buf *b) {
  char a[NET_TEXT];
  buf_adds(b, "\n@section forward\n1\ntable inet kubeseed {\n"
              "\tchain forward {\n\t\ttype filter hook forward priority "
              "filter; policy drop;\n\t}\n\n\tchain postrouting {\n"
              "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
              "\t\toifname \"wan\" masquerade\n\t}\n}\n"
              "\n@section names\n");
  for (size_t i = 0; i < f->plan.nodes.n; i++)
    buf_addf(b, "%s %s\n", f->plan.nodes.v[i].fqdn,
             ip_format(f->plan.nodes.v[i].spec->address, a));
  buf_addf(b, "%s 192.168.4.20\n", f->spec.endpoint.name);
}

/* Certificates, by when they end: PEM, and base64 of it as in a kubeconfig. */
static char *ends_2036, *ends_2028, *ends_2027, *in_kubeconfig;
static char *ends_soon, *has_ended; /* as seen at NOW */

static char *new_cert(const struct key *key, time_t not_after) {
  _cleanup_error_ struct error err = {0};
  struct buf pem = {0};
  const struct cert_profile p = {
      .common_name = "x", .not_before = NOW - 86400, .not_after = not_after};
  if (cert_issue(&p, key, NULL, NULL, &pem, &err) < 0)
    fail_msg("%s", err.faults[0].msg);
  return buf_take(&pem);
}

static void make_certs(void) {
  _cleanup_error_ struct error err = {0};
  _cleanup_key_ struct key *key = NULL;
  if (key_generate(KEY_KIND_P256, &key, &err) < 0)
    fail_msg("%s", err.faults[0].msg);
  ends_2036 = new_cert(key, 2110492800);
  ends_2028 = new_cert(key, 1858377600);
  ends_2027 = new_cert(key, 1826755200); /* 2027-11-21 */
  ends_soon = new_cert(key, 1796083200); /* 2026-12-01 */
  has_ended = new_cert(key, NOW - 1);
  size_t len = strlen(ends_2028);
  in_kubeconfig = xcalloc(1, 4 * (len / 3 + 1) + 1);
  EVP_EncodeBlock((unsigned char *)in_kubeconfig, (unsigned char *)ends_2028,
                  (int)len);
}

static void say_cert(struct buf *b, const char *path, const char *text) {
  buf_addf(b, "@certificate %s\n%s\n", path, text);
}

/* The holder of the VIP: the first that may hold it. */
static bool is_holder(const struct plan_node *n) {
  return (n->runs_keepalived || n->runs_pacemaker) && n->ordinal == 0;
}

static void say_components(const struct plan_node *n, struct buf *b) {
  static const char *const programs[] = {"kube-proxy", "kube-apiserver",
                                         "kube-controller-manager",
                                         "kube-scheduler"};
  size_t all = n->spec->role == ROLE_CONTROL_PLANE ? 4 : 1;
  buf_adds(b, "\n@section components\n");
  for (size_t i = 0; i < all; i++)
    buf_addf(b, "%s active 1 v1.20.2 200\n", programs[i]);
}

static char *say_node(const struct fixture *f, const struct plan_node *n) {
  struct buf b = {0};
  char a[NET_TEXT];
  buf_addf(&b, "\n@section addresses\n127.0.0.1/8\n%s/24\n%s10.0.2.15/24\n",
           ip_format(n->spec->address, a),
           is_holder(n) ? "192.168.4.20/32\n" : "");
  say_units(n, &b);
  buf_adds(&b, "\n@section certificates\n");
  if (has_kubelet(n)) {
    say_cert(&b, "/etc/kubernetes/pki/ca.crt", ends_2036);
    say_cert(&b, "/var/lib/kubelet/pki/kubelet-client-current.pem", ends_2027);
  }
  if (n->spec->role == ROLE_CONTROL_PLANE) {
    say_cert(&b, "/etc/kubernetes/pki/apiserver.crt", ends_2028);
    say_cert(&b, "/etc/kubernetes/admin.conf", in_kubeconfig);
  }
  if (n->spec->role == ROLE_ETCD)
    say_cert(&b, "/etc/etcd/pki/server.crt", ends_2028);
  if (is_member(f, n))
    say_etcd(f, n, &b);
  if (n->spec->role == ROLE_LOAD_BALANCER)
    buf_adds(&b, "\n@section balancer\n200");
  if (n->spec->role == ROLE_LOAD_BALANCER &&
      f->spec.endpoint.provider == PROVIDER_NGINX)
    say_backends(f, &b);
  else if (n->spec->role == ROLE_LOAD_BALANCER)
    say_stats(f, &b);
  if (n->spec->role == ROLE_GATEWAY)
    say_gateway(f, &b);
  if (n->runs_pacemaker)
    buf_adds(&b, "\n@section pacemaker\nlb1 lb2 \n");
  if (has_kubelet(n))
    buf_adds(&b, "\n@section readyz\nok");
  if (has_kubelet(n) &&
      (f->spec.kubernetes.bootstrapper == BOOTSTRAPPER_SYSTEMD ||
       !n->registered))
    say_components(n, &b);
  if (has_kubelet(n) && f->spec.kubernetes.kubelet.serving == SERVING_ROTATED)
    buf_adds(&b, "\n@section serving\n401");
  if (n->spec->role == ROLE_CONTROL_PLANE && f->spec.endpoint.health_port)
    buf_adds(&b, "\n@section health\nHTTP/1.1 200 OK\r\nServer: nginx\r\n"
                 "\r\nok");
  buf_adds(&b, "\n@section end\n");
  return buf_take(&b);
}

static void say_pod(struct buf *b, const char *label, const char *component,
                    const char *node) {
  bool static_pod = strcmp(label, "component") == 0;
  buf_addf(b,
           "%s{\"metadata\":{\"name\":\"%s-%s\",%s\"labels\":"
           "{\"%s\":\"%s\"}},\"spec\":{\"nodeName\":\"%s\",\"containers\":"
           "[{\"image\":\"k8s/%s:%s\"}]},\"status\":"
           "{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\","
           "\"status\":\"True\"}],\"containerStatuses\":[{\"restartCount\":1,"
           "\"state\":{\"running\":{}}}]}}",
           b->len ? ",\n" : "", component, node,
           static_pod ? "" : "\"ownerReferences\":[{\"kind\":\"DaemonSet\"}],",
           label, component, node, component,
           strcmp(component, "etcd") == 0 ? "3.4.13-0" : "v1.20.2");
}

static void say_registered(const struct plan_node *n, struct buf *b) {
  static const char role[] = "node-role.kubernetes.io/";
  bool control_plane = n->spec->role == ROLE_CONTROL_PLANE;
  char a[NET_TEXT];
  _cleanup_free_ char *other =
      ip_is_set(n->spec->address6)
          ? xasprintf(",{\"type\":\"InternalIP\",\"address\":\"%s\"}",
                      ip_format(n->spec->address6, a))
          : xstrdup("");
  buf_addf(b, "%s{\"metadata\":{\"name\":\"%s\",\"labels\":{",
           b->len ? ",\n" : "", n->name);
  if (control_plane)
    buf_addf(b, "\"%scontrol-plane\":\"\",\"%smaster\":\"\"", role, role);
  else
    buf_adds(b, "\"disk\":\"ssd\"");
  buf_addf(b,
           "}},\"spec\":{\"taints\":[{%s}]},\"status\":{\"addresses\":[{"
           "\"type\":\"InternalIP\",\"address\":\"%s\"}%s],\"conditions\":[{"
           "\"type\":\"DiskPressure\",\"status\":\"False\"},{"
           "\"type\":\"Ready\",\"status\":\"True\",\"message\":\"posting\"}],"
           "\"nodeInfo\":{\"kubeletVersion\":\"v1.20.2\"}}}",
           control_plane
               ? "\"key\":\"node-role.kubernetes.io/master\","
                 "\"effect\":\"NoSchedule\""
               : "\"key\":\"gpu\",\"value\":\"yes\",\"effect\":\"NoSchedule\"",
           ip_format(n->spec->address, a), other);
}

static char *say_cluster(const struct fixture *f) {
  static const char *const parts[] = {
      "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"};
  _cleanup_buf_ struct buf nodes = {0};
  _cleanup_buf_ struct buf pods = {0};
  size_t n_parts = f->spec.etcd.mode == ETCD_STACKED ? 4 : 3;
  for (size_t i = 0; i < f->plan.nodes.n; i++) {
    const struct plan_node *n = &f->plan.nodes.v[i];
    if (!n->registered)
      continue;
    say_registered(n, &nodes);
    if (f->spec.kubernetes.bootstrapper == BOOTSTRAPPER_SYSTEMD)
      continue;
    say_pod(&pods, "k8s-app", "kube-proxy", n->name);
    for (size_t k = 0; k < n_parts && n->spec->role == ROLE_CONTROL_PLANE; k++)
      say_pod(&pods, "component", parts[k], n->name);
  }
  return xasprintf(
      "\n@section nodes\n{\"kind\":\"NodeList\",\"items\":[%s]}\n"
      "\n@section pods\n{\"items\":[%s]}\n"
      "\n@section deployments\n{\"items\":[{\"metadata\":{\"name\":"
      "\"coredns\"},\"spec\":{\"replicas\":2},\"status\":"
      "{\"readyReplicas\":2}}]}\n"
      "\n@section services\n{\"items\":[{\"metadata\":{\"name\":\"kube-dns\"},"
      "\"spec\":{\"clusterIP\":\"10.96.0.10\"}}]}\n",
      nodes.data, pods.data ? pods.data : "");
}

static void say_reach(const struct fixture *f, struct buf *b) {
  const char *separator = "[";
  for (size_t i = 0; i < f->plan.nodes.n; i++) {
    if (!f->plan.nodes.v[i].registered)
      continue;
    buf_addf(b,
             "%s{\"endpoint\":\"http://10.244.%zu.7:2379\",\"health\":true,"
             "\"took\":\"9ms\"}",
             separator, i);
    separator = ",";
    if (spec_has_ipv6(&f->spec))
      buf_addf(b,
               ",{\"endpoint\":\"http://[fd00:244:%zu::7]:2379\","
               "\"health\":true}",
               i);
  }
  buf_adds(b, ",{\"endpoint\":\"http://reach:2379\",\"health\":true}]\n");
}

static char *say_pods(const struct fixture *f) {
  struct buf b = {0};
  buf_adds(&b, "\n@section wait\nsuccessfully rolled out\n\n@section pods\n");
  for (size_t i = 0; i < f->plan.nodes.n; i++)
    if (f->plan.nodes.v[i].registered) {
      buf_addf(&b, "reach-%s,%s,Running,10.244.%zu.7,", f->plan.nodes.v[i].name,
               f->plan.nodes.v[i].name, i);
      if (spec_has_ipv6(&f->spec))
        buf_addf(&b, ",10.244.%zu.7 fd00:244:%zu::7 ", i, i);
      buf_adds(&b, "\n");
    }
  for (size_t i = 0; i < f->plan.nodes.n; i++) {
    if (!f->plan.nodes.v[i].registered)
      continue;
    buf_addf(&b, "\n@section reach reach-%s\n", f->plan.nodes.v[i].name);
    say_reach(f, &b);
  }
  return buf_take(&b);
}

static void begin(struct fixture *f, const char *nodes) {
  *f = (struct fixture){0};
  cluster_of(f, nodes);
  verify_facts_init(&f->facts, &f->plan, NOW);
  for (size_t i = 0; i < f->facts.n; i++)
    f->facts.node[i].text = say_node(f, &f->plan.nodes.v[i]);
  f->facts.cluster.text = say_cluster(f);
  f->facts.pods.text = say_pods(f);
}

static void end(struct fixture *f) {
  verify_checks_done(&f->checks);
  verify_facts_done(&f->facts);
  plan_done(&f->plan);
  spec_done(&f->spec);
}

static struct verify_answer *answer_of(struct fixture *f, const char *who) {
  if (strcmp(who, "cluster") == 0)
    return &f->facts.cluster;
  if (strcmp(who, "pods") == 0)
    return &f->facts.pods;
  const struct plan_node *n = plan_find(&f->plan, who);
  assert_non_null(n);
  return &f->facts.node[n->index];
}

/* Replaces the first from in the answer; NULL as to takes the answer away and
 * leaves from as its error. */
static void change(struct fixture *f, const char *who, const char *from,
                   const char *to) {
  struct verify_answer *a = answer_of(f, who);
  if (!to) {
    free(a->text);
    a->text = NULL;
    a->error = xstrdup(from);
    return;
  }
  char *at = strstr(a->text, from);
  if (!at)
    fail_msg("'%s' is not in what %s says:%s", from, who, a->text);
  char *text = xasprintf("%.*s%s%s", (int)(at - a->text), a->text, to,
                         at + strlen(from));
  free(a->text);
  a->text = text;
}

static const struct verify_check *find(const struct fixture *f,
                                       const char *id) {
  for (size_t i = 0; i < f->checks.n; i++)
    if (strcmp(f->checks.v[i].id, id) == 0)
      return &f->checks.v[i];
  fail_msg("there is no check %s", id);
  return NULL;
}

static void expect(const struct fixture *f, const char *id,
                   enum verify_state state, const char *part) {
  const struct verify_check *c = find(f, id);
  if (c->state != state || !strstr(c->detail, part))
    fail_msg("%s: %s '%s', expected %s '%s'", id, verify_state_name(c->state),
             c->detail, verify_state_name(state), part);
}

static void expect_all_ok(const struct fixture *f) {
  for (size_t i = 0; i < f->checks.n; i++)
    if (f->checks.v[i].state != VERIFY_OK)
      fail_msg("%s: %s %s", f->checks.v[i].id,
               verify_state_name(f->checks.v[i].state), f->checks.v[i].detail);
}

static void test_well(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_ha);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  assert_int_equal(f.checks.n, 25);
  expect(&f, "endpoint.holder", VERIFY_OK, "192.168.4.20, m1");
  expect(&f, "etcd.leader", VERIFY_OK, "m2");
  expect(&f, "certificates", VERIFY_OK, "the first ends on 2027-11-21 (m1: ");
  expect(&f, "pods.kube-apiserver", VERIFY_OK, "3, restarts so far: 3");
  expect(&f, "pods.reach", VERIFY_OK, "16 connections");
  end(&f);
  begin(&f, nodes_haproxy);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  expect(&f, "endpoint.backends", VERIFY_OK, "2 load balancers");
  expect(&f, "pods.etcd", VERIFY_OK, "3, ");
  end(&f);
  begin(&f, nodes_nginx);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  expect(&f, "endpoint.backends", VERIFY_OK, "1 load balancers");
  end(&f);
  begin(&f, nodes_pacemaker);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  expect(&f, "endpoint.holder", VERIFY_OK, "192.168.4.20, lb1");
  expect(&f, "endpoint.members", VERIFY_OK, "2 members");
  expect(&f, "endpoint.backends", VERIFY_OK, "2 load balancers");
  end(&f);
  begin(&f, nodes_gateway);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  expect(&f, "gateway.forward", VERIFY_OK, "under its own address");
  expect(&f, "gateway.names", VERIFY_OK, "5 names");
  end(&f);
  begin(&f, nodes_dual);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  end(&f);
  begin(&f, nodes_units);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  expect(&f, "pods.kube-apiserver", VERIFY_OK, "3, restarts so far: 3");
  expect(&f, "pods.kube-proxy", VERIFY_OK, "4, restarts so far: 4");
  end(&f);
  begin(&f, nodes_absent);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  expect(&f, "nodes.ready", VERIFY_OK, "1 node");
  expect(&f, "pods.kube-apiserver", VERIFY_OK, "3, restarts so far: 3");
  expect(&f, "pods.kube-proxy", VERIFY_OK, "4, restarts so far: 4");
  end(&f);
  begin(&f, nodes_apart);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  expect(&f, "pods.reach", VERIFY_OK, "4 connections");
  expect(&f, "units", VERIFY_OK, "20 units");
  end(&f);
}

/* ---- One thing wrong ---- */

struct flaw {
  const char *who, *from, *to; /* see change() */
  const char *id, *part;       /* the check that fails, and what it says */
};

/* Each fault makes its check fail and no other one. */
static void expect_fault(const char *nodes, const struct flaw *fault) {
  struct fixture f;
  begin(&f, nodes);
  change(&f, fault->who, fault->from, fault->to);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, fault->id, VERIFY_FAIL, fault->part);
  if (verify_count(&f.checks, VERIFY_FAIL) != 1) {
    verify_print(&f.checks, stderr);
    fail_msg("'%s' in what %s says: more than %s fails", fault->to, fault->who,
             fault->id);
  }
  end(&f);
}

static const struct flaw faults_of_nodes[] = {
    {"w1", "\"errors\": []",
     "\"errors\": [\"('write-files', IsADirectoryError(21, 'Is a "
     "directory'))\"]",
     "seed", "w1: ('write-files', IsADirectoryError(21, 'Is a directory'))"},
    {"m1", "\"errors\": []", "\"errors\": [7]", "seed", "m1: an error"},
    {"m2", "\"errors\": []", "\"errors\": [\"one\", \"two\"]", "seed",
     "m2: one; m2: two"},
    {"m3", "{\n \"v1\"", "cat: No such file", "seed",
     "m3: nothing known of cloud-init"},
    {"m1", "Id=nftables.service\nLoadState=loaded\nActiveState=active",
     "Id=nftables.service\nLoadState=loaded\nActiveState=inactive", "units",
     "m1: nftables.service should run and is inactive"},
    {"m2", "/etc/kubernetes/pki/apiserver.crt", "/somewhere/else.crt",
     "certificates", "m2: the API server has no certificate"},
    {"cluster", "k8s/kube-scheduler:v1.20.2", "k8s/kube-scheduler:v1.19.9",
     "pods.kube-scheduler",
     "expected v1.20.2, found the image k8s/kube-scheduler:v1.19.9"},
    {"m1", "192.168.4.20/32\n", "", "endpoint.holder",
     "no node holds 192.168.4.20"},
    {"m2", "10.0.2.15/24", "192.168.4.20/32", "endpoint.holder",
     "2 nodes hold 192.168.4.20: m1, m2"},
    {"w1", "10.0.2.15/24", "192.168.4.20/24", "endpoint.holder",
     "w1 holds it and must not"},
    {"w1", "\n@section readyz\nok",
     "\n@section readyz\ncurl: (28) Connection timed out", "endpoint.readyz",
     "w1: curl: (28) Connection timed out"},
    {"w1", "\n@section readyz\nok",
     "\n@section readyz\n[+]ping ok\n[-]etcd failed: why\n[+]log ok\n"
     "readyz check failed\n",
     "endpoint.readyz", "w1: [-]etcd failed: why"},
    {"w1", "\n@section readyz\nok", "\n@section readyz\n", "endpoint.readyz",
     "w1: nothing"},
    {"w1", "\n@section readyz\nok", "", "endpoint.readyz",
     "w1: not known, it was cut short"},
    {"m2", "Id=etcd.service\nLoadState=loaded\nActiveState=active",
     "Id=etcd.service\nLoadState=loaded\nActiveState=failed", "units",
     "m2: etcd.service has failed (success)"},
    {"m2", "Id=kubelet.service\nLoadState=loaded\nActiveState=active",
     "Id=kubelet.service\nLoadState=loaded\nActiveState=inactive", "units",
     "m2: kubelet.service should run and is inactive (running)"},
    {"m3", "Id=keepalived.service\nLoadState=loaded",
     "Id=keepalived.service\nLoadState=not-found", "units",
     "m3: keepalived.service is not-found"},
    {"m3", "Id=containerd.service", "Id=other.service", "units",
     "m3: nothing known of containerd.service"},
    {"m2", "ca.crt\n", "ca.crt\nsed: no such file\n", "certificates",
     "m2: /etc/kubernetes/pki/ca.crt cannot be read: sed: no such file"},
    {"m2", "admin.conf\nL", "admin.conf\n", "certificates",
     "m2: /etc/kubernetes/admin.conf cannot be read: "},
    {"w1", "kubelet-client-current.pem", "other.pem", "certificates",
     "w1: the kubelet has no client certificate"},
};

static const struct flaw faults_of_etcd[] = {
    {"m1", "\"name\":\"m3\"", "\"name\":\"m4\"", "etcd.members",
     "as m1 sees it: m3 is no member, or was added and never started; the "
     "member m4 (https://192.168.4.33:2380) is not planned"},
    {"m1", "\"name\":\"m3\",", "", "etcd.members",
     "the member without a name (https://192.168.4.33:2380) is not planned"},
    {"m1", "\"name\":\"m3\"", "\"name\":\"w1\"", "etcd.members",
     "the member w1 (https://192.168.4.33:2380) is not planned"},
    {"m1", "[\"https://192.168.4.32:2379\"]",
     "[\"https://192.168.4.32:2379\",\"https://10.0.2.15:2379\"]",
     "etcd.members", "found https://192.168.4.32:2379 and more"},
    {"m1", "\"name\":\"m3\"", "\"name\":\"m3\",\"isLearner\":true",
     "etcd.members", "m3 is a learner and does not vote"},
    {"m1", "[\"https://192.168.4.32:2380\"]", "[\"https://192.168.4.9:2380\"]",
     "etcd.members",
     "peerURLs of m2: expected https://192.168.4.32:2380, found "
     "https://192.168.4.9:2380"},
    {"m1", "[\"https://192.168.4.32:2379\"]", "[]", "etcd.members",
     "clientURLs of m2: expected https://192.168.4.32:2379, found none"},
    {"m2", "{\"health\":\"true\"}",
     "{\"health\":\"false\",\"reason\":\"NO LEADER\"}", "etcd.health",
     "m2 is not healthy NO LEADER"},
    {"m2", "{\"health\":\"true\"}", "curl: (7) refused", "etcd.health",
     "m2: curl: (7) refused"},
    {"m2", "\"leader\":\"16118123708013471\"",
     "\"leader\":\"16118123708013472\"", "etcd.leader",
     "m2 follows another leader than the others; expected 1 leader, found 0"},
    {"m3", "\"leader\":\"16118123708013471\"",
     "\"leader\":\"16118123708013472\"", "etcd.leader",
     "expected 1 leader, found 2: m2, m3"},
    {"m3", ",\"leader\":\"16118123708013471\"", "", "etcd.leader",
     "m3 knows no leader"},
    {"m1", "\"leader\":\"16118123708013471\"", "\"leader\":\"0\"",
     "etcd.leader", "m1 knows no leader"},
};

static const struct flaw faults_of_cluster[] = {
    {"cluster", "{\"kind\":\"NodeList\"", "error: no", "api",
     "no list of nodes: error: no"},
    {"cluster", "@section services", "@section other", "api",
     "no list of services: nothing"},
    {"cluster", "m1: 'ssh' failed", NULL, "api", "m1: 'ssh' failed"},
    {"cluster", "\"items\":[",
     "\"items\":[{\"kind\":\"Node\",\"metadata\":{\"name\":\"x9\"}},",
     "nodes.names", "x9 is registered and not planned"},
    {"cluster", "\"status\":\"True\",\"message\":\"posting\"",
     "\"status\":\"Unknown\",\"message\":\"stopped posting\"", "nodes.ready",
     "m1: Ready is Unknown (stopped posting)"},
    {"cluster", "v1.20.2", "v1.20.15", "nodes.version",
     "m1: expected v1.20.2, found v1.20.15"},
    {"cluster", "\"address\":\"192.168.4.31\"", "\"address\":\"10.0.2.15\"",
     "nodes.address", "m1: expected 192.168.4.31, found 10.0.2.15"},
    {"cluster", "\"node-role.kubernetes.io/control-plane\":\"\",", "",
     "nodes.role",
     "m1: expected control-plane, found no label of the control plane"},
    {"cluster", "\"disk\":\"ssd\"",
     "\"disk\":\"ssd\",\"node-role.kubernetes.io/control-plane\":\"\"",
     "nodes.role", "w1: expected worker, found control-plane"},
    {"cluster", "\"disk\":\"ssd\"", "\"disk\":\"hdd\"", "nodes.labels",
     "w1: expected disk=ssd, found hdd"},
    {"cluster", "\"disk\":\"ssd\"", "", "nodes.labels",
     "w1: expected disk=ssd, found none"},
    {"cluster", "\"value\":\"yes\"", "\"value\":\"no\"", "nodes.taints",
     "w1: gpu=yes:NoSchedule is missing; w1: gpu=no:NoSchedule is not planned"},
    {"cluster", "\"key\":\"node-role.kubernetes.io/master\"",
     "\"key\":\"node.kubernetes.io/unschedulable\"", "nodes.taints",
     "m1: node.kubernetes.io/unschedulable:NoSchedule is not planned"},
    {"cluster", "\"readyReplicas\":2", "\"readyReplicas\":1", "dns",
     "1 of 2 replicas of coredns are ready"},
    {"cluster", "\"replicas\":2},\"status\":{\"readyReplicas\":2}",
     "\"replicas\":0},\"status\":{}", "dns",
     "0 of 0 replicas of coredns are ready"},
    {"cluster", "k8s/kube-scheduler:v1.20.2", "k8s/kube-scheduler:x1.20.2",
     "pods.kube-scheduler", "found the image k8s/kube-scheduler:x1.20.2"},
    {"cluster", "10.96.0.10", "10.96.0.53", "dns",
     "service kube-dns: expected 10.96.0.10, found 10.96.0.53"},
    {"cluster", "\"name\":\"kube-dns\"", "\"name\":\"other\"", "dns",
     "there is no service kube-dns"},
    {"cluster",
     "\"component\":\"kube-scheduler\"}},\"spec\":{\"nodeName\":"
     "\"m2\"",
     "\"component\":\"other\"}},\"spec\":{\"nodeName\":\"m2\"",
     "pods.kube-scheduler", "none on m2"},
    {"cluster", "\"k8s-app\":\"kube-proxy\"}},\"spec\":{\"nodeName\":\"w1\"",
     "\"k8s-app\":\"other\"}},\"spec\":{\"nodeName\":\"w1\"", "pods.kube-proxy",
     "none on w1"},
};

static const struct flaw faults_of_absent[] = {
    {"cluster", "[{\"metadata\":{\"name\":\"w1\"",
     "[{\"metadata\":{\"name\":\"m1\"}},{\"metadata\":{\"name\":\"w1\"",
     "nodes.names", "m1 is registered and not planned"},
    {"m2", "kube-apiserver active", "kube-apiserver inactive",
     "pods.kube-apiserver", "m2: kube-apiserver is inactive"},
    {"m1", "kube-proxy active 1 v1.20.2", "kube-proxy active 1 v1.19.2",
     "pods.kube-proxy", "m1: expected kube-proxy v1.20.2, found v1.19.2"},
    {"cluster", "k8s/kube-proxy:v1.20.2", "k8s/kube-proxy:v1.19.2",
     "pods.kube-proxy", "expected v1.20.2, found the image"},
    {"m3", "kube-scheduler active 1 v1.20.2 200\n", "", "pods.kube-scheduler",
     "m3: nothing known of kube-scheduler"},
};

static const struct flaw faults_of_units[] = {
    {"w1", "serving\n401", "serving\ncurl: (35) tlsv1 alert internal error",
     "nodes.serving", "w1: curl: (35) tlsv1 alert"},
    {"m2", "serving\n401", "serving\n", "nodes.serving", "m2: nothing"},
    {"m3", "\n@section serving\n401", "", "nodes.serving",
     "m3: not known, it was cut short"},
    {"m1", "Id=kube-apiserver.service\nLoadState=loaded",
     "Id=kube-apiserver.service\nLoadState=not-found", "units",
     "m1: kube-apiserver.service is not-found"},
    {"m2", "kube-scheduler active 1 v1.20.2 200",
     "kube-scheduler activating 9 v1.20.2 000", "pods.kube-scheduler",
     "m2: kube-scheduler is activating"},
    {"m2", "kube-apiserver active 1 v1.20.2", "kube-apiserver active 1 v1.20.9",
     "pods.kube-apiserver",
     "m2: expected kube-apiserver v1.20.2, found v1.20.9"},
    {"m3", "kube-controller-manager active 1 v1.20.2 200",
     "kube-controller-manager active 1 v1.20.2 000 curl: (7) refused",
     "pods.kube-controller-manager",
     "m3: asked whether it is well, kube-controller-manager says 000 curl: "
     "(7)"},
    {"m3", "kube-controller-manager active 1 v1.20.2 200", "",
     "pods.kube-controller-manager",
     "m3: nothing known of kube-controller-manager"},
    {"w1", "kube-proxy active 1 v1.20.2 200", "kube-proxy active",
     "pods.kube-proxy", "w1: nothing known of kube-proxy"},
    {"w1", "\n@section components\n", "\n@section other\n", "pods.kube-proxy",
     "w1: not known, it was cut short"},
};

static const struct flaw faults_of_pods[] = {
    {"pods", "a script on m1 failed: no such image", NULL, "pods.reach",
     "a script on m1 failed: no such image"},
    {"pods", "reach-m2,m2,Running,10.244.1.7,",
     "reach-m2,m2,Pending,,ErrImageNeverPull", "pods.reach",
     "the pod on m2 is Pending, ErrImageNeverPull"},
    {"pods", "reach-w1,w1,Running,10.244.3.7,\n", "", "pods.reach",
     "w1 has no pod"},
    {"pods", "\"http://10.244.2.7:2379\",\"health\":true",
     "\"http://10.244.2.7:2379\",\"health\":false,\"error\":\"deadline\"",
     "pods.reach", "the pod on m1 does not reach 10.244.2.7 on m3: deadline"},
    {"pods", "@section reach reach-m3\n[{",
     "@section reach reach-m3\nerror: unable to upgrade connection\n",
     "pods.reach", "m3: error: unable to upgrade connection"},
    {"pods", "@section reach reach-m3", "@section reach other", "pods.reach",
     "m3: its pod does not answer"},
    /* One that has ended may still have an address, and the other way round. */
    {"pods", "reach-m1,m1,Running,10.244.0.7,",
     "reach-m1,m1,Failed,10.244.0.7,", "pods.reach", "the pod on m1 is Failed"},
    {"pods", "reach-m1,m1,Running,10.244.0.7,", "reach-m1,m1,Running,,",
     "pods.reach", "the pod on m1 is Running"},
    {"pods", "\"http://reach:2379\",\"health\":true",
     "\"http://reach:2379\",\"health\":false,\"error\":\"no such host\"",
     "pods.dns",
     "the pod on m1 does not reach a service by its name: no such host"},
    {"pods", "http://reach:2379", "http://other:2379", "pods.dns",
     "the pod on m1 does not reach a service by its name: not asked"},
};

static const struct flaw faults_of_dual[] = {
    {"cluster", "\"address\":\"fd00:4::20\"", "\"address\":\"fd00:4::99\"",
     "nodes.address", "m2: expected fd00:4::20, found fd00:4::99"},
    {"pods", ",10.244.1.7 fd00:244:1::7 ", ",10.244.1.7 ", "pods.reach",
     "the pod on m2 has no address of IPv6"},
    {"pods", "\"http://[fd00:244:2::7]:2379\",\"health\":true",
     "\"http://[fd00:244:2::7]:2379\",\"health\":false,\"error\":"
     "\"deadline\"",
     "pods.reach",
     "the pod on m1 does not reach fd00:244:2::7 on m3: deadline"},
};

/* Where Kubernetes' nodes are not the first. */
static const struct flaw faults_of_roles[] = {
    {"e2", "@certificate /etc/etcd/pki/server.crt\n", "", "certificates",
     "e2: etcd has no certificate"},
    {"pods", "reach-m2,m2,Running,10.244.6.7,\n", "", "pods.reach",
     "m2 has no pod"},
    {"cluster", "\"items\":[", "\"items\":[{\"metadata\":{\"name\":\"e1\"}},",
     "nodes.names", "e1 is registered and not planned"},
};

/* haproxy still sends work to a server after one failed check of three. */
static void test_shaky_server(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_haproxy);
  change(&f, "lb1",
         "no check,1,1,0\nkubernetes,m2,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP",
         "no check,1,1,0\nkubernetes,m2,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP 1/3");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  end(&f);
}

/* An evicted pod's record stays after another has taken its place, and a job's
 * when it is done. */
static void test_leftover(void **state) {
  (void)state;
  static const char before[] =
      "@section pods\n{\"items\":[{\"metadata\":{\"name\":\"kube-proxy-x\","
      "\"ownerReferences\":[{\"kind\":\"DaemonSet\"}],\"labels\":{\"k8s-app\":"
      "\"kube-proxy\"}},\"spec\":{\"nodeName\":\"m1\"},\"status\":{\"phase\":"
      "\"Failed\"}},\n{\"metadata\":{\"name\":\"job\"},\"status\":{\"phase\":"
      "\"Succeeded\"}},\n";
  static const char owned[] =
      ",\n{\"kind\":\"Pod\",\"metadata\":{\"name\":\"coredns-x\","
      "\"ownerReferences\":[{\"kind\":\"ReplicaSet\"}]},\"status\":{"
      "\"phase\":\"Failed\"}}]}\n\n@section deployments";
  static const char nobodys[] =
      ",\n{\"kind\":\"Pod\",\"metadata\":{\"name\":\"alone\"},\"status\":{"
      "\"phase\":\"Failed\"}}]}\n\n@section deployments";
  struct fixture f;
  begin(&f, nodes_ha);
  change(&f, "cluster", "]}\n\n@section deployments", owned);
  change(&f, "cluster", "@section pods\n{\"items\":[", before);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  end(&f);
  begin(&f, nodes_ha);
  change(&f, "cluster", "]}\n\n@section deployments", nobodys);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "pods.system", VERIFY_FAIL, "alone is Failed");
  end(&f);
}

static const struct flaw faults_of_haproxy[] = {
    {"lb1", "kubernetes,m2,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP",
     "kubernetes,m2,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN", "endpoint.backends",
     "lb1 sees m2 DOWN"},
    {"lb2", "kubernetes,m3,", "api,other,", "endpoint.backends",
     "lb2 does not know m3"},
    {"lb1", "@section balancer\n200", "@section balancer\ncurl: (52) Empty",
     "endpoint.backends", "/readyz through lb1: curl: (52) Empty"},
    {"lb1", "# pxname", "curl: (22) 401", "endpoint.backends",
     "lb1: curl: (22) 401"},
    {"lb2", "# pxname", "curl: (7) refused", "endpoint.backends",
     "lb2: curl: (7) refused"},
    {"lb1", "192.168.4.20/32\n", "", "endpoint.holder", "no node holds"},
};

static const struct flaw faults_of_nginx[] = {
    {"m1", "HTTP/1.1 200 OK", "HTTP/1.1 502 Bad Gateway", "endpoint.health",
     "m1: HTTP/1.1 502 Bad Gateway"},
    {"m2", "\r\nok", "\r\nnot ok", "endpoint.health", "m2: HTTP/1.1 200 OK"},
    {"m3", "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\nok", "", "endpoint.health",
     "m3: nothing"},
    {"lb1", "m1 200", "m1 curl: (7) Connection refused 000",
     "endpoint.backends", "lb1 sees m1 curl: (7) Connection refused 000"},
    {"lb1", "@section balancer\n200", "@section balancer\n502",
     "endpoint.backends", "/readyz through lb1: 502"},
    {"lb1", "m1 200", "m1 500", "endpoint.backends", "lb1 sees m1 500"},
    {"lb1", "m1 200", "", "endpoint.backends", "lb1 does not know m1"},
    {"lb1", "Id=nginx.service", "Id=other.service", "units",
     "lb1: nothing known of nginx.service"},
};

static const struct flaw faults_of_pacemaker[] = {
    {"lb2", "lb1 lb2 \n", "lb2 \n", "endpoint.members",
     "lb2 does not see lb1: lb2"},
    {"lb1", "lb1 lb2 \n", "lb1 lb20 \n", "endpoint.members",
     "lb1 does not see lb2: lb1 lb20"},
    {"lb1", "lb1 lb2 \n", "", "endpoint.members",
     "lb1 does not see lb1: nothing; lb1 does not see lb2: nothing"},
    {"lb2", "10.0.2.15/24", "192.168.4.20/24", "endpoint.holder",
     "2 nodes hold 192.168.4.20: lb1, lb2"},
    {"m1", "10.0.2.15/24", "192.168.4.20/24", "endpoint.holder",
     "m1 holds it and must not"},
    {"lb1", "Id=corosync.service\nLoadState=loaded\nActiveState=active",
     "Id=corosync.service\nLoadState=loaded\nActiveState=inactive", "units",
     "lb1: corosync.service should run"},
};

static const struct flaw faults_of_gateway[] = {
    {"g1", "forward\n1\n", "forward\n0\n", "gateway.forward",
     "net.ipv4.ip_forward: 0"},
    {"g1", "priority filter; policy drop;", "priority filter; policy accept;",
     "gateway.forward", "its rules are not there: table inet kubeseed"},
    {"g1", "oifname \"wan\" masquerade", "oifname \"lan\" masquerade",
     "gateway.forward", "who goes out by wan"},
    {"g1", "m2.demo.internal 192.168.4.32", "m2.demo.internal 192.168.4.99",
     "gateway.names", "m2.demo.internal: 192.168.4.99, not 192.168.4.32"},
    {"g1", "m2.demo.internal 192.168.4.32", "m2.demo.internal unknown",
     "gateway.names", "m2.demo.internal: unknown, not 192.168.4.32"},
    {"g1", "m1.demo.internal 192.168.4.31", "no answer: timed out",
     "gateway.names", "m1.demo.internal: no answer: timed out"},
    {"g1", "internal 192.168.4.20\n", "internal 192.168.4.21\n",
     "gateway.names", "not 192.168.4.20"},
    {"g1", "Id=dnsmasq.service", "Id=other.service", "units",
     "g1: nothing known of dnsmasq.service"},
};

static void test_faults(void **state) {
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_pacemaker); i++)
    expect_fault(nodes_pacemaker, &faults_of_pacemaker[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_gateway); i++)
    expect_fault(nodes_gateway, &faults_of_gateway[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_nodes); i++)
    expect_fault(nodes_ha, &faults_of_nodes[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_etcd); i++)
    expect_fault(nodes_ha, &faults_of_etcd[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_cluster); i++)
    expect_fault(nodes_ha, &faults_of_cluster[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_pods); i++)
    expect_fault(nodes_ha, &faults_of_pods[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_absent); i++)
    expect_fault(nodes_absent, &faults_of_absent[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_units); i++)
    expect_fault(nodes_units, &faults_of_units[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_haproxy); i++)
    expect_fault(nodes_haproxy, &faults_of_haproxy[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_nginx); i++)
    expect_fault(nodes_nginx, &faults_of_nginx[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_dual); i++)
    expect_fault(nodes_dual, &faults_of_dual[i]);
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_roles); i++)
    expect_fault(nodes_apart, &faults_of_roles[i]);
  const struct flaw old = {"m2", ends_2036, has_ended, "certificates",
                           "m2: /etc/kubernetes/pki/ca.crt ended on "
                           "2026-11-20"};
  expect_fault(nodes_ha, &old);
}

/* Of certificates that soon end twelve are named and the rest counted. */
static void test_many_soon(void **state) {
  (void)state;
  struct fixture f;
  _cleanup_buf_ struct buf more = {0};
  begin(&f, nodes_ha);
  buf_adds(&more, "\n@section certificates\n");
  for (int i = 0; i < 20; i++)
    say_cert(&more, "/etc/more.crt", ends_2027);
  change(&f, "m1", "\n@section certificates\n", more.data);
  f.facts.now = 1825891200; /* 2027-11-11 */
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "certificates", VERIFY_WARN, "; and ");
  expect(&f, "certificates", VERIFY_WARN, " more");
  end(&f);
}

/* A pod in trouble shows in its own check and in that of all of them. */
static void test_pod_in_trouble(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_ha);
  change(&f, "cluster", "\"state\":{\"running\":{}}",
         "\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "pods.kube-proxy", VERIFY_FAIL,
         "kube-proxy-m1 is Running, CrashLoopBackOff");
  expect(&f, "pods.system", VERIFY_FAIL, "kube-proxy-m1 is Running, Crash");
  end(&f);
  begin(&f, nodes_ha);
  change(&f, "cluster", "\"status\":{\"phase\":\"Running\"",
         "\"status\":{\"phase\":\"Succeeded\"");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "pods.kube-proxy", VERIFY_FAIL, "kube-proxy-m1 is Succeeded");
  expect(&f, "pods.system", VERIFY_OK, "pods");
  end(&f);
  begin(&f, nodes_ha);
  change(&f, "cluster", "{\"type\":\"Ready\",\"status\":\"True\"}",
         "{\"type\":\"Ready\",\"status\":\"False\"}");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "pods.kube-proxy", VERIFY_FAIL, "kube-proxy-m1 runs and is not");
  expect(&f, "nodes.ready", VERIFY_OK, "4 nodes");
  end(&f);
}

/* What each member answers where secrets are to be encrypted. */
static void test_encryption(void **state) {
  (void)state;
  static const struct {
    const char *of_m1, *of_others;
    enum verify_state state;
    const char *part;
  } cases[] = {
      {"5 5", "4 4", VERIFY_OK, "5 secrets"},
      {"1 1", "1 1", VERIFY_OK, "1 secret"},
      {"0 0", "0 0", VERIFY_SKIP, "the cluster has no secrets"},
      {"5 5", "5 3", VERIFY_FAIL,
       "2 of 5 secrets that m2 has are not encrypted; 2 of 5 secrets that m3"},
      {"curl: (7) refused", "5 5", VERIFY_FAIL, "m1: curl: (7) refused"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    struct fixture f;
    begin(&f, nodes_ha);
    f.spec.kubernetes.encryption = ENCRYPTION_AESCBC;
    for (size_t k = 0; k < f.plan.members.n; k++) {
      _cleanup_free_ char *said =
          xasprintf("\n@section etcd-secrets\n%s\n\n@section etcd-members",
                    k ? cases[i].of_others : cases[i].of_m1);
      change(&f, f.plan.members.v[k]->name, "\n@section etcd-members", said);
    }
    parts_verify(&f.plan, &f.facts, &f.checks);
    expect(&f, "etcd.encryption", cases[i].state, cases[i].part);
    assert_int_equal(verify_count(&f.checks, VERIFY_FAIL),
                     cases[i].state == VERIFY_FAIL);
    end(&f);
  }
}

#define NOTED(data) "\n@section addons\n{\"items\":[{\"data\":{" data "}}]}"
#define PODS(section, status)                                                  \
  "\n@section addon-" section                                                  \
  "\n{\"items\":[{\"metadata\":{\"name\":\"speaker\",\"labels\":"              \
  "{\"kubeseed/addon\":\"metallb\"}},\"status\":{" status "}}]}"
#define NO_PODS(section) "\n@section addon-" section "\n{\"items\":[]}"
#define NO_PODS_AT_ALL NO_PODS("deployments") NO_PODS("daemonsets")
#define OF_BOTH "\"local-volumes\":\"applied 1f\",\"metallb\":\"applied 2e\""

static void test_addons(void **state) {
  (void)state;
  static const struct {
    const char *said;
    enum verify_state state;
    const char *part;
  } cases[] = {
      {NOTED(OF_BOTH) PODS("deployments", "\"replicas\":1,\"readyReplicas\":1")
           PODS("daemonsets", "\"desiredNumberScheduled\":3,\"numberReady\":3"),
       VERIFY_OK, "2 add-ons"},
      {NOTED("\"local-volumes\":\"failed: no matches for kind\","
             "\"guestbook\":\"applied 1f\"") NO_PODS_AT_ALL,
       VERIFY_FAIL,
       "local-volumes failed: no matches for kind; metallb has not been "
       "applied; guestbook is there, and the spec has it no more"},
      {"\n@section addons\n{\"items\":[]}" NO_PODS_AT_ALL, VERIFY_FAIL,
       "local-volumes has not been applied; metallb has not"},
      {NOTED(OF_BOTH) PODS("deployments", "\"replicas\":2")
           NO_PODS("daemonsets"),
       VERIFY_FAIL, "metallb: 0 of 2 pods of speaker are ready"},
      {NOTED(OF_BOTH) NO_PODS("deployments")
           PODS("daemonsets", "\"desiredNumberScheduled\":3,\"numberReady\":2"),
       VERIFY_FAIL, "metallb: 2 of 3 pods of speaker are ready"},
      {NOTED(OF_BOTH) NO_PODS("deployments"), VERIFY_FAIL,
       "no list of addon-daemonsets: nothing"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    struct fixture f;
    begin(&f, nodes_ha);
    f.spec.addons_written = true;
    spec_addon_vec_add(&f.spec.addons)->name = ADDON_LOCAL_VOLUMES;
    spec_addon_vec_add(&f.spec.addons)->name = ADDON_METALLB;
    char *text = xasprintf("%s%s", f.facts.cluster.text, cases[i].said);
    free(f.facts.cluster.text);
    f.facts.cluster.text = text;
    parts_verify(&f.plan, &f.facts, &f.checks);
    expect(&f, "addons", cases[i].state, cases[i].part);
    assert_int_equal(verify_count(&f.checks, VERIFY_FAIL),
                     cases[i].state == VERIFY_FAIL);
    end(&f);
  }
}

/* What a silent node cannot say is not taken for right, nor told again. */
static void test_silent_node(void **state) {
  (void)state;
  static const char *const skipped[] = {
      "seed",        "units",       "certificates",    "etcd.members",
      "etcd.health", "etcd.leader", "endpoint.holder", "endpoint.readyz"};
  struct fixture f;
  begin(&f, nodes_ha);
  change(&f, "m3", "m3 does not answer ssh: refused", NULL);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "reach", VERIFY_FAIL, "m3 does not answer ssh: refused");
  for (size_t i = 0; i < ARRAY_SIZE(skipped); i++)
    expect(&f, skipped[i], VERIFY_SKIP,
           "not known: 1 of the nodes it takes does not answer");
  assert_int_equal(verify_count(&f.checks, VERIFY_FAIL), 1);
  end(&f);
}

/* What the first one's silence must not hide. */
static const struct flaw faults_of_others[] = {
    {"w1", "\"errors\": []", "\"errors\": [7]", "seed", "w1: an error"},
    {"m2", "Id=kubelet.service\nLoadState=loaded\nActiveState=active",
     "Id=kubelet.service\nLoadState=loaded\nActiveState=failed", "units",
     "m2: kubelet.service has failed"},
    {"w1", "kubelet-client-current.pem", "other.pem", "certificates",
     "w1: the kubelet has no client certificate"},
    {"w1", "10.0.2.15/24", "192.168.4.20/24", "endpoint.holder",
     "w1 holds it and must not"},
    {"w1", "\n@section readyz\nok", "\n@section readyz\nno", "endpoint.readyz",
     "w1: no"},
    {"m3", "\"name\":\"m3\"", "\"name\":\"m4\"", "etcd.members",
     "as m3 sees it: m3 is no member"},
    {"m3", "{\"health\":\"true\"}", "curl: (7) refused", "etcd.health",
     "m3: curl: (7) refused"},
    {"m3", ",\"leader\":\"16118123708013471\"", "", "etcd.leader",
     "m3 knows no leader"},
};

static void test_silence_hides_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(faults_of_others); i++) {
    const struct flaw *fault = &faults_of_others[i];
    struct fixture f;
    begin(&f, nodes_ha);
    change(&f, "m1", "m1 does not answer ssh: refused", NULL);
    change(&f, fault->who, fault->from, fault->to);
    parts_verify(&f.plan, &f.facts, &f.checks);
    expect(&f, fault->id, VERIFY_FAIL, fault->part);
    assert_int_equal(verify_count(&f.checks, VERIFY_FAIL), 2);
    end(&f);
  }
}

/* Nobody was asked, so nothing is right. */
static void test_silent_cluster(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_ha);
  static const char *const all[] = {"m1", "m2", "m3", "w1", "cluster", "pods"};
  for (size_t i = 0; i < ARRAY_SIZE(all); i++)
    change(&f, all[i], "it is off", NULL);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "reach", VERIFY_FAIL, "it is off; it is off; it is off");
  expect(&f, "api", VERIFY_SKIP, "not known: 3 of the nodes it takes do not");
  expect(&f, "pods.reach", VERIFY_SKIP, "no API server answers");
  assert_int_equal(verify_count(&f.checks, VERIFY_FAIL), 1);
  assert_int_equal(verify_count(&f.checks, VERIFY_OK), 0);
  end(&f);
}

static void test_unregistered(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_ha);
  change(&f, "cluster", "\"metadata\":{\"name\":\"w1\"",
         "\"metadata\":{\"name\":\"w7\"");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "nodes.names", VERIFY_FAIL,
         "w1 is not registered; w7 is registered and not planned");
  expect(&f, "nodes.version", VERIFY_FAIL, "w1 is not registered");
  end(&f);
}

/* What several members see is told once. */
static void test_seen_by_all(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_ha);
  static const char *const all[] = {"m1", "m2", "m3"};
  for (size_t i = 0; i < ARRAY_SIZE(all); i++)
    change(&f, all[i], "\"name\":\"m3\"", "\"name\":\"m3\",\"isLearner\":true");
  parts_verify(&f.plan, &f.facts, &f.checks);
  assert_string_equal(find(&f, "etcd.members")->detail,
                      "as m1 sees it: m3 is a learner and does not vote");
  end(&f);
}

/* Of two things the worse one decides, and none hides the other. */
static void test_two_faults(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_ha);
  change(&f, "m2", ends_2027, ends_soon);
  change(&f, "w1", ends_2036, has_ended);
  change(&f, "pods", "reach-m1,m1,Running,10.244.0.7,",
         "reach-m1,m1,Pending,,");
  for (int i = 0; i < 2; i++) /* what m1 says, and what m2 says */
    change(&f, "pods", "10.244.3.7:2379\",\"health\":true",
           "10.244.3.7:2379\",\"health\":false,\"error\":\"late\"");
  /* kubectl's words around it are no fault. */
  change(&f, "pods", "@section reach reach-m3\n[",
         "@section reach reach-m3\nwarning: x\n[");
  change(&f, "pods", "]\n\n@section reach reach-w1",
         "]\nit has ended\n\n@section reach reach-w1");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "certificates", VERIFY_FAIL,
         "w1: /etc/kubernetes/pki/ca.crt ended on 2026-11-20");
  expect(&f, "pods.reach", VERIFY_FAIL, "");
  assert_string_equal(find(&f, "pods.reach")->detail,
                      "the pod on m1 is Pending; the pod on m2 does not reach "
                      "10.244.3.7 on w1: late");
  end(&f);
}

static void test_not_failures(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_ha);
  change(&f, "m2", ends_2027, ends_soon);
  change(&f, "cluster", "\"name\":\"coredns\"", "\"name\":\"other\"");
  change(&f, "cluster", "\"disk\":\"ssd\"}},\"spec\":{\"taints\":[",
         "\"disk\":\"ssd\"}},\"spec\":{\"taints\":[{\"key\":"
         "\"node.kubernetes.io/not-ready\",\"effect\":\"NoExecute\"},");
  f.facts.pods.skipped = xstrdup("--no-pods");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "certificates", VERIFY_WARN,
         "m2: /var/lib/kubelet/pki/kubelet-client-current.pem ends on "
         "2026-12-01, in 10 days");
  expect(&f, "dns", VERIFY_SKIP, "no deployment coredns");
  expect(&f, "pods.reach", VERIFY_SKIP, "--no-pods");
  expect(&f, "pods.dns", VERIFY_SKIP, "--no-pods");
  assert_int_equal(verify_count(&f.checks, VERIFY_FAIL), 0);
  end(&f);
}

/* Without CoreDNS no pod has asked it. */
static void test_no_dns(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, nodes_ha);
  change(&f, "cluster", "\"name\":\"coredns\"", "\"name\":\"other\"");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "pods.dns", VERIFY_SKIP, "no deployment coredns");
  expect(&f, "pods.reach", VERIFY_OK, "16 connections");
  end(&f);
}

/* kubeadm's taints changed their name over three versions. */
static void test_default_taints(void **state) {
  (void)state;
  static const struct {
    int minor;
    const char *detail;
  } cases[] = {
      {23, "1 node"},
      {24, "m: node-role.kubernetes.io/control-plane:NoSchedule is missing"},
      {25, "m: node-role.kubernetes.io/control-plane:NoSchedule is missing; "
           "m: node-role.kubernetes.io/master:NoSchedule is not planned"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    struct fixture f;
    begin(&f, "endpoint: {address: 192.168.4.20}\nnodes:\n"
              "- {name: m, role: control-plane, address: 192.168.4.31}\n");
    f.spec.kubernetes.version.minor = cases[i].minor;
    plan_done(&f.plan);
    assert_int_equal(parts_plan(&f.spec, &f.plan, &err), 0);
    parts_verify(&f.plan, &f.facts, &f.checks);
    assert_string_equal(find(&f, "nodes.taints")->detail, cases[i].detail);
    end(&f);
  }
}

/* Rubbish is judged and not believed; under the sanitizers above all. */
static void test_rubbish(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "@section ",
      "@section nodes\n{\"items\":[1,{},[],null]}\n@section pods\n"
      "{\"items\":[null]}\n@section deployments\n{\"items\":[]}\n"
      "@section services\n{\"items\":[{\"metadata\":3}]}",
      "@section units\n=\nId\n\n\n@section certificates\n@certificate \n"
      "@certificate x\n"
      "@section addresses\n@section etcd-members\n{\"members\":[{},1,\"\"]}",
      "@section etcd-members\n{\"members\":{}}\n@section etcd-status\n[]",
      "@section pods\n,\n,,,,,,,\nx,m1,Running,1.2.3.4\n@section reach x\n[{}]",
  };
  for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
    struct fixture f = {0};
    cluster_of(&f, nodes_haproxy);
    verify_facts_init(&f.facts, &f.plan, NOW);
    for (size_t k = 0; k < f.facts.n; k++)
      f.facts.node[k].text = xstrdup(texts[i]);
    f.facts.cluster.text = xstrdup(texts[i]);
    f.facts.pods.text = xstrdup(texts[i]);
    parts_verify(&f.plan, &f.facts, &f.checks);
    assert_true(verify_count(&f.checks, VERIFY_FAIL) > 5);
    end(&f);
  }
}

static void test_many_findings(void **state) {
  (void)state;
  struct fixture f = {0};
  cluster_of(&f, "endpoint: {address: 192.168.4.20}\nnodes:\n"
                 "- {name: 'm{1..3}', role: control-plane, address: "
                 "192.168.4.31+}\n"
                 "- {name: 'w{01..97}', role: worker, address: "
                 "192.168.4.100+}\n");
  verify_facts_init(&f.facts, &f.plan, NOW);
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect(&f, "reach", VERIFY_FAIL, "m3; w01; ");
  expect(&f, "reach", VERIFY_FAIL, "w09; and 88 more");
  end(&f);
}

/* Nodes are found by their names in any order: w10 sorts before w2. */
static void test_many_nodes(void **state) {
  (void)state;
  struct fixture f = {0};
  begin(&f, "endpoint: {address: 192.168.4.20}\nnodes:\n"
            "- {name: 'm{1..3}', role: control-plane, address: "
            "192.168.4.31+}\n"
            "- {name: 'w{1..120}', role: worker, address: 192.168.4.100+,\n"
            "   labels: {disk: ssd}, taints: ['gpu=yes:NoSchedule']}\n");
  parts_verify(&f.plan, &f.facts, &f.checks);
  expect_all_ok(&f);
  expect(&f, "nodes.names", VERIFY_OK, "123 nodes");
  expect(&f, "pods.reach", VERIFY_OK, "15129 connections");
  end(&f);
}

/* ---- Sections ---- */

static void test_sections(void **state) {
  (void)state;
  const struct verify_answer a = {
      .text = (char *)"greeting\n@section one\n\n1\n\n@section empty\n"
                      "@section two\n2 @section one\n22"};
  const struct verify_answer none = {0};
  static const struct {
    const char *name, *text;
  } cases[] = {{"one", "1"}, {"empty", ""}, {"two", "2 @section one\n22"}};
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_free_ char *text = verify_section(&a, cases[i].name);
    assert_non_null(text);
    assert_string_equal(text, cases[i].text);
  }
  assert_null(verify_section(&a, "tw"));
  assert_null(verify_section(&a, "three"));
  assert_null(verify_section(&none, "one"));
  const char *at = a.text;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_free_ char *name = NULL;
    _cleanup_free_ char *text = NULL;
    assert_true(verify_next_section(&at, &name, &text));
    assert_string_equal(name, cases[i].name);
    assert_string_equal(text, cases[i].text);
  }
  char *no_name = NULL, *no_text = NULL;
  assert_false(verify_next_section(&at, &no_name, &no_text));
}

/* ---- Gathering, with a fake ssh ---- */

struct ssh {
  char *dir;
  struct remote remote;
};

static void ssh_begin(struct ssh *s) {
  *s = (struct ssh){.dir = new_folder(),
                    .remote = {.config = "/nowhere", .timeout = 30}};
  assert_int_equal(setenv("FAKE_SSH_DIR", s->dir, 1), 0);
}

static void ssh_end(struct ssh *s) {
  _cleanup_error_ struct error err = {0};
  assert_int_equal(unsetenv("FAKE_SSH_DIR"), 0);
  assert_int_equal(file_remove_tree(s->dir, &err), 0);
  free(s->dir);
}

static void ssh_answer(const struct ssh *s, const char *node,
                       const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s.answer", s->dir, node);
  assert_int_equal(file_write(path, text, strlen(text), 0600, &err), 0);
}

static char *ssh_heard(const struct ssh *s, const char *node,
                       const char *what) {
  _cleanup_error_ struct error err = {0};
  struct buf b = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s.%s", s->dir, node, what);
  assert_int_equal(file_read(path, 100000, &b, &err), 0);
  return buf_take(&b);
}

static void expect_in(const char *text, const char *part, bool there) {
  if (!strstr(text, part) == there)
    fail_msg("'%s' should%s be in: %s", part, there ? "" : " not", text);
}

static void test_gather_nodes(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  struct fixture f = {0};
  struct ssh s;
  ssh_begin(&s);
  cluster_of(&f, nodes_haproxy);
  verify_facts_init(&f.facts, &f.plan, NOW);
  for (size_t i = 0; i < f.facts.n; i++)
    ssh_answer(&s, f.plan.nodes.v[i].name, f.plan.nodes.v[i].name);
  f.facts.node[1].error = xstrdup("it is off");
  assert_int_equal(
      verify_gather_nodes(&f.plan, &s.remote, "hu'sh", &f.facts, &err), 0);
  _cleanup_free_ char *unasked = xasprintf("%s/m2.argv", s.dir);
  assert_false(file_exists(unasked));
  for (size_t i = 0; i < f.facts.n; i++)
    if (i == 1)
      assert_string_equal(f.facts.node[i].error, "it is off");
    else
      assert_string_equal(f.facts.node[i].text, f.plan.nodes.v[i].name);
  _cleanup_free_ char *m1 = ssh_heard(&s, "m1", "script");
  _cleanup_free_ char *lb1 = ssh_heard(&s, "lb1", "script");
  _cleanup_free_ char *argv = ssh_heard(&s, "lb1", "argv");
  expect_in(m1, "UNITS='kubeseed-bootstrap.service ", true);
  expect_in(m1, "\nKUBELET='yes'\nETCD='static'\n", true);
  expect_in(m1, "hu'\\''sh", false);
  expect_in(lb1,
            "\nKUBELET=''\nETCD=''\nSTATS_PORT=32700\n"
            "STATS_SECRET='hu'\\''sh'\n",
            true);
  expect_in(lb1, "@section %s", true);
  expect_in(argv, "sh'", false);
  end(&f);
  ssh_end(&s);
}

/* The first control-plane node is dead, so the second one is asked. */
static void test_gather_cluster(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  struct fixture f = {0};
  struct ssh s;
  ssh_begin(&s);
  cluster_of(&f, "endpoint: {address: 192.168.4.20}\nnodes:\n"
                 "- {name: 'dead{1..2}', role: control-plane, address: "
                 "192.168.4.31+}\n"
                 "- {name: m3, role: control-plane, address: 192.168.4.33}\n");
  verify_facts_init(&f.facts, &f.plan, NOW);
  ssh_answer(&s, "m3", "hello");
  assert_int_equal(
      verify_gather_nodes(&f.plan, &s.remote, NULL, &f.facts, &err), 0);
  assert_null(f.facts.node[0].text);
  expect_in(f.facts.node[0].error, "dead1 does not answer ssh: ", true);
  verify_gather_cluster(&f.plan, &s.remote, &f.facts);
  assert_string_equal(f.facts.cluster.text, "hello");
  verify_gather_pods(&f.plan, &s.remote, &f.facts);
  assert_string_equal(f.facts.pods.text, "hello");
  _cleanup_free_ char *m3 = ssh_heard(&s, "m3", "script");
  expect_in(m3, "/api/v1/nodes", true);
  expect_in(m3, "IMAGE=kubeseed.internal/k8s/etcd:3.4.23\n", true);
  /* The names of other payloads' images are known to their kubeadm. */
  f.plan.image_repository = NULL;
  free(f.facts.pods.text);
  f.facts.pods.text = NULL;
  verify_gather_pods(&f.plan, &s.remote, &f.facts);
  _cleanup_free_ char *again = ssh_heard(&s, "m3", "script");
  expect_in(again, "IMAGE=\nWAIT=", true);
  end(&f);
  ssh_end(&s);
}

/* Of those that answered only the control plane's are asked, one after the
 * other until one has told; else what the first one said is the reason. */
static void test_gather_by_turns(void **state) {
  (void)state;
  struct fixture f = {0};
  struct ssh s;
  ssh_begin(&s);
  cluster_of(&f, "endpoint: {address: 192.168.4.20}\nnodes:\n"
                 "- {name: w1, role: worker, address: 192.168.4.41}\n"
                 "- {name: 'dead{1..2}', role: control-plane, address: "
                 "192.168.4.31+}\n"
                 "- {name: 'm{3..5}', role: control-plane, address: "
                 "192.168.4.33+}\n");
  verify_facts_init(&f.facts, &f.plan, NOW);
  for (size_t i = 0; i < f.facts.n; i++)
    f.facts.node[i].text = xstrdup("");
  ssh_answer(&s, "w1", "not me");
  ssh_answer(&s, "m3", "hello");
  ssh_answer(&s, "m4", "hello again");
  verify_gather_cluster(&f.plan, &s.remote, &f.facts);
  assert_string_equal(f.facts.cluster.text, "hello");
  _cleanup_free_ char *m4 = xasprintf("%s/m4.argv", s.dir);
  assert_false(file_exists(m4));
  f.plan.nodes.n = f.facts.n = 3;
  free(f.facts.cluster.text);
  f.facts.cluster.text = NULL;
  verify_gather_cluster(&f.plan, &s.remote, &f.facts);
  assert_null(f.facts.cluster.text);
  expect_in(f.facts.cluster.error, "dead1 does not answer ssh: ", true);
  f.plan.nodes.n = f.facts.n = 6;
  end(&f);
  ssh_end(&s);
}

static void test_gather_without_ssh(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  struct fixture f = {0};
  const struct remote r = {.config = "/nowhere", .timeout = 30};
  _cleanup_free_ char *path = xstrdup(getenv("PATH"));
  cluster_of(&f, nodes_ha);
  verify_facts_init(&f.facts, &f.plan, NOW);
  assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
  int result = verify_gather_nodes(&f.plan, &r, NULL, &f.facts, &err);
  assert_int_equal(setenv("PATH", path, 1), 0);
  assert_int_equal(result, -1);
  assert_int_equal(err.kind, ERROR_MISSING);
  end(&f);
}

static void test_gather_nothing(void **state) {
  (void)state;
  struct fixture f = {0};
  const struct remote r = {.config = "/nowhere", .timeout = 30};
  cluster_of(&f, nodes_ha);
  verify_facts_init(&f.facts, &f.plan, NOW);
  verify_gather_cluster(&f.plan, &r, &f.facts);
  expect_in(f.facts.cluster.error, "no control-plane node answers ssh", true);
  verify_gather_pods(&f.plan, &r, &f.facts);
  expect_in(f.facts.pods.error, "no API server answers", true);
  end(&f);
}

/* ---- Telling ---- */

static void three_checks(struct verify_check_vec *v) {
  *verify_check_vec_add(v) = (struct verify_check){
      "a.b", "all is <well>", VERIFY_OK, xstrdup("3 & more")};
  *verify_check_vec_add(v) = (struct verify_check){
      "c", "no \"evil\"", VERIFY_FAIL,
      xstrdup("]]> '<x>'\n\x1b[31m \xff \xef\xbf\xbf \xc3\xa4")};
  *verify_check_vec_add(v) = (struct verify_check){
      "d", "not asked", VERIFY_SKIP, xstrdup("--no-pods")};
}

static void test_junit(void **state) {
  (void)state;
  _cleanup_verify_checks_ struct verify_check_vec v = {0};
  _cleanup_buf_ struct buf b = {0};
  three_checks(&v);
  verify_junit(&v, "de&mo", 1.5, &b);
  assert_string_equal(
      b.data,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites>\n"
      "  <testsuite name=\"kubeseed verify de&#38;mo\" tests=\"3\" "
      "failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.500\">\n"
      "    <testcase classname=\"kubeseed.de&#38;mo\" name=\"a.b: all is "
      "&#60;well&#62;\">\n"
      "      <system-out>ok: 3 &#38; more</system-out>\n"
      "    </testcase>\n"
      "    <testcase classname=\"kubeseed.de&#38;mo\" name=\"c: no "
      "&#34;evil&#34;\">\n"
      "      <failure message=\"]]&#62; &#39;&#60;x&#62;&#39;&#10;?[31m ? ? "
      "\xc3\xa4\"/>\n"
      "    </testcase>\n"
      "    <testcase classname=\"kubeseed.de&#38;mo\" name=\"d: not "
      "asked\">\n"
      "      <skipped message=\"--no-pods\"/>\n"
      "    </testcase>\n"
      "  </testsuite>\n"
      "</testsuites>\n");
}

static void test_json(void **state) {
  (void)state;
  _cleanup_verify_checks_ struct verify_check_vec v = {0};
  three_checks(&v);
  json_t *j = verify_json(&v, "demo");
  assert_non_null(j);
  const char *detail, *name;
  int ok, checks, failed, first_ok;
  assert_int_equal(json_unpack(j,
                               "{s:s, s:b, s:{s:i, s:i}, s:[{s:b}, {s:s}, {}]}",
                               "cluster", &name, "ok", &ok, "summary", "checks",
                               &checks, "failed", &failed, "checks", "ok",
                               &first_ok, "detail", &detail),
                   0);
  assert_string_equal(name, "demo");
  assert_false(ok);
  assert_int_equal(checks, 3);
  assert_int_equal(failed, 1);
  assert_true(first_ok);
  assert_string_equal(detail, "]]> '<x>'\n\x1b[31m ? \xef\xbf\xbf \xc3\xa4");
  json_decref(j);
}

/* Not everything that is told is a failure. */
static void test_json_counts(void **state) {
  (void)state;
  for (int failed = 0; failed < 2; failed++) {
    _cleanup_verify_checks_ struct verify_check_vec v = {0};
    _cleanup_buf_ struct buf xml = {0};
    static const enum verify_state states[] = {
        VERIFY_OK,   VERIFY_WARN, VERIFY_WARN, VERIFY_SKIP,
        VERIFY_SKIP, VERIFY_SKIP, VERIFY_FAIL};
    for (size_t i = 0; i < ARRAY_SIZE(states) - 1 + (size_t)failed; i++)
      *verify_check_vec_add(&v) =
          (struct verify_check){"x", "y", states[i], xstrdup("z")};
    json_t *j = verify_json(&v, "demo");
    json_t *wanted =
        json_pack("{s:i, s:i, s:i, s:i, s:i}", "checks", 6 + failed, "ok", 1,
                  "warned", 2, "failed", failed, "skipped", 3);
    assert_true(json_equal(json_object_get(j, "summary"), wanted));
    assert_int_equal(json_is_true(json_object_get(j, "ok")), !failed);
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(j, "checks"), i, one)
        assert_int_equal(json_is_true(json_object_get(one, "ok")), i != 6);
    json_decref(wanted);
    json_decref(j);
    verify_junit(&v, "demo", 1, &xml);
    expect_in(xml.data,
              failed ? "tests=\"7\" failures=\"1\" errors=\"0\" skipped=\"3\""
                     : "tests=\"6\" failures=\"0\" errors=\"0\" skipped=\"3\"",
              true);
    expect_in(xml.data, "<system-out>warn: z", true);
  }
}

static void test_print(void **state) {
  (void)state;
  _cleanup_verify_checks_ struct verify_check_vec v = {0};
  char *text = NULL;
  size_t len = 0;
  three_checks(&v);
  FILE *out = open_memstream(&text, &len);
  verify_print(&v, out);
  assert_int_equal(fclose(out), 0);
  assert_string_equal(text, "ok    all is <well>: 3 & more\n"
                            "FAIL  no \"evil\": ]]> '<x>'  [31m ? "
                            "\xef\xbf\xbf \xc3\xa4\n"
                            "skip  not asked: --no-pods\n");
  free(text);
}

static int setup(void **state) {
  (void)state;
  _cleanup_free_ char *here = realpath("tests/bin", NULL);
  if (!here)
    return -1;
  (void)signal(SIGPIPE, SIG_IGN);
  make_certs();
  _cleanup_free_ char *path = xasprintf("%s:%s", here, getenv("PATH"));
  return setenv("PATH", path, 1);
}

static int teardown(void **state) {
  (void)state;
  char *const all[] = {ends_2036,     ends_2028, ends_2027,
                       in_kubeconfig, ends_soon, has_ended};
  for (size_t i = 0; i < ARRAY_SIZE(all); i++)
    free(all[i]);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_well),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_shaky_server),
      cmocka_unit_test(test_leftover),
      cmocka_unit_test(test_many_soon),
      cmocka_unit_test(test_pod_in_trouble),
      cmocka_unit_test(test_encryption),
      cmocka_unit_test(test_addons),
      cmocka_unit_test(test_silent_node),
      cmocka_unit_test(test_silence_hides_nothing),
      cmocka_unit_test(test_silent_cluster),
      cmocka_unit_test(test_unregistered),
      cmocka_unit_test(test_seen_by_all),
      cmocka_unit_test(test_two_faults),
      cmocka_unit_test(test_not_failures),
      cmocka_unit_test(test_no_dns),
      cmocka_unit_test(test_default_taints),
      cmocka_unit_test(test_rubbish),
      cmocka_unit_test(test_many_findings),
      cmocka_unit_test(test_many_nodes),
      cmocka_unit_test(test_sections),
      cmocka_unit_test(test_gather_nodes),
      cmocka_unit_test(test_gather_cluster),
      cmocka_unit_test(test_gather_nothing),
      cmocka_unit_test(test_gather_by_turns),
      cmocka_unit_test(test_gather_without_ssh),
      cmocka_unit_test(test_junit),
      cmocka_unit_test(test_json),
      cmocka_unit_test(test_json_counts),
      cmocka_unit_test(test_print),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
