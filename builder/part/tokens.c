/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubernetes.apiServer.tokens: what API servers know of tokens from a file.
 * They take it as an argument (settings.c). */
#include "spec/tokens.h"
#include "part/part.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE &&
                 p->spec->kubernetes.api.tokens.n > 0
             ? "apiServer.tokens: its API server knows whose they are"
             : NULL;
}

static const struct part_file files[] = {
    {TOKENS_FILE, "pki:tokens.csv", 0600, ROOT, NULL},
    {0},
};

/* ---- What a spec may say ---- */

static void check(const struct checking *c) {
  const struct spec_token_vec *l = &c->spec->kubernetes.api.tokens;
  const struct yaml_node *api =
      yaml_get(yaml_get(c->root, "kubernetes"), "apiServer");
  const struct yaml_node *list = yaml_get(api, "tokens");
  for (size_t i = 0; i < l->n; i++)
    for (size_t k = 0; k < i; k++)
      if (strcmp(l->v[k].user, l->v[i].user) == 0)
        yaml_fault(c->err, list->child[i],
                   "two tokens are for the user '%s'; write its groups in one "
                   "entry",
                   l->v[i].user);
}

static const struct spec_check checks[] = {
    {check, {"kubernetes.apiServer.tokens"}},
    {0},
};

const struct part part_tokens = {
    .name = "tokens",
    .why = why,
    .checks = checks,
    .files = files,
};
