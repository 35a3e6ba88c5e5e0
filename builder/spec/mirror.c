/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/mirror.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* What of RFC 3986 a mirror needs; no blank or quote of any list or shell. */
static bool plain(const char *text) {
  for (; *text; text++)
    if (!isalnum((unsigned char)*text) && !strchr("-._~%+:/[]@", *text))
      return false;
  return true;
}

static const char *after(const char *text, const char *prefix) {
  size_t n = strlen(prefix);
  return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

const char *mirror_fault(const char *text) {
  static const char rule[] = "must be " MIRROR_RULE;
  if (!plain(text))
    return rule;
  const char *path = after(text, "file://");
  if (path)
    return *path == '/' && !strchr(path, '@') ? NULL : rule;
  const char *host = after(text, "http://");
  host = host ? host : after(text, "https://");
  if (!host || *host == '/' || *host == ':' || !*host)
    return rule;
  if (memchr(host, '@', strcspn(host, "/")))
    return "has a user in it: it would stand in every image, which is no "
           "secret";
  return NULL;
}
