/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All certificates in a file's text: those in PEM, and those that a kubeconfig
 * holds as base64. For people and programs that look at files of others.
 */
#pragma once

#include "base/json.h"
#include "base/strv.h"
#include "base/vec.h"
#include "format/x509.h"
#include <stdbool.h>
#include <time.h>

/* More in one file than this are left out. */
#define CERTIFICATES_MAX 256

struct certificate {
  char *where; /* as given */
  char *fault; /* why it cannot be read; all below is empty then */
  char *subject, *issuer;
  struct strv names;
  bool is_ca;
  time_t from, until;
  struct cert *cert;
};
DEFINE_VEC(certificate_vec, struct certificate);

/* Adds those of the text, which ends with NUL at len; where is copied. */
void certificates_add(const char *where, const char *text, size_t len,
                      struct certificate_vec *ret);

/* Seconds between the end of a certificate and now as words, "ended on ..."
 * or "ends on ..., in 364 days". The caller frees. */
char *certificate_end(const struct certificate *c, time_t now);

/* Adds subject, issuer, names, ca, notBefore and notAfter to o. */
void certificate_json(const struct certificate *c, json_t *o);

void certificates_done(struct certificate_vec *v);
#define _cleanup_certificates_ _cleanup_(certificates_done)
