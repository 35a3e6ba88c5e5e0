/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/payload.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MANIFEST_MAX (4U << 20)
#define FORMAT 1

/* A relative path that stays below its folder. */
static bool plain_path(const char *path) {
  if (!*path || *path == '/')
    return false;
  for (const char *p = path; p; p = strchr(p, '/')) {
    p += *p == '/';
    if (!*p || *p == '/' || *p == '.')
      return false;
  }
  return true;
}

static bool is_sha256(const char *s) {
  return strlen(s) == SHA256_HEX - 1 &&
         strspn(s, "0123456789abcdef") == SHA256_HEX - 1;
}

static int parse_file(const json_t *j, struct payload *p, struct error *err) {
  const char *path = json_string_value(json_object_get(j, "path"));
  const char *sha256 = json_string_value(json_object_get(j, "sha256"));
  const json_t *size = json_object_get(j, "size");
  if (!path || !plain_path(path))
    return error_set(err, 0, "manifest.json: '%s' is not a file's path",
                     path ? path : "");
  if (!sha256 || !is_sha256(sha256) || !json_is_integer(size) ||
      json_integer_value(size) < 0)
    return error_set(err, 0, "manifest.json: '%s' lacks its size or sha256",
                     path);
  struct payload_file *f = payload_file_vec_add(&p->files);
  f->path = xstrdup(path);
  f->size = (uint64_t)json_integer_value(size);
  memcpy(f->sha256, sha256, SHA256_HEX);
  return 0;
}

static int by_path(const void *a, const void *b) {
  const struct payload_file *left = a, *right = b;
  return strcmp(left->path, right->path);
}

bool payload_lists(const struct payload *p, const char *path) {
  const struct payload_file key = {.path = (char *)path};
  return p->files.n > 0 &&
         bsearch(&key, p->files.v, p->files.n, sizeof(key), by_path);
}

/* In an order in which each is soon found. */
static int sort_files(struct payload *p, struct error *err) {
  if (p->files.n > 1)
    qsort(p->files.v, p->files.n, sizeof(*p->files.v), by_path);
  for (size_t i = 1; i < p->files.n; i++)
    if (by_path(&p->files.v[i - 1], &p->files.v[i]) == 0)
      return error_set(err, 0, "manifest.json: '%s' is there twice",
                       p->files.v[i].path);
  return 0;
}

/* An image's name reaches the recipe's sed and the image's configuration. */
static bool plain_name(const char *name) {
  return isalnum((unsigned char)*name) &&
         name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@")] ==
             '\0';
}

static int parse_image(const json_t *j, struct payload *p, struct error *err) {
  const char *name = json_string_value(json_object_get(j, "name"));
  const char *file = json_string_value(json_object_get(j, "file"));
  if (name && !plain_name(name))
    return error_set(err, 0, "manifest.json: '%s' is not an image's name",
                     name);
  if (!name || !file || !payload_lists(p, file))
    return error_set(err, 0, "manifest.json: the image '%s' has no file",
                     name ? name : "");
  struct payload_image *i = payload_image_vec_add(&p->images);
  i->name = xstrdup(name);
  i->file = xstrdup(file);
  return 0;
}

static char *text_of(const json_t *j, const char *key) {
  return xstrdup(json_string_value(json_object_get(j, key)));
}

static int parse_lists(const json_t *j, struct payload *p, struct error *err) {
  const json_t *files = json_object_get(j, "files");
  const json_t *images = json_object_get(j, "images");
  for (size_t i = 0; i < json_array_size(files); i++)
    if (parse_file(json_array_get(files, i), p, err) < 0)
      return -1;
  if (sort_files(p, err) < 0)
    return -1;
  for (size_t i = 0; i < json_array_size(images); i++)
    if (parse_image(json_array_get(images, i), p, err) < 0)
      return -1;
  return 0;
}

/* Which of the images is the pause image of the version named: the one of the
 * repository, where several are called so. */
static int find_pause(const json_t *j, struct payload *p, struct error *err) {
  const char *version = json_string_value(json_object_get(j, "pause"));
  _cleanup_free_ char *end = xasprintf("/pause:%s", version ? version : "");
  const char *found = NULL;
  for (size_t i = 0; i < p->images.n; i++) {
    const char *name = p->images.v[i].name;
    size_t n = strlen(name), k = strlen(end);
    if (n < k || strcmp(name + n - k, end) != 0)
      continue;
    if (!found || (strlen(p->image_repository) == n - k &&
                   strncmp(name, p->image_repository, n - k) == 0))
      found = name;
  }
  if (!found)
    return error_set(err, 0, "manifest.json: no pause image");
  p->pause_image = xstrdup(found);
  return 0;
}

int payload_parse(const char *text, size_t len, struct payload *ret,
                  struct error *err) {
  json_error_t fault;
  _cleanup_json_ json_t *j =
      json_loadb(text, len, JSON_REJECT_DUPLICATES, &fault);
  if (!j)
    return error_set(err, 0, "manifest.json:%d: %s", fault.line, fault.text);
  json_int_t format = json_integer_value(json_object_get(j, "format"));
  if (format > FORMAT)
    return error_set(err, 0,
                     "manifest.json: its format is not %d but %lld, of a "
                     "newer kubeseed",
                     FORMAT, (long long)format);
  if (format != FORMAT)
    return error_set(err, 0, "manifest.json: its format is not %d", FORMAT);
  _cleanup_payload_ struct payload p = {
      .source = text_of(j, "payload"),
      .kubernetes = text_of(j, "kubernetes"),
      .etcd = text_of(j, "etcd"),
      .image_repository = text_of(j, "imageRepository"),
      .architecture = text_of(j, "architecture"),
      .debian = text_of(j, "debian"),
  };
  sha256_hex(text, len, p.sha256);
  if (!p.kubernetes || !p.image_repository)
    return error_set(err, 0,
                     "manifest.json: 'kubernetes' or "
                     "'imageRepository' is missing");
  if (parse_lists(j, &p, err) < 0 || find_pause(j, &p, err) < 0)
    return -1;
  *ret = p;
  p = (struct payload){0};
  return 0;
}

bool payload_is(const struct payload *p, const char *version) {
  return strcmp(p->kubernetes, version) == 0;
}

int payload_open(const char *dir, struct payload *ret, struct error *err) {
  _cleanup_free_ char *full = realpath(dir, NULL);
  if (!full)
    return error_set(err, errno, "payload '%s'", dir);
  _cleanup_free_ char *path = xasprintf("%s/manifest.json", full);
  _cleanup_buf_ struct buf text = {0};
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
    return error_set(err, 0, "payload: '%s' is no file", path);
  if (file_read(path, MANIFEST_MAX, &text, err) < 0)
    return error_prefix(err, "payload");
  if (payload_parse(text.data ? text.data : "", text.len, ret, err) < 0)
    return error_prefix(err, "payload '%s'", full);
  ret->dir = TAKE_PTR(full);
  return 0;
}

static int verify_file(const struct payload *p, const struct payload_file *f,
                       struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/%s", p->dir, f->path);
  struct stat st;
  if (stat(path, &st) < 0)
    return error_set(err, errno, "'%s'", path);
  /* Of a FIFO one would wait for ever, and of a device read for ever. */
  if (!S_ISREG(st.st_mode))
    return error_set(err, 0, "'%s' is no file", path);
  if ((uint64_t)st.st_size != f->size)
    return error_set(err, 0, "'%s' has %llu bytes, not the manifest's %llu",
                     path, (unsigned long long)st.st_size,
                     (unsigned long long)f->size);
  char hex[SHA256_HEX];
  if (sha256_file(path, hex, err) < 0)
    return -1;
  if (strcmp(hex, f->sha256) != 0)
    return error_set(err, 0, "'%s' does not have the manifest's SHA-256", path);
  return 0;
}

/* A bake installs all that is in the folder, so nothing else may be in it. */
static int verify_listed(const struct payload *p, const char *folder,
                         struct error *err) {
  _cleanup_free_ char *dir = xasprintf("%s/%s", p->dir, folder);
  DIR *d = opendir(dir);
  int r = 0;
  for (struct dirent *e; d && r == 0 && (e = readdir(d));) {
    _cleanup_free_ char *path = xasprintf("%s/%s", folder, e->d_name);
    if (e->d_name[0] != '.' && !payload_lists(p, path))
      r = error_set(err, 0, "'%s/%s' is not in the manifest", p->dir, path);
  }
  if (d)
    (void)closedir(d);
  return r;
}

int payload_verify(const struct payload *p, struct error *err) {
  for (size_t i = 0; i < p->files.n; i++)
    if (verify_file(p, &p->files.v[i], err) < 0)
      return error_prefix(err, "the payload is damaged");
  if (verify_listed(p, "debs", err) < 0 ||
      verify_listed(p, "images", err) < 0 ||
      verify_listed(p, "debian", err) < 0)
    return error_prefix(err, "the payload is damaged");
  return 0;
}

static bool is_debian(const struct payload *p) {
  return p->source && strcmp(p->source, "debian") == 0;
}

bool payload_has_etcd(const struct payload *p) {
  for (size_t i = 0; i < p->images.n; i++)
    if (strstr(p->images.v[i].name, "/etcd:"))
      return !is_debian(p);
  return false;
}

bool payload_is_packed(const struct payload *p) {
  return !is_debian(p);
}

static bool is_debians(const struct payload_file *f) {
  return strncmp(f->path, "debian/", strlen("debian/")) == 0;
}

bool payload_has_debian(const struct payload *p) {
  for (size_t i = 0; i < p->files.n; i++)
    if (is_debians(&p->files.v[i]))
      return true;
  return false;
}

uint64_t payload_size(const struct payload *p) {
  uint64_t sum = 0;
  for (size_t i = 0; i < p->files.n; i++)
    if (!is_debians(&p->files.v[i]))
      sum += p->files.v[i].size;
  return sum;
}

void payload_done(struct payload *p) {
  for (size_t i = 0; i < p->files.n; i++)
    free(p->files.v[i].path);
  for (size_t i = 0; i < p->images.n; i++) {
    free(p->images.v[i].name);
    free(p->images.v[i].file);
  }
  free(p->files.v);
  free(p->images.v);
  free(p->dir);
  free(p->source);
  free(p->kubernetes);
  free(p->etcd);
  free(p->pause_image);
  free(p->image_repository);
  free(p->architecture);
  free(p->debian);
  *p = (struct payload){0};
}
