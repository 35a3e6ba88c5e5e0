/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a node's programs reach what is not its cluster: through the spec's
 * proxy, and trusting its certificate authorities. */
#include "part/part.h"
#include <string.h>

#define ENVIRONMENT "/etc/environment"

static bool has_proxy(const struct plan *p) {
  return p->spec->proxy.http || p->spec->proxy.https;
}

static bool is_proxied(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return has_proxy(p);
}

static bool runs_pods(const struct plan *p, const struct plan_node *n) {
  return has_proxy(p) && n->has_kubelet;
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (has_proxy(p))
    return "the spec has a proxy";
  return n->extras.cas.n > 0 ? "the spec has CA certificates" : NULL;
}

#define UNITS "/etc/systemd/system/"
#define UNIT "user-data/proxy.conf"
static const struct part_file files[] = {
    {UNITS "containerd.service.d/kubeseed-proxy.conf", UNIT, 0644, ROOT,
     runs_pods},
    {UNITS "kubelet.service.d/kubeseed-proxy.conf", UNIT, 0644, ROOT,
     runs_pods},
    {"/etc/apt/apt.conf.d/95kubeseed-proxy", "user-data/proxy.apt", 0644, ROOT,
     is_proxied},
    {LIB "environment", "user-data/environment", 0644, ROOT, is_proxied},
    {LIB "steps-outward.sh", "scripts/steps-outward.sh", 0644, ROOT, NULL},
    {0},
};

static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  plan_add_spec_files(&n->extras.cas, ret);
}

static const struct part_step steps[] = {{"outward", NULL}, {0}};

/* ---- What templates need ---- */

/* What is reached without the proxy. Go, which all of Kubernetes is in, and
 * curl take networks; the others go by the names. */
static void add_network(struct buf *out, const struct cidr *net) {
  char text[NET_TEXT];
  buf_addf(out, ",%s", cidr_format(net, text));
}

static char *no_proxy(const struct plan *p) {
  const struct spec *s = p->spec;
  struct buf out = {0};
  char vip[NET_TEXT];
  buf_adds(&out, "localhost,127.0.0.0/8,::1");
  add_network(&out, &s->network.subnet);
  for (size_t i = 0; i < s->network.subnets.n; i++)
    add_network(&out, &s->network.subnets.v[i].net);
  add_network(&out, &s->network.pods);
  add_network(&out, &s->network.services);
  if (spec_has_ipv6(s)) {
    add_network(&out, &s->network.ipv6.subnet);
    add_network(&out, &s->network.ipv6.pods);
    add_network(&out, &s->network.ipv6.services);
  }
  if (ip_is_set(s->endpoint.address) && !spec_net_of(s, s->endpoint.address))
    buf_addf(&out, ",%s", ip_format(s->endpoint.address, vip));
  buf_addf(&out, ",%s,.%s,.svc,.%s", s->endpoint.name, s->network.domain,
           s->kubernetes.cluster_domain);
  for (size_t i = 0; i < s->proxy.none.n; i++)
    buf_addf(&out, ",%s", s->proxy.none.v[i]);
  return buf_take(&out);
}

/* systemd.exec(5): a '%' begins a specifier. The caller frees. */
static char *for_unit(const char *text) {
  struct buf out = {0};
  for (; *text; text++)
    buf_addf(&out, "%s%c", *text == '%' ? "%" : "", *text);
  return buf_take(&out);
}

static void add_variable(struct scope *s, const char *name, const char *value) {
  if (!value)
    return;
  struct scope *one = scope_add(s, "proxies");
  _cleanup_free_ char *unit = for_unit(value);
  scope_set(one, "proxy_name", name);
  scope_set(one, "proxy_value", value);
  scope_set(one, "proxy_unit", unit);
}

static void add_apt(struct scope *s, const char *scheme, const char *value) {
  if (!value)
    return;
  struct scope *one = scope_add(s, "proxy_schemes");
  scope_set(one, "proxy_scheme", scheme);
  scope_set(one, "proxy_address", value);
}

/* In both spellings: some programs know the one, some the other. */
static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  if (!has_proxy(p))
    return;
  const char *http = p->spec->proxy.http;
  const char *https = p->spec->proxy.https ? p->spec->proxy.https : http;
  _cleanup_free_ char *none = no_proxy(p);
  scope_set_list(s, "proxies");
  add_variable(s, "http_proxy", http);
  add_variable(s, "https_proxy", https);
  add_variable(s, "no_proxy", none);
  add_variable(s, "HTTP_PROXY", http);
  add_variable(s, "HTTPS_PROXY", https);
  add_variable(s, "NO_PROXY", none);
  scope_set_list(s, "proxy_schemes");
  add_apt(s, "http", http);
  add_apt(s, "https", https);
}

/* ---- What a spec may say ---- */

static void check_files(const struct checking *c, const struct spec_extras *e,
                        const struct yaml_node *around) {
  const struct yaml_node *list = yaml_get(around, "files");
  for (size_t i = 0; i < e->files.n; i++)
    if (strcmp(e->files.v[i].path, ENVIRONMENT) == 0)
      yaml_fault(c->err, yaml_get(list->child[i], "path"),
                 "the file '%s' follows from the spec's proxy", ENVIRONMENT);
}

static void check(const struct checking *c) {
  const struct yaml_node *proxy = yaml_get(c->root, "proxy");
  if (!proxy)
    return;
  if (!c->spec->proxy.http && !c->spec->proxy.https)
    yaml_fault(c->err, proxy, "nothing is said of the proxy; write http");
  check_each_extras(c, check_files);
}

static const struct spec_check checks[] = {
    {check, {"proxy", "files", "roles", "nodes"}},
    {0},
};

const struct part part_outward = {
    .name = "outward",
    .why = why,
    .checks = checks,
    .files = files,
    .more_files = more_files,
    .steps = steps,
    .values = values,
};
