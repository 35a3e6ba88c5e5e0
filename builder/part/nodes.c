/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/nodes.h"

#include <string.h>

void nodes_name(const struct plan_node *n, struct buf *out) {
  buf_adds(out, n->name);
}

void nodes_address(const struct plan_node *n, struct buf *out) {
  char a[NET_TEXT];
  buf_addf(out, "%s=%s", n->name, ip_format(n->spec->address, a));
}

void nodes_etcd(const struct plan_node *n, struct buf *out) {
  char a[NET_TEXT];
  buf_addf(out, "https://%s:2379", ip_format(n->spec->address, a));
}

void nodes_mac(const struct plan_node *n, struct buf *out) {
  char a[NET_TEXT];
  buf_adds(out, mac_format(&plan_cluster_interface(n)->mac, a));
}

void nodes_macs(const struct plan_node *n, struct buf *out) {
  char a[NET_TEXT];
  for (size_t i = 1; i < n->interfaces.n; i++)
    if (plan_interface_made(&n->interfaces.v[i]))
      buf_addf(out, " %s", mac_format(&n->interfaces.v[i].mac, a));
}

void nodes_set(struct scope *s, const char *name, const struct plan_list *l,
               const struct plan_node *but, const char *separator,
               nodes_entry *entry) {
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < l->n; i++) {
    if (l->v[i] == but)
      continue;
    if (b.len)
      buf_adds(&b, separator);
    entry(l->v[i], &b);
  }
  scope_set(s, name, b.len ? b.data : "");
}

void nodes_around(struct scope *s, const char *name, const char *all,
                  const char *own) {
  _cleanup_free_ char *rest_name = xasprintf("%s_rest", name);
  const char *at = *own ? strstr(all, own) : NULL;
  if (!at)
    at = all + strlen(all);
  const char *rest = *at ? at + strlen(own) : at;
  size_t before = (size_t)(at - all), behind = strlen(rest);
  if (behind > 0)
    behind--;
  else if (before > 0)
    before--;
  scope_set_part(s, name, all, before);
  scope_set_part(s, rest_name, rest, behind);
}

void nodes_rows(struct scope *s, const char *name, const struct plan_list *l,
                const struct plan_node *but) {
  char a[NET_TEXT];
  scope_set_list(s, name);
  for (size_t i = 0; i < l->n; i++) {
    const struct plan_node *n = l->v[i];
    if (n == but)
      continue;
    struct scope *row = scope_add(s, name);
    scope_set(row, "node", n->name);
    scope_set(row, "fqdn", n->fqdn);
    scope_set(row, "address", ip_format(n->spec->address, a));
  }
}
