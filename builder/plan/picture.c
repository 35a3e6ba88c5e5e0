/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/picture.h"

#include "base/quote.h"
#include "base/strv.h"
#include <inttypes.h>
#include <string.h>

/* ---- Who is drawn ---- */

struct look {
  const char *fill, *line;
};

static const struct look *look_of(const struct plan_node *n) {
  static const struct look control = {"#e3f0ff", "#2266bb"},
                           worker = {"#eef7e6", "#4d8a2a"},
                           etcd = {"#fff3da", "#b37a00"},
                           balancer = {"#f4e8fb", "#8242a8"},
                           around = {"#eeeeee", "#666666"};
  switch (n->spec->role) {
  case ROLE_CONTROL_PLANE:
    return &control;
  case ROLE_ETCD:
    return &etcd;
  case ROLE_LOAD_BALANCER:
    return &balancer;
  case ROLE_GATEWAY:
  case ROLE_JUMP:
    return &around;
  case ROLE_WORKER:
    return &worker;
  }
  return &worker;
}

static size_t of_role(const struct plan *p, enum role role) {
  size_t n = 0;
  for (size_t i = 0; i < p->nodes.n; i++)
    n += p->nodes.v[i].spec->role == role;
  return n;
}

static bool is_drawn(const struct plan_node *n) {
  return n->ordinal < PICTURE_SHOWN;
}

/* ---- Keys ---- */

#define PKI "pki:"

/* A secret that `seed` makes; certificates are none. */
static bool is_key(const struct plan_file *f) {
  return strncmp(f->source, PKI, strlen(PKI)) == 0 && !(f->mode & 044);
}

static const char *key_name(const struct plan_file *f) {
  const char *name = f->source + strlen(PKI);
  return strncmp(name, "node/", 5) == 0 ? name + 5 : name;
}

static bool is_own(const struct plan_file *f) {
  return strncmp(f->source, PKI "node/", strlen(PKI "node/")) == 0;
}

static bool holds(const struct plan_node *n, const char *source) {
  for (size_t i = 0; i < n->files.n; i++)
    if (is_key(&n->files.v[i]) && strcmp(n->files.v[i].source, source) == 0)
      return true;
  return false;
}

/* The sources of all keys, in the order in which seeds have them. */
static void list_keys(const struct plan *p, struct strv *ret) {
  for (size_t i = 0; i < p->nodes.n; i++)
    for (size_t k = 0; k < p->nodes.v[i].files.n; k++) {
      const struct plan_file *f = &p->nodes.v[i].files.v[k];
      if (is_key(f) && !strv_has(ret, f->source))
        strv_push(ret, f->source);
    }
}

/* ---- The picture ---- */

static void add_row(struct buf *out, const char *style, const char *text) {
  buf_addf(out, "<TR><TD ALIGN=\"LEFT\"><FONT %s>", style);
  quote_xml(text, out);
  buf_adds(out, "</FONT></TD></TR>");
}

static void add_runs(const struct plan_node *n, struct buf *out) {
  _cleanup_strv_ struct strv runs = {0};
  if (n->spec->role == ROLE_CONTROL_PLANE)
    strv_push(&runs, "API server");
  if (n->has_member)
    strv_push(&runs, n->runs_etcd ? "etcd" : "etcd (pod)");
  if (n->has_kubelet)
    strv_push(&runs, "kubelet");
  if (n->runs_keepalived)
    strv_pushf(&runs, "keepalived %d", n->vip_priority);
  if (n->runs_pacemaker)
    strv_push(&runs, "pacemaker");
  _cleanup_free_ char *text = strv_join(&runs, " · ");
  if (runs.n > 0)
    add_row(out, "POINT-SIZE=\"10\"", text);
}

static void add_keys(const struct plan_node *n, struct buf *out) {
  _cleanup_strv_ struct strv keys = {0};
  for (size_t i = 0; i < n->files.n; i++)
    if (is_key(&n->files.v[i]) && !is_own(&n->files.v[i]))
      strv_push(&keys, key_name(&n->files.v[i]));
  _cleanup_free_ char *text = strv_join(&keys, ", ");
  _cleanup_free_ char *line = xasprintf("keys: %s", text);
  if (keys.n > 0)
    add_row(out, "POINT-SIZE=\"8\" COLOR=\"#aa2222\"", line);
}

static void draw_node(const struct plan_node *n, struct buf *out) {
  const struct look *look = look_of(n);
  char a[NET_TEXT];
  _cleanup_free_ char *what =
      xasprintf("%s%s", role_name(n->spec->role),
                n->founder ? ", founds the cluster" : "");
  buf_addf(out,
           "    n%zu [label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
           "CELLSPACING=\"1\">",
           n->index);
  buf_adds(out, "<TR><TD ALIGN=\"LEFT\"><B>");
  quote_xml(n->name, out);
  buf_adds(out, "</B></TD></TR>");
  add_row(out, "POINT-SIZE=\"10\" COLOR=\"#555555\"", what);
  add_row(out, "POINT-SIZE=\"11\" FACE=\"monospace\"",
          ip_format(n->spec->address, a));
  if (ip_is_set(n->spec->address6))
    add_row(out, "POINT-SIZE=\"9\" FACE=\"monospace\"",
            ip_format(n->spec->address6, a));
  add_runs(n, out);
  add_keys(n, out);
  buf_addf(out,
           "</TABLE>>, shape=box, style=\"rounded,filled\", "
           "fillcolor=\"%s\", color=\"%s\"];\n",
           look->fill, look->line);
}

/* Those of a role that are not drawn, as one box. */
static void draw_rest(const struct plan *p, enum role role, struct buf *out) {
  size_t n = of_role(p, role);
  if (n > PICTURE_SHOWN)
    buf_addf(out,
             "    rest%d [label=\"and %zu more\\n%s\", shape=box, "
             "style=\"rounded,dashed\", color=\"#888888\"];\n",
             (int)role, n - PICTURE_SHOWN, role_name(role));
}

/* Side by side in their order: graphviz would choose another. */
static void draw_order(const struct plan *p, enum role role, struct buf *out) {
  const struct plan_node *before = NULL;
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    if (n->spec->role != role || !is_drawn(n))
      continue;
    if (before)
      buf_addf(out, "    n%zu -> n%zu [style=invis];\n", before->index,
               n->index);
    before = n;
  }
  if (before && of_role(p, role) > PICTURE_SHOWN)
    buf_addf(out, "    n%zu -> rest%d [style=invis];\n", before->index,
             (int)role);
}

static void draw_roles(const struct plan *p, struct buf *out) {
  static const enum role order[] = {ROLE_GATEWAY,       ROLE_JUMP,
                                    ROLE_LOAD_BALANCER, ROLE_CONTROL_PLANE,
                                    ROLE_ETCD,          ROLE_WORKER};
  for (size_t r = 0; r < ARRAY_SIZE(order); r++) {
    if (of_role(p, order[r]) == 0)
      continue;
    buf_adds(out, "    { rank=same;\n");
    for (size_t i = 0; i < p->nodes.n; i++)
      if (p->nodes.v[i].spec->role == order[r] && is_drawn(&p->nodes.v[i]))
        draw_node(&p->nodes.v[i], out);
    draw_rest(p, order[r], out);
    draw_order(p, order[r], out);
    buf_adds(out, "    }\n");
  }
}

static void draw_wire(const struct plan *p, struct buf *out) {
  const struct spec *s = p->spec;
  char subnet[NET_TEXT], pods[NET_TEXT], services[NET_TEXT];
  _cleanup_free_ char *label =
      xasprintf("network %s, %s   pods %s (%s)   services %s",
                cidr_format(&s->network.subnet, subnet), s->network.domain,
                cidr_format(&s->network.pods, pods), cni_name(s->network.cni),
                cidr_format(&s->network.services, services));
  buf_adds(out, "  subgraph cluster_wire {\n    label=<");
  quote_xml(label, out);
  for (size_t i = 0; i < s->network.subnets.n; i++)
    buf_addf(out, "%s %s", i == 0 ? "<BR/>and, behind routers," : ",",
             cidr_format(&s->network.subnets.v[i].net, subnet));
  if (spec_has_ipv6(s)) {
    buf_addf(out, "<BR/>%s", cidr_format(&s->network.ipv6.subnet, subnet));
    buf_addf(out, "   pods %s", cidr_format(&s->network.ipv6.pods, pods));
    buf_addf(out, "   services %s",
             cidr_format(&s->network.ipv6.services, services));
  }
  buf_adds(out, ">; labeljust=l; labelloc=b; fontsize=11; "
                "style=\"rounded,filled\"; color=\"#bbbbbb\"; "
                "fillcolor=\"#fafafa\";\n");
  draw_roles(p, out);
  buf_adds(out, "  }\n");
}

/* Who answers at the endpoint's address, or is behind it. */
static bool answers(const struct plan *p, const struct plan_node *n) {
  if (p->spec->endpoint.provider == PROVIDER_FIRST_NODE)
    return n->founder;
  if (p->balancers.n > 0)
    return n->spec->role == ROLE_LOAD_BALANCER;
  return n->spec->role == ROLE_CONTROL_PLANE;
}

static void draw_endpoint(const struct plan *p, struct buf *out) {
  _cleanup_free_ char *name = xasprintf("https://%s", p->endpoint);
  buf_adds(out, "  endpoint [label=<<B>endpoint</B><BR/>");
  quote_xml(name, out);
  buf_adds(out, "<BR/><FONT POINT-SIZE=\"10\" COLOR=\"#555555\">");
  quote_xml(provider_name(p->spec->endpoint.provider), out);
  buf_adds(out, "</FONT>>, shape=ellipse, style=filled, "
                "fillcolor=\"#ffffff\", color=\"#2266bb\"];\n");
  for (size_t i = 0; i < p->nodes.n; i++) {
    const struct plan_node *n = &p->nodes.v[i];
    if (answers(p, n) && is_drawn(n))
      buf_addf(out, "  endpoint -> n%zu [color=\"#2266bb\"];\n", n->index);
  }
  for (size_t b = 0; b < p->balancers.n && b < PICTURE_SHOWN; b++)
    for (size_t i = 0; i < p->control_planes.n && i < PICTURE_SHOWN; i++)
      buf_addf(out, "  n%zu -> n%zu [color=\"#8242a8\"];\n",
               p->balancers.v[b]->index, p->control_planes.v[i]->index);
}

static void draw_etcd(const struct plan *p, struct buf *out) {
  buf_adds(out, "  etcd [label=<<B>etcd</B><BR/><FONT POINT-SIZE=\"10\" "
                "COLOR=\"#555555\">");
  quote_xml(etcd_mode_name(p->spec->etcd.mode), out);
  buf_addf(out,
           ", %zu member%s</FONT>>, shape=cylinder, style=filled, "
           "fillcolor=\"#fff3da\", color=\"#b37a00\"];\n",
           p->members.n, p->members.n == 1 ? "" : "s");
  for (size_t i = 0; i < p->members.n; i++)
    if (is_drawn(p->members.v[i]))
      buf_addf(out,
               "  n%zu -> etcd [dir=both, arrowsize=0.5, style=dashed, "
               "color=\"#b37a00\"];\n",
               p->members.v[i]->index);
}

/* Workers stand below what they ask, without a line for each. */
static void draw_below(const struct plan *p, struct buf *out) {
  for (size_t i = 0; i < p->nodes.n; i++)
    if (p->nodes.v[i].spec->role == ROLE_WORKER && is_drawn(&p->nodes.v[i]))
      buf_addf(out, "  n%zu -> n%zu [style=invis];\n",
               p->control_planes.v[0]->index, i);
  if (of_role(p, ROLE_WORKER) > PICTURE_SHOWN)
    buf_addf(out, "  n%zu -> rest%d [style=invis];\n",
             p->control_planes.v[0]->index, (int)ROLE_WORKER);
}

/* Further cards: one network for those of one name. */
static void draw_cards(const struct plan *p, struct buf *out) {
  _cleanup_strv_ struct strv nets = {0};
  for (size_t i = 0; i < p->nodes.n; i++)
    for (size_t k = 1; k < p->nodes.v[i].interfaces.n; k++) {
      const struct plan_interface *card = &p->nodes.v[i].interfaces.v[k];
      if (!is_drawn(&p->nodes.v[i]) || card->kind == LINK_MEMBER)
        continue;
      size_t at = 0;
      while (at < nets.n && strcmp(nets.v[at], card->name) != 0)
        at++;
      if (at == nets.n) {
        strv_push(&nets, card->name);
        buf_addf(out, "  net%zu [label=<", at);
        quote_xml(card->name, out);
        buf_adds(out, ">, shape=box3d, fontsize=11, color=\"#888888\"];\n");
      }
      buf_addf(out, "  n%zu -> net%zu [dir=none, color=\"#888888\"];\n", i, at);
    }
}

void picture_dot(const struct plan *p, struct buf *out) {
  buf_adds(out, "digraph cluster {\n"
                "  rankdir=TB; splines=true; nodesep=0.3; ranksep=0.5;\n"
                "  fontname=\"Helvetica,Arial,sans-serif\";\n"
                "  node [fontname=\"Helvetica,Arial,sans-serif\", "
                "fontsize=13];\n"
                "  edge [arrowsize=0.7];\n"
                "  label=<<B>");
  quote_xml(p->spec->name, out);
  buf_adds(out, "</B>, Kubernetes ");
  quote_xml(p->spec->kubernetes.version_text, out);
  buf_adds(out, ">; labelloc=t; fontsize=16;\n");
  draw_wire(p, out);
  draw_endpoint(p, out);
  draw_etcd(p, out);
  draw_below(p, out);
  draw_cards(p, out);
  buf_adds(out, "}\n");
}

/* ---- The page ---- */

static void cell(struct buf *out, const char *tag, const char *text) {
  buf_addf(out, "<%s>", tag);
  quote_xml(text, out);
  buf_addf(out, "</%s>", tag);
}

static void add_node_row(const struct plan_node *n, struct buf *out) {
  char a[NET_TEXT], m[NET_TEXT];
  _cleanup_free_ char *machine =
      xasprintf("%d CPU, %" PRIu64 " MiB, disk %" PRIu64 " MiB", n->spec->cpus,
                n->spec->memory >> 20, n->spec->disk >> 20);
  _cleanup_strv_ struct strv parts = {0};
  for (size_t i = 0; i < n->parts.n; i++)
    strv_push(&parts, n->parts.v[i].name);
  _cleanup_free_ char *all = strv_join(&parts, ", ");
  _cleanup_free_ char *steps = strv_join(&n->steps, " → ");
  buf_adds(out, "<tr>");
  cell(out, "th", n->name);
  cell(out, "td", role_name(n->spec->role));
  cell(out, "td", ip_format(n->spec->address, a));
  cell(out, "td", mac_format(&plan_cluster_interface(n)->mac, m));
  cell(out, "td", machine);
  cell(out, "td", all);
  cell(out, "td", steps);
  buf_adds(out, "</tr>\n");
}

static bool same_keys(const struct plan_node *a, const struct plan_node *b,
                      const struct strv *keys) {
  for (size_t i = 0; i < keys->n; i++)
    if (holds(a, keys->v[i]) != holds(b, keys->v[i]))
      return false;
  return true;
}

/* Nodes that hold the same keys are one column: the first of each. */
static void list_columns(const struct plan *p, const struct strv *keys,
                         struct plan_list *ret) {
  for (size_t i = 0; i < p->nodes.n; i++) {
    size_t k = 0;
    while (k < ret->n && !same_keys(ret->v[k], &p->nodes.v[i], keys))
      k++;
    if (k == ret->n)
      *plan_list_add(ret) = &p->nodes.v[i];
  }
}

static void add_column_head(const struct plan *p, const struct plan_node *first,
                            const struct strv *keys, struct buf *out) {
  _cleanup_buf_ struct buf names = {0};
  size_t n = 0;
  for (size_t i = 0; i < p->nodes.n; i++)
    if (same_keys(first, &p->nodes.v[i], keys) && ++n <= PICTURE_SHOWN)
      buf_addf(&names, "%s%s", n > 1 ? ", " : "", p->nodes.v[i].name);
  if (n > PICTURE_SHOWN)
    buf_addf(&names, " and %zu more", n - PICTURE_SHOWN);
  cell(out, "th", names.data);
}

static void add_key_table(const struct plan *p, struct buf *out) {
  _cleanup_strv_ struct strv keys = {0};
  struct plan_list columns = {0};
  list_keys(p, &keys);
  list_columns(p, &keys, &columns);
  buf_adds(out, "<h2>Which seed holds which key</h2>\n<table><tr><th></th>");
  for (size_t c = 0; c < columns.n; c++)
    add_column_head(p, columns.v[c], &keys, out);
  buf_adds(out, "</tr>\n");
  for (size_t k = 0; k < keys.n; k++) {
    const struct plan_file f = {.source = keys.v[k]};
    _cleanup_free_ char *name = xasprintf(
        "%s%s", key_name(&f), is_own(&f) ? " (each node its own)" : "");
    buf_adds(out, "<tr>");
    cell(out, "th", name);
    for (size_t c = 0; c < columns.n; c++)
      cell(out, "td", holds(columns.v[c], keys.v[k]) ? "●" : "");
    buf_adds(out, "</tr>\n");
  }
  buf_adds(out, "</table>\n");
  free(columns.v);
}

/* What stands before <svg> is for files of their own. */
static const char *svg_element(const char *svg) {
  const char *at = strstr(svg, "<svg");
  return at ? at : "";
}

void picture_html(const struct plan *p, const char *svg, struct buf *out) {
  buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
                "charset=\"utf-8\"><title>");
  quote_xml(p->spec->name, out);
  buf_adds(out, "</title>\n<style>body{font-family:Helvetica,Arial,sans-serif;"
                "margin:2em;color:#222}table{border-collapse:collapse;"
                "font-size:80%}th,td{border:1px solid #ccc;padding:.3em .5em;"
                "text-align:left;vertical-align:top}svg{max-width:100%;"
                "height:auto}</style></head>\n<body>\n");
  buf_adds(out, svg_element(svg));
  buf_adds(out, "<h2>Nodes</h2>\n<table><tr><th>node</th><th>role</th>"
                "<th>address</th><th>MAC</th><th>machine</th><th>parts</th>"
                "<th>first boot</th></tr>\n");
  for (size_t i = 0; i < p->nodes.n; i++)
    add_node_row(&p->nodes.v[i], out);
  buf_adds(out, "</table>\n");
  add_key_table(p, out);
  buf_adds(out, "</body></html>\n");
}
