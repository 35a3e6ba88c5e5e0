/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/redact.h"

#include "base/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Characters of tokens, hex and base64 that are no path's and no address's. */
#define KEY_CHARS                                                              \
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-."
#define LONG_AS_A_KEY 20

static const char *const words[] = {"token", "secret",     "pass",
                                    "key",   "credential", "auth"};

static bool speaks_of_secret(const char *s, size_t len) {
  _cleanup_free_ char *copy = xstrndup(s, len);
  for (size_t i = 0; i < ARRAY_SIZE(words); i++)
    if (strcasestr(copy, words[i]))
      return true;
  return false;
}

/* Mixed as random bytes are: digits and letters, no path, no name with dots. */
static bool looks_random(const char *s, size_t len) {
  size_t digits = 0, letters = 0, marks = 0;
  for (size_t i = 0; i < len; i++) {
    digits += isdigit((unsigned char)s[i]) != 0;
    letters += isalpha((unsigned char)s[i]) != 0;
    marks += s[i] == '/' || s[i] == '.' || s[i] == '-';
  }
  return len >= LONG_AS_A_KEY && digits >= 2 && letters >= 2 &&
         marks * 6 <= len && s[0] != '/';
}

/* A line in which no word speaks of a secret. */
static void add_words(const char *line, size_t len, struct buf *out,
                      bool *cut) {
  for (size_t i = 0; i < len;) {
    size_t n = strspn(line + i, KEY_CHARS);
    if (n > len - i)
      n = len - i;
    if (n == 0) {
      buf_add(out, line + i++, 1);
      continue;
    }
    if (looks_random(line + i, n)) {
      buf_adds(out, REDACTED);
      *cut = true;
    } else {
      buf_add(out, line + i, n);
    }
    i += n;
  }
}

/* Where the value begins behind what names it: "key: value", "key value",
 * "--key=value". A comment has none. */
static size_t value_at(const char *line, size_t len) {
  size_t i = 0;
  while (i < len && strchr(" -\t", line[i]))
    i++;
  if (i < len && line[i] == '#')
    return len;
  while (i < len && !strchr(" :=", line[i]))
    i++;
  while (i < len && strchr(" :=", line[i]))
    i++;
  return i;
}

static void add_line(const char *line, size_t len, struct buf *out, bool *cut) {
  size_t value = value_at(line, len);
  bool comment = value == len && memchr(line, '#', len);
  /* A path to a key is none, nor is what is true or a number. */
  bool plain = value < len &&
               (line[value] == '/' || strncmp(line + value, "true", 4) == 0 ||
                strncmp(line + value, "false", 5) == 0);
  if (comment || value >= len || plain || !speaks_of_secret(line, len)) {
    add_words(line, len, out, cut);
    return;
  }
  buf_add(out, line, value);
  buf_adds(out, REDACTED);
  *cut = true;
}

char *redact_text(const char *text, bool *ret_cut) {
  _cleanup_buf_ struct buf out = {0};
  *ret_cut = false;
  while (*text) {
    size_t len = strcspn(text, "\n");
    add_line(text, len, &out, ret_cut);
    if (text[len] == '\n')
      buf_adds(&out, "\n");
    text += len + (text[len] == '\n');
  }
  return buf_take(&out);
}

static bool is_switch(const char *text) {
  return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

static bool redact_scalar(struct yaml_node *n, bool secret) {
  if (is_switch(n->text) || (!secret && !strstr(n->text, "PRIVATE KEY-----")))
    return false;
  erase_free(n->text);
  n->text = xstrdup(REDACTED);
  return true;
}

static bool redact_below(struct yaml_node *n, bool secret) {
  static const char public[] = "ssh_authorized_keys",
                    types[] = "ssh_genkeytypes";
  bool cut = false;
  if (n->key && (strcmp(n->key, public) == 0 || strcmp(n->key, types) == 0))
    return false;
  if (n->key && speaks_of_secret(n->key, strlen(n->key)))
    secret = true;
  if (n->kind == YAML_SCALAR)
    return redact_scalar(n, secret);
  for (size_t i = 0; i < n->n; i++)
    cut = redact_below(n->child[i], secret) || cut;
  return cut;
}

bool redact_tree(struct yaml_node *root) {
  return redact_below(root, false);
}
