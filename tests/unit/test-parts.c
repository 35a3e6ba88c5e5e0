/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds for all parts; who gets which of them is in test-plan. */
#include "base/embedded.h"
#include "part/parts.h"
#include "plan/print.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEADER                                                                 \
  "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"                       \
  "kubernetes: {version: 1.34.2}\n"                                            \
  "network: {subnet: 192.168.4.0/24}\n"
#define MASTERS "nodes:\n  - {name: \"m{1..3}\"}\n"
#define WORKER "  - name: w\n    role: worker\n"

/* Clusters that have every part between them. */
static const char *const specs[] = {
    HEADER MASTERS WORKER,
    HEADER "etcd: {mode: external}\nendpoint: {provider: haproxy}\n"
           "pki: {renewal: automatic}\n" MASTERS
           "  - {name: \"e{1..3}\", role: etcd}\n"
           "  - {name: \"lb{1..2}\", role: load-balancer}\n" WORKER,
    HEADER "etcd: {mode: stacked}\npki: {mode: copied}\n"
           "endpoint: {provider: nginx}\n" MASTERS
           "  - {name: \"lb{1..2}\", role: load-balancer}\n" WORKER,
    HEADER "gateway: {tftp: /srv/tftp}\n" MASTERS
           "  - {name: g, role: gateway}\n  - {name: j, role: jump}\n",
    HEADER "endpoint: {provider: pacemaker}\n" MASTERS
           "  - {name: \"lb{1..2}\", role: load-balancer}\n",
    HEADER "etcd: {mode: stacked}\nendpoint: {provider: first-node}\n"
           "nodes: [{name: m}]\n",
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.20.2}\n"
    "network: {subnet: 192.168.4.0/24, cni: none}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.20.2}\n"
    "network: {subnet: 192.168.4.0/24, ntp: [192.168.4.1],\n"
    "  interfaces: [{name: enp0s3, address: dhcp}],\n"
    "  vlan: 20, bond: {members: [eno1, eno2]}}\n" MASTERS,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2}\n"
    "network: {subnet: 192.168.4.0/24, cni: vxlan}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2}\n"
    "network: {subnet: 192.168.4.0/24, cni: flannel}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2}\n"
    "network: {subnet: 192.168.4.0/24, cni: flannel,\n"
    "  flannel: {store: etcd}}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2}\n"
    "network: {subnet: 192.168.4.0/24, cni: calico}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2}\n"
    "network: {subnet: 192.168.4.0/24, cni: canal}\n" MASTERS WORKER,
    HEADER MASTERS "proxy: {http: http://a:1}\ncaCertificates: [a]\n",
    HEADER MASTERS "manifests: [a.yaml, b/]\npki: {renewal: automatic}\n",
    HEADER MASTERS WORKER "addons: [local-volumes]\n",
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2}\nnetwork: {subnet: 192.168.4.0/24}\n"
    "addons: [ingress, metrics-server, headlamp, dashboard, guestbook,\n"
    "  kube-dns, {name: metallb, addresses: [192.168.4.192/27]}]\n" MASTERS,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2, bootstrapper: static-pods}\n"
    "network: {subnet: 192.168.4.0/24}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.20.2, bootstrapper: systemd}\n"
    "network: {subnet: 192.168.4.0/24}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.20.2, bootstrapper: systemd,\n"
    "  kubelet: {servingCertificates: rotated}}\n"
    "network: {subnet: 192.168.4.0/24}\nendpoint: {healthPort: 80}\n" MASTERS
        WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.20.2, bootstrapper: static-pods,\n"
    "  kubelet: {controlPlanes: absent, servingCertificates: rotated}}\n"
    "network: {subnet: 192.168.4.0/24}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2, kubelet: {servingCertificates: rotated}}\n"
    "network: {subnet: 192.168.4.0/24}\n" MASTERS WORKER,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2, apiServer: {tokens: [{user: ann}]}}\n"
    "network: {subnet: 192.168.4.0/24}\n" MASTERS WORKER,
    HEADER "registries: [{name: a.io, mirrors: [http://b], ca: c}]\n" MASTERS,
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.34.2, encryptionAtRest: secretbox,\n"
    "  patches: [kube-scheduler.yaml, kubeletconfiguration.yaml]}\n"
    "network: {subnet: 192.168.4.0/24}\n" MASTERS WORKER,
    HEADER MASTERS WORKER "    files: [{path: /etc/motd, content: a}]\n"
                          "    modules: [nfs]\n    sysctls: {kernel.panic: 1}\n"
                          "    kernelArguments: [hugepages=64]\n"
                          "    disks: [{name: a, mount: /srv}]\n"
                          "    cloudConfig: {bootcmd: [a]}\n"
                          "    locale: de_DE.UTF-8\n    keyboard: de\n"
                          "    annotations: {a: b}\n"
                          "    commands: {before: [a], after: [b]}\n",
};

struct fixture {
  struct spec spec;
  struct plan plan;
};

static void fixture_open(const char *text, struct fixture *f) {
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

static void test_names(void **state) {
  (void)state;
  for (const struct part *const *a = parts_all(); *a; a++) {
    assert_non_null((*a)->name);
    assert_non_null((*a)->why);
    for (const struct part *const *b = parts_all(); b < a; b++)
      assert_string_not_equal((*a)->name, (*b)->name);
  }
}

/* Every part is on some node, with a reason; on every one only the two that say
 * so. */
static void test_each_is_somewhere(void **state) {
  (void)state;
  for (const struct part *const *part = parts_all(); *part; part++) {
    size_t with = 0, without = 0;
    for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
      _cleanup_fixture_ struct fixture f = {0};
      fixture_open(specs[i], &f);
      for (size_t k = 0; k < f.plan.nodes.n; k++) {
        const struct plan_part_vec *has = &f.plan.nodes.v[k].parts;
        size_t found = 0;
        for (size_t j = 0; j < has->n; j++)
          if (strcmp(has->v[j].name, (*part)->name) == 0) {
            assert_true(strlen(has->v[j].why) > 0);
            found++;
          }
        assert_true(found <= 1);
        with += found;
        without += !found;
      }
    }
    if (with == 0)
      fail_msg("no node has the part %s", (*part)->name);
    bool everywhere = *part == &part_network || *part == &part_node;
    if ((without == 0) != everywhere)
      fail_msg("%zu nodes are without the part %s", without, (*part)->name);
  }
}

/* No two parts lay down the same file on one node. */
static void test_each_file_once(void **state) {
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
    _cleanup_fixture_ struct fixture f = {0};
    fixture_open(specs[i], &f);
    for (size_t k = 0; k < f.plan.nodes.n; k++) {
      const struct plan_file_vec *files = &f.plan.nodes.v[k].files;
      for (size_t a = 0; a < files->n; a++)
        for (size_t b = 0; b < a; b++)
          if (strcmp(files->v[a].path, files->v[b].path) == 0)
            fail_msg("%s: %s is there twice", f.plan.nodes.v[k].name,
                     files->v[a].path);
    }
  }
}

static bool is_used(const char *source) {
  for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
    _cleanup_fixture_ struct fixture f = {0};
    fixture_open(specs[i], &f);
    for (size_t k = 0; k < f.plan.nodes.n; k++) {
      const struct plan_file_vec *files = &f.plan.nodes.v[k].files;
      for (size_t a = 0; a < files->n; a++)
        if (strcmp(files->v[a].source, source) == 0)
          return true;
    }
  }
  return false;
}

/* What is carried along is on some node, but for what others use by name. */
static void test_each_source_is_used(void **state) {
  (void)state;
  static const char *const others[] = {
      "user-data/cloud-config.yaml", "user-data/network-config",
      "scripts/verify-node",         "scripts/verify-cluster",
      "scripts/verify-pods",         "scripts/verify-tutorial"};
  for (size_t i = 0; i < n_embedded; i++) {
    const char *name = embedded[i].name;
    bool known = strncmp(name, "user-data/", 10) != 0 &&
                 strncmp(name, "scripts/", 8) != 0;
    for (size_t k = 0; k < ARRAY_SIZE(others); k++)
      known = known || strcmp(name, others[k]) == 0;
    if (!known && !is_used(name))
      fail_msg("no part has the file %s", name);
  }
}

static void test_each_source_exists(void **state) {
  (void)state;
  for (const struct part *const *part = parts_all(); *part; part++)
    for (const struct part_file *f = (*part)->files; f && f->path; f++)
      if (strncmp(f->source, "pki:", 4) != 0 &&
          strncmp(f->source, "kubeconfig:", 11) != 0 &&
          !embedded_find(f->source))
        fail_msg("%s: there is no %s", (*part)->name, f->source);
}

/* Whether one of the scripts has the function step_NAME. */
static bool has_function(const char *step) {
  _cleanup_free_ char *head = xasprintf("\nstep_%s() {", step);
  for (char *c = head + 1; *c; c++)
    if (*c == '-')
      *c = '_';
  for (size_t i = 0; i < n_embedded; i++)
    if (strncmp(embedded[i].name, "scripts/steps-", 14) == 0 &&
        memmem(embedded[i].data, embedded[i].len, head, strlen(head)))
      return true;
  return false;
}

static bool has_place(const char *step) {
  for (const char *const *s = parts_steps(); *s; s++)
    if (strcmp(*s, step) == 0)
      return true;
  return false;
}

static bool is_taken(const char *step) {
  for (const struct part *const *part = parts_all(); *part; part++)
    for (const struct part_step *s = (*part)->steps; s && s->name; s++)
      if (strcmp(s->name, step) == 0)
        return true;
  return false;
}

/* A part's step has its place in the order, and its function. */
static void test_steps(void **state) {
  (void)state;
  for (const struct part *const *part = parts_all(); *part; part++)
    for (const struct part_step *s = (*part)->steps; s && s->name; s++)
      if (!has_place(s->name))
        fail_msg("%s: the step %s has no place in the order", (*part)->name,
                 s->name);
  for (const char *const *s = parts_steps(); *s; s++) {
    if (!is_taken(*s))
      fail_msg("no part has the step %s", *s);
    if (!has_function(*s))
      fail_msg("no script has a function for the step %s", *s);
  }
}

static const char *no_key(const void *keys, const char *name) {
  (void)keys;
  (void)name;
  return "";
}

/* What each node is told of the others is all of them but itself. */
static void test_others(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  fixture_open(specs[2], &f);
  const struct part_input in = {.plan = &f.plan, .key = no_key};
  static const struct {
    const char *node, *peers, *copy_to, *predecessor;
  } rows[] = {
      {"m1", "m2=192.168.4.32 m3=192.168.4.33",
       "m2=192.168.4.32=control-plane m3=192.168.4.33=control-plane "
       "w=192.168.4.36=worker",
       "m3"},
      {"m2", "m1=192.168.4.31 m3=192.168.4.33",
       "m1=192.168.4.31=control-plane m3=192.168.4.33=control-plane "
       "w=192.168.4.36=worker",
       "m1"},
      {"w", "m1=192.168.4.31 m2=192.168.4.32 m3=192.168.4.33",
       "m1=192.168.4.31=control-plane m2=192.168.4.32=control-plane "
       "m3=192.168.4.33=control-plane",
       ""},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_scope_ struct scope cluster = {0};
    _cleanup_scope_ struct scope node = {.parent = &cluster};
    parts_values(&in, &cluster);
    parts_node_values(&f.plan, plan_find(&f.plan, rows[i].node), &node);
    assert_string_equal(scope_text(&node, "peers"), rows[i].peers);
    assert_string_equal(scope_text(&node, "copy_to"), rows[i].copy_to);
    assert_string_equal(scope_text(&node, "predecessor"), rows[i].predecessor);
  }
}

/* One that is alone waits for nobody, itself least of all. */
static void test_alone(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_scope_ struct scope cluster = {0};
  _cleanup_scope_ struct scope node = {.parent = &cluster};
  fixture_open(specs[5], &f);
  const struct part_input in = {.plan = &f.plan, .key = no_key};
  parts_values(&in, &cluster);
  parts_node_values(&f.plan, &f.plan.nodes.v[0], &node);
  assert_string_equal(scope_text(&node, "predecessor"), "");
}

static bool has_part(const struct plan_node *n, const char *name) {
  for (size_t i = 0; i < n->parts.n; i++)
    if (strcmp(n->parts.v[i].name, name) == 0)
      return true;
  return false;
}

/* Where one of three has the endpoint, plan says so of that one. */
static void test_first_node(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  fixture_open(HEADER "endpoint: {provider: first-node}\n" MASTERS, &f);
  for (size_t i = 0; i < f.plan.nodes.n; i++)
    assert_int_equal(has_part(&f.plan.nodes.v[i], "first-node"), i == 0);
}

/* Every check has its place, whatever is found, and comes once. */
static void test_checks(void **state) {
  (void)state;
  bool seen[64] = {0};
  for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
    _cleanup_fixture_ struct fixture f = {0};
    _cleanup_verify_facts_ struct verify_facts facts;
    _cleanup_verify_checks_ struct verify_check_vec checks = {0};
    fixture_open(specs[i], &f);
    verify_facts_init(&facts, &f.plan, 0);
    facts.cluster.text = xstrdup(
        "@section nodes\n{\"items\":[]}\n@section pods\n{\"items\":[]}\n"
        "@section deployments\n{\"items\":[]}\n"
        "@section services\n{\"items\":[]}\n");
    parts_verify(&f.plan, &facts, &checks);
    size_t last = 0;
    for (size_t k = 0; k < checks.n; k++) {
      const char *const *place = parts_checks();
      while (*place && strcmp(*place, checks.v[k].id) != 0)
        place++;
      if (!*place)
        fail_msg("%s has no place in parts_checks", checks.v[k].id);
      size_t at = (size_t)(place - parts_checks());
      assert_true(k == 0 || at > last);
      last = at;
      seen[at] = true;
    }
  }
  for (size_t i = 0; parts_checks()[i]; i++)
    if (!seen[i])
      fail_msg("nobody makes the check %s", parts_checks()[i]);
}

/* `plan` shows who has which parts and why, and obeys no text of a spec. */
static void test_plan_shows(void **state) {
  (void)state;
  _cleanup_fixture_ struct fixture f = {0};
  fixture_open(HEADER "nodes:\n  - {name: \"m{1..3}\"}\n"
                      "  - {name: w, role: worker, labels: {a: x-2Jy}}\n",
               &f);
  /* No label of a spec has this; the next key may be one that does. */
  char *label = f.plan.nodes.v[f.plan.nodes.n - 1].extras.labels.v[0];
  assert_string_equal(label, "a=x-2Jy");
  label[3] = '\033';
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);
  assert_non_null(out);
  plan_print(&f.plan, NULL, out);
  assert_int_equal(fclose(out), 0);
  assert_null(strchr(text, '\033'));
  assert_non_null(strstr(text, "  labels    a=x 2Jy\n"));
  const char *worker = strstr(text, "\nw (worker)");
  assert_non_null(worker);
  const struct plan_node *w = plan_find(&f.plan, "w");
  json_t *json = plan_json(&f.plan, NULL);
  const json_t *parts = json_object_get(
      json_array_get(json_object_get(json, "nodes"), w->index), "parts");
  assert_int_equal(json_array_size(parts), w->parts.n);
  for (size_t i = 0; i < w->parts.n; i++) {
    const struct plan_part *part = &w->parts.v[i];
    _cleanup_free_ char *line = xasprintf(" %-14s %s\n", part->name, part->why);
    assert_non_null(strstr(worker, line));
    const json_t *row = json_array_get(parts, i);
    assert_string_equal(json_string_value(json_object_get(row, "name")),
                        part->name);
    assert_string_equal(json_string_value(json_object_get(row, "why")),
                        part->why);
  }
  json_decref(json);
  free(text);
}

/* Who writes bridge for many nodes is told what is right for them; who does not
 * hears nothing. */
static void test_bridge_of_many(void **state) {
  (void)state;
  static const struct {
    const char *cni;
    int workers;
    size_t warnings;
  } rows[] = {{"bridge", 297, 0},
              {"bridge", 298, 1},
              {"vxlan", 297, 0},
              {"vxlan", 298, 1},
              {"none", 900, 0}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_fixture_ struct fixture f = {0};
    _cleanup_free_ char *text =
        xasprintf("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
                  "kubernetes: {version: 1.34.2}\n"
                  "network: {subnet: 10.1.0.0/16, pods: 10.240.0.0/12,\n"
                  "  services: 172.16.0.0/16, cni: %s}\n" MASTERS
                  "  - {name: \"w{001..%d}\", role: worker}\n",
                  rows[i].cni, rows[i].workers);
    fixture_open(text, &f);
    assert_int_equal(f.spec.warnings.n, rows[i].warnings);
    if (rows[i].warnings) {
      assert_memory_equal(f.spec.warnings.v[0], "t.yaml:6:", 9);
      assert_non_null(strstr(f.spec.warnings.v[0], "overlay network"));
    }
  }
}

/* Seconds of this thread for the values of one node, many times over. */
static double node_seconds(int workers) {
  enum { TIMES = 2000 };
  _cleanup_fixture_ struct fixture f = {0};
  _cleanup_scope_ struct scope cluster = {0};
  _cleanup_free_ char *text =
      xasprintf("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
                "kubernetes: {version: 1.34.2}\n"
                "network: {subnet: 10.0.0.0/16, cni: none}\n" MASTERS
                "  - {name: \"w{0001..%d}\", role: worker}\n",
                workers);
  struct timespec from, to;
  fixture_open(text, &f);
  const struct part_input in = {.plan = &f.plan, .key = no_key};
  const struct plan_node *last = &f.plan.nodes.v[f.plan.nodes.n - 1];
  parts_values(&in, &cluster);
  assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from), 0);
  for (int i = 0; i < TIMES; i++) {
    _cleanup_scope_ struct scope node = {.parent = &cluster};
    parts_node_values(&f.plan, last, &node);
  }
  assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to), 0);
  return (double)(to.tv_sec - from.tv_sec) +
         (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* A node costs the same, however many others there are: with a walk over all of
 * them it would be a hundred times as much. */
static void test_many_nodes(void **state) {
  (void)state;
  double few = node_seconds(10);
  double many = node_seconds(8000);
  if (many > 10 * few)
    fail_msg("%.3f s with 8,000 workers, %.3f s with 10", many, few);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_each_is_somewhere),
      cmocka_unit_test(test_each_file_once),
      cmocka_unit_test(test_each_source_is_used),
      cmocka_unit_test(test_each_source_exists),
      cmocka_unit_test(test_steps),
      cmocka_unit_test(test_others),
      cmocka_unit_test(test_alone),
      cmocka_unit_test(test_first_node),
      cmocka_unit_test(test_checks),
      cmocka_unit_test(test_plan_shows),
      cmocka_unit_test(test_bridge_of_many),
      cmocka_unit_test(test_many_nodes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
