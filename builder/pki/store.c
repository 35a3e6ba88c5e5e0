/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/store.h"

#include "base/file.h"
#include "base/mem.h"
#include "pki/tokens.h"
#include "spec/encryption.h"
#include "spec/tokens.h"
#include "state/layout.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* No key or certificate comes near this. */
#define MAX_FILE 65536

/* --- checking what was read ----------------------------------------------- */

/* On failure *ret_bad is the entry to blame. */
static int check_cert_pair(const struct pki_entry_vec *l,
                           const struct pair *pair, const char **ret_bad,
                           struct error *err) {
  _cleanup_key_ struct key *key = NULL;
  _cleanup_cert_ struct cert *cert = NULL;
  *ret_bad = pair->secret;
  if (entry_key(l, pair->secret, &key, err) < 0)
    return -1;
  *ret_bad = pair->public;
  if (entry_cert(l, pair->public, &cert, err) < 0)
    return -1;
  if (pair->kind == PAIR_CA && !cert_is_ca(cert))
    return error_set(err, 0, "the certificate is not a CA's");
  *ret_bad = pair->secret;
  if (!cert_has_key(cert, key))
    return error_set(err, 0, "the key does not fit its certificate");
  return 0;
}

static int check_raw_pair(const struct pki_entry_vec *l,
                          const struct pair *pair, const char **ret_bad,
                          struct error *err) {
  _cleanup_key_ struct key *key = NULL;
  _cleanup_key_ struct key *public = NULL;
  const struct pki_entry *e = entry_find(l, pair->public);
  *ret_bad = pair->secret;
  if (entry_key(l, pair->secret, &key, err) < 0)
    return -1;
  *ret_bad = pair->public;
  if (key_parse_public(e->data.data, e->data.len, &public, err) < 0)
    return -1;
  if (!key_equal(key, public))
    return error_set(err, 0, "the public key does not fit the private one");
  return 0;
}

static int check_ssh_pair(const struct pki_entry_vec *l,
                          const struct pair *pair, const char **ret_bad,
                          struct error *err) {
  _cleanup_ssh_key_ struct ssh_key key = {0};
  uint8_t public[ED25519_KEY];
  const struct pki_entry *e = entry_find(l, pair->secret);
  *ret_bad = pair->secret;
  if (sshkey_parse(e->data.data, e->data.len, &key, err) < 0)
    return -1;
  *ret_bad = pair->public;
  if (sshkey_parse_public(entry_find(l, pair->public)->data.data, public, err) <
      0)
    return -1;
  if (memcmp(key.public, public, sizeof(public)) != 0)
    return error_set(err, 0, "the public key does not fit the private one");
  return 0;
}

static int check_halves(const struct pki_entry_vec *l, const struct pair *pair,
                        const char **ret_bad, struct error *err) {
  const char *halves[] = {pair->secret, pair->public};
  for (size_t i = 0; i < ARRAY_SIZE(halves); i++)
    if (!entry_find(l, halves[i])) {
      *ret_bad = halves[i];
      return error_set(err, 0, "the file is missing");
    }
  switch (pair->kind) {
  case PAIR_CERT:
  case PAIR_CA:
    return check_cert_pair(l, pair, ret_bad, err);
  case PAIR_RAW:
    return check_raw_pair(l, pair, ret_bad, err);
  case PAIR_SSH:
    return check_ssh_pair(l, pair, ret_bad, err);
  }
  return 0;
}

/* Fails, naming the file in dir and the way out, for a pair that is not one. */
static int check_pair(const struct pki_entry_vec *l, const struct pair *pair,
                      const char *dir, struct error *err) {
  if (!entry_find(l, pair->secret) && !entry_find(l, pair->public))
    return 0;
  _cleanup_error_ struct error why = {0};
  const char *bad = NULL;
  if (check_halves(l, pair, &bad, &why) == 0)
    return 0;
  return error_set(
      err, 0,
      "cannot use '%s/%s': %s; put the right file back, or remove '%s' and "
      "'%s' there to have both made anew%s",
      dir, entry_file(bad), why.faults[0].msg, entry_file(pair->secret),
      entry_file(pair->public),
      pair->kind == PAIR_CA ? " (a cluster made with the old ones will not "
                              "accept machines with new ones)"
                            : "");
}

static bool text_fits(const struct text *t, const struct buf *data) {
  if (data->len != strlen(t->shape))
    return false;
  for (size_t i = 0; i < data->len; i++) {
    char c = data->data[i];
    if (t->shape[i] == 'x' ? !c || !strchr(t->alphabet, c) : c != t->shape[i])
      return false;
  }
  return true;
}

static int check_text(const struct pki_entry_vec *l, const struct text *t,
                      const char *dir, struct error *err) {
  const struct pki_entry *e = entry_find(l, t->name);
  if (!e || text_fits(t, &e->data))
    return 0;
  return error_set(err, 0,
                   "cannot use '%s/%s': not of the form '%s' with x from "
                   "'%s'; put the right file back, or remove it to have it "
                   "made anew",
                   dir, t->name, t->shape, t->alphabet);
}

/* --- files ------------------------------------------------------------------
 */

/* Adds the file's content to out; a missing file adds nothing. */
static int load_entry(const char *dir, const char *name, bool secret,
                      struct pki_entry_vec *out, struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, entry_file(name));
  _cleanup_error_ struct error why = {0};
  _cleanup_buf_ struct buf data = {0};
  if (file_read(path, MAX_FILE, &data, &why) < 0) {
    if (why.errnum == ENOENT)
      return 0;
    error_move(err, &why);
    return -1;
  }
  struct pki_entry *e = entry_add(out, name, secret);
  e->data = data;
  data = (struct buf){0};
  return 0;
}

/* --- what an interrupted run left ------------------------------------------
 */

static bool missing_or_good_key(const struct pki_entry_vec *l,
                                const char *name) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_key_ struct key *key = NULL;
  return !entry_find(l, name) || entry_key(l, name, &key, &ignored) == 0;
}

static bool missing_or_good_cert(const struct pki_entry_vec *l,
                                 const char *name) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_cert_ struct cert *cert = NULL;
  return !entry_find(l, name) || entry_cert(l, name, &cert, &ignored) == 0;
}

static bool is_ssh_key(const struct pki_entry *e) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_ssh_key_ struct ssh_key key = {0};
  return sshkey_parse(e->data.data, e->data.len, &key, &ignored) == 0;
}

/* Nothing that this CA's key signed has left the state. */
static bool never_used(const char *dir) {
  _cleanup_free_ char *created = xasprintf("%s/created", dir);
  return !file_exists(created);
}

/* Whether pki_make can complete what is there of a pair that is none; a leaf's
 * halves are dropped for that. */
static bool mend(struct pki_entry_vec *l, const struct pair *pair,
                 const char *dir) {
  const struct pki_entry *secret = entry_find(l, pair->secret);
  bool alone = secret && !entry_find(l, pair->public);
  switch (pair->kind) {
  case PAIR_CERT:
    if (!missing_or_good_key(l, pair->secret) ||
        !missing_or_good_cert(l, pair->public))
      return false;
    entry_drop(l, pair->secret);
    entry_drop(l, pair->public);
    return true;
  case PAIR_CA:
    return alone && missing_or_good_key(l, pair->secret) && never_used(dir);
  case PAIR_RAW:
    return alone && missing_or_good_key(l, pair->secret);
  case PAIR_SSH:
    return alone && is_ssh_key(secret);
  }
  return false;
}

/* --- reading -------------------------------------------------------------- */

/* Keeps the certificate as it was read, for all who will look at it; what is
 * wrong with one is told by who needs it. */
static void keep_cert(struct pki_entry_vec *l, const struct pair *pair) {
  _cleanup_error_ struct error ignored = {0};
  struct pki_entry *e = entry_find(l, pair->public);
  bool is_cert = pair->kind == PAIR_CERT || pair->kind == PAIR_CA;
  if (e && is_cert &&
      cert_parse(e->data.data, e->data.len, &e->cert, &ignored) < 0)
    e->cert = NULL;
}

/* With a key of the CA that is elsewhere a certificate comes later, and a CA's
 * stays without its key. */
static bool may_be_half(const struct plan *plan, const struct pair *pair,
                        const struct pki_entry_vec *l) {
  enum authority a;
  if (pair->kind == PAIR_CERT)
    return pki_is_elsewhere(plan, pair->signer) &&
           entry_find(l, pair->secret) && !entry_find(l, pair->public) &&
           missing_or_good_key(l, pair->secret);
  /* Its key may have been named since. */
  return pair->kind == PAIR_CA && pki_authority(pair, &a) &&
         plan->spec->pki.authorities[a].cert && !entry_find(l, pair->secret);
}

static int load_pair(const char *dir, const struct plan *plan,
                     const struct pair *pair, struct pki_entry_vec *out,
                     struct strv *mended, struct error *err) {
  _cleanup_error_ struct error why = {0};
  if (load_entry(dir, pair->secret, true, out, err) < 0 ||
      load_entry(dir, pair->public, false, out, err) < 0)
    return -1;
  keep_cert(out, pair);
  if (may_be_half(plan, pair, out))
    return 0;
  if (check_pair(out, pair, dir, &why) == 0)
    return 0;
  /* A new key would need another signature. */
  bool asked =
      pki_is_elsewhere(plan, pair->signer) && entry_find(out, pair->secret);
  if (!asked && mend(out, pair, dir)) {
    strv_pushf(mended, "'%s/%s' and '%s' were not of one pair", dir,
               entry_file(pair->secret), entry_file(pair->public));
    return 0;
  }
  error_move(err, &why);
  return -1;
}

static int load_text(const char *dir, const struct text *t,
                     struct pki_entry_vec *out, struct error *err) {
  if (load_entry(dir, t->name, true, out, err) < 0)
    return -1;
  /* An editor may have put a newline at the end. */
  struct pki_entry *e = entry_find(out, t->name);
  if (e && e->data.len > 0 && e->data.data[e->data.len - 1] == '\n')
    e->data.data[--e->data.len] = '\0';
  return check_text(out, t, dir, err);
}

/* What these keys have encrypted nobody reads without them. */
static int load_encryption(const char *dir, struct pki_entry_vec *out,
                           struct error *err) {
  struct encryption_key_vec keys = {0};
  if (load_entry(dir, ENCRYPTION_KEYS, true, out, err) < 0)
    return -1;
  struct pki_entry *e = entry_find(out, ENCRYPTION_KEYS);
  if (!e)
    return 0;
  buf_adds(&e->data, "");
  const char *wrong = strlen(e->data.data) == e->data.len
                          ? encryption_read(e->data.data, &keys)
                          : "it is no text";
  free(keys.v);
  if (!wrong)
    return 0;
  return error_set(err, 0,
                   "cannot use '%s/" ENCRYPTION_KEYS "': %s; mend it, or put "
                   "the right file back from your copy",
                   dir, wrong);
}

/* As the files were, with what was signed elsewhere since. */
static int load_signed(const char *dir, const struct plan *plan,
                       const struct pair *pair, const char *node,
                       struct pki_entry_vec *out, struct error *err) {
  return pair->kind == PAIR_CERT && pki_is_elsewhere(plan, pair->signer)
             ? pki_request_take(dir, pair, node, out, err)
             : 0;
}

int pki_load(const char *dir, const struct plan *plan, struct pki *ret,
             struct error *err) {
  _cleanup_pki_ struct pki pki = {0};
  if (commit_check_done(dir, err) < 0)
    return -1;
  for (size_t i = 0; pairs_of_cluster[i]; i++)
    if (load_pair(dir, plan, pairs_of_cluster[i], &pki.entries, &pki.mended,
                  err) < 0 ||
        load_signed(dir, plan, pairs_of_cluster[i], NULL, &pki.entries, err) <
            0)
      return -1;
  for (size_t i = 0; pki_texts[i].name; i++)
    if (load_text(dir, &pki_texts[i], &pki.entries, err) < 0)
      return -1;
  if (load_encryption(dir, &pki.entries, err) < 0 ||
      load_entry(dir, TOKENS_MADE, true, &pki.entries, err) < 0 ||
      check_tokens(&pki.entries, dir, err) < 0)
    return -1;
  pki.dir = xstrdup(dir);
  *ret = pki;
  pki = (struct pki){0};
  return 0;
}

bool pki_node_has_files(const struct plan *plan, const struct plan_node *node) {
  if (!plan_by_kubeadm(plan) && node->has_kubelet)
    return true;
  return node->runs_etcd || node->spec->role == ROLE_CONTROL_PLANE;
}

int pki_node_load(const char *dir, const struct plan *plan,
                  const struct plan_node *node, struct pki_node *ret,
                  struct error *err) {
  _cleanup_pki_node_ struct pki_node n = {0};
  _cleanup_free_ char *own = xasprintf("%s/nodes/%s", dir, node->name);
  for (size_t i = 0; pairs_of_node[i]; i++)
    if (pki_node_wants(plan, node, pairs_of_node[i]) &&
        (load_pair(own, plan, pairs_of_node[i], &n.entries, &n.mended, err) <
             0 ||
         load_signed(dir, plan, pairs_of_node[i], node->name, &n.entries, err) <
             0))
      return -1;
  n.dir = own;
  own = NULL;
  *ret = n;
  n = (struct pki_node){0};
  return 0;
}

/* --- what is no longer asked for ------------------------------------------
 */

struct left {
  const struct plan *plan;
  struct strv *paths, *nodes;
};

static const struct pair *pair_of_file(const char *file) {
  for (size_t i = 0; pairs_of_node[i]; i++)
    if (strcmp(entry_file(pairs_of_node[i]->secret), file) == 0 ||
        strcmp(entry_file(pairs_of_node[i]->public), file) == 0)
      return pairs_of_node[i];
  return NULL;
}

static int add_left(const struct layout_item *item, void *arg,
                    struct error *err) {
  (void)err;
  const struct left *l = arg;
  const struct plan_node *node =
      item->node && !item->temporary ? plan_find(l->plan, item->node) : NULL;
  const struct pair *pair = node ? pair_of_file(item->name) : NULL;
  if (!pair || pki_node_wants(l->plan, node, pair))
    return 0;
  strv_push(l->paths, item->path);
  /* A folder's files come one after the other. */
  if (l->nodes->n == 0 || strcmp(l->nodes->v[l->nodes->n - 1], item->node) != 0)
    strv_push(l->nodes, item->node);
  return 0;
}

int pki_left(const char *state, const struct plan *plan, struct strv *ret_paths,
             struct strv *ret_nodes, struct error *err) {
  struct left l = {.plan = plan, .paths = ret_paths, .nodes = ret_nodes};
  return layout_walk(state, LAYOUT_KEYS, add_left, &l, err);
}

/* --- writing -------------------------------------------------------------- */

static void save(const struct pki_entry_vec *l, const char *folder,
                 struct commit *c) {
  for (size_t i = 0; i < l->n; i++) {
    const struct pki_entry *e = &l->v[i];
    if (!e->unsaved)
      continue;
    _cleanup_free_ char *name = xasprintf("%s%s", folder, entry_file(e->name));
    commit_add(c, name, e->data.data, e->data.len);
  }
}

void pki_save(const struct pki *pki, struct commit *c) {
  save(&pki->entries, "", c);
}

void pki_node_save(const struct pki_node *n, const struct plan_node *node,
                   struct commit *c) {
  _cleanup_free_ char *folder = xasprintf("nodes/%s/", node->name);
  save(&n->entries, folder, c);
}
