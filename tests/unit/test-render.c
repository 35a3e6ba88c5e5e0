/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds for every seed; how each one reads is in tests/golden. */
#include "base/codec.h"
#include "base/file.h"
#include "format/yaml.h"
#include "part/parts.h"
#include "seed/render.h"
#include "spec/sources.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const time_t NOW = 1750000000; /* 2025-06-15 */

/* A cluster up to its renderer; not to be moved. */
struct fixture {
  struct spec spec;
  struct plan plan;
  struct pki pki;
  struct render *render;
};

static void ok(int r, const struct error *err) {
  error_print(err, "test", stderr);
  assert_int_equal(r, 0);
}

#define HEADER                                                                 \
  "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"                       \
  "kubernetes: {version: 1.34.2}\n"
#define NETWORK "network: {subnet: 192.168.4.0/24, domain: kube.demo}\n"
/* A public key; nobody has the other half. */
#define KEY                                                                    \
  "ssh-ed25519 "                                                               \
  "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
#define THREE "nodes: [{name: \"m{1..3}\"}]\n"

static void open_fixture(const char *text, struct fixture *f) {
  _cleanup_error_ struct error err = {0};
  ok(parts_read_spec("t.yaml", text, strlen(text), &f->spec, &err), &err);
  ok(parts_plan(&f->spec, &f->plan, &err), &err);
  ok(pki_make(&f->plan, NULL, NOW, &f->pki, &err), &err);
  ok(render_new(&f->plan, &f->pki, NOW, NULL, &f->render, &err), &err);
}

static void fixture_done(struct fixture *f) {
  render_free(f->render);
  pki_done(&f->pki);
  plan_done(&f->plan);
  spec_done(&f->spec);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static void seed_of(const struct fixture *f, size_t i, struct seed *ret) {
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_node_ struct pki_node keys = {0};
  const struct plan_node *n = &f->plan.nodes.v[i];
  ok(pki_node_make(&f->pki, &f->plan, n, NULL, NOW, &keys, &err), &err);
  ok(render_node(f->render, n, &keys, ret, &err), &err);
}

static struct yaml_node *parse(const struct buf *b) {
  _cleanup_error_ struct error err = {0};
  struct yaml_node *root = NULL;
  ok(yaml_parse("seed", b->data, b->len, &root, &err), &err);
  return root;
}

static const char *text_of(const struct yaml_node *map, const char *key) {
  const struct yaml_node *n = yaml_get(map, key);
  assert_non_null(n);
  return n->text;
}

static void test_meta_data(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_seed_ struct seed s = {0};
  open_fixture(HEADER NETWORK THREE, &f);
  seed_of(&f, 1, &s);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.meta_data);
  assert_int_equal(root->n, 3);
  const char *base = f.plan.nodes.v[1].instance_id;
  assert_memory_equal(text_of(root, "instance-id"), base, strlen(base));
  assert_string_equal(text_of(root, "local-hostname"), "m2");
  assert_string_equal(text_of(root, "dsmode"), "local");
}

/* cloud-init reads a seed anew when, and only when, something in it differs. */
static void test_instance_id(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_node_ struct pki_node keys = {0};
  _cleanup_seed_ struct seed s = {0};
  _cleanup_seed_ struct seed again = {0};
  _cleanup_seed_ struct seed other = {0};
  open_fixture(HEADER NETWORK THREE, &f);
  struct plan_node *n = &f.plan.nodes.v[1];
  ok(pki_node_make(&f.pki, &f.plan, n, NULL, NOW, &keys, &err), &err);
  ok(render_node(f.render, n, &keys, &s, &err), &err);
  ok(render_node(f.render, n, &keys, &again, &err), &err);
  n->interfaces.v[0].mac.b[5] ^= 1;
  ok(render_node(f.render, n, &keys, &other, &err), &err);
  assert_string_equal(s.meta_data.data, again.meta_data.data);
  assert_string_not_equal(s.meta_data.data, other.meta_data.data);
}

/* Sharing saves time and nothing else: whoever was first, and with a role or a
 * label of which the others have none. */
static void test_sharing_changes_nothing(void **state) {
  (void)state;
  static const char text[] = HEADER NETWORK
      "nodes: [{name: \"m{1..3}\"}, {name: \"w{1..2}\", role: worker},\n"
      "  {name: w3, role: worker, labels: {a: b}, address: 192.168.4.99}]\n";
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_error_ struct error err = {0};
  open_fixture(text, &f);
  struct seed alone[6];
  struct pki_node keys[6] = {0};
  assert_int_equal(f.plan.nodes.n, ARRAY_SIZE(alone));
  for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
    const struct plan_node *n = &f.plan.nodes.v[i];
    ok(pki_node_make(&f.pki, &f.plan, n, NULL, NOW, &keys[i], &err), &err);
    ok(render_node(f.render, n, &keys[i], &alone[i], &err), &err);
  }
  for (size_t first = 0; first < ARRAY_SIZE(alone); first++) {
    _cleanup_render_ struct render *r = NULL;
    ok(render_new(&f.plan, &f.pki, NOW, NULL, &r, &err), &err);
    for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
      ok(render_share(r, &f.plan.nodes.v[(first + i) % ARRAY_SIZE(alone)],
                      &err),
         &err);
    for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
      _cleanup_seed_ struct seed s = {0};
      ok(render_node(r, &f.plan.nodes.v[i], &keys[i], &s, &err), &err);
      assert_string_equal(s.user_data.data, alone[i].user_data.data);
      assert_string_equal(s.meta_data.data, alone[i].meta_data.data);
    }
  }
  for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
    seed_done(&alone[i]);
    pki_node_done(&keys[i]);
  }
}

/* The card is found by its MAC; the other nodes' pods are behind them. */
static void test_network_config(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_seed_ struct seed s = {0};
  char mac[NET_TEXT];
  open_fixture(HEADER NETWORK THREE, &f);
  seed_of(&f, 1, &s);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.network_config);
  assert_string_equal(text_of(root, "version"), "2");
  const struct yaml_node *card = yaml_get(yaml_get(root, "ethernets"), "kube0");
  assert_string_equal(text_of(yaml_get(card, "match"), "macaddress"),
                      mac_format(&f.plan.nodes.v[1].interfaces.v[0].mac, mac));
  assert_string_equal(yaml_get(card, "addresses")->child[0]->text,
                      "192.168.4.32/24");
  static const char *const routes[][2] = {
      {"0.0.0.0/0", "192.168.4.1"},
      {"10.244.0.0/24", "192.168.4.31"},
      {"10.244.2.0/24", "192.168.4.33"},
  };
  const struct yaml_node *list = yaml_get(card, "routes");
  assert_int_equal(list->n, ARRAY_SIZE(routes));
  for (size_t i = 0; i < list->n; i++) {
    assert_string_equal(text_of(list->child[i], "to"), routes[i][0]);
    assert_string_equal(text_of(list->child[i], "via"), routes[i][1]);
  }
}

static const char *content_of(const struct yaml_node *root, const char *path) {
  const struct yaml_node *files = yaml_get(root, "write_files");
  for (size_t i = 0; i < files->n; i++)
    if (strcmp(text_of(files->child[i], "path"), path) == 0)
      return text_of(files->child[i], "content");
  fail_msg("no file %s", path);
  return NULL;
}

/* A second card needs a second member of the list and nothing else. */
static void test_two_cards(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_seed_ struct seed s = {0};
  open_fixture(HEADER NETWORK THREE, &f);
  struct plan_node *n = &f.plan.nodes.v[1];
  *plan_interface_vec_add(&n->interfaces) = (struct plan_interface){
      .name = xstrdup("kube1"),
      .link = xstrdup("/etc/systemd/network/10-kube1.link"),
      .mac = {{2, 0, 0, 0, 0, 1}},
      .address = {IP_V4, {10, 1, 2, 3}},
      .bits = 16,
  };
  plan_file_vec_add(&n->files)->path = n->interfaces.v[1].link;
  struct plan_file *link = &n->files.v[n->files.n - 1];
  link->source = "user-data/interface.link";
  link->owner = "root:root";
  seed_of(&f, 1, &s);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.network_config);
  const struct yaml_node *cards = yaml_get(root, "ethernets");
  assert_int_equal(cards->n, 2);
  assert_int_equal(yaml_get(yaml_get(cards, "kube0"), "routes")->n, 3);
  const struct yaml_node *second = yaml_get(cards, "kube1");
  assert_string_equal(text_of(yaml_get(second, "match"), "macaddress"),
                      "02:00:00:00:00:01");
  assert_string_equal(text_of(second, "set-name"), "kube1");
  assert_string_equal(yaml_get(second, "addresses")->child[0]->text,
                      "10.1.2.3/16");
  assert_null(yaml_get(second, "routes"));
  _cleanup_yaml_ struct yaml_node *user = parse(&s.user_data);
  assert_non_null(strstr(content_of(user, link->path),
                         "MACAddress=02:00:00:00:00:01\nType=ether\n\n"
                         "[Link]\nName=kube1\n"));
  assert_non_null(
      strstr(content_of(user, n->interfaces.v[0].link), "\nName=kube0\n"));
  assert_non_null(
      strstr(content_of(user, "/etc/kubeseed/node.env"), "INTERFACE='kube0'"));
}

/* Whoever may hold the endpoint's address may answer with any of its cards. */
static void test_other_macs(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_seed_ struct seed s = {0};
  open_fixture(HEADER
               "network: {subnet: 192.168.4.0/24, domain: kube.demo,\n"
               "  interfaces: [{name: san, mac: 52:54:00:00:00:01+}]}\n" THREE,
               &f);
  seed_of(&f, 1, &s);
  _cleanup_yaml_ struct yaml_node *user = parse(&s.user_data);
  assert_non_null(strstr(content_of(user, "/etc/kubeseed/node.env"),
                         "\nVIP_OTHER_MACS=' 52:54:00:00:00:01 "
                         "52:54:00:00:00:02 52:54:00:00:00:03'\n"));
}

/* One that is too long to be parsed each time is made like the others. */
static void test_many_routes(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_seed_ struct seed s = {0};
  open_fixture(HEADER
               "network: {subnet: 10.1.0.0/16, pods: 10.128.0.0/9}\n"
               "nodes: [{name: m1}, {name: \"w{1..300}\", role: worker}]\n",
               &f);
  seed_of(&f, 150, &s);
  assert_true(s.network_config.len > RENDER_NETWORK_CHECKED);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.network_config);
  const struct yaml_node *card = yaml_get(yaml_get(root, "ethernets"), "kube0");
  const struct yaml_node *list = yaml_get(card, "routes");
  assert_int_equal(list->n, 301);
  for (size_t i = 0; i < list->n; i++)
    assert_int_equal(list->child[i]->n, 2);
}

/* What would not be read by cloud-init is not written. */
static void test_network_config_is_parsed(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_pki_node_ struct pki_node keys = {0};
  _cleanup_seed_ struct seed s = {0};
  open_fixture(HEADER NETWORK THREE, &f);
  struct plan_node *n = &f.plan.nodes.v[1];
  free(n->interfaces.v[0].name);
  n->interfaces.v[0].name = xstrdup("kube0: [");
  ok(pki_node_make(&f.pki, &f.plan, n, NULL, NOW, &keys, &err), &err);
  assert_int_equal(render_node(f.render, n, &keys, &s, &err), -1);
  assert_non_null(strstr(err.faults[0].where, "user-data/network-config:"));
}

/* The workstation's own key opens the first user, the spec's open theirs. */
static void test_users(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_seed_ struct seed s = {0};
  open_fixture(HEADER NETWORK "users: [{name: a, sshKeys: [" KEY " 1, " KEY
                              " 2]}, {name: b}]\n" THREE,
               &f);
  seed_of(&f, 0, &s);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.user_data);
  const struct yaml_node *users = yaml_get(root, "users");
  assert_int_equal(users->n, 2);
  const struct yaml_node *keys =
      yaml_get(users->child[0], "ssh_authorized_keys");
  assert_int_equal(keys->n, 3);
  assert_memory_equal(keys->child[0]->text, "ssh-ed25519 ", 12);
  assert_string_equal(keys->child[2]->text, KEY " 2");
  /* cloud-init's schema allows no empty list. */
  assert_null(yaml_get(users->child[1], "ssh_authorized_keys"));
  assert_string_equal(text_of(users->child[1], "lock_passwd"), "true");
}

/* No value of a spec breaks out of its field, in YAML, shell or templates. */
static void test_no_value_breaks_out(void **state) {
  (void)state;
  static const char *const hostile[] = {
      "a: b",     "#",      "- x",    "{{ token }}", "\\\"'`$(reboot)",
      "*alias",   "!!bool", "%TAG",   "'\\n'",       "] }",
      "yes",      "null",   "0x10",   "\\u00e4",     "| >",
      "\\ta\\tb", "@",      "a,b=c;", "&anchor",     "? key",
  };
  for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf quoted = {0};
    _cleanup_free_ char *line = xasprintf(KEY " %s", hostile[i]);
    _cleanup_yaml_ struct yaml_node *value = yaml_new_str(line);
    ok(yaml_emit(value, &quoted, &err), &err);
    quoted.data[strcspn(quoted.data, "\n")] = '\0';
    _cleanup_free_ char *text =
        xasprintf(HEADER NETWORK
                  "users:\n  - name: debian\n    sshKeys:\n      - %s\n" THREE,
                  quoted.data);
    _cleanup_fixture_ struct fixture f = {0};
    _cleanup_seed_ struct seed s = {0};
    open_fixture(text, &f);
    seed_of(&f, 0, &s);
    _cleanup_yaml_ struct yaml_node *root = parse(&s.user_data);
    const struct yaml_node *user = yaml_get(root, "users")->child[0];
    assert_string_equal(yaml_get(user, "ssh_authorized_keys")->child[1]->text,
                        line);
    assert_int_equal(yaml_get(root, "write_files")->n,
                     f.plan.nodes.v[0].files.n);
  }
}

static const struct yaml_node *entry_of(const struct yaml_node *root,
                                        const char *path) {
  const struct yaml_node *files = yaml_get(root, "write_files");
  for (size_t i = 0; i < files->n; i++)
    if (strcmp(text_of(files->child[i], "path"), path) == 0)
      return files->child[i];
  return NULL;
}

static const char *file_of(const struct yaml_node *root, const char *path) {
  const struct yaml_node *entry = entry_of(root, path);
  return entry ? text_of(entry, "content") : NULL;
}

/* Taints and labels reach kubelet as they were written. */
static void test_labels_and_taints(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  open_fixture(HEADER NETWORK
               "nodes:\n"
               "  - {name: \"m{1..3}\", taints: []}\n"
               "  - {name: w1, role: worker, labels: {a: b, c: d},\n"
               "     taints: [\"k=v:NoSchedule\", \"x:NoExecute\"]}\n"
               "  - {name: w2, role: worker}\n",
               &f);
  static const struct {
    size_t node;
    const char *text;
    bool there;
  } rows[] = {
      {0, "  taints: []\n", true},
      {3, "value: \"a=b,c=d\"\n", true},
      {3, "  - key: \"k\"\n    value: \"v\"\n    effect: NoSchedule\n", true},
      {3, "  - key: \"x\"\n    value: \"\"\n    effect: NoExecute\n", true},
      {4, "taints:", false},
      {4, "node-labels", false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_seed_ struct seed s = {0};
    seed_of(&f, rows[i].node, &s);
    _cleanup_yaml_ struct yaml_node *root = parse(&s.user_data);
    const char *join = file_of(root, "/etc/kubeseed/kubeadm-join.yaml");
    assert_non_null(join);
    assert_int_equal(strstr(join, rows[i].text) != NULL, rows[i].there);
  }
}

static void test_admin_conf(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_buf_ struct buf conf = {0};
  open_fixture(HEADER NETWORK THREE, &f);
  const struct kubeconfig_context contexts[] = {
      {"demo", "https://127.0.0.1:16443"},
      {"demo-m2", "https://127.0.0.1:16444"},
  };
  ok(render_admin_conf(f.render, "demo-admin", contexts, 2, &conf, &err), &err);
  _cleanup_yaml_ struct yaml_node *root = parse(&conf);
  assert_string_equal(text_of(root, "current-context"), "demo");
  assert_int_equal(yaml_get(root, "clusters")->n, 2);
  assert_int_equal(yaml_get(root, "contexts")->n, 2);
  const struct yaml_node *cluster =
      yaml_get(yaml_get(root, "clusters")->child[1], "cluster");
  assert_string_equal(text_of(cluster, "server"), contexts[1].server);
  const struct yaml_node *user =
      yaml_get(yaml_get(root, "users")->child[0], "user");
  /* "-----BEGIN" in base64. */
  assert_memory_equal(text_of(user, "client-key-data"), "LS0tLS1CRUdJTi", 14);
}

/* A key that the plan asks for and nobody has is an error that names it. */
static void test_missing_key(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_fixture_ struct fixture f = {0};
  open_fixture(HEADER NETWORK THREE, &f);
  const struct pki_node none = {0};
  struct seed s = {0};
  assert_int_equal(render_node(f.render, &f.plan.nodes.v[0], &none, &s, &err),
                   -1);
  assert_non_null(strstr(err.faults[0].msg, "node 'm1': there is no key "
                                            "'node/ssh_host_ed25519_key'"));
  assert_null(s.user_data.data);
}

static void expect_file(const struct fixture *f, size_t node, const char *path,
                        const char *content, const char *mode,
                        const char *owner) {
  _cleanup_seed_ struct seed s = {0};
  seed_of(f, node, &s);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.user_data);
  const struct yaml_node *file = entry_of(root, path);
  assert_non_null(file);
  assert_string_equal(text_of(file, "content"), content);
  assert_string_equal(text_of(file, "permissions"), mode);
  assert_string_equal(text_of(file, "owner"), owner);
}

/* What the spec adds to a node, and an entry's own instead. */
static void test_extras(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  open_fixture(
      HEADER NETWORK
      "files: [{path: /etc/motd, content: \"all {{ node }}\\n\"},\n"
      "  {path: /etc/empty, content: ~}]\n"
      "sysctls: {kernel.panic: 1, kernel.panic_on_oops: 1}\n"
      "modules: [nbd]\n"
      "commands: {before: [\"echo a\"], after: [\"echo \\\"b\\\"\"]}\n"
      "nodes:\n"
      "  - name: m{1..2}\n"
      "    modules: [nfs, nbd]\n"
      "  - {name: m3, files: [{path: /etc/motd, content: own,\n"
      "     mode: 0600, owner: \"root:adm\"}],\n"
      "     sysctls: {kernel.panic: 9}, commands: {before: [c, echo a]}}\n",
      &f);
  static const char all[] = "all {{ node }}\n";
  expect_file(&f, 1, "/etc/motd", all, "0644", "root:root");
  expect_file(&f, 2, "/etc/motd", "own", "0600", "root:adm");
  expect_file(&f, 2, "/etc/empty", "", "0644", "root:root");
  expect_file(&f, 1, "/etc/sysctl.d/95-spec.conf",
              "# The sysctls of the spec.\nkernel.panic=1\n"
              "kernel.panic_on_oops=1\n",
              "0644", "root:root");
  expect_file(&f, 2, "/etc/sysctl.d/95-spec.conf",
              "# The sysctls of the spec.\nkernel.panic=9\n"
              "kernel.panic_on_oops=1\n",
              "0644", "root:root");
  expect_file(&f, 1, "/etc/modules-load.d/spec.conf",
              "# The modules of the spec.\nnbd\nnfs\n", "0644", "root:root");
  expect_file(&f, 2, "/usr/lib/kubeseed/commands-before",
              "# The spec's commands.before; the step commands-before runs "
              "them.\necho a\nc\necho a\n",
              "0600", "root:root");
  expect_file(&f, 1, "/usr/lib/kubeseed/commands-after",
              "# The spec's commands.after; the step commands-after runs "
              "them.\necho \"b\"\n",
              "0600", "root:root");
}

/* The lines of kubeadm's configuration, or the lack of them. */
static void expect_kubeadm(const char *text, const char *want,
                           const char *never) {
  _cleanup_fixture_ struct fixture f = {0};
  open_fixture(text, &f);
  _cleanup_seed_ struct seed s = {0};
  seed_of(&f, 0, &s);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.user_data);
  const char *config =
      text_of(entry_of(root, "/etc/kubeseed/kubeadm.yaml"), "content");
  if (!strstr(config, want) || strstr(config, never))
    fail_msg("expected '%s' and no '%s': %s", want, never, config);
}

/* What kubeadm is told, and what it would do by itself. */
static void test_validity(void **state) {
  (void)state;
  static const char ca[] = "caCertificateValidityPeriod";
  static const char leaf[] = "\ncertificateValidityPeriod: 2160h0m0s\n";
  expect_kubeadm(HEADER NETWORK THREE, "---", "alidityPeriod");
  expect_kubeadm(HEADER NETWORK THREE "pki: {validity: {ca: 20y, leaf: 90d}}\n",
                 leaf, ca);
  expect_kubeadm(HEADER NETWORK THREE
                 "etcd: {mode: stacked}\n"
                 "pki: {mode: copied, validity: {ca: 10y, leaf: 90d}}\n",
                 leaf, ca);
  expect_kubeadm(
      HEADER NETWORK THREE "etcd: {mode: stacked}\n"
                           "pki: {mode: copied, validity: {ca: 20y}}\n",
      "\ncaCertificateValidityPeriod: 175200h0m0s\n", "\ncertificateValidity");
}

/* All nodes', the role's, the entry's: lists one behind the other, and of what
 * has a name the narrowest. */
static void test_roles(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  open_fixture(
      HEADER NETWORK
      "files: [{path: /etc/motd, content: all}, {path: /etc/x, content: all}]\n"
      "sysctls: {kernel.panic: 1, kernel.panic_on_oops: 1}\n"
      "modules: [nbd]\n"
      "commands: {before: [all]}\n"
      "annotations: {rack: a, note: \"x \\\"y\\\" {{ node }}\"}\n"
      "roles:\n"
      "  - {role: worker, files: [{path: /etc/motd, content: worker}]}\n"
      "  - role: control-plane\n"
      "    files: [{path: /etc/motd, content: role}]\n"
      "    sysctls: {kernel.panic: 2}\n"
      "    modules: [nfs]\n"
      "    commands: {before: [role]}\n"
      "    annotations: {rack: b}\n"
      "nodes:\n"
      "  - {name: m1, sysctls: {kernel.panic: 3}, commands: {before: [own]},\n"
      "     annotations: {rack: c}}\n"
      "  - name: m{2..3}\n"
      "  - {name: w1, role: worker}\n",
      &f);
  expect_file(&f, 0, "/etc/motd", "role", "0644", "root:root");
  expect_file(&f, 0, "/etc/x", "all", "0644", "root:root");
  expect_file(&f, 3, "/etc/motd", "worker", "0644", "root:root");
  expect_file(&f, 0, "/etc/sysctl.d/95-spec.conf",
              "# The sysctls of the spec.\nkernel.panic=3\n"
              "kernel.panic_on_oops=1\n",
              "0644", "root:root");
  expect_file(&f, 1, "/etc/sysctl.d/95-spec.conf",
              "# The sysctls of the spec.\nkernel.panic=2\n"
              "kernel.panic_on_oops=1\n",
              "0644", "root:root");
  expect_file(&f, 1, "/etc/modules-load.d/spec.conf",
              "# The modules of the spec.\nnbd\nnfs\n", "0644", "root:root");
  expect_file(&f, 0, "/usr/lib/kubeseed/commands-before",
              "# The spec's commands.before; the step commands-before runs "
              "them.\nall\nrole\nown\n",
              "0600", "root:root");
  expect_file(&f, 0, "/usr/lib/kubeseed/annotations.json",
              "{\"metadata\":{\"annotations\":{\"rack\":\"c\","
              "\"note\":\"x \\\"y\\\" {{ node }}\"}}}\n",
              "0644", "root:root");
  expect_file(&f, 3, "/usr/lib/kubeseed/annotations.json",
              "{\"metadata\":{\"annotations\":{\"rack\":\"a\","
              "\"note\":\"x \\\"y\\\" {{ node }}\"}}}\n",
              "0644", "root:root");
}

/* What the proxy is not asked for, and what a unit takes for a specifier. */
static void test_proxy(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  open_fixture("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
               "kubernetes: {version: 1.34.2, clusterDomain: k8s.local}\n"
               "network: {subnet: 192.168.4.0/24, domain: kube.demo,\n"
               "  ipv6: {subnet: \"fd00:4::/64\", pods: \"fd00:10:244::/56\",\n"
               "    services: \"fd00:10:96::/112\"}}\n"
               "proxy: {https: \"http://p%20:1\", noProxy: [.example.org]}\n"
               "nodes: [{name: \"m{1..3}\"}]\n",
               &f);
#define NO_PROXY                                                               \
  "localhost,127.0.0.0/8,::1,192.168.4.0/24,10.244.0.0/16,10.96.0.0/12,"       \
  "fd00:4::/64,fd00:10:244::/56,fd00:10:96::/112,api.kube.demo,.kube.demo,"    \
  ".svc,.k8s.local,.example.org"
  expect_file(&f, 0, "/usr/lib/kubeseed/environment",
              "https_proxy=http://p%20:1\nno_proxy=" NO_PROXY
              "\nHTTPS_PROXY=http://p%20:1\nNO_PROXY=" NO_PROXY "\n",
              "0644", "root:root");
  expect_file(&f, 0,
              "/etc/systemd/system/containerd.service.d/kubeseed-proxy.conf",
              "# The spec's proxy, and what is reached without it.\n[Service]\n"
              "Environment=\"https_proxy=http://p%%20:1\"\n"
              "Environment=\"no_proxy=" NO_PROXY
              "\"\nEnvironment=\"HTTPS_PROXY=http://p%%20:1\"\n"
              "Environment=\"NO_PROXY=" NO_PROXY "\"\n",
              "0644", "root:root");
  expect_file(&f, 0, "/etc/apt/apt.conf.d/95kubeseed-proxy",
              "// The spec's proxy.\nAcquire::https::Proxy "
              "\"http://p%20:1\";\n",
              "0644", "root:root");
}

/* Each with what is for all before what is a node's own. */
static void test_node_keys(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  open_fixture(HEADER NETWORK
               "kernelArguments: [hugepages=64, quiet]\n"
               "locale: de_DE.UTF-8\nkeyboard: de\n"
               "disks: [{name: a, mount: /srv}, {name: b, mount: /data}]\n"
               "nodes:\n  - name: m{1..2}\n"
               "  - {name: m3, kernelArguments: [quiet, a=b],\n"
               "     locale: fr_FR.UTF-8, keyboard: \"ch:fr\",\n"
               "     disks: [{name: a, mount: /var/lib/etcd,\n"
               "       device: /dev/disk/by-id/x}]}\n",
               &f);
  expect_file(&f, 0, "/usr/lib/kubeseed/kernel-arguments",
              "hugepages=64 quiet\n", "0644", "root:root");
  expect_file(&f, 2, "/usr/lib/kubeseed/kernel-arguments",
              "hugepages=64 quiet a=b\n", "0644", "root:root");
  expect_file(&f, 0, "/etc/default/locale", "LANG=de_DE.UTF-8\n", "0644",
              "root:root");
  expect_file(&f, 2, "/etc/default/locale", "LANG=fr_FR.UTF-8\n", "0644",
              "root:root");
  expect_file(&f, 2, "/etc/default/keyboard",
              "# keyboard(5): the spec's keyboard.\nXKBMODEL=\"pc105\"\n"
              "XKBLAYOUT=\"ch\"\nXKBVARIANT=\"fr\"\nXKBOPTIONS=\"\"\n"
              "BACKSPACE=\"guess\"\n",
              "0644", "root:root");
  expect_file(&f, 2, "/etc/systemd/system/etcd.service.d/kubeseed-disks.conf",
              "# Without the spec's disks it would begin anew on the root's.\n"
              "[Unit]\nRequiresMountsFor=/var/lib/etcd /data \n",
              "0644", "root:root");
}

/* Each addition alone brings what it takes. */
static void test_extras_alone(void **state) {
  (void)state;
  static const struct {
    const char *spec, *step;
  } cases[] = {
      {"modules: [nfs]\n", "settings"},
      {"sysctls: {kernel.panic: 1}\n", "settings"},
      {"commands: {before: [a]}\n", "commands-before"},
      {"commands: {after: [a]}\n", "commands-after"},
      {"annotations: {a: b}\n", "annotations"},
      {"files: [{path: /etc/motd, content: a}]\n", NULL},
      {"", NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_fixture_ struct fixture f = {0};
    _cleanup_seed_ struct seed s = {0};
    _cleanup_free_ char *text =
        xasprintf(HEADER NETWORK "%s" THREE, cases[i].spec);
    const char *step = cases[i].step;
    open_fixture(text, &f);
    seed_of(&f, 1, &s);
    _cleanup_yaml_ struct yaml_node *root = parse(&s.user_data);
    const char *steps =
        strstr(content_of(root, "/etc/kubeseed/node.env"), "\nSTEPS='");
    _cleanup_free_ char *line = xstrndup(steps + 1, strcspn(steps + 1, "\n"));
    static const char *const all[] = {"settings", "commands-before",
                                      "annotations", "commands-after"};
    for (size_t k = 0; k < ARRAY_SIZE(all); k++)
      assert_int_equal(strstr(line, all[k]) != NULL,
                       step && strcmp(step, all[k]) == 0);
    const char *script = "/usr/lib/kubeseed/steps-extras.sh";
    assert_int_equal(file_of(root, script) != NULL, step != NULL);
    assert_int_equal(file_of(root, "/etc/motd") != NULL, i == 5);
  }
}

/* Each right of a user's, and what holds unless it is written. */
static void test_rights(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_seed_ struct seed s = {0};
#define HASH "$6$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbb"
  open_fixture(HEADER NETWORK "users:\n  - name: a\n"
                              "  - {name: b, password: " HASH
                              ", groups: [adm, ops],\n"
                              "     sudo: password, shell: /bin/sh}\n"
                              "  - {name: c, sudo: none}\n" THREE,
               &f);
  seed_of(&f, 0, &s);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.user_data);
  const struct yaml_node *users = yaml_get(root, "users");
  const struct yaml_node *a = users->child[0], *b = users->child[1];
  assert_string_equal(text_of(a, "sudo"), "ALL=(ALL) NOPASSWD:ALL");
  assert_string_equal(text_of(a, "shell"), "/bin/bash");
  assert_string_equal(text_of(a, "lock_passwd"), "true");
  assert_null(yaml_get(a, "hashed_passwd"));
  assert_null(yaml_get(a, "groups"));
  assert_string_equal(text_of(b, "sudo"), "ALL=(ALL) ALL");
  assert_string_equal(text_of(b, "shell"), "/bin/sh");
  assert_string_equal(text_of(b, "lock_passwd"), "false");
  assert_string_equal(text_of(b, "hashed_passwd"), HASH);
  assert_int_equal(yaml_get(b, "groups")->n, 2);
  assert_string_equal(yaml_get(b, "groups")->child[1]->text, "ops");
  assert_null(yaml_get(users->child[2], "sudo"));
}

/* What is no text comes as base64, and sources with the bytes they have. */
static void test_binary(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_error_ struct error err = {0};
  open_fixture(HEADER NETWORK
               "files: [{path: /etc/b, source: /proc/self/cmdline}]\n" THREE,
               &f);
  assert_false(f.spec.extras.files.v[0].written);
  ok(sources_read(&f.spec, &err), &err);
  assert_true(f.spec.extras.files.v[0].written);
  _cleanup_seed_ struct seed s = {0};
  seed_of(&f, 0, &s);
  _cleanup_yaml_ struct yaml_node *root = parse(&s.user_data);
  const struct yaml_node *file = entry_of(root, "/etc/b");
  assert_non_null(file);
  const char *text = text_of(file, "content");
  _cleanup_buf_ struct buf bytes = {0}, same = {0};
  assert_string_equal(text_of(file, "encoding"), "base64");
  assert_true(base64_decode(text, strlen(text), &bytes));
  ok(file_read("/proc/self/cmdline", 4096, &same, &err), &err);
  assert_int_equal(bytes.len, same.len);
  assert_memory_equal(bytes.data, same.data, same.len);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_extras),
      cmocka_unit_test(test_validity),
      cmocka_unit_test(test_roles),
      cmocka_unit_test(test_proxy),
      cmocka_unit_test(test_node_keys),
      cmocka_unit_test(test_extras_alone),
      cmocka_unit_test(test_binary),
      cmocka_unit_test(test_rights),
      cmocka_unit_test(test_meta_data),
      cmocka_unit_test(test_instance_id),
      cmocka_unit_test(test_sharing_changes_nothing),
      cmocka_unit_test(test_network_config),
      cmocka_unit_test(test_two_cards),
      cmocka_unit_test(test_other_macs),
      cmocka_unit_test(test_many_routes),
      cmocka_unit_test(test_network_config_is_parsed),
      cmocka_unit_test(test_users),
      cmocka_unit_test(test_no_value_breaks_out),
      cmocka_unit_test(test_labels_and_taints),
      cmocka_unit_test(test_admin_conf),
      cmocka_unit_test(test_missing_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
