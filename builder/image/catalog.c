/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/catalog.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/bake.h"
#include "state/cache.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_MAX_BYTES ((size_t)256)
#define KEY_DIGITS (IMAGE_KEY - 1)

char *image_folder(void) {
  return cache_path("images");
}

static bool hex_digits(const char *text) {
  return strspn(text, "0123456789abcdef") >= KEY_DIGITS;
}

bool image_name_parse(const char *name, char ret[static IMAGE_KEY]) {
  size_t n = strlen(name);
  bool old = n == KEY_DIGITS;
  if (!hex_digits(name) ||
      !(old || (n == 2 * KEY_DIGITS + 1 && name[KEY_DIGITS] == '-' &&
                hex_digits(name + KEY_DIGITS + 1))))
    return false;
  (void)snprintf(ret, IMAGE_KEY, "%.16s", name);
  return true;
}

char *image_current(const char *dir, const char *key) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf text = {0};
  _cleanup_free_ char *pointer = xasprintf("%s/%s.current", dir, key);
  _cleanup_free_ char *old = xasprintf("%s/%s.qcow2", dir, key);
  char of[IMAGE_KEY];
  if (file_read(pointer, NAME_MAX_BYTES, &text, &ignored) == 0) {
    _cleanup_free_ char *name = xstrndup(text.data, strcspn(text.data, "\n"));
    if (image_name_parse(name, of) && strcmp(of, key) == 0)
      return TAKE_PTR(name);
  }
  return file_exists(old) ? xstrdup(key) : NULL;
}

/* The manifest beside an image, or NULL. */
static json_t *manifest_of(const char *path) {
  size_t n = strlen(path);
  json_error_t ignored;
  if (n < 6 || strcmp(path + n - 6, ".qcow2") != 0)
    return NULL;
  _cleanup_free_ char *file = xasprintf("%.*s.json", (int)(n - 6), path);
  return json_load_file(file, 0, &ignored);
}

bool image_content(const char *path, char ret[static SHA256_HEX]) {
  struct stat st;
  _cleanup_json_ json_t *j = manifest_of(path);
  const char *sha256 = json_string_value(json_object_get(j, "sha256"));
  if (!sha256 || strlen(sha256) != SHA256_HEX - 1 || stat(path, &st) < 0 ||
      (json_int_t)st.st_size != json_integer_value(json_object_get(j, "size")))
    return false;
  memcpy(ret, sha256, SHA256_HEX);
  return true;
}

/* ---- The list ---- */

static void entry_done(struct image_entry *e) {
  free(e->name);
  free(e->path);
  free(e->kubernetes);
  free(e->kernel);
  image_users_done(&e->users);
}

void image_entries_done(struct image_entry_vec *v) {
  for (size_t i = 0; i < v->n; i++)
    entry_done(&v->v[i]);
  free(v->v);
  *v = (struct image_entry_vec){0};
}

static bool uses(enum image_user_state state) {
  return state == IMAGE_USED || state == IMAGE_AWAY;
}

static size_t count_users(const struct image_user_vec *users) {
  size_t n = 0;
  for (size_t i = 0; i < users->n; i++)
    n += uses(users->v[i].state);
  return n;
}

size_t image_count_users(const struct image_entry *e) {
  return count_users(&e->users);
}

static void read_manifest(struct image_entry *e) {
  static const char begins[] = "vmlinuz-";
  _cleanup_json_ json_t *j = manifest_of(e->path);
  const char *version = json_string_value(
      json_object_get(json_object_get(j, "payload"), "kubernetes"));
  const char *kernel = json_string_value(json_object_get(j, "kernel"));
  e->kubernetes = version ? xstrdup(version) : NULL;
  if (kernel && strncmp(kernel, begins, strlen(begins)) == 0)
    e->kernel = xstrdup(kernel + strlen(begins));
  e->debian = (int)json_integer_value(json_object_get(j, "debian"));
}

/* What a file takes of the disk; nothing when there is none. */
static uint64_t on_disk(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

static int add_entry(const char *dir, const char *file,
                     struct image_entry_vec *ret, struct error *err) {
  size_t n = strlen(file);
  if (n < 6 || strcmp(file + n - 6, ".qcow2") != 0)
    return 0;
  char key[IMAGE_KEY];
  struct stat st;
  _cleanup_free_ char *name = xstrndup(file, n - 6);
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, file);
  _cleanup_free_ char *raw = xasprintf("%s/%s.raw", dir, name);
  if (!image_name_parse(name, key) || lstat(path, &st) < 0 ||
      !S_ISREG(st.st_mode))
    return 0;
  struct image_entry *e = image_entry_vec_add(ret);
  _cleanup_free_ char *current = image_current(dir, key);
  memcpy(e->key, key, sizeof(key));
  e->old = strcmp(name, key) == 0;
  e->current = current && strcmp(current, name) == 0;
  e->size = on_disk(path) + on_disk(raw);
  e->baked = st.st_mtime;
  e->name = TAKE_PTR(name);
  e->path = TAKE_PTR(path);
  read_manifest(e);
  return image_users_read(e->path, &e->users, err);
}

static int by_name(const void *a, const void *b) {
  const struct image_entry *x = a, *y = b;
  return strcmp(x->name, y->name);
}

int image_list(struct image_entry_vec *ret, struct error *err) {
  _cleanup_free_ char *folder = image_folder();
  /* Overlays name an image by its real path. */
  _cleanup_free_ char *dir = realpath(folder, NULL);
  DIR *d = dir ? opendir(dir) : NULL;
  if (!d)
    return errno == ENOENT ? 0
                           : error_set(err, errno, "cannot read '%s'", folder);
  int r = 0;
  for (struct dirent *e; r == 0 && (e = readdir(d));)
    r = add_entry(dir, e->d_name, ret, err);
  (void)closedir(d);
  if (ret->n)
    qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
  return r;
}

/* ---- What killed runs left ---- */

static int remove_file(const char *path, const char *end, struct error *err) {
  _cleanup_free_ char *full = xasprintf("%s%s", path, end);
  if (unlink(full) < 0 && errno != ENOENT)
    return error_set(err, errno, "cannot remove '%s'", full);
  return 0;
}

/* The image first: what is left without it is nobody's base, and a sweep finds
 * it. The pointer last, and only where it is to this image: a bake may have
 * ended since the list was made. */
static int remove_image(const char *dir, const struct image_entry *e,
                        struct error *err) {
  _cleanup_free_ char *stem = xasprintf("%s/%s", dir, e->name);
  _cleanup_free_ char *current = image_current(dir, e->key);
  if (remove_file(stem, ".qcow2", err) < 0 ||
      remove_file(stem, ".json", err) < 0 ||
      remove_file(stem, ".raw", err) < 0 ||
      remove_file(stem, ".raw.new", err) < 0 ||
      remove_file(stem, ".spdx.json", err) < 0 ||
      remove_file(stem, ".users", err) < 0)
    return -1;
  _cleanup_free_ char *key = xasprintf("%s/%s", dir, e->key);
  bool is_current = current && strcmp(current, e->name) == 0;
  return is_current ? remove_file(key, ".current", err) : 0;
}

/* The image that a file of the store belongs to, when it is not the image
 * itself; NULL for others. The caller frees. */
static char *image_of(const char *dir, const char *file) {
  size_t n = strcspn(file, ".");
  _cleanup_free_ char *stem = xstrndup(file, n);
  char key[IMAGE_KEY];
  if (!image_name_parse(stem, key))
    return NULL;
  if (strcmp(file + n, ".json") == 0 || strcmp(file + n, ".raw") == 0 ||
      strcmp(file + n, ".raw.new") == 0 ||
      strcmp(file + n, ".spdx.json") == 0 || strcmp(file + n, ".users") == 0)
    return TAKE_PTR(stem);
  return n == KEY_DIGITS && strcmp(file + n, ".current") == 0
             ? image_current(dir, key)
             : NULL;
}

/* Removes what an image left that is not there, unless disks lie on it: then
 * it may be put back. The key's lock is held, for a bake writes the manifest
 * before the image. */
static void sweep_rest(const char *dir, const struct image_entry *e) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_(image_users_done) struct image_user_vec users = {0};
  _cleanup_close_ int fd = -1;
  struct stat st;
  if (image_users_lock(e->path, &fd, &ignored) < 0 ||
      lstat(e->path, &st) == 0 || errno != ENOENT ||
      image_users_read(e->path, &users, &ignored) < 0 ||
      count_users(&users) > 0)
    return;
  (void)!remove_image(dir, e, &ignored);
}

/* Whether an entry of the store is the work folder of a bake. */
static bool is_work(const char *file) {
  char key[IMAGE_KEY];
  _cleanup_free_ char *stem = xstrndup(file, KEY_DIGITS);
  const char *rest = file + strlen(stem);
  return image_name_parse(stem, key) && strncmp(rest, ".tmp", 4) == 0 &&
         (rest[4] == '.' || rest[4] == '\0');
}

/* Whether it is on the way to be a file of an image or a key. */
static bool is_temporary(const char *file) {
  char key[IMAGE_KEY];
  _cleanup_free_ char *stem = xstrndup(file, strcspn(file, "."));
  const char *mark = strstr(file, FILE_TEMPORARY);
  return image_name_parse(stem, key) && mark &&
         strlen(mark) == strlen(FILE_TEMPORARY) + FILE_RANDOM;
}

/* Who writes one holds the key's lock, or that of the lists. */
static void sweep_temporary(const char *path) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_close_ int fd = -1;
  if (image_users_lock(path, &fd, &ignored) == 0)
    (void)unlink(path);
}

static void sweep_entry(const char *dir, const char *file, const char *held) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_(entry_done) struct image_entry e = {.name = image_of(dir, file)};
  _cleanup_close_ int lock_fd = -1;
  bool work = is_work(file), temporary = is_temporary(file);
  struct stat st;
  if (e.name)
    e.path = xasprintf("%s/%s.qcow2", dir, e.name);
  if (e.name ? lstat(e.path, &st) == 0 : !work && !temporary)
    return;
  (void)snprintf(e.key, sizeof(e.key), "%.16s", file);
  _cleanup_free_ char *lock = xasprintf("%s/%s.lock", dir, e.key);
  if (strcmp(e.key, held) != 0 && file_lock(lock, &lock_fd, &ignored) < 0)
    return;
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, file);
  if (e.name)
    sweep_rest(dir, &e);
  else if (work)
    (void)!bake_remove(path, &ignored);
  else
    sweep_temporary(path);
}

void image_sweep(const char *key) {
  _cleanup_free_ char *dir = image_folder();
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));)
    sweep_entry(dir, e->d_name, key);
  if (d)
    (void)closedir(d);
}

/* Whether the store has an image of key, whole or not. */
static bool has_image(const char *dir, const char *key) {
  bool found = false;
  DIR *d = opendir(dir);
  for (struct dirent *e; d && !found && (e = readdir(d));)
    found = strncmp(e->d_name, key, KEY_DIGITS) == 0 &&
            strcmp(e->d_name + KEY_DIGITS, ".log") != 0 &&
            strcmp(e->d_name + KEY_DIGITS, ".lock") != 0;
  if (d)
    (void)closedir(d);
  return !d || found;
}

/* Log and lock of a key of which nothing else is there. The lock goes last:
 * who waits for it then makes another, see file_lock. */
static void sweep_key(const char *dir, const char *file) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_close_ int fd = -1;
  _cleanup_free_ char *key = xstrndup(file, strcspn(file, "."));
  _cleanup_free_ char *lock = xasprintf("%s/%s.lock", dir, key);
  _cleanup_free_ char *log = xasprintf("%s/%s.log", dir, key);
  const char *end = file + strlen(key);
  char parsed[IMAGE_KEY];
  if (!image_name_parse(key, parsed) || strlen(key) != KEY_DIGITS ||
      (strcmp(end, ".log") != 0 && strcmp(end, ".lock") != 0) ||
      has_image(dir, key) || file_lock(lock, &fd, &ignored) < 0 ||
      has_image(dir, key))
    return;
  (void)unlink(log);
  (void)unlink(lock);
}

static void sweep_keys(const char *dir) {
  DIR *d = dir ? opendir(dir) : NULL;
  for (struct dirent *e; d && (e = readdir(d));)
    sweep_key(dir, e->d_name);
  if (d)
    (void)closedir(d);
}

/* ---- Pruning ---- */

/* Every name must be one of an image that nothing uses. */
static int check_names(const struct image_entry_vec *all,
                       const struct strv *names, struct error *err) {
  for (size_t i = 0; i < names->n; i++) {
    const struct image_entry *e = NULL;
    for (size_t j = 0; j < all->n && !e; j++)
      if (strcmp(all->v[j].name, names->v[i]) == 0)
        e = &all->v[j];
    if (!e)
      return error_usage(err,
                         "there is no image '%s'; `kubeseed image --list` "
                         "names them",
                         names->v[i]);
    for (size_t j = 0; j < e->users.n; j++)
      if (uses(e->users.v[j].state))
        return error_set(err, 0,
                         "the image '%s' is in use: '%s' lies on it; "
                         "`kubeseed destroy` deletes machines",
                         e->name, e->users.v[j].overlay);
  }
  return 0;
}

/* Whether one that nothing uses as far as can be seen goes only by its name. */
static bool stays_unless_named(const struct log *log,
                               const struct image_entry *e,
                               const struct image_user_vec *users) {
  if (e->old) {
    log_info(log,
             "%s stays: it is of an earlier version, which did not note whose "
             "disks lie on it; when there are none, `kubeseed image --prune "
             "%s` removes it",
             e->name, e->name);
    return true;
  }
  for (size_t i = 0; i < users->n; i++)
    if (users->v[i].state == IMAGE_MISSED) {
      log_info(log,
               "%s stays: '%s' lay on it, which is not there any more, though "
               "no `kubeseed destroy` deleted it; unless its folder was only "
               "moved, `kubeseed image --prune %s` removes the image",
               e->name, users->v[i].overlay, e->name);
      return true;
    }
  return false;
}

/* One image, with the locks held that keep it as it is. */
static int prune_one(const struct log *log, const char *dir,
                     const struct image_entry *e, bool named,
                     struct error *err) {
  _cleanup_error_ struct error busy = {0};
  _cleanup_close_ int baking = -1, users = -1;
  _cleanup_free_ char *lock = xasprintf("%s/%s.lock", dir, e->key);
  _cleanup_(image_users_done) struct image_user_vec now = {0};
  if (file_lock(lock, &baking, &busy) < 0) {
    log_info(log, "%s stays: one of its kind is being baked", e->name);
    return 0;
  }
  if (image_users_lock(e->path, &users, err) < 0 ||
      image_users_read(e->path, &now, err) < 0)
    return -1;
  size_t n = count_users(&now);
  if (n > 0) {
    log_info(log, "%s stays: %zu disk%s on it", e->name, n,
             n == 1 ? " lies" : "s lie");
    return 0;
  }
  if (!named && stays_unless_named(log, e, &now))
    return 0;
  if (remove_image(dir, e, err) < 0)
    return -1;
  log_info(log, "%s is removed: %.1f GB", e->name, (double)e->size / 1e9);
  return 0;
}

int image_prune(const struct log *log, const struct strv *names,
                struct error *err) {
  _cleanup_(image_entries_done) struct image_entry_vec all = {0};
  _cleanup_free_ char *folder = image_folder();
  _cleanup_free_ char *dir = realpath(folder, NULL);
  if (image_list(&all, err) < 0 || check_names(&all, names, err) < 0)
    return -1;
  image_sweep("");
  if (all.n == 0)
    log_info(log, "there is no image to remove");
  for (size_t i = 0; i < all.n; i++) {
    bool named = strv_has(names, all.v[i].name);
    if ((names->n == 0 || named) &&
        prune_one(log, dir, &all.v[i], named, err) < 0)
      return -1;
  }
  sweep_keys(dir);
  return 0;
}
