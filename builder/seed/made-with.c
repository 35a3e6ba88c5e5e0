/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/made-with.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/net.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1 << 22 };

#define PODS_OF "pods of "

void made_with_done(struct made_with *m) {
  strv_done(&m->lines);
  free(m->moved);
  free(m->added);
  *m = (struct made_with){0};
}

/* ---- What stays as it is ---- */

static char *of_cidr(const struct cidr *net) {
  char a[NET_TEXT];
  return xstrdup(cidr_format(net, a));
}

static char *of_subnet(const struct spec *s) {
  return of_cidr(&s->network.subnet);
}

static char *of_pods(const struct spec *s) {
  return of_cidr(&s->network.pods);
}

static char *of_services(const struct spec *s) {
  return of_cidr(&s->network.services);
}

static char *of_ipv6(const struct spec *s) {
  char pods[NET_TEXT], services[NET_TEXT];
  return spec_has_ipv6(s)
             ? xasprintf("pods %s, services %s",
                         cidr_format(&s->network.ipv6.pods, pods),
                         cidr_format(&s->network.ipv6.services, services))
             : xstrdup("none");
}

static char *of_cni(const struct spec *s) {
  return xstrdup(cni_name(s->network.cni));
}

static char *of_vxlan(const struct spec *s) {
  return xasprintf("vni %d, port %d", s->network.vxlan.vni,
                   s->network.vxlan.port);
}

static char *of_domain(const struct spec *s) {
  return xstrdup(s->kubernetes.cluster_domain);
}

static char *of_bootstrapper(const struct spec *s) {
  return xstrdup(word_of(bootstrapper_words, (int)s->kubernetes.bootstrapper));
}

static char *of_etcd(const struct spec *s) {
  return xstrdup(etcd_mode_name(s->etcd.mode));
}

static const struct rule {
  const char *key;
  char *(*value)(const struct spec *s); /* the caller frees */
  const char *why;
} rules[] = {
    {"network.subnet", of_subnet,
     "its machines are told apart by it, and etcd's members know each other by "
     "their addresses; another cluster there needs a name of its own"},
    {"network.pods", of_pods,
     "each node has its part of that network, in etcd and on its disk"},
    {"network.services", of_services,
     "the addresses of its services stand in etcd, and one in the API servers' "
     "certificates"},
    {"network.ipv6", of_ipv6,
     "nodes, pods and services have the addresses that they got when they were "
     "made"},
    {"network.cni", of_cni,
     "pods of nodes with one network do not reach those with another"},
    {"network.vxlan", of_vxlan,
     "pods of nodes with one network do not reach those with another"},
    {"kubernetes.clusterDomain", of_domain,
     "it stands in the API servers' certificates, in the tokens of service "
     "accounts and in each pod"},
    {"kubernetes.bootstrapper", of_bootstrapper,
     "who made its control planes also renews and replaces them"},
    {"etcd.mode", of_etcd, "its data is where etcd's members are"},
};

/* ---- The file ---- */

/* Of a line "KEY: VALUE"; NULL when there is none of the key. */
static const char *value_of(const struct strv *lines, const char *key) {
  size_t n = strlen(key);
  for (size_t i = 0; i < lines->n; i++)
    if (strncmp(lines->v[i], key, n) == 0 &&
        strncmp(lines->v[i] + n, ": ", 2) == 0)
      return lines->v[i] + n + 2;
  return NULL;
}

/* What is forgotten here would let two kinds of seeds meet. */
static int damaged(const char *path, struct error *err) {
  return error_set(err, 0,
                   "'%s' is damaged: it must hold lines KEY: VALUE of what the "
                   "cluster was made with; put the right file back, or remove "
                   "it where the spec is as it was then",
                   path);
}

static int read_lines(const char *path, struct strv *ret, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  if (file_read(path, MAX_FILE, &text, err) < 0)
    return -1;
  if (text.len == 0 || text.data[text.len - 1] != '\n' ||
      memchr(text.data, '\0', text.len))
    return damaged(path, err);
  text.data[text.len - 1] = '\0';
  char *rest = text.data;
  for (char *line; (line = strsep(&rest, "\n"));) {
    const char *colon = strstr(line, ": ");
    if (!colon || colon == line || !colon[2])
      return damaged(path, err);
    strv_push(ret, line);
  }
  return 0;
}

static int refuse(const struct rule *r, const char *said, const char *was,
                  const char *path, struct error *err) {
  return error_usage(
      err,
      "%s is '%s', but this cluster was made with '%s', and it cannot be "
      "changed in one that runs: %s. Write it into the spec as it was. Where "
      "no machine has been on with a seed of it, `kubeseed destroy --all` is "
      "the way to another cluster; where the cluster itself was changed by "
      "hand, write that into '%s'",
      r->key, said, was, r->why, path);
}

static int add_rules(const struct spec *s, const struct strv *old,
                     const char *path, struct made_with *m, struct error *err) {
  for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
    const struct rule *r = &rules[i];
    _cleanup_free_ char *said = r->value(s);
    const char *was = value_of(old, r->key);
    if (was && strcmp(was, said) != 0)
      return refuse(r, said, was, path, err);
    strv_pushf(&m->lines, "%s: %s", r->key, said);
  }
  return 0;
}

/* ---- Networks of single nodes ---- */

static int by_text(const void *a, const void *b) {
  const char *const *x = a, *const *y = b;
  return strcmp(*x, *y);
}

static int begins_with(const void *key, const void *line) {
  const char *const *l = line;
  return strncmp(key, *l, strlen(key));
}

static void note_moved(struct made_with *m, const char *node, const char *now,
                       const char *was, struct buf *text) {
  if (m->n_moved++ < MADE_WITH_SHOWN)
    buf_addf(text, "%s%s (%s, was %s)", text->len ? ", " : "", node, now, was);
}

/* One that the seeds before had no route to. */
static void note_added(struct made_with *m, const struct plan_node *node,
                       const char *pods, struct buf *text) {
  char via[NET_TEXT];
  if (m->n_added++ < MADE_WITH_SHOWN)
    buf_addf(text, "%s%s (%s via %s)", text->len ? ", " : "", node->name, pods,
             ip_format(node->spec->address, via));
}

/* Those of the plan's nodes, and of the old ones unless they are forgotten. */
static void add_pods(const struct plan *p, const struct strv *old, bool forget,
                     struct made_with *m) {
  _cleanup_buf_ struct buf moved = {0};
  _cleanup_buf_ struct buf added = {0};
  _cleanup_free_ char **sorted = xcalloc(old->n + 1, sizeof(*sorted));
  _cleanup_free_ bool *known = xcalloc(old->n + 1, sizeof(*known));
  size_t n = 0;
  for (size_t i = 0; i < old->n; i++)
    if (strncmp(old->v[i], PODS_OF, strlen(PODS_OF)) == 0)
      sorted[n++] = old->v[i];
  qsort(sorted, n, sizeof(*sorted), by_text);
  for (size_t i = 0; i < p->kubelets.n; i++) {
    const struct plan_node *node = p->kubelets.v[i];
    char now[NET_TEXT];
    if (!node->has_pods)
      continue;
    cidr_format(&node->pods, now);
    _cleanup_free_ char *key = xasprintf(PODS_OF "%s: ", node->name);
    char **line = bsearch(key, sorted, n, sizeof(*sorted), begins_with);
    if (line && strcmp(*line + strlen(key), now) != 0)
      note_moved(m, node->name, now, *line + strlen(key), &moved);
    if (line)
      known[line - sorted] = true;
    else if (n > 0)
      note_added(m, node, now, &added);
    strv_pushf(&m->lines, "%s%s", key, now);
  }
  for (size_t i = 0; i < n && !forget; i++)
    if (!known[i])
      strv_push(&m->lines, sorted[i]);
  m->moved = moved.len ? buf_take(&moved) : NULL;
  m->added = added.len ? buf_take(&added) : NULL;
}

int made_with_load(const struct state *state, const struct plan *plan,
                   bool forget, struct made_with *ret, struct error *err) {
  _cleanup_made_with_ struct made_with m = {0};
  _cleanup_strv_ struct strv old = {0};
  _cleanup_free_ char *path = state_path(state, "pki/made-with");
  if (file_exists(path) && read_lines(path, &old, err) < 0)
    return -1;
  if (add_rules(plan->spec, &old, path, &m, err) < 0)
    return -1;
  add_pods(plan, &old, forget, &m);
  m.changed = old.n != m.lines.n;
  for (size_t i = 0; !m.changed && i < old.n; i++)
    m.changed = strcmp(old.v[i], m.lines.v[i]) != 0;
  *ret = m;
  m = (struct made_with){0};
  return 0;
}

void made_with_write(const struct made_with *m, struct buf *out) {
  for (size_t i = 0; i < m->lines.n; i++)
    buf_addf(out, "%s\n", m->lines.v[i]);
}
