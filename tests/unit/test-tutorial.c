/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verify --like tutorial: the steps of an answer, what nodes and pods have told
 * beside it, and each check once.
 */
#include "base/json.h"
#include "cluster/tutorial.h"
#include "part/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char spec_text[] =
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.20.2, payload: debian}\n"
    "network: {subnet: 192.168.4.0/24}\n"
    "endpoint: {address: 192.168.4.20, provider: haproxy}\n"
    "nodes:\n"
    "- {name: 'm{1..3}', role: control-plane, address: 192.168.4.31+}\n"
    "- {name: lb1, role: load-balancer, address: 192.168.4.11}\n";

static const char told[] =
    "\n@section node\nm2\n"
    "\n@section |export A=b\nstatus 0\n"
    "\n@section A3.3 D10|kubectl get nodes\n NAME  STATUS\n m1    "
    "\x1b[31mReady\r\n\n status 7\nstatus 0\n"
    "\n@section A3.1|etcdctl endpoint health\nstatus 1\n"
    "\n@section A3.1|etcdctl endpoint status\n half";

struct fixture {
  struct spec spec;
  struct plan plan;
  struct verify_facts facts;
  struct verify_check_vec checks;
};

static void begin(struct fixture *f) {
  _cleanup_error_ struct error err = {0};
  *f = (struct fixture){0};
  if (parts_read_spec("test.yaml", spec_text, strlen(spec_text), &f->spec,
                      &err) < 0 ||
      parts_plan(&f->spec, &f->plan, &err) < 0)
    fail_msg("%s: %s", err.faults[0].where, err.faults[0].msg);
  verify_facts_init(&f->facts, &f->plan, 0);
  f->facts.tutorial.text = xstrdup(told);
}

static void end(struct fixture *f) {
  verify_checks_done(&f->checks);
  verify_facts_done(&f->facts);
  plan_done(&f->plan);
  spec_done(&f->spec);
}

static void check_add(struct fixture *f, const char *id,
                      enum verify_state state, const char *detail) {
  *verify_check_vec_add(&f->checks) = (struct verify_check){
      .id = id, .what = id, .state = state, .detail = xstrdup(detail)};
}

static void expect_print(const struct fixture *f, const char *expected) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  tutorial_print(&f->plan, &f->facts, &f->checks, out);
  assert_int_equal(fclose(out), 0);
  assert_string_equal(text, expected);
  free(text);
}

/* Each verdict stands behind the last command of its rows, and one that belongs
 * to none at the end. */
static void test_print(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  check_add(&f, "reach", VERIFY_OK, "4 nodes");
  check_add(&f, "etcd.health", VERIFY_FAIL, "m3 is not\nhealthy");
  check_add(&f, "nodes.ready", VERIFY_OK, "");
  expect_print(&f, "m2# export A=b\n"
                   "\n"
                   "-- A3.3 D10\n"
                   "m2# kubectl get nodes\n"
                   "NAME  STATUS\n"
                   "m1     [31mReady\n"
                   "status 7\n"
                   "ok    nodes.ready\n"
                   "\n"
                   "-- A3.1\n"
                   "m2# etcdctl endpoint health\n"
                   "(exit status 1)\n"
                   "m2# etcdctl endpoint status\n"
                   "half\n"
                   "FAIL  etcd.health: m3 is not healthy\n"
                   "\n"
                   "-- what verify looks at besides\n"
                   "ok    reach: 4 nodes\n");
  end(&f);
}

/* Nobody has answered: that is said, and every check is there. */
static void test_no_answer(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  free(f.facts.tutorial.text);
  f.facts.tutorial.text = NULL;
  f.facts.tutorial.error = xstrdup("m1 does not answer");
  check_add(&f, "etcd.health", VERIFY_SKIP, "not known");
  expect_print(&f, "The commands of tutorials could not be run: m1 does not "
                   "answer\n\n"
                   "-- what verify looks at besides\n"
                   "skip  etcd.health: not known\n");
  end(&f);
}

/* What balancers and pods have told is shown in columns. */
static void test_from_facts(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  free(f.facts.tutorial.text);
  f.facts.tutorial.text = xstrdup("@section node\nm1\n");
  f.facts.node[3].text =
      xstrdup("@section haproxy\n"
              "# pxname,svname,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,status,weight\n"
              "api,m1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,UP,1\n"
              "short,line\n@section end\n");
  f.facts.pods.text = xstrdup("@section pods\nreach-a,m1,Running,10.244.0.7,\n"
                              "reach-b,m2,Pending\n"
                              "@section reach reach-a\n[]\n");
  check_add(&f, "pods.reach", VERIFY_OK, "2 connections");
  check_add(&f, "endpoint.backends", VERIFY_OK, "3 UP");
  expect_print(
      &f,
      "-- A3.5 A4.8\n"
      "lb1# curl -sS -u admin 'http://127.0.0.1:32700/;csv' | cut -d, "
      "-f1,2,18\n"
      "# pxname,svname,status\n"
      "api,m1,UP\n"
      "short,line\n"
      "ok    endpoint.backends: 3 UP\n"
      "\n"
      "-- E13\n"
      "m1# kubectl -n kubeseed-verify get pods -o "
      "custom-columns=NAME:.metadata.name,NODE:.spec.nodeName,"
      "STATUS:.status.phase,IP:.status.podIP\n"
      "NAME                     NODE               STATUS    IP\n"
      "reach-a                  m1                 Running   10.244.0.7\n"
      "reach-b                  m2                 Pending   \n"
      "m1# kubectl -n kubeseed-verify exec reach-a -- etcdctl -w json endpoint "
      "health\n"
      "[]\n"
      "ok    pods.reach: 2 connections\n"
      "\n"
      "-- what verify looks at besides\n");
  end(&f);
}

static void test_json(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  _cleanup_json_ json_t *list = tutorial_json(&f.plan, &f.facts);
  assert_int_equal(json_array_size(list), 4);
  const json_t *nodes = json_array_get(list, 1);
  _cleanup_free_ char *text = json_dumps(nodes, JSON_COMPACT | JSON_SORT_KEYS);
  assert_string_equal(
      text, "{\"command\":\"kubectl get nodes\",\"node\":\"m2\",\"output\":"
            "[\"NAME  STATUS\",\"m1    \\u001B[31mReady\",\"status 7\"],"
            "\"rows\":[\"A3.3\",\"D10\"],\"status\":0}");
  assert_int_equal(
      json_integer_value(json_object_get(json_array_get(list, 2), "status")),
      1);
  assert_true(json_is_null(json_object_get(json_array_get(list, 3), "status")));
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_print),
      cmocka_unit_test(test_no_answer),
      cmocka_unit_test(test_from_facts),
      cmocka_unit_test(test_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
