/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/store.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/bake.h"
#include "image/payload.h"
#include "image/recipe.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Part of the key: raised when bake.c makes different disks of the same. */
#define FORMAT 1
#define LIST_MAX ((size_t)1 << 20)

/* One image in the store, and what belongs to it. */
struct place {
  char key[IMAGE_KEY];
  char *recipe;   /* embedded folder */
  char *qcow2;    /* final name */
  char *manifest; /* final name */
  char *log;
  char *work; /* while baking; below it is everything temporary */
  char *lock;
  char *apt; /* downloaded packages, shared by all keys */
};

static void place_done(struct place *p) {
  free(p->recipe);
  free(p->qcow2);
  free(p->manifest);
  free(p->log);
  free(p->work);
  free(p->lock);
  free(p->apt);
}
#define _cleanup_place_ _cleanup_(place_done)

static char *recipe_of(const struct spec *spec) {
  return xasprintf("images/debian-%d", spec->image.debian);
}

int image_key(const struct spec *spec, char ret[static IMAGE_KEY],
              struct error *err) {
  _cleanup_free_ char *recipe = recipe_of(spec), *payload = NULL;
  char hex[SHA256_HEX];
  if (payload_identity(spec, &payload, err) < 0)
    return -1;
  recipe_digest(recipe, hex);
  _cleanup_free_ char *text = xasprintf(
      "format %d\nrecipe %s %s\npayload %s\ndisk %llu\nmirror %s\n", FORMAT,
      recipe, hex, payload, (unsigned long long)spec->image.disk,
      spec->image.mirror ? spec->image.mirror : "");
  sha256_hex(text, strlen(text), hex);
  (void)snprintf(ret, IMAGE_KEY, "%.16s", hex);
  return 0;
}

static int place_make(const struct spec *spec, struct place *p,
                      struct error *err) {
  if (image_key(spec, p->key, err) < 0)
    return -1;
  _cleanup_free_ char *dir = payload_cache_path("images");
  p->recipe = recipe_of(spec);
  p->qcow2 = xasprintf("%s/%s.qcow2", dir, p->key);
  p->manifest = xasprintf("%s/%s.json", dir, p->key);
  p->log = xasprintf("%s/%s.log", dir, p->key);
  p->work = xasprintf("%s/%s.tmp", dir, p->key);
  p->lock = xasprintf("%s/%s.lock", dir, p->key);
  p->apt = payload_cache_path("apt");
  if (file_mkdirs(dir, 0755, err) < 0 || file_mkdirs(p->apt, 0755, err) < 0)
    return -1;
  return 0;
}

/* ---- Is it there? ---- */

/* NULL: good; else what is wrong with it. The caller frees. */
static char *fault_of(const struct place *p, bool digest) {
  struct stat st;
  json_error_t ignored;
  _cleanup_json_ json_t *j = json_load_file(p->manifest, 0, &ignored);
  const char *sha256 = json_string_value(json_object_get(j, "sha256"));
  if (!sha256)
    return xstrdup("its manifest is missing or unreadable");
  if (stat(p->qcow2, &st) < 0)
    return xstrdup(strerror(errno));
  if ((json_int_t)st.st_size != json_integer_value(json_object_get(j, "size")))
    return xstrdup("its size is not the manifest's");
  char hex[SHA256_HEX];
  _cleanup_error_ struct error err = {0};
  if (digest && sha256_file(p->qcow2, hex, &err) < 0)
    return xstrdup("it cannot be read");
  if (digest && strcmp(hex, sha256) != 0)
    return xstrdup("its SHA-256 is not the manifest's");
  return NULL;
}

/* ---- Its manifest ---- */

/* "A B" lines of a list as {A: B}. */
static json_t *read_pairs(const char *path, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  if (file_read(path, LIST_MAX, &text, err) < 0)
    return NULL;
  _cleanup_json_ json_t *j = json_object();
  char *save = NULL;
  for (char *line = strtok_r(text.data, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save)) {
    char *space = strchr(line, ' ');
    if (!space)
      continue;
    *space = '\0';
    json_object_set_new(j, line, json_string(space + 1));
  }
  return TAKE_PTR(j);
}

static json_t *read_word(const char *path, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  if (file_read(path, LIST_MAX, &text, err) < 0)
    return NULL;
  return json_stringn(text.data, strcspn(text.data, "\n"));
}

/* Takes over value; NULL, already reported, fails. */
static int put(json_t *j, const char *key, json_t *value) {
  return value && json_object_set_new(j, key, value) == 0 ? 0 : -1;
}

static int put_lists(json_t *j, const struct place *p, struct error *err) {
  _cleanup_free_ char *kernel = xasprintf("%s/out/kernel", p->work);
  _cleanup_free_ char *packages = xasprintf("%s/out/packages", p->work);
  _cleanup_free_ char *images = xasprintf("%s/out/images", p->work);
  if (put(j, "kernel", read_word(kernel, err)) < 0 ||
      put(j, "images", read_pairs(images, err)) < 0 ||
      put(j, "packages", read_pairs(packages, err)) < 0)
    return -1;
  return 0;
}

static int write_manifest(const struct spec *spec, const struct place *p,
                          const struct payload *payload, const char *qcow2,
                          struct error *err) {
  struct stat st;
  char hex[SHA256_HEX];
  if (stat(qcow2, &st) < 0)
    return error_set(err, errno, "'%s'", qcow2);
  if (sha256_file(qcow2, hex, err) < 0)
    return -1;
  _cleanup_json_ json_t *j = json_pack(
      "{si ss si sI sI ss s{ss ss* ss}}", "format", FORMAT, "key", p->key,
      "debian", spec->image.debian, "disk", (json_int_t)spec->image.disk,
      "size", (json_int_t)st.st_size, "sha256", hex, "payload", "kubernetes",
      payload->kubernetes, "etcd", payload->etcd, "manifest", payload->sha256);
  if (put_lists(j, p, err) < 0)
    return error_prefix(err, "image manifest");
  char *text = json_dumps(j, JSON_INDENT(2));
  int r = file_write(p->manifest, text, strlen(text), 0644, err);
  free(text);
  return r;
}

/* ---- Baking ---- */

static void show_step(void *arg, unsigned n, unsigned total, const char *text,
                      double seconds) {
  const struct log *log = arg;
  if (seconds >= 0)
    log_info(log, "image %u/%u %-42s %5.1f s", n, total, text, seconds);
  else
    log_debug(log, "image %u/%u %s ...", n, total, text);
}

static int require_space(const struct place *p, const struct payload *payload,
                         struct error *err) {
  uint64_t need = bake_space(payload), have = 0;
  if (file_free_space(p->work, &have, err) < 0)
    return -1;
  if (have >= need)
    return 0;
  return error_missing(err,
                       "baking an image needs %.1f GiB in '%s', which has "
                       "%.1f GiB free",
                       (double)need / (1 << 30), p->work,
                       (double)have / (1 << 30));
}

/* An RFC 9562 version 8 UUID of the key, so that equal images are equal. */
static char *uuid_of(const struct place *p) {
  return xasprintf("6b756265-%.4s-8%.3s-8%.3s-%.6s%.6s", p->key, p->key + 4,
                   p->key + 7, p->key + 10, p->key);
}

static int bake_and_commit(const struct log *log, const struct spec *spec,
                           const struct place *p, const struct payload *payload,
                           struct error *err) {
  _cleanup_free_ char *qcow2 = xasprintf("%s/image.qcow2", p->work);
  _cleanup_free_ char *uuid = uuid_of(p);
  struct log copy = *log;
  struct bake b = {.recipe = p->recipe,
                   .payload = payload,
                   .mirror = spec->image.mirror,
                   .disk = spec->image.disk,
                   .work = p->work,
                   .apt = p->apt,
                   .uuid = uuid,
                   .output = qcow2,
                   .log_path = p->log,
                   .on_step = show_step,
                   .arg = &copy};
  if (bake_run(&b, err) < 0 || write_manifest(spec, p, payload, qcow2, err) < 0)
    return -1;
  return file_commit(qcow2, p->qcow2, err);
}

/*
 * Removes what killed bakes of other keys left. A bake that runs holds its
 * lock; nothing here is worth failing for.
 */
static void sweep(const struct place *p) {
  _cleanup_free_ char *dir = payload_cache_path("images");
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    _cleanup_error_ struct error ignored = {0};
    _cleanup_close_ int lock_fd = -1;
    size_t n = strlen(e->d_name);
    if (n <= 4 || strcmp(e->d_name + n - 4, ".tmp") != 0)
      continue;
    _cleanup_free_ char *work = xasprintf("%s/%s", dir, e->d_name);
    _cleanup_free_ char *lock =
        xasprintf("%s/%.*s.lock", dir, (int)n - 4, e->d_name);
    if (strcmp(work, p->work) != 0 && file_lock(lock, &lock_fd, &ignored) == 0)
      (void)!bake_remove(work, &ignored);
  }
  if (d)
    (void)closedir(d);
}

static int bake_image(const struct log *log, const struct spec *spec,
                      const struct place *p, struct error *err) {
  _cleanup_payload_ struct payload payload = {0};
  if (bake_require(err) < 0 ||
      payload_ensure(log, spec, false, &payload, err) < 0)
    return -1;
  sweep(p);
  /* What a killed bake of this key left: we hold its lock. */
  if (bake_remove(p->work, err) < 0 || file_mkdirs(p->work, 0755, err) < 0 ||
      require_space(p, &payload, err) < 0)
    return -1;
  double start = monotonic_seconds();
  log_info(log, "baking the image: Debian %d, Kubernetes %s",
           spec->image.debian, payload.kubernetes);
  _cleanup_error_ struct error ignored = {0};
  int r = bake_and_commit(log, spec, p, &payload, err);
  if (bake_remove(p->work, &ignored) < 0)
    log_warn(log, "cannot remove '%s'", p->work);
  if (r == 0)
    log_info(log, "image baked in %.0f s", monotonic_seconds() - start);
  return r;
}

int image_ensure(const struct log *log, const struct plan *plan,
                 const struct image_options *opt, char **ret_path,
                 struct error *err) {
  static const struct image_options none = {0};
  opt = opt ? opt : &none;
  _cleanup_place_ struct place p = {0};
  _cleanup_close_ int lock = -1;
  if (place_make(plan->spec, &p, err) < 0)
    return -1;
  /* A complete image needs no lock: its name appears last. */
  _cleanup_free_ char *fault = fault_of(&p, opt->verify);
  if (fault && file_exists(p.qcow2))
    log_warn(log, "the image '%s' is baked again: %s", p.qcow2, fault);
  if (fault || opt->force) {
    if (file_lock(p.lock, &lock, err) < 0 ||
        bake_image(log, plan->spec, &p, err) < 0)
      return error_prefix(err, "image");
  }
  *ret_path = TAKE_PTR(p.qcow2);
  return 0;
}
