/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/label.h"

#include "base/mem.h"
#include <ctype.h>
#include <string.h>

#define NAME_MAX_LEN 63
#define PREFIX_MAX_LEN 253

/* Not isalnum, which knows the letters of other languages. */
static bool plain(char c) {
  return isascii((unsigned char)c) && isalnum((unsigned char)c);
}

static bool name_ok(const char *s, size_t len) {
  if (len == 0 || len > NAME_MAX_LEN || !plain(s[0]) || !plain(s[len - 1]))
    return false;
  for (size_t i = 0; i < len; i++)
    if (!plain(s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '.')
      return false;
  return true;
}

/* A DNS name whose labels may be of any length, as Kubernetes sees it. */
static bool prefix_ok(const char *s, size_t len) {
  if (len == 0 || len > PREFIX_MAX_LEN)
    return false;
  for (size_t i = 0; i < len; i++) {
    bool first = i == 0 || s[i - 1] == '.';
    bool last = i == len - 1 || s[i + 1] == '.';
    bool inner = s[i] == '-' && !first && !last;
    bool dot = s[i] == '.' && !first && i != len - 1;
    bool word = plain(s[i]) && !isupper((unsigned char)s[i]);
    if (!word && !inner && !dot)
      return false;
  }
  return true;
}

bool label_key_ok(const char *key, size_t len) {
  const char *slash = memchr(key, '/', len);
  if (!slash)
    return name_ok(key, len);
  size_t prefix = (size_t)(slash - key);
  return prefix_ok(key, prefix) && name_ok(slash + 1, len - prefix - 1);
}

bool label_value_ok(const char *value, size_t len) {
  return len == 0 || name_ok(value, len);
}

static bool effect_ok(const char *effect) {
  static const char *const effects[] = {"NoSchedule", "PreferNoSchedule",
                                        "NoExecute"};
  for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
    if (strcmp(effect, effects[i]) == 0)
      return true;
  return false;
}

static size_t key_length(const char *taint) {
  return strcspn(taint, "=:");
}

const char *taint_fault(const char *taint) {
  const char *colon = strrchr(taint, ':');
  if (!colon || colon == taint || *taint == '=')
    return "must be like key=value:NoSchedule";
  if (!effect_ok(colon + 1))
    return "must be like key=value:NoSchedule, and its effect NoSchedule, "
           "PreferNoSchedule or NoExecute";
  size_t key = key_length(taint);
  if (!label_key_ok(taint, key))
    return "must be like key=value:NoSchedule, and its key " LABEL_KEY_RULE;
  if (taint[key] == '=' &&
      !label_value_ok(taint + key + 1, (size_t)(colon - taint) - key - 1))
    return "must be like key=value:NoSchedule, and its value " LABEL_NAME_RULE;
  if (taint[key] == ':' && taint + key != colon)
    return "must be like key=value:NoSchedule, with a single ':'";
  return NULL;
}

bool taint_same(const char *a, const char *b) {
  size_t key = key_length(a);
  return key == key_length(b) && strncmp(a, b, key) == 0 &&
         strcmp(strrchr(a, ':'), strrchr(b, ':')) == 0;
}
