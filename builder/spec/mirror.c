/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/mirror.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
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

/* Behind a port, of which the text has what follows its colon; NULL when it is
 * none. */
static const char *behind_port(const char *text) {
  size_t n = strspn(text, "0123456789");
  if (n == 0 || n > 5 || strtol(text, NULL, 10) < 1 ||
      strtol(text, NULL, 10) > 65535)
    return NULL;
  return text + n;
}

/* Whether the host that text begins with has no port or one that can be. */
static bool port_ok(const char *text) {
  size_t n = strcspn(text, "/");
  const char *user = memchr(text, '@', n), *begin = user ? user + 1 : text;
  const char *end = text + n;
  /* The address of IPv6 has colons of its own. */
  const char *bracket = memrchr(begin, ']', (size_t)(end - begin));
  const char *colon = bracket ? bracket + 1 : begin;
  colon = memchr(colon, ':', (size_t)(end - colon));
  return !colon || behind_port(colon + 1) == end;
}

/* Behind http:// or https://, where a host begins, or NULL. */
static const char *behind_scheme(const char *text) {
  const char *host = after(text, "http://");
  host = host ? host : after(text, "https://");
  return host && port_ok(host) ? host : NULL;
}

const char *mirror_fault(const char *text) {
  static const char rule[] = "must be " MIRROR_RULE;
  if (!plain(text))
    return rule;
  const char *path = after(text, "file://");
  if (path)
    return *path == '/' && !strchr(path, '@') ? NULL : rule;
  const char *host = behind_scheme(text);
  if (!host || *host == '/' || *host == ':' || !*host)
    return rule;
  if (memchr(host, '@', strcspn(host, "/")))
    return "has a user in it: it would stand in every image, which is no "
           "secret";
  return NULL;
}

static const char no_user[] =
    "has a user in it, which every error would show; use a mirror that asks "
    "for none";

/* Whether it ends in "/v1.34/deb" or "/v1.34", as installation guides have it.
 * All that there ever was there has two digits; "/v1.0" is some program's own.
 */
static bool is_of_a_version(const char *text) {
  static const char digits[] = "0123456789";
  for (const char *p = strstr(text, "/v"); p; p = strstr(p + 1, "/v")) {
    size_t major = strspn(p + 2, digits);
    const char *minor = p + 2 + major;
    if (major == 0 || *minor != '.' || !strspn(minor + 1, digits))
      continue;
    const char *end = minor + 1 + strspn(minor + 1, digits);
    if (after(end, "/deb"))
      end += strlen("/deb");
    else if (end - minor < 3)
      continue;
    if (!end[strspn(end, "/")])
      return true;
  }
  return false;
}

const char *packages_fault(const char *text) {
  static const char rule[] = "must be " PACKAGES_RULE;
  const char *host = behind_scheme(text);
  if (!plain(text) || !host || !*host || *host == '/' || *host == ':')
    return rule;
  if (is_of_a_version(text))
    return "ends in one version's folder; write the address above v1.34/deb";
  return memchr(host, '@', strcspn(host, "/")) ? no_user : NULL;
}

const char *proxy_fault(const char *text) {
  static const char rule[] = "must be " PROXY_RULE;
  const char *host = behind_scheme(text);
  if (!plain(text) || !host || !*host || *host == '/' || *host == ':')
    return rule;
  if (strchr(host, '@'))
    return no_user;
  size_t n = strcspn(host, "/");
  return host[n] == '\0' || host[n + 1] == '\0' ? NULL : rule;
}

/* A word of lower case that a letter begins, behind which *text is then. */
static bool word_of_scheme(const char **text) {
  size_t n = strspn(*text, "abcdefghijklmnopqrstuvwxyz0123456789");
  bool ok = n > 0 && !isdigit((unsigned char)**text);
  *text += n;
  return ok;
}

bool libvirt_uri_ok(const char *text) {
  const char *p = text;
  if (!word_of_scheme(&p) || (*p == '+' && (p++, !word_of_scheme(&p))))
    return false;
  const char *host = after(p, "://");
  for (const char *c = host ? host : ""; *c; c++)
    if (!isgraph((unsigned char)*c))
      return false;
  return host && strchr(host, '/');
}

static bool is_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Behind "/part/part", each of what images' names are of (OCI distribution);
 * NULL where one is not. */
static const char *behind_parts(const char *p) {
  while (*p == '/' && p[1]) {
    size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    if (n == 0 || !is_lower(p[1]) || !is_lower(p[n]))
      return NULL;
    p += 1 + n;
  }
  return p;
}

/* Behind "host" or "host:port", or NULL. */
static const char *behind_host(const char *host) {
  const char *p = host;
  while (isalnum((unsigned char)*p) || (p > host && *p && strchr("-.", *p)))
    p++;
  if (p == host)
    return NULL;
  return *p == ':' ? behind_port(p + 1) : p;
}

const char *registry_fault(const char *text) {
  static const char rule[] = "must be " REGISTRY_RULE;
  const char *host = behind_scheme(text);
  host = host ? host : text;
  if (memchr(host, '@', strcspn(host, "/")))
    return no_user;
  const char *p = behind_host(host);
  p = p ? behind_parts(p) : NULL;
  return p && (!*p || (*p == '/' && !p[1])) ? NULL : rule;
}

/* Docker's own registry, in which names without a folder are in library/ and
 * which has a second name that no kubelet asks for. */
static bool is_short(const char *text) {
  const char *own = after(text, "docker.io/");
  return (own && !strchr(own, '/')) || after(text, "index.docker.io/");
}

bool image_name_ok(const char *text) {
  size_t host = strcspn(text, "/");
  const char *p = behind_host(text);
  if (!p || p != text + host || *p != '/' || is_short(text) ||
      (strcspn(text, ".:") > host && strncmp(text, "localhost/", 10) != 0))
    return false;
  p = behind_parts(p);
  if (!p)
    return false;
  const char *tag = p + 1;
  size_t n = *p == ':' ? strspn(tag, "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
                       : 0;
  return n > 0 && n <= 128 && tag[n] == '\0' && *tag != '.' && *tag != '-';
}
