/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of verify_judge, and what the nodes themselves tell. */
#include "cluster/verify-judge.h"

#include "format/x509.h"
#include <stdarg.h>
#include <string.h>

/* A detail names so many findings and counts the rest. */
#define WRONG_SHOWN 12
/* A longer answer is quoted up to here. */
#define QUOTE_MAX 200
#define CERT_WARN_DAYS 30
#define DAY ((time_t)86400)

/* ---- The frame ---- */

void wrong_add(struct wrong *w, const char *fmt, ...) {
  if (++w->n > WRONG_SHOWN)
    return;
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *text = xvasprintf(fmt, ap);
  va_end(ap);
  buf_addf(&w->text, "%s%s", w->text.len ? "; " : "", text);
}

static void add_check(struct judge *j, const char *id, const char *what,
                      enum verify_state state, char *detail) {
  *verify_check_vec_add(j->checks) = (struct verify_check){
      .id = id, .what = what, .state = state, .detail = detail};
}

void judge_add(struct judge *j, const char *id, const char *what,
               enum verify_state state, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *detail = xvasprintf(fmt, ap);
  va_end(ap);
  add_check(j, id, what, state, detail);
}

void judge_end(struct judge *j, const char *id, const char *what,
               struct wrong *w, const char *fmt, ...) {
  if (w->n > WRONG_SHOWN)
    buf_addf(&w->text, "; and %zu more", w->n - WRONG_SHOWN);
  if (w->n) {
    add_check(j, id, what, VERIFY_FAIL, buf_take(&w->text));
  } else {
    va_list ap;
    va_start(ap, fmt);
    char *detail = xvasprintf(fmt, ap);
    va_end(ap);
    add_check(j, id, what, VERIFY_OK, detail);
  }
  *w = (struct wrong){0};
}

const char *judge_text(const json_t *o, const char *key) {
  const char *s = json_string_value(json_object_get(o, key));
  return s ? s : "";
}

bool judge_has_kubelet(const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE || n->spec->role == ROLE_WORKER;
}

bool judge_is_member(const struct plan *plan, const struct plan_node *n) {
  return n->runs_etcd || (plan->spec->etcd.mode == ETCD_STACKED &&
                          n->spec->role == ROLE_CONTROL_PLANE);
}

char *judge_section(const struct judge *j, const struct plan_node *n,
                    const char *section, struct wrong *w) {
  const struct verify_answer *a = &j->facts->node[n->index];
  char *text = verify_section(a, section);
  if (!text)
    wrong_add(w, "%s: not known, %s", n->name,
              a->text ? "it was cut short" : "the node does not answer");
  return text;
}

static void judge_reach(struct judge *j) {
  struct wrong w = {0};
  for (size_t i = 0; i < j->facts->n; i++) {
    const struct verify_answer *a = &j->facts->node[i];
    if (!a->text)
      wrong_add(&w, "%s", a->error ? a->error : j->plan->nodes.v[i].name);
  }
  judge_end(j, "reach", "every node answers ssh", &w, "%zu nodes", j->facts->n);
}

/* ---- systemd units ---- */

/* One unit of `systemctl show`. */
struct unit {
  const char *id, *type, *load, *active, *sub, *result;
};

static void unit_property(struct unit *u, char *line) {
  char *value = strchr(line, '=');
  if (!value)
    return;
  *value++ = '\0';
  if (strcmp(line, "Id") == 0)
    u->id = value;
  else if (strcmp(line, "Type") == 0)
    u->type = value;
  else if (strcmp(line, "LoadState") == 0)
    u->load = value;
  else if (strcmp(line, "ActiveState") == 0)
    u->active = value;
  else if (strcmp(line, "SubState") == 0)
    u->sub = value;
  else if (strcmp(line, "Result") == 0)
    u->result = value;
}

/* Reads the unit of that name out of text, which it cuts up. */
static bool unit_find(char *text, const char *name, struct unit *ret) {
  struct unit u = {0};
  bool found = false;
  for (char *line = text; line && !found;) {
    char *end = strchr(line, '\n');
    if (end)
      *end = '\0';
    unit_property(&u, line);
    /* An empty line ends a unit, and so does the end. */
    if (!*line || !end) {
      found = u.id && u.active && strcmp(u.id, name) == 0;
      if (found)
        *ret = u;
      u = (struct unit){0};
    }
    line = end ? end + 1 : NULL;
  }
  return found;
}

/* First boot's program ends when it is done. One that only sets something up,
 * nftables, stays active afterwards (RemainAfterExit). */
static bool unit_may_end(const struct unit *u) {
  return strcmp(u->id, "kubeseed-bootstrap.service") == 0;
}

static void judge_unit(const char *node, const char *name, const char *text,
                       struct wrong *w) {
  _cleanup_free_ char *copy = xstrdup(text);
  struct unit u = {0};
  if (!unit_find(copy, name, &u)) {
    wrong_add(w, "%s: nothing known of %s", node, name);
    return;
  }
  if (u.load && strcmp(u.load, "loaded") != 0)
    wrong_add(w, "%s: %s is %s", node, name, u.load);
  else if (strcmp(u.active, "failed") == 0)
    wrong_add(w, "%s: %s has failed (%s)", node, name,
              u.result ? u.result : "no reason known");
  else if (strcmp(u.active, "active") != 0 && !unit_may_end(&u))
    wrong_add(w, "%s: %s should run and is %s (%s)", node, name, u.active,
              u.sub ? u.sub : "?");
}

static void judge_units(struct judge *j) {
  struct wrong w = {0};
  size_t units = 0;
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    _cleanup_free_ char *text = judge_section(j, n, "units", &w);
    for (size_t k = 0; text && k < n->units.n; k++, units++)
      judge_unit(n->name, n->units.v[k], text, &w);
  }
  judge_end(j, "units", "the plan's systemd units are well", &w, "%zu units",
            units);
}

/* ---- Certificates ---- */

struct certs {
  size_t n;
  time_t first; /* the end that comes first */
  char *first_name;
  struct wrong ended, soon;
};

static char *date_text(time_t t) {
  struct tm tm;
  if (!gmtime_r(&t, &tm))
    return xstrdup("?");
  return xasprintf("%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                   tm.tm_mday);
}

/* The certificate is PEM, or what a kubeconfig holds. */
static int parse_cert(const char *text, struct cert **ret, struct error *err) {
  _cleanup_buf_ struct buf pem = {0};
  if (*text == '-')
    return cert_parse(text, strlen(text), ret, err);
  if (pem_from_base64(text, &pem, err) < 0)
    return -1;
  return cert_parse(pem.data, pem.len, ret, err);
}

static int parse_end(const char *text, time_t *ret, struct error *err) {
  _cleanup_cert_ struct cert *cert = NULL;
  if (parse_cert(text, &cert, err) < 0)
    return -1;
  return cert_not_after(cert, ret, err);
}

static void judge_cert(const char *node, const char *path, const char *text,
                       time_t now, struct certs *c) {
  _cleanup_error_ struct error err = {0};
  time_t end = 0;
  if (parse_end(text, &end, &err) < 0) {
    wrong_add(&c->ended, "%s: %.*s cannot be read: %.*s", node, QUOTE_MAX, path,
              QUOTE_MAX, *text == '-' || !*text ? err.faults[0].msg : text);
    return;
  }
  _cleanup_free_ char *date = date_text(end);
  c->n++;
  if (end <= now)
    wrong_add(&c->ended, "%s: %s ended on %s", node, path, date);
  else if (end - now < CERT_WARN_DAYS * DAY)
    wrong_add(&c->soon, "%s: %s ends on %s, in %lld days", node, path, date,
              (long long)((end - now) / DAY));
  if (!c->first_name || end < c->first) {
    free(c->first_name);
    c->first_name = xasprintf("%s: %s", node, path);
    c->first = end;
  }
}

#define CERTIFICATE "@certificate "

/* Where the next "@certificate PATH" line begins, or NULL. */
static char *next_certificate(char *text) {
  for (char *p = text; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    if (strncmp(p, CERTIFICATE, strlen(CERTIFICATE)) == 0)
      return p;
  }
  return NULL;
}

static void judge_node_certs(const struct judge *j, const struct plan_node *n,
                             struct certs *c) {
  _cleanup_free_ char *text = judge_section(j, n, "certificates", &c->ended);
  if (!text)
    return;
  size_t found = 0;
  bool client = strstr(text, "/kubelet-client-current.pem\n");
  bool api = strstr(text, "/etc/kubernetes/pki/apiserver.crt\n");
  char *next = next_certificate(text);
  for (; next; found++) {
    char *path = next + strlen(CERTIFICATE);
    char *pem = path + strcspn(path, "\n");
    if (*pem)
      *pem++ = '\0';
    next = next_certificate(pem);
    if (next)
      next[-1] = '\0';
    judge_cert(n->name, path, pem, j->facts->now, c);
  }
  if (judge_has_kubelet(n) && !client)
    wrong_add(&c->ended, "%s: the kubelet has no client certificate", n->name);
  else if (n->spec->role == ROLE_CONTROL_PLANE && !api)
    wrong_add(&c->ended, "%s: the API server has no certificate", n->name);
  else if (judge_is_member(j->plan, n) && found == 0)
    wrong_add(&c->ended, "%s: etcd has no certificate", n->name);
}

static void judge_certs(struct judge *j) {
  static const char id[] = "certificates";
  static const char what[] = "no certificate has ended or soon will";
  struct certs c = {0};
  for (size_t i = 0; i < j->plan->nodes.n; i++)
    judge_node_certs(j, &j->plan->nodes.v[i], &c);
  _cleanup_free_ char *date = date_text(c.first);
  if (c.ended.n == 0 && c.soon.n > 0)
    judge_add(j, id, what, VERIFY_WARN, "%s", c.soon.text.data);
  else
    judge_end(j, id, what, &c.ended, "%zu, the first ends on %s (%s)", c.n,
              date, c.first_name ? c.first_name : "none");
  buf_done(&c.soon.text);
  free(c.first_name);
}

void verify_judge(const struct plan *plan, const struct verify_facts *facts,
                  struct verify_check_vec *ret) {
  struct judge j = {.plan = plan, .facts = facts, .checks = ret};
  judge_reach(&j);
  judge_units(&j);
  judge_certs(&j);
  judge_etcd(&j);
  judge_endpoint(&j);
  judge_kubernetes(&j);
  judge_pods(&j);
}
