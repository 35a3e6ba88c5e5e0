/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/proxy.h"

#include "part/nodes.h"

const char *proxy_name(const struct spec *s) {
  return s->endpoint.provider == PROVIDER_NGINX ? "nginx" : "haproxy";
}

void proxy_values(const struct plan *p, struct scope *s) {
  scope_set(s, "proxy", proxy_name(p->spec));
  nodes_rows(s, "api_servers", &p->control_planes, NULL);
}
