/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/manifest.h"

#include "base/mem.h"
#include <ctype.h>
#include <string.h>

#define BLANKS " \t\r"

bool manifest_is_address(const char *text) {
  const char *colon = strstr(text, "://");
  if (!colon || !isalpha((unsigned char)*text))
    return false;
  for (; text < colon; text++)
    if (!isalnum((unsigned char)*text) && !strchr("+.-", *text))
      return false;
  return true;
}

static const char *const endings[] = {".yaml", ".yml", ".json"};

/* The length of the name without such an ending. */
static size_t stem(const char *name, size_t n) {
  for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
    size_t len = strlen(endings[i]);
    if (n > len && strncmp(name + n - len, endings[i], len) == 0)
      return n - len;
  }
  return n;
}

bool manifest_is_named_so(const char *name) {
  return *name != '.' && stem(name, strlen(name)) < strlen(name);
}

#define NAME_MAX_LEN 60

char *manifest_path(size_t i, const char *source) {
  size_t end = strlen(source);
  while (end > 1 && source[end - 1] == '/')
    end--;
  size_t begin = end;
  while (begin > 0 && source[begin - 1] != '/')
    begin--;
  size_t n = stem(source + begin, end - begin);
  char *path =
      xasprintf(MANIFEST_FOLDER "%02zu-%.*s.yaml", i + 1,
                (int)(n < NAME_MAX_LEN ? n : NAME_MAX_LEN), source + begin);
  for (char *p = path + strlen(MANIFEST_FOLDER); *p; p++)
    if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
      *p = '-';
  return path;
}

/* ---- Lines ---- */

/* The length of the line at p, and what follows it; NULL at the end. */
static const char *next_line(const char *p, size_t *ret_len) {
  *ret_len = strcspn(p, "\n");
  return p[*ret_len] ? p + *ret_len + 1 : NULL;
}

static bool begins(const char *p, size_t n, const char *with) {
  size_t len = strlen(with);
  return n >= len && memcmp(p, with, len) == 0;
}

/* The value behind "key:" or "\"key\":" at p, borrowed, or NULL. */
static const char *value_of(const char *p, size_t n, const char *key,
                            size_t *ret_len) {
  size_t quote = n > 0 && (*p == '"' || *p == '\'');
  size_t len = strlen(key);
  const char *end = p + n;
  if (n < len + 2 * quote + 1 || memcmp(p + quote, key, len) != 0 ||
      (quote && p[quote + len] != *p))
    return NULL;
  p += len + 2 * quote;
  if (*p++ != ':' || (p < end && !strchr(BLANKS "\"'{[", *p)))
    return NULL;
  while (p < end && strchr(BLANKS, *p))
    p++;
  quote = p < end && (*p == '"' || *p == '\'');
  p += quote;
  *ret_len = 0;
  while (p + *ret_len < end && !strchr(BLANKS "\"',}#", p[*ret_len]))
    ++*ret_len;
  return p;
}

bool manifest_says(const char *text, const char *key, const char *value) {
  size_t n, len;
  for (const char *p = text; p;) {
    const char *next = next_line(p, &n);
    const char *is = value_of(p, n, key, &len);
    if (is && len == strlen(value) && begins(is, len, value))
      return true;
    p = next;
  }
  return false;
}

/* ---- What is wrong ---- */

/* One document, as its lines come. */
struct document {
  size_t line;   /* its first with content; 0: none yet */
  size_t indent; /* of that one */
  bool json;     /* which is one line or many */
  bool block; /* within a text of many lines, which are indented deeper than */
  size_t block_indent;
  bool api, kind; /* has these keys */
};

static const char *document_fault(const struct document *d) {
  if (d->line == 0 || (d->api && d->kind))
    return NULL;
  return d->kind ? "is no manifest: apiVersion is missing"
                 : "is no manifest: kind is missing";
}

static const char *kind_fault(const char *kind, size_t n) {
  return n == strlen("Kustomization") && begins(kind, n, "Kustomization")
             ? "is a kustomization; write what `kubectl kustomize` makes of it "
               "to a file, and name that"
             : NULL;
}

/* Whether a text of many lines begins behind this one: it ends with | or >,
 * perhaps with an indicator of YAML 1.2, 8.1.1, and a comment. */
static bool begins_block(const char *p, size_t n) {
  for (size_t i = 1; i < n; i++)
    if (p[i] == '#' && strchr(BLANKS, p[i - 1]))
      n = i;
  while (n > 0 && strchr(BLANKS, p[n - 1]))
    n--;
  for (int i = 0; i < 2 && n > 0 && strchr("+-123456789", p[n - 1]); i++)
    n--;
  return n > 1 && strchr("|>", p[n - 1]) && strchr(BLANKS, p[n - 2]);
}

static const char *add_line(struct document *d, const char *p, size_t n) {
  size_t indent = 0, len;
  while (indent < n && strchr(BLANKS, p[indent]))
    indent++;
  if (indent == n || p[indent] == '#')
    return NULL;
  if (d->block && indent > d->block_indent)
    return NULL; /* whatever stands in it */
  d->block = begins_block(p, n);
  d->block_indent = indent;
  if (begins(p + indent, n - indent, "{{"))
    return "is a template of Helm; write what `helm template` makes of it to a "
           "file, and name that";
  if (d->line == 0) {
    d->indent = indent;
    d->json = p[indent] == '{';
  }
  if (d->json) { /* which kubectl reads whole; its keys are anywhere */
    d->api = d->api || memmem(p, n, "\"apiVersion\"", 12);
    d->kind = d->kind || memmem(p, n, "\"kind\"", 6);
    return NULL;
  }
  if (indent != d->indent)
    return NULL;
  d->api = d->api || value_of(p + indent, n - indent, "apiVersion", &len);
  const char *kind = value_of(p + indent, n - indent, "kind", &len);
  d->kind = d->kind || kind;
  return kind ? kind_fault(kind, len) : NULL;
}

const char *manifest_fault(const char *text, size_t *ret_line) {
  struct document d = {0};
  size_t documents = 0, line = 1, n;
  for (const char *p = text; p; line++) {
    const char *next = next_line(p, &n);
    bool ends = begins(p, n, "---");
    const char *wrong = ends ? document_fault(&d) : NULL;
    if (wrong) {
      *ret_line = d.line;
      return wrong;
    }
    *ret_line = line;
    if (ends)
      d = (struct document){0};
    else if ((wrong = add_line(&d, p, n)))
      return wrong;
    size_t indent = strspn(p, BLANKS);
    if (!ends && d.line == 0 && indent < n && p[indent] != '#') {
      d.line = line;
      documents++;
    }
    p = next;
  }
  const char *wrong = document_fault(&d);
  *ret_line = wrong ? d.line : 1;
  return wrong ? wrong : documents == 0 ? "has no object" : NULL;
}

/* ---- Images ---- */

/* By the rules of the reference that a kubelet hands to containerd
 * (github.com/distribution/reference, ParseDockerRef): a first part that is no
 * host is a folder of docker.io, a single one is in library/, and a tag beside
 * a digest counts for nothing. */
static char *whole_name(const char *name, size_t n) {
  size_t first = 0;
  while (first < n && name[first] != '/')
    first++;
  bool host =
      first < n && (memchr(name, '.', first) || memchr(name, ':', first) ||
                    (first == 9 && begins(name, n, "localhost")));
  size_t path = host ? first + 1 : 0;
  const char *at = memchr(name + path, '@', n - path);
  size_t end = at ? (size_t)(at - name) : n;
  size_t last = end;
  while (last > path && name[last - 1] != '/' && name[last - 1] != ':')
    last--;
  bool tag = last > path && name[last - 1] == ':';
  bool docker = !host || begins(name, n, "docker.io/");
  return xasprintf("%s%s%.*s%.*s%s", docker ? "docker.io/" : "",
                   docker && !memchr(name + path, '/', n - path) ? "library/"
                                                                 : "",
                   (int)((at && tag ? last - 1 : end) - (docker ? path : 0)),
                   name + (docker ? path : 0), at ? (int)(n - end) : 0,
                   name + end, at || tag ? "" : ":latest");
}

/* A line's image: "image: x", "- image: x" or, in JSON, anywhere. */
static void add_image(const char *p, size_t n, struct strv *ret) {
  const char *end = p + n;
  for (const char *at = p; (at = memmem(at, (size_t)(end - at), "image", 5));
       at += 5) {
    const char *key = at > p && strchr("\"'", at[-1]) ? at - 1 : at;
    size_t len;
    const char *value = value_of(key, (size_t)(end - key), "image", &len);
    if (!value || len == 0 || (key > p && !strchr(BLANKS "{,-", key[-1])) ||
        !isalnum((unsigned char)*value) || memchr(value, '$', len))
      continue;
    _cleanup_free_ char *name = whole_name(value, len);
    if (!strv_has(ret, name))
      strv_push(ret, name);
  }
}

void manifest_images(const char *text, struct strv *ret) {
  size_t n;
  for (const char *p = text; p;) {
    const char *next = next_line(p, &n);
    size_t indent = strspn(p, BLANKS);
    if (indent < n && p[indent] != '#')
      add_image(p, n, ret);
    p = next;
  }
}
