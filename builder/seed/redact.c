/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/redact.h"

#include "base/mem.h"
#include "spec/cloud.h"
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

/* What is between the slashes and the '@' of an address at line[i], as in
 * "https://me:secret@host/": its length, 0 for none. */
static size_t user_at(const char *line, size_t len, size_t i) {
  size_t n = 0;
  if (i < 1 || len - i < 2 || strncmp(line + i - 1, "://", 3) != 0)
    return 0;
  for (i += 2; i + n < len && !strchr("/@ \t'\"", line[i + n]);)
    n++;
  return i + n < len && line[i + n] == '@' ? n : 0;
}

/* A line in which no word speaks of a secret. */
static void add_words(const char *line, size_t len, struct buf *out,
                      bool *cut) {
  for (size_t i = 0; i < len;) {
    size_t n = strspn(line + i, KEY_CHARS);
    if (n > len - i)
      n = len - i;
    size_t user = user_at(line, len, i);
    if (user > 0) {
      buf_adds(out, "//" REDACTED);
      *cut = true;
      i += 2 + user;
      continue;
    }
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

static bool is_word(const char *s, size_t len, const char *word) {
  size_t n = strlen(word);
  return len >= n && strncmp(s, word, n) == 0 &&
         (len == n || !isalnum((unsigned char)s[n]));
}

static void add_line(const char *line, size_t len, struct buf *out, bool *cut) {
  size_t value = value_at(line, len);
  bool comment = value == len && memchr(line, '#', len);
  /* A path to a key is none, nor is what is true or a number. */
  bool plain = value < len && (line[value] == '/' ||
                               is_word(line + value, len - value, "true") ||
                               is_word(line + value, len - value, "false"));
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

/* What is known of a value by the keys around it. */
enum kind { OURS, AUTHORS, SECRET };

static bool is_switch(const char *text) {
  return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

static bool redact_scalar(struct yaml_node *n, enum kind kind) {
  bool whole = kind == SECRET || strstr(n->text, "PRIVATE KEY-----");
  bool cut = whole;
  if (is_switch(n->text) || (!whole && kind == OURS))
    return false;
  char *shown = whole ? xstrdup(REDACTED) : redact_text(n->text, &cut);
  erase_free(n->text);
  n->text = shown;
  return cut;
}

static bool redact_below(struct yaml_node *n, enum kind kind) {
  static const char public[] = "ssh_authorized_keys",
                    types[] = "ssh_genkeytypes";
  bool cut = false;
  if (n->key && (strcmp(n->key, public) == 0 || strcmp(n->key, types) == 0))
    return false;
  if (n->key && speaks_of_secret(n->key, strlen(n->key)))
    kind = SECRET;
  if (n->kind == YAML_SCALAR)
    return redact_scalar(n, kind);
  for (size_t i = 0; i < n->n; i++)
    cut = redact_below(n->child[i], kind) || cut;
  return cut;
}

bool redact_tree(struct yaml_node *root) {
  bool cut = false;
  for (size_t i = 0; i < root->n; i++) {
    const char *key = root->child[i]->key;
    bool authors = key && cloud_key_find(key);
    cut = redact_below(root->child[i], authors ? AUTHORS : OURS) || cut;
  }
  return cut;
}
