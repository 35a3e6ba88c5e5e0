/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who holds the endpoint's address, and what is behind it. */
#include "cluster/verify-judge.h"

#include <string.h>

#define QUOTE_MAX 200

/* ---- The address ---- */

/* The node has the address: a line "ADDRESS/n", whatever the length n. */
static bool holds(const char *addresses, struct ip address) {
  char a[NET_TEXT];
  size_t n = strlen(ip_format(address, a));
  for (const char *p = addresses; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    if (strncmp(p, a, n) == 0 && p[n] == '/')
      return true;
  }
  return false;
}

static void judge_holder(struct judge *j) {
  static const char id[] = "endpoint.holder";
  static const char what[] = "one node holds the endpoint's address";
  const struct spec *s = j->plan->spec;
  struct wrong w = {0};
  _cleanup_buf_ struct buf holders = {0};
  size_t n_holders = 0;
  char a[NET_TEXT];
  if (s->endpoint.provider == PROVIDER_EXTERNAL) {
    judge_add(j, id, what, VERIFY_SKIP, "endpoint.provider is external");
    return;
  }
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    _cleanup_free_ char *text = judge_section(j, n, "addresses", &w);
    if (!text || !holds(text, s->endpoint.address))
      continue;
    buf_addf(&holders, "%s%s", n_holders++ ? ", " : "", n->name);
    bool may = s->endpoint.provider == PROVIDER_FIRST_NODE ? n->founder
                                                           : n->runs_keepalived;
    if (!may)
      wrong_add(&w, "%s holds it and must not", n->name);
  }
  ip_format(s->endpoint.address, a);
  if (n_holders == 0)
    wrong_add(&w, "no node holds %s", a);
  else if (n_holders > 1)
    wrong_add(&w, "%zu nodes hold %s: %s", n_holders, a, holders.data);
  judge_end(j, id, what, &w, "%s, %s", a, holders.data);
}

/* Of an API server's list of checks only the "[-]" ones; the caller frees. */
static char *unready_words(const char *text) {
  _cleanup_buf_ struct buf b = {0};
  for (const char *p = text; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    if (strncmp(p, "[-]", 3) == 0)
      buf_addf(&b, "%s%.*s", b.len ? ", " : "", (int)strcspn(p, "\n"), p);
  }
  if (b.len == 0)
    buf_adds(&b, *text ? text : "nothing");
  return buf_take(&b);
}

static void judge_readyz(struct judge *j) {
  struct wrong w = {0};
  size_t n_asked = 0;
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    if (!judge_has_kubelet(n))
      continue;
    n_asked++;
    _cleanup_free_ char *text = judge_section(j, n, "readyz", &w);
    if (!text || strcmp(text, "ok") == 0)
      continue;
    _cleanup_free_ char *words = unready_words(text);
    wrong_add(&w, "%s: %.*s", n->name, QUOTE_MAX, words);
  }
  judge_end(j, "endpoint.readyz",
            "/readyz of the endpoint is ok from every node", &w,
            "https://%s, from %zu nodes", j->plan->endpoint, n_asked);
}

/* ---- Load balancers ---- */

/* The i-th field (from 0) of a CSV line without quoted commas. */
static char *csv_field(const char *line, size_t i) {
  for (; i > 0; i--) {
    line += strcspn(line, ",\n");
    if (*line != ',')
      return xstrdup("");
    line++;
  }
  return xstrndup(line, strcspn(line, ",\n"));
}

/* haproxy's management guide, 9.1: pxname, svname and status in the CSV. Only
 * the backend that user-data/haproxy.cfg calls so asks its servers. */
#define BACKEND "kubernetes"
#define CSV_PXNAME 0
#define CSV_SVNAME 1
#define CSV_STATUS 17

/* The server's status, "UP" or "DOWN" or so; NULL when it is not listed. */
static char *server_status(const char *csv, const char *server) {
  for (const char *p = csv; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    _cleanup_free_ char *backend = csv_field(p, CSV_PXNAME);
    _cleanup_free_ char *name = csv_field(p, CSV_SVNAME);
    if (strcmp(backend, BACKEND) == 0 && strcmp(name, server) == 0)
      return csv_field(p, CSV_STATUS);
  }
  return NULL;
}

/* What nginx sees of an API server: the rest of the line "NAME CODE"; NULL when
 * it has none. The caller frees. */
static char *asked_status(const char *lines, const char *server) {
  size_t n = strlen(server);
  for (const char *p = lines; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    if (strncmp(p, server, n) == 0 && p[n] == ' ')
      return xstrndup(p + n + 1, strcspn(p + n + 1, "\n"));
  }
  return NULL;
}

/* How a load balancer tells of the API servers behind it. */
struct balancer {
  const char *section;
  const char *head; /* what an answer begins with that is one */
  char *(*status)(const char *text, const char *server);
  const char *up; /* what status begins with for one that is well; haproxy's
                   * "UP 1/3" still serves */
};

static const struct balancer haproxy = {"haproxy", "#", server_status, "UP"};
static const struct balancer nginx = {"backends", "", asked_status, "200"};

static void judge_balancer(const struct judge *j, const struct balancer *b,
                           const char *node, const char *text,
                           struct wrong *w) {
  if (strncmp(text, b->head, strlen(b->head)) != 0) {
    wrong_add(w, "%s: %.*s", node, QUOTE_MAX, *text ? text : "nothing");
    return;
  }
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    if (n->spec->role != ROLE_CONTROL_PLANE)
      continue;
    _cleanup_free_ char *status = b->status(text, n->name);
    if (!status)
      wrong_add(w, "%s does not know %s", node, n->name);
    else if (strncmp(status, b->up, strlen(b->up)) != 0)
      wrong_add(w, "%s sees %s %.*s", node, n->name, QUOTE_MAX, status);
  }
}

static void judge_backends(struct judge *j) {
  struct wrong w = {0};
  size_t asked = 0;
  enum provider provider = j->plan->spec->endpoint.provider;
  if (provider != PROVIDER_HAPROXY && provider != PROVIDER_NGINX)
    return;
  const struct balancer *b = provider == PROVIDER_HAPROXY ? &haproxy : &nginx;
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    if (n->spec->role != ROLE_LOAD_BALANCER)
      continue;
    _cleanup_free_ char *text = judge_section(j, n, b->section, &w);
    _cleanup_free_ char *through = judge_section(j, n, "balancer", &w);
    if (text)
      judge_balancer(j, b, n->name, text, &w);
    if (through && strcmp(through, "200") != 0)
      wrong_add(&w, "/readyz through %s: %.*s", n->name, QUOTE_MAX, through);
    asked++;
  }
  judge_end(j, "endpoint.backends",
            "the load balancers find every API server up", &w,
            "asked on %zu load balancers", asked);
}

void judge_endpoint(struct judge *j) {
  judge_holder(j);
  judge_readyz(j);
  judge_backends(j);
}
