/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/making.h"

#include "base/mem.h"
#include "pki/life.h"
#include <string.h>

#define DAY ((time_t)86400)
#define HOUR ((time_t)3600)

static enum key_kind kind_for(enum key_algorithm a) {
  static const enum key_kind kinds[] = {
      [KEY_ECDSA_P256] = KEY_KIND_P256,  [KEY_ECDSA_P384] = KEY_KIND_P384,
      [KEY_RSA_2048] = KEY_KIND_RSA2048, [KEY_RSA_3072] = KEY_KIND_RSA3072,
      [KEY_RSA_4096] = KEY_KIND_RSA4096,
  };
  return kinds[a];
}

static enum key_kind kind_of(const struct making *m) {
  return kind_for(m->plan->spec->pki.algorithm);
}

bool is_half(const struct making *m, const struct pair *pair) {
  return entry_find(m->old, pair->secret) && !entry_find(m->old, pair->public);
}

int half_or_new_key(const struct making *m, const struct pair *pair,
                    struct key **ret, struct error *err) {
  if (is_half(m, pair))
    return entry_key(m->old, pair->secret, ret, err);
  return key_generate(kind_of(m), ret, err);
}

void add_pair(const struct making *m, const struct pair *pair,
              struct buf *secret, struct buf *public) {
  struct pki_entry *e = NULL;
  if (is_half(m, pair)) {
    (void)entry_keep(m->old, pair->secret, m->out);
  } else {
    e = entry_add(m->out, pair->secret, true);
    e->unsaved = true;
    e->data = *secret;
    *secret = (struct buf){0};
  }
  e = entry_add(m->out, pair->public, false);
  e->unsaved = true;
  e->data = *public;
  *public = (struct buf){0};
}

int add_cert_pair(const struct making *m, const struct pair *pair,
                  const struct cert_profile *profile, const struct key *key,
                  const struct cert *ca, const struct key *ca_key,
                  struct error *err) {
  _cleanup_buf_ struct buf secret = {0};
  _cleanup_buf_ struct buf public = {0};
  if (key_pem(key, &secret, err) < 0 ||
      cert_issue(profile, key, ca, ca_key, &public, err) < 0)
    return -1;
  add_pair(m, pair, &secret, &public);
  return 0;
}

/* "YYYY-MM-DD" of a moment. */
struct day {
  char text[sizeof("YYYY-MM-DD")];
};

static struct day day_of(time_t t) {
  struct day day = {""};
  struct tm tm;
  if (gmtime_r(&t, &tm))
    (void)strftime(day.text, sizeof(day.text), "%Y-%m-%d", &tm);
  return day;
}

/* Where an old entry is, as far as is known; the caller frees. */
static char *place_of(const struct making *m, const char *name) {
  return m->dir ? xasprintf("%s/%s", m->dir, entry_file(name)) : xstrdup(name);
}

/*
 * A certificate that is not valid yet tells that the clock is wrong: to make
 * it anew would replace one that is good by one that ended before the other
 * began.
 */
static int check_begin(const struct making *m, const struct pair *pair,
                       const struct cert *cert, struct error *err) {
  time_t begin;
  if (cert_not_before(cert, &begin, err) < 0)
    return error_prefix(err, "%s", pair->public);
  if (begin <= m->now)
    return 0;
  _cleanup_free_ char *place = place_of(m, pair->public);
  return error_set(err, 0,
                   "this machine's clock says %s, but the certificate '%s' "
                   "begins on %s: set the clock; if it was wrong when that was "
                   "made, remove '%s' and '%s' there%s",
                   day_of(m->now).text, place, day_of(begin).text,
                   entry_file(pair->secret), entry_file(pair->public),
                   pair->kind == PAIR_CA ? " and make the cluster anew" : "");
}

int check_ca_time(const struct making *m, const struct pair *pair,
                  struct error *err) {
  _cleanup_cert_ struct cert *cert = NULL;
  time_t end;
  if (entry_cert(m->out, pair->public, &cert, err) < 0 ||
      cert_not_after(cert, &end, err) < 0)
    return error_prefix(err, "%s", pair->public);
  if (end > m->now)
    return check_begin(m, pair, cert, err);
  _cleanup_free_ char *place = place_of(m, pair->public);
  return error_set(err, 0,
                   "the CA '%s' ended on %s; put a renewed certificate of the "
                   "same key in its place, or remove '%s' and '%s' there and "
                   "make the cluster anew",
                   place, day_of(end).text, pair->secret, pair->public);
}

static time_t earlier(time_t a, time_t b) {
  return a < b ? a : b;
}

time_t leaf_life(const struct plan *plan) {
  int hours = plan->spec->pki.leaf_hours;
  return hours ? hours * HOUR : PKI_LEAF_DAYS * DAY;
}

/* Whether the old certificate serves on; see pki_node_make. */
static bool leaf_fits(const struct making *m, const struct cert *cert,
                      const struct cert_profile *profile, const struct cert *ca,
                      time_t ca_end) {
  _cleanup_error_ struct error ignored = {0};
  time_t until = earlier(m->now + PKI_RENEW_DAYS * DAY, ca_end);
  time_t longest = m->now + leaf_life(m->plan) + DAY;
  time_t end;
  return cert_matches(cert, profile) &&
         cert_verify(cert, ca, m->now, &ignored) == 0 &&
         cert_not_after(cert, &end, &ignored) == 0 && end >= until &&
         end <= longest;
}

/* When a certificate that goes into a seed was made. */
static void note_time(const struct making *m, time_t begin) {
  begin += PKI_BACKDATE_HOURS * HOUR;
  if (m->made && begin > *m->made)
    *m->made = begin;
}

/* ---- Signed elsewhere ---- */

/* Whoever signs may do so for a short time alone. */
static bool ends_soon(const struct making *m, time_t begin, time_t end) {
  time_t third = (end - begin) / 3;
  return end - m->now < earlier(third, PKI_RENEW_DAYS * DAY);
}

static int ask(const struct making *m, const struct pair *pair,
               const struct cert_profile *profile, bool needed,
               struct error *err) {
  _cleanup_key_ struct key *key = NULL;
  struct pki_request *r = pki_request_vec_add(m->requests);
  r->name = pki_request_name(pair, m->node);
  r->needed = needed;
  if (entry_key(m->out, pair->secret, &key, err) < 0)
    return -1;
  return cert_request(profile, key, &r->pem, err);
}

/* One that is there serves, or was just put there and does not, which its
 * author is told. */
static int judge_signed(const struct making *m, const struct pair *pair,
                        const struct cert_profile *profile,
                        const struct cert *ca, const struct cert *cert,
                        bool *ret_serves, struct error *err) {
  _cleanup_error_ struct error why = {0};
  *ret_serves = cert_serves(cert, profile, &why) == 0 &&
                cert_verify(cert, ca, m->now, &why) == 0;
  if (*ret_serves || !entry_find(m->old, pair->public)->unsaved)
    return 0;
  _cleanup_free_ char *name = pki_request_name(pair, m->node);
  return error_set(err, 0,
                   "cannot use 'pki/requests/%s.crt': %s; put the right one "
                   "there, or remove it",
                   name, why.faults[0].msg);
}

static int add_key(const struct making *m, const struct pair *pair,
                   struct error *err) {
  _cleanup_key_ struct key *key = NULL;
  if (entry_keep(m->old, pair->secret, m->out))
    return 0;
  if (key_generate(kind_of(m), &key, err) < 0)
    return -1;
  struct pki_entry *e = entry_add(m->out, pair->secret, true);
  e->unsaved = true;
  return key_pem(key, &e->data, err);
}

static int leaf_of_others(const struct making *m, const struct pair *pair,
                          const struct cert_profile *profile,
                          const struct cert *ca, const struct cert *old,
                          struct error *err) {
  time_t begin = 0, end = 0;
  bool serves = false;
  if (old && judge_signed(m, pair, profile, ca, old, &serves, err) < 0)
    return -1;
  if (!serves)
    return add_key(m, pair, err) < 0 ? -1 : ask(m, pair, profile, true, err);
  bool unsaved = entry_find(m->old, pair->public)->unsaved;
  (void)entry_keep_pair(m->old, pair, m->out);
  if (cert_not_before(old, &begin, err) < 0 ||
      cert_not_after(old, &end, err) < 0)
    return -1;
  note_time(m, begin);
  if (!unsaved && ends_soon(m, begin, end))
    return ask(m, pair, profile, false, err);
  pki_request_vec_add(m->requests)->name = pki_request_name(pair, m->node);
  return 0;
}

int make_leaf(const struct making *m, const struct pair *pair,
              struct cert_profile profile, const struct cert *ca,
              const struct key *ca_key, struct error *err) {
  _cleanup_cert_ struct cert *old = NULL;
  time_t ca_end;
  if (cert_not_after(ca, &ca_end, err) < 0)
    return -1;
  if (entry_find(m->old, pair->public) &&
      (entry_cert(m->old, pair->public, &old, err) < 0 ||
       check_begin(m, pair, old, err) < 0))
    return -1;
  if (!ca_key)
    return leaf_of_others(m, pair, &profile, ca, old, err);
  if (old && leaf_fits(m, old, &profile, ca, ca_end) &&
      entry_keep_pair(m->old, pair, m->out)) {
    if (cert_not_before(old, &profile.not_before, err) < 0)
      return -1;
    note_time(m, profile.not_before);
    return 0;
  }
  profile.not_before = m->now - PKI_BACKDATE_HOURS * HOUR;
  profile.not_after = earlier(m->now + leaf_life(m->plan), ca_end);
  note_time(m, profile.not_before);
  _cleanup_key_ struct key *key = NULL;
  if (key_generate(kind_of(m), &key, err) < 0)
    return -1;
  return add_cert_pair(m, pair, &profile, key, ca, ca_key, err);
}
