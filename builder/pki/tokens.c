/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/tokens.h"

#include "base/codec.h"
#include "format/crypto.h"
#include "spec/tokens.h"
#include <string.h>

#define TOKEN_BYTES 24

static int add_line(const char *user, struct buf *out, struct error *err) {
  uint8_t bytes[TOKEN_BYTES];
  char hex[2 * TOKEN_BYTES + 1] = "";
  if (random_bytes(bytes, sizeof(bytes), err) < 0)
    return -1;
  hex_encode(bytes, sizeof(bytes), hex);
  buf_addf(out, "%.*s %s\n", 2 * TOKEN_BYTES, hex, user);
  explicit_bzero(bytes, sizeof(bytes));
  explicit_bzero(hex, sizeof(hex));
  return 0;
}

int make_tokens(const struct making *m, struct error *err) {
  const struct spec_token_vec *all = &m->plan->spec->kubernetes.api.tokens;
  struct pki_entry *e = NULL;
  if (entry_keep(m->old, TOKENS_MADE, m->out))
    e = entry_find(m->out, TOKENS_MADE);
  for (size_t i = 0; i < all->n; i++) {
    size_t len;
    if (all->v[i].file ||
        (e && tokens_find(e->data.data, all->v[i].user, &len)))
      continue;
    if (!e)
      e = entry_add(m->out, TOKENS_MADE, true);
    /* An editor may have left the last line without an end. */
    if (e->data.len > 0 && e->data.data[e->data.len - 1] != '\n')
      buf_adds(&e->data, "\n");
    e->unsaved = true;
    if (add_line(all->v[i].user, &e->data, err) < 0)
      return -1;
  }
  if (all->n == 0)
    return 0;
  _cleanup_buf_ struct buf csv = {0};
  tokens_add_csv(all, e ? e->data.data : "", &csv);
  buf_add(&entry_add(m->out, "tokens.csv", true)->data, csv.data, csv.len);
  return 0;
}

int check_tokens(const struct pki_entry_vec *l, const char *dir,
                 struct error *err) {
  struct pki_entry *e = entry_find(l, TOKENS_MADE);
  if (!e)
    return 0;
  buf_adds(&e->data, "");
  const char *wrong = strlen(e->data.data) == e->data.len
                          ? tokens_fault(e->data.data)
                          : "it is no text";
  return wrong ? error_set(err, 0,
                           "cannot use '%s/" TOKENS_MADE "': %s; mend it, or "
                           "put the right file back from your copy",
                           dir, wrong)
               : 0;
}
