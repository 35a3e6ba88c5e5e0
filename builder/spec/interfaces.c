/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/interfaces.h"

#include "spec/range.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void spec_interfaces_done(struct spec_interface_vec *v) {
  for (size_t i = 0; i < v->n; i++) {
    free(v->v[i].name);
    free(v->v[i].routes.v);
    free(v->v[i].more.v);
    free(v->v[i].link);
    strv_done(&v->v[i].bond.members);
  }
  free(v->v);
  *v = (struct spec_interface_vec){0};
}

bool interface_is_known(const struct mac *m) {
  static const struct mac none;
  return memcmp(m, &none, sizeof(none)) != 0;
}

bool bond_member_read(const char *text, struct mac *ret_mac) {
  bool counted;
  *ret_mac = (struct mac){{0}};
  if (range_mac(text, ret_mac, &counted))
    return !(ret_mac->b[0] & 1);
  return interface_name_ok(text);
}

static void add(const struct spec_interface_vec *from, bool for_all,
                struct interface_use_vec *to) {
  size_t before = to->n;
  for (size_t i = 0; i < from->n; i++) {
    const struct spec_interface *c = &from->v[i];
    size_t at = 0;
    while (at < before && (!c->name || strcmp(to->v[at].name, c->name) != 0))
      at++;
    if (at == before) {
      at = to->n;
      interface_use_vec_add(to);
    }
    struct interface_use *use = &to->v[at];
    use->said = c;
    use->for_all = for_all;
    use->index = i;
    if (c->name)
      (void)snprintf(use->name, sizeof(use->name), "%s", c->name);
    else
      (void)snprintf(use->name, sizeof(use->name), "net%zu", at + 1);
  }
}

void interfaces_of(const struct spec_interface_vec *all,
                   const struct spec_interface_vec *entry,
                   struct interface_use_vec *ret) {
  add(all, true, ret);
  add(entry, false, ret);
}

bool interface_name_ok(const char *name) {
  static const char *const whole[] = {"lo", "bonding_masters", "all",
                                      "default"};
  static const char *const begins[] = {
      "dummy",   "kube",   "cni",    "veth",         "cali",
      "flannel", "vxlan",  "tunl",   "lxc",          "weave",
      "cilium",  "antrea", "docker", "nodelocaldns", "cloud-init"};
  size_t n = strlen(name);
  if (n == 0 || n >= INTERFACE_NAME || !(*name >= 'a' && *name <= 'z') ||
      strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != n)
    return false;
  for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
    if (strcmp(name, whole[i]) == 0)
      return false;
  for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
    if (strncmp(name, begins[i], strlen(begins[i])) == 0)
      return false;
  return true;
}
