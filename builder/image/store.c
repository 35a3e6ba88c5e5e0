/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/store.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/bake.h"
#include "image/catalog.h"
#include "image/containerd.h"
#include "image/contents.h"
#include "image/recipe.h"
#include "image/source.h"
#include "image/space.h"
#include "image/wait.h"
#include "state/cache.h"
#include "state/state.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Part of the key: raised when bake.c makes different disks of the same. */
#define FORMAT 3
#define LIST_MAX ((size_t)1 << 20)

/* Where an image of one key is, and what belongs to baking one. */
struct place {
  char key[IMAGE_KEY];
  char *dir;
  char *name; /* of the current image, or NULL; KEY-DIGEST, see catalog.h */
  char *log;
  char *work; /* while baking; below it is everything temporary */
  char *lock;
  char *apt; /* downloaded packages, shared by all keys */
};

static void place_done(struct place *p) {
  free(p->dir);
  free(p->name);
  free(p->log);
  free(p->work);
  free(p->lock);
  free(p->apt);
}
#define _cleanup_place_ _cleanup_(place_done)

int image_key(const struct spec *spec, char ret[static IMAGE_KEY],
              struct error *err) {
  _cleanup_free_ char *payload = NULL;
  _cleanup_free_ char *contents = contents_identity(spec);
  char hex[SHA256_HEX];
  _cleanup_free_ char *containerd = containerd_identity(spec);
  if (source_identity(spec, &payload, err) < 0)
    return -1;
  recipe_digest(CONTENTS_RECIPE, hex);
  _cleanup_free_ char *text = xasprintf(
      "format %d\nrecipe %s\npayload %s%s\n%sdisk %llu\nmirror %s\n", FORMAT,
      hex, payload, containerd, contents, (unsigned long long)spec->image.disk,
      spec->image.mirror ? spec->image.mirror : "");
  sha256_hex(text, strlen(text), hex);
  (void)snprintf(ret, IMAGE_KEY, "%.16s", hex);
  return 0;
}

static int place_make(const struct spec *spec, struct place *p,
                      struct error *err) {
  if (image_key(spec, p->key, err) < 0)
    return -1;
  p->dir = image_folder();
  p->name = image_current(p->dir, p->key);
  p->log = xasprintf("%s/%s.log", p->dir, p->key);
  p->work = xasprintf("%s/%s.tmp.XXXXXX", p->dir, p->key);
  p->lock = xasprintf("%s/%s.lock", p->dir, p->key);
  p->apt = contents_apt(spec);
  return 0;
}

static char *path_of(const struct place *p, const char *end) {
  return xasprintf("%s/%s%s", p->dir, p->name, end);
}

/* ---- Is it there? ---- */

/* NULL: good; else what is wrong with it. The caller frees. */
static char *fault_of(const struct place *p, bool digest) {
  _cleanup_free_ char *path = path_of(p, ".qcow2");
  char want[SHA256_HEX], hex[SHA256_HEX];
  if (!file_exists(path))
    return xstrdup("it is not there");
  if (!image_content(path, want))
    return xstrdup("its manifest is missing, or of another size");
  _cleanup_error_ struct error err = {0};
  if (digest && sha256_file(path, hex, &err) < 0)
    return xstrdup("it cannot be read");
  if (digest && strcmp(hex, want) != 0)
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

/* The recipe's bill of materials, which is in the image as well. */
static int write_spdx(const struct place *p, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  _cleanup_free_ char *from = xasprintf("%s/out/spdx", p->work);
  _cleanup_free_ char *to = path_of(p, ".spdx.json");
  if (file_read(from, LIST_MAX, &text, err) < 0)
    return -1;
  return file_write(to, text.data ? text.data : "", text.len, 0644, err);
}

/* Names the new image by its content, and writes its manifest. */
static int write_manifest(const struct spec *spec, struct place *p,
                          const struct payload *payload, const char *qcow2,
                          char hex[static SHA256_HEX], struct error *err) {
  struct stat st;
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
  free(p->name);
  p->name = xasprintf("%s-%.16s", p->key, hex);
  if (write_spdx(p, err) < 0)
    return -1;
  _cleanup_free_ char *path = path_of(p, ".json");
  char *text = json_dumps(j, JSON_INDENT(2));
  int r = file_write(path, text, strlen(text), 0644, err);
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

static void show_alive(void *arg, const char *text, unsigned seconds) {
  log_alive(arg, text, seconds);
}

/* An RFC 9562 version 8 UUID of the key, so that equal images are equal. */
static char *uuid_of(const struct place *p) {
  return xasprintf("6b756265-%.4s-8%.3s-8%.3s-%.6s%.6s", p->key, p->key + 4,
                   p->key + 7, p->key + 10, p->key);
}

/*
 * The manifest, the image, and last the pointer that makes it the current one.
 * What an overlay may lie on is not touched: another content is another name,
 * and the same content is put in place only where the file has lost it.
 */
static int commit(const struct spec *spec, struct place *p,
                  const struct payload *payload, const char *qcow2,
                  struct error *err) {
  char hex[SHA256_HEX], there[SHA256_HEX];
  _cleanup_error_ struct error ignored = {0};
  if (write_manifest(spec, p, payload, qcow2, hex, err) < 0)
    return -1;
  _cleanup_free_ char *path = path_of(p, ".qcow2");
  bool same = file_exists(path) && sha256_file(path, there, &ignored) == 0 &&
              strcmp(hex, there) == 0;
  if (!same && file_commit(qcow2, path, err) < 0)
    return -1;
  _cleanup_free_ char *pointer = xasprintf("%s/%s.current", p->dir, p->key);
  _cleanup_free_ char *line = xasprintf("%s\n", p->name);
  return file_write(pointer, line, strlen(line), 0644, err);
}

/* Which containerd the image has belongs to what its payload's lock knows. An
 * image that is there is not given up for it. */
static void note_containerd(const struct log *log, const struct spec *spec,
                            const struct place *p) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *list = xasprintf("%s/out/packages", p->work);
  _cleanup_free_ char *debian = xasprintf("debian %d", spec->image.debian);
  _cleanup_free_ char *other = NULL;
  _cleanup_json_ json_t *packages = read_pairs(list, &err);
  bool own = spec->image.containerd.file != NULL;
  const char *what =
      own ? spec->image.containerd.sha256
          : json_string_value(json_object_get(packages, "containerd"));
  const char *where = own ? "archive" : debian;
  if (what && source_note_containerd(spec, where, what, &other, &err) < 0)
    log_warn(log, "%s", err.faults[0].msg);
  else if (other)
    log_warn(
        log,
        "the image has containerd %s, and payload.lock.json names %s (%s): "
        "`kubeseed payload --update` takes what there is",
        what, other, where);
}

static int bake_and_commit(const struct log *log, const struct spec *spec,
                           struct place *p, const struct payload *payload,
                           struct error *err) {
  _cleanup_free_ char *qcow2 = xasprintf("%s/image.qcow2", p->work);
  _cleanup_free_ char *uuid = uuid_of(p);
  _cleanup_free_ char *packages = contents_packages(spec, payload);
  _cleanup_free_ char *locales = contents_locales(spec);
  _cleanup_free_ char *keyboards = contents_keyboards(spec);
  struct log copy = *log;
  struct bake b = {.recipe = CONTENTS_RECIPE,
                   .payload = payload,
                   .mirror = spec->image.mirror,
                   .suite = contents_suite(spec),
                   .packages = packages,
                   .components = contents_components(spec),
                   .timezone = spec->image.timezone,
                   .locales = locales,
                   .keyboards = keyboards,
                   .disk = spec->image.disk,
                   .work = p->work,
                   .apt = p->apt,
                   .containerd = spec->image.containerd.file,
                   .uuid = uuid,
                   .output = qcow2,
                   .log_path = p->log,
                   .on_step = show_step,
                   .on_alive = show_alive,
                   .arg = &copy};
  if (bake_run(&b, err) < 0)
    return -1;
  if (commit(spec, p, payload, qcow2, err) < 0)
    return -1;
  note_containerd(log, spec, p);
  return 0;
}

static int bake_image(const struct log *log, const struct spec *spec,
                      struct place *p, const struct payload *payload,
                      struct error *err) {
  image_sweep(p->key);
  if (containerd_check(spec, err) < 0)
    return -1;
  if (space_require(p->dir, bake_space(payload), "baking an image", err) < 0)
    return -1;
  /* A folder of its own: programs of a killed bake may live on for a while. */
  if (!mkdtemp(p->work) || chmod(p->work, 0755) < 0)
    return error_set(err, errno, "cannot make '%s'", p->work);
  double start = monotonic_seconds();
  log_info(log, "baking the image: Debian %d, Kubernetes %s",
           spec->image.debian, payload->kubernetes);
  _cleanup_error_ struct error ignored = {0};
  int r = bake_and_commit(log, spec, p, payload, err);
  if (r < 0)
    space_explain(p->work, err);
  if (bake_remove(p->work, &ignored) < 0)
    log_warn(log, "cannot remove '%s'", p->work);
  if (r == 0)
    log_info(log, "image baked in %.0f s", monotonic_seconds() - start);
  return r;
}

/* Only looks; nothing is written. */
static int verify(const struct log *log, const struct place *p,
                  const struct spec *spec, struct error *err) {
  _cleanup_free_ char *target = state_target(NULL, spec->file);
  if (!p->name)
    return error_set(
        err, 0, "there is no image yet; `kubeseed image %s` bakes it", target);
  log_info(log, "comparing image %s with its manifest", p->name);
  _cleanup_free_ char *fault = fault_of(p, true);
  if (!fault)
    return 0;
  return error_set(err, 0,
                   "the image '%s/%s.qcow2' is damaged: %s; `kubeseed image "
                   "--force %s` bakes another one",
                   p->dir, p->name, fault, target);
}

/* Somebody else may have baked it while this one waited for the lock. */
static bool is_there(struct place *p) {
  free(p->name);
  p->name = image_current(p->dir, p->key);
  _cleanup_free_ char *fault = p->name ? fault_of(p, false) : NULL;
  return p->name && !fault;
}

/* With the payload may come the lock (lock.h), and another key with that. */
static int make(const struct log *log, const struct spec *spec, struct place *p,
                bool force, struct error *err) {
  static const struct source_options as_it_is = {0};
  _cleanup_payload_ struct payload payload = {0};
  for (;;) {
    _cleanup_close_ int lock = -1;
    char key[IMAGE_KEY];
    if (file_mkdirs(p->dir, 0755, err) < 0 ||
        file_mkdirs(p->apt, 0755, err) < 0 ||
        wait_lock(log, p->lock, "the image", &lock, err) < 0)
      return -1;
    if (!force && is_there(p))
      return 0;
    if (!payload.dir &&
        (bake_require(err) < 0 ||
         source_ensure(log, spec, &as_it_is, &payload, err) < 0))
      return -1;
    if (image_key(spec, key, err) < 0)
      return -1;
    if (strcmp(key, p->key) == 0)
      return bake_image(log, spec, p, &payload, err);
    place_done(p);
    *p = (struct place){0};
    if (place_make(spec, p, err) < 0)
      return -1;
  }
}

int image_ensure(const struct log *log, const struct plan *plan,
                 const struct image_options *opt, char **ret_path,
                 struct error *err) {
  static const struct image_options none = {0};
  const struct spec *spec = plan->spec;
  opt = opt ? opt : &none;
  _cleanup_place_ struct place p = {0};
  if (place_make(spec, &p, err) < 0)
    return -1;
  if (opt->verify && verify(log, &p, spec, err) < 0)
    return -1;
  /* A complete image needs no lock: its name appears last. */
  _cleanup_free_ char *fault = p.name ? fault_of(&p, false) : NULL;
  if (fault)
    log_warn(log, "the image '%s' is baked again: %s", p.name, fault);
  if ((!p.name || fault || opt->force) &&
      make(log, spec, &p, opt->force, err) < 0)
    return error_prefix(err, "image");
  *ret_path = path_of(&p, ".qcow2");
  return 0;
}
