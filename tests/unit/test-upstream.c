/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each file of a seed belongs to a part of its node. */
#include "part/parts.h"
#include "part/upstream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

#define HEAD                                                                   \
  "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"                       \
  "kubernetes: {version: 1.20.2, payload: debian}\n"                           \
  "network: {subnet: 192.168.4.0/24}\n"

static void test_parts(void **state) {
  (void)state;
  static const char *const specs[] = {
      HEAD "nodes: [{name: \"m{1..3}\"}, {name: w1, role: worker}]\n",
      HEAD "etcd: {mode: stacked}\npki: {mode: copied}\nsysctls: {a.b: 1}\n"
           "nodes: [{name: \"m{1..3}\"}]\n",
      HEAD "etcd: {mode: external}\nendpoint: {provider: haproxy}\n"
           "files: [{path: /etc/motd, content: a}]\n"
           "nodes: [{name: m1}, {name: \"e{1..3}\", role: etcd}, "
           "{name: \"l{1,2}\", role: load-balancer}]\n"};
  for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_(spec_done) struct spec spec = {0};
    _cleanup_plan_ struct plan plan = {0};
    check_ok(parts_read_spec("x.yaml", specs[i], strlen(specs[i]), &spec, &err),
             &err);
    check_ok(parts_plan(&spec, &plan, &err), &err);
    for (size_t k = 0; k < plan.nodes.n; k++)
      for (size_t f = 0; f < plan.nodes.v[k].files.n; f++) {
        const struct plan_file *file = &plan.nodes.v[k].files.v[f];
        if (!upstream_part(&plan, &plan.nodes.v[k], file))
          fail_msg("%s of %s has no part", file->path, plan.nodes.v[k].name);
        const char *page = upstream_page(file);
        assert_true(!page || strncmp(page, "https://", 8) == 0);
      }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
