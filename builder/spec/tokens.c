/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/tokens.h"

#include <string.h>

#define CHARS                                                                  \
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

/* How many of the letters are a token's; 0: they are none. */
static size_t token_at(const char *text) {
  size_t n = strspn(text, CHARS);
  return n ? n + strspn(text + n, "=") : 0;
}

const char *token_fault(const char *text) {
  size_t n = token_at(text);
  const char *end = text + n;
  end += *end == '\r';
  end += *end == '\n';
  if (n == 0 || *end)
    return "is not one line of letters, digits and '-._~+/', perhaps with '=' "
           "behind them";
  return n < TOKEN_MIN ? "is shorter than 16 letters" : NULL;
}

bool token_same(const char *a, const char *b) {
  size_t n = a ? token_at(a) : 0;
  return n > 0 && b && token_at(b) == n && memcmp(a, b, n) == 0;
}

bool token_name_ok(const char *text) {
  for (const char *p = text; *p; p++)
    if (*p == ',' || *p == '"' || (unsigned char)*p < ' ' || *p == 0x7f)
      return false;
  return *text;
}

const char *tokens_find(const char *text, const char *user, size_t *ret_len) {
  size_t len = strlen(user);
  for (const char *line = text; *line;) {
    size_t all = strcspn(line, "\n"), n = strcspn(line, " \n");
    if (all == n + 1 + len && memcmp(line + n + 1, user, len) == 0) {
      *ret_len = n;
      return line;
    }
    line += all + (line[all] == '\n');
  }
  return NULL;
}

const char *tokens_fault(const char *text) {
  for (const char *line = text; *line;) {
    size_t all = strcspn(line, "\n"), n = strcspn(line, " \n");
    if (n < TOKEN_MIN || token_at(line) != n || all <= n + 1)
      return "a line is not a token of 16 letters or more, a blank and a "
             "user's name";
    line += all + (line[all] == '\n');
  }
  return NULL;
}

void tokens_add_csv(const struct spec_token_vec *tokens, const char *made,
                    struct buf *out) {
  for (size_t i = 0; i < tokens->n; i++) {
    const struct spec_token *t = &tokens->v[i];
    size_t n = 0;
    const char *token = t->file ? t->given.data : NULL;
    if (t->file)
      n = token ? token_at(token) : 0;
    else
      token = tokens_find(made, t->user, &n);
    if (n == 0)
      continue;
    _cleanup_free_ char *groups = strv_join(&t->groups, ",");
    buf_add(out, token, n);
    buf_addf(out, ",\"%s\",\"%s\"", t->user, t->uid ? t->uid : t->user);
    if (*groups)
      buf_addf(out, ",\"%s\"", groups);
    buf_adds(out, "\n");
  }
}
