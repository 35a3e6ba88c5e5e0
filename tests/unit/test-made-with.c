/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "part/parts.h"
#include "seed/made-with.h"
#include "spec/read.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

/* A state in which one spec follows another. */
struct fixture {
  char *dir, *path;
  struct state state;
};

static int setup(void **state) {
  static struct fixture f;
  _cleanup_error_ struct error err = {0};
  f.dir = new_folder();
  check_ok(state_open(f.dir, "x.yaml", "demo", true, &f.state, &err), &err);
  _cleanup_free_ char *pki = state_path(&f.state, "pki");
  check_ok(file_mkdirs(pki, 0700, &err), &err);
  f.path = state_path(&f.state, "pki/made-with");
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  check_ok(file_remove_tree(f->dir, &err), &err);
  state_done(&f->state);
  free(f->path);
  free(f->dir);
  return 0;
}

/* What a spec is made of in these tests. */
struct parts {
  const char *kubernetes, *network, *etcd, *nodes;
};

#define DUAL ", ipv6: {subnet: \"fd00:4::/64\"}"
#define THREE "- {name: \"m{1..3}\"}\n"
#define WORKERS "- {name: \"w{1..2}\", role: worker}\n"

static int load(const struct fixture *f, const struct parts *s, bool forget,
                struct made_with *ret, struct error *err) {
  _cleanup_spec_ struct spec spec = {0};
  _cleanup_plan_ struct plan plan = {0};
  _cleanup_free_ char *yaml =
      xasprintf("apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
                "kubernetes: {version: 1.30.4%s}\nnetwork: {%s}\n%snodes:\n%s",
                s->kubernetes ? s->kubernetes : "",
                s->network ? s->network : "subnet: 192.168.4.0/24",
                s->etcd ? s->etcd : "", s->nodes ? s->nodes : THREE);
  check_ok(spec_read("x.yaml", yaml, strlen(yaml), &spec, err), err);
  check_ok(parts_plan(&spec, &plan, err), err);
  return made_with_load(&f->state, &plan, forget, ret, err);
}

/* A run that is let through, and what the next one finds. */
static void run(const struct fixture *f, const struct parts *s, bool forget,
                bool changed, const char *moved) {
  _cleanup_error_ struct error err = {0};
  _cleanup_made_with_ struct made_with m = {0};
  _cleanup_buf_ struct buf text = {0};
  check_ok(load(f, s, forget, &m, &err), &err);
  assert_int_equal(m.changed, changed);
  assert_string_equal(m.moved ? m.moved : "", moved);
  made_with_write(&m, &text);
  check_ok(file_write(f->path, text.data, text.len, 0600, &err), &err);
}

/* Each key of the table, and what is told of it. */
static void test_rules(void **state) {
  const struct fixture *f = *state;
  static const struct {
    struct parts was, is;
    const char *words;
  } rows[] = {
      {{0},
       {.network = "subnet: 192.168.5.0/24"},
       "network.subnet is '192.168.5.0/24', but this cluster was made with "
       "'192.168.4.0/24', and it cannot be changed in one that runs: "},
      {{0},
       {.network = "subnet: 192.168.4.0/24, pods: 10.128.0.0/14"},
       "network.pods is '10.128.0.0/14', but this cluster was made with "
       "'10.244.0.0/16'"},
      {{0},
       {.network = "subnet: 192.168.4.0/24, services: 10.32.0.0/16"},
       "network.services is '10.32.0.0/16', but "},
      {{0},
       {.network = "subnet: 192.168.4.0/24" DUAL},
       "network.ipv6 is 'pods fd"},
      {{.network = "subnet: 192.168.4.0/24" DUAL},
       {0},
       "network.ipv6 is 'none', but this cluster was made with 'pods fd"},
      {{.network = "subnet: 192.168.4.0/24, cni: vxlan"},
       {0},
       "network.cni is 'bridge', but this cluster was made with 'vxlan'"},
      {{.network = "subnet: 192.168.4.0/24, cni: vxlan"},
       {.network = "subnet: 192.168.4.0/24, cni: vxlan, vxlan: {vni: 7}"},
       "network.vxlan is 'vni 7, port "},
      {{0},
       {.kubernetes = ", clusterDomain: k8s.example"},
       "kubernetes.clusterDomain is 'k8s.example', but "},
      {{0},
       {.kubernetes = ", bootstrapper: systemd"},
       "kubernetes.bootstrapper is 'systemd', but this cluster was made with "
       "'kubeadm'"},
      {{0},
       {.etcd = "etcd: {mode: stacked}\n"},
       "etcd.mode is 'stacked', but this cluster was made with 'founding'"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_made_with_ struct made_with m = {0};
    (void)remove(f->path);
    run(f, &rows[i].was, false, true, "");
    run(f, &rows[i].was, false, false, "");
    check_error(load(f, &rows[i].is, false, &m, &err), &err, rows[i].words);
    check_error(load(f, &rows[i].is, false, &m, &err), &err,
                "kubeseed destroy --all");
  }
}

/* What a cluster that runs can change. */
static void test_others(void **state) {
  const struct fixture *f = *state;
  run(f, &(struct parts){0}, false, true, "");
  run(f,
      &(struct parts){.kubernetes = ", kubeProxy: {mode: ipvs}",
                      .network = "subnet: 192.168.4.0/24, dns: [9.9.9.9]"},
      false, false, "");
}

/* A state of before there was a key begins with it. */
static void test_new_key(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  static const char old[] = "network.pods: 10.244.0.0/16\nfuture: x\n";
  check_ok(file_write(f->path, old, strlen(old), 0600, &err), &err);
  run(f, &(struct parts){0}, false, true, "");
  run(f, &(struct parts){0}, false, false, "");
}

/* New nodes before others move these' pods, and so does one that goes. */
static void test_pods(void **state) {
  const struct fixture *f = *state;
  run(f, &(struct parts){.nodes = THREE WORKERS}, false, true, "");
  run(f, &(struct parts){.nodes = THREE WORKERS "- {name: \"m{4..5}\"}\n"},
      false, true, "");
  /* The order is not what counts. */
  run(f, &(struct parts){.nodes = "- {name: \"m{1..5}\"}\n" WORKERS}, false,
      true,
      "m4 (10.244.3.0/24, was 10.244.5.0/24), "
      "m5 (10.244.4.0/24, was 10.244.6.0/24), "
      "w1 (10.244.5.0/24, was 10.244.3.0/24), "
      "w2 (10.244.6.0/24, was 10.244.4.0/24)");
  run(f, &(struct parts){.nodes = "- {name: \"m{1..5}\"}\n" WORKERS}, false,
      false, "");
  /* One that is gone is remembered until it is forgotten. */
  run(f, &(struct parts){.nodes = "- {name: \"m{1..5}\"}\n"}, false, false, "");
  run(f,
      &(struct parts){.nodes = "- {name: \"m{1..5}\"}\n"
                               "- {name: w2, role: worker}\n"},
      false, true, "w2 (10.244.5.0/24, was 10.244.6.0/24)");
  run(f, &(struct parts){.nodes = "- {name: \"m{1..5}\"}\n"}, true, true, "");
  run(f, &(struct parts){.nodes = "- {name: \"m{1..5}\"}\n" WORKERS}, false,
      true, "");
}

/* New ones are told where others had seeds before, each with the way to its
 * pods. */
static void test_added(void **state) {
  const struct fixture *f = *state;
  static const struct {
    struct parts is;
    size_t n;
    const char *added;
  } rows[] = {
      {{.nodes = THREE}, 0, ""},
      {{.nodes = THREE WORKERS},
       2,
       "w1 (10.244.3.0/24 via 192.168.4.34), w2 (10.244.4.0/24 via "
       "192.168.4.35)"},
      {{.nodes = THREE WORKERS}, 0, ""},
      {{.nodes = THREE "- {name: w1, role: worker}\n"}, 0, ""},
      {{.nodes = THREE "- {name: \"w{1..9}\", role: worker}\n"},
       7,
       "w3 (10.244.5.0/24 via 192.168.4.36), w4 (10.244.6.0/24 via "
       "192.168.4.37), w5 (10.244.7.0/24 via 192.168.4.38), w6 (10.244.8.0/24 "
       "via 192.168.4.39)"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_made_with_ struct made_with m = {0};
    check_ok(load(f, &rows[i].is, false, &m, &err), &err);
    assert_string_equal(m.added ? m.added : "", rows[i].added);
    assert_int_equal(m.n_added, rows[i].n);
    run(f, &rows[i].is, false, m.changed, "");
  }
}

/* Many are not all told. */
static void test_many(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_made_with_ struct made_with m = {0};
  run(f,
      &(struct parts){.nodes = THREE "- {name: \"w{1..9}\", role: worker}\n"},
      false, true, "");
  check_ok(load(f,
                &(struct parts){.nodes = "- {name: x, role: worker}\n" THREE
                                         "- {name: \"w{1..9}\", role: "
                                         "worker}\n"},
                false, &m, &err),
           &err);
  assert_int_equal(m.n_moved, 12);
  assert_non_null(strstr(m.moved, "w1 ("));
  assert_null(strstr(m.moved, "w2 ("));
}

static void test_damaged(void **state) {
  const struct fixture *f = *state;
  static const struct {
    const char *text;
    size_t len;
  } rows[] = {{"", 0},      {"\n", 1},    {"a: b", 4}, {"a: b\n\n", 6},
              {"a: \n", 4}, {": b\n", 4}, {"ab\n", 3}, {"a: b\0c: d\n", 10}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_made_with_ struct made_with m = {0};
    check_ok(file_write(f->path, rows[i].text, rows[i].len, 0600, &err), &err);
    check_error(load(f, &(struct parts){0}, false, &m, &err), &err,
                "pki/made-with' is damaged: ");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
      cmocka_unit_test_setup_teardown(test_others, setup, teardown),
      cmocka_unit_test_setup_teardown(test_new_key, setup, teardown),
      cmocka_unit_test_setup_teardown(test_pods, setup, teardown),
      cmocka_unit_test_setup_teardown(test_added, setup, teardown),
      cmocka_unit_test_setup_teardown(test_many, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
