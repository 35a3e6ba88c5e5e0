/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/certificates.h"

#include "base/utf8.h"
#include <string.h>

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define DAY ((time_t)86400)

static void fill(struct certificate *c, struct cert *cert, struct error *err) {
  struct strv names = {0};
  c->cert = cert;
  c->subject = cert_subject(cert);
  c->issuer = cert_issuer(cert);
  c->is_ca = cert_is_ca(cert);
  cert_alt_names(cert, &names);
  for (size_t i = 0; i < names.n; i++) {
    _cleanup_free_ char *shown = utf8_printable(names.v[i]);
    strv_push(&c->names, shown);
  }
  strv_done(&names);
  if (cert_not_before(cert, &c->from, err) < 0 ||
      cert_not_after(cert, &c->until, err) < 0)
    c->fault = xstrdup(err->faults[0].msg);
}

static void add_pem(const char *where, const char *pem, size_t len,
                    size_t limit, struct certificate_vec *ret) {
  _cleanup_error_ struct error err = {0};
  struct cert *cert = NULL;
  if (ret->n >= limit)
    return;
  struct certificate *c = certificate_vec_add(ret);
  c->where = xstrdup(where);
  if (cert_parse(pem, len, &cert, &err) < 0)
    c->fault = xstrdup(err.faults[0].msg);
  else
    fill(c, cert, &err);
}

/* The next line that begins with these words, perhaps behind blanks; what only
 * speaks of them, as a script may, is none. */
static const char *next_line(const char *text, const char *from,
                             const char *words) {
  for (; (from = strstr(from, words)); from += strlen(words)) {
    const char *begin = from;
    while (begin > text && begin[-1] == ' ')
      begin--;
    if (begin == text || begin[-1] == '\n')
      return from;
  }
  return NULL;
}

/* The value of KEY on a line of a kubeconfig; quotes are not expected. */
static void add_data(const char *where, const char *text, const char *key,
                     size_t limit, struct certificate_vec *ret) {
  for (const char *at = text; (at = next_line(text, at, key));) {
    at += strlen(key);
    at += strspn(at, " ");
    size_t n = strcspn(at, " \r\n");
    _cleanup_free_ char *base64 = xstrndup(at, n);
    _cleanup_buf_ struct buf pem = {0};
    _cleanup_error_ struct error err = {0};
    at += n;
    if (pem_from_base64(base64, &pem, &err) < 0) {
      struct certificate *c = certificate_vec_add(ret);
      c->where = xstrdup(where);
      c->fault = xstrdup(err.faults[0].msg);
    } else {
      add_pem(where, pem.data, pem.len, limit, ret);
    }
    if (ret->n >= limit)
      return;
  }
}

void certificates_add(const char *where, const char *text, size_t len,
                      struct certificate_vec *ret) {
  size_t limit = ret->n + CERTIFICATES_MAX; /* of this file */
  for (const char *at = text; (at = next_line(text, at, BEGIN));
       at += strlen(BEGIN))
    add_pem(where, at, len - (size_t)(at - text), limit, ret);
  add_data(where, text, "certificate-authority-data:", limit, ret);
  add_data(where, text, "client-certificate-data:", limit, ret);
}

char *certificate_end(const struct certificate *c, time_t now) {
  struct tm tm;
  char date[32] = "?";
  if (gmtime_r(&c->until, &tm))
    (void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
  if (c->until <= now)
    return xasprintf("ended on %s", date);
  long long days = (long long)((c->until - now) / DAY);
  return xasprintf("ends on %s, in %lld day%s", date, days,
                   days == 1 ? "" : "s");
}

static void set_date(json_t *o, const char *key, time_t t) {
  char text[40] = "?";
  struct tm tm;
  if (gmtime_r(&t, &tm))
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
  (void)json_object_set_new(o, key, json_string(text));
}

void certificate_json(const struct certificate *c, json_t *o) {
  json_t *names = json_array();
  for (size_t i = 0; i < c->names.n; i++)
    (void)json_array_append_new(names, json_text(c->names.v[i]));
  (void)json_object_set_new(o, "subject", json_text(c->subject));
  (void)json_object_set_new(o, "issuer", json_text(c->issuer));
  (void)json_object_set_new(o, "names", names);
  (void)json_object_set_new(o, "ca", json_boolean(c->is_ca));
  set_date(o, "notBefore", c->from);
  set_date(o, "notAfter", c->until);
}

void certificates_done(struct certificate_vec *v) {
  for (size_t i = 0; i < v->n; i++) {
    struct certificate *c = &v->v[i];
    free(c->where);
    free(c->fault);
    free(c->subject);
    free(c->issuer);
    strv_done(&c->names);
    cert_free(c->cert);
  }
  free(v->v);
  *v = (struct certificate_vec){0};
}
