/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubernetes.encryptionAtRest: what API servers encrypt secrets by before etcd
 * has them. They take it as an argument (components.c). */
#include "spec/encryption.h"
#include "part/ask.h"
#include "part/judge.h"
#include "part/part.h"
#include <stdio.h>

static bool is_wanted(const struct plan *p) {
  return p->spec->kubernetes.encryption != ENCRYPTION_NONE;
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE && is_wanted(p)
             ? "encryptionAtRest: API servers encrypt secrets, all by one key"
             : NULL;
}

static const struct part_file files[] = {
    {ENCRYPTION_CONFIG, "user-data/encryption.yaml", 0600, ROOT, NULL},
    {0},
};

static void add_keys(const struct encryption_key_vec *keys,
                     enum encryption provider, struct scope *s) {
  struct scope *row = scope_add(s, "encryption_providers");
  scope_set(row, "provider", word_of(encryption_words, (int)provider));
  for (size_t i = 0; i < keys->n; i++) {
    const struct encryption_key *k = &keys->v[i];
    if (k->provider != provider)
      continue;
    struct scope *key = scope_add(row, "keys");
    scope_setf(key, "name", "%.*s", (int)k->name_len, k->name);
    scope_setf(key, "secret", "%.*s", (int)k->key_len, k->key);
  }
}

/* Each provider once, with its keys: the first one's first encrypts. */
static void values(const struct part_input *in, struct scope *s) {
  struct encryption_key_vec keys = {0};
  bool seen[ENCRYPTION_SECRETBOX + 1] = {false};
  scope_set_list(s, "encryption_providers");
  if (is_wanted(in->plan) &&
      !encryption_read(part_key(in, ENCRYPTION_KEYS), &keys))
    for (size_t i = 0; i < keys.n; i++) {
      enum encryption provider = keys.v[i].provider;
      if (!seen[provider])
        add_keys(&keys, provider, s);
      seen[provider] = true;
    }
  free(keys.v);
}

/* ---- verify ---- */

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  if (n->has_member && is_wanted(in->plan))
    ask_set(head, "ENCRYPTED", "yes");
}

/* Each member tells how many secrets it has and how many of them are encrypted;
 * they have the same, but for what is being written. */
static void verify(struct judge *j) {
  const struct plan_list *members = &j->plan->members;
  struct wrong w = {0};
  unsigned secrets = 0;
  if (!is_wanted(j->plan))
    return;
  for (size_t i = 0; i < members->n; i++) {
    const struct plan_node *n = members->v[i];
    unsigned all, encrypted;
    _cleanup_free_ char *text = judge_section(j, n, "etcd-secrets", &w);
    if (!text)
      continue;
    if (sscanf(text, "%u %u", &all, &encrypted) != 2)
      wrong_add(&w, "%s: %.*s", n->name, QUOTE_MAX, *text ? text : "no answer");
    else if (encrypted < all)
      wrong_add(&w, "%u of %u secrets that %s has are not encrypted",
                all - encrypted, all, n->name);
    else if (all > secrets)
      secrets = all;
  }
  static const char id[] = "etcd.encryption";
  static const char what[] = "secrets are encrypted in etcd";
  if (secrets == 0 && w.n == 0 && w.unasked == 0)
    judge_add(j, id, what, VERIFY_SKIP, "the cluster has no secrets");
  else
    judge_end_count(j, id, what, &w, secrets, "secret");
}

const struct part part_encryption = {
    .name = "encryption",
    .why = why,
    .files = files,
    .values = values,
    .ask = ask,
    .verify = verify,
};
