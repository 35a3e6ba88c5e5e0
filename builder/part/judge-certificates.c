/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-certificates.h"

#include "format/x509.h"
#include <string.h>

#define CERT_WARN_DAYS 30
#define DAY ((time_t)86400)

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

char *judge_next_certificate(char **rest, char **ret_pem) {
  char *at = next_certificate(*rest);
  if (!at)
    return NULL;
  char *path = at + strlen(CERTIFICATE);
  char *pem = path + strcspn(path, "\n");
  if (*pem)
    *pem++ = '\0';
  *rest = next_certificate(pem);
  if (*rest)
    (*rest)[-1] = '\0';
  *ret_pem = pem;
  return path;
}

static void judge_node_certs(const struct judge *j, const struct plan_node *n,
                             struct certs *c) {
  _cleanup_free_ char *text = judge_section(j, n, "certificates", &c->ended);
  if (!text)
    return;
  size_t found = 0;
  bool client = strstr(text, "/kubelet-client-current.pem\n");
  bool api = strstr(text, "/etc/kubernetes/pki/apiserver.crt\n");
  char *rest = text, *pem;
  for (char *path; (path = judge_next_certificate(&rest, &pem)); found++)
    judge_cert(n->name, path, pem, j->facts->now, c);
  if (n->registered && !client)
    wrong_add(&c->ended, "%s: the kubelet has no client certificate", n->name);
  else if (n->spec->role == ROLE_CONTROL_PLANE && !api)
    wrong_add(&c->ended, "%s: the API server has no certificate", n->name);
  else if (n->has_member && found == 0)
    wrong_add(&c->ended, "%s: etcd has no certificate", n->name);
}

void judge_certificates(struct judge *j) {
  static const char id[] = "certificates";
  static const char what[] = "no certificate has ended or soon will";
  struct certs c = {0};
  for (size_t i = 0; i < j->plan->nodes.n; i++)
    judge_node_certs(j, &j->plan->nodes.v[i], &c);
  _cleanup_free_ char *date = date_text(c.first);
  _cleanup_free_ char *soon = c.soon.n > 0 ? wrong_take(&c.soon) : NULL;
  if (c.ended.n == 0 && soon)
    judge_add(j, id, what, VERIFY_WARN, "%s", soon);
  else
    judge_end(j, id, what, &c.ended, "%zu, the first ends on %s (%s)", c.n,
              date, c.first_name ? c.first_name : "none");
  free(c.first_name);
}
