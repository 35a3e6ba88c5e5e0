/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/lock.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOCK_MAX ((size_t)4 << 20)
#define FORMAT 1

char *lock_path(const struct spec *spec) {
  _cleanup_free_ char *folder = file_parent(spec->file);
  return xasprintf("%s/payload.lock.json", folder);
}

/* All of the file; an empty one where there is none. */
static int read_all(const char *path, json_t **ret, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  json_error_t fault;
  struct stat st;
  if (lstat(path, &st) < 0 && errno == ENOENT) {
    *ret = json_pack("{si s{}}", "format", FORMAT, "payloads");
    return 0;
  }
  /* Nor is one there: but what it was is not to be forgotten. */
  if (!file_exists(path) && errno == ENOENT)
    return error_usage(err,
                       "'%s' is a link to a file that is not there; put that "
                       "back, or delete the link",
                       path);
  if (file_read(path, LOCK_MAX, &text, err) < 0)
    return -1;
  _cleanup_json_ json_t *j = json_loadb(text.data ? text.data : "", text.len,
                                        JSON_REJECT_DUPLICATES, &fault);
  if (!j)
    return error_usage(err, "%s:%d: %s; put back what it was, or delete it",
                       path, fault.line, fault.text);
  if (json_integer_value(json_object_get(j, "format")) != FORMAT ||
      !json_is_object(json_object_get(j, "payloads")))
    return error_usage(err, "'%s' is no lock of format %d", path, FORMAT);
  *ret = TAKE_PTR(j);
  return 0;
}

/* As lock_of makes it, at least from the outside: what is in it is compared. */
static bool is_entry(const json_t *entry) {
  const json_t *further = json_object_get(entry, "further");
  const json_t *containerd = json_object_get(entry, "containerd");
  return (!containerd || json_is_object(containerd)) &&
         json_is_object(json_object_get(entry, "packages")) &&
         json_is_object(json_object_get(entry, "images")) &&
         (!further || json_is_object(further));
}

/* The entry without those further images that are not this spec's. */
static json_t *entry_for(const struct spec *spec, json_t *entry) {
  json_t *further = json_object_get(entry, "further"), *own = json_object();
  for (size_t i = 0; i < spec->kubernetes.images.n; i++) {
    const char *name = spec->kubernetes.images.v[i];
    json_t *image = json_object_get(further, name);
    if (image)
      json_object_set(own, name, image);
  }
  json_t *copy = json_copy(entry);
  if (json_object_size(own) > 0)
    json_object_set(copy, "further", own);
  else
    json_object_del(copy, "further");
  json_decref(own);
  return copy;
}

int lock_read(const struct spec *spec, const char *name, json_t **ret,
              struct error *err) {
  _cleanup_free_ char *path = lock_path(spec);
  _cleanup_json_ json_t *all = NULL;
  if (read_all(path, &all, err) < 0)
    return -1;
  json_t *entry = json_object_get(json_object_get(all, "payloads"), name);
  if (entry && !is_entry(entry))
    return error_usage(err,
                       "%s: '%s' does not say which packages and images it "
                       "is; put back what it was, or delete it",
                       path, name);
  *ret = entry ? entry_for(spec, entry) : NULL;
  return 0;
}

/* "debs/NAME_VERSION_ARCH.deb" into packages. */
static void add_package(json_t *packages, const struct payload_file *f) {
  static const char folder[] = "debs/";
  if (strncmp(f->path, folder, strlen(folder)) != 0)
    return;
  const char *name = f->path + strlen(folder);
  size_t n = strcspn(name, "_");
  const char *version = name + n + (name[n] == '_');
  _cleanup_free_ char *key = xstrndup(name, n);
  _cleanup_free_ char *text = xstrndup(version, strcspn(version, "_"));
  json_object_set_new(
      packages, key,
      json_pack("{ss ss}", "version", text, "sha256", f->sha256));
}

int lock_of(const struct spec *spec, const struct payload *p, json_t **ret,
            struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/manifest.json", p->dir);
  _cleanup_buf_ struct buf text = {0};
  if (file_read(path, LOCK_MAX, &text, err) < 0)
    return -1;
  _cleanup_json_ json_t *manifest = json_loadb(text.data, text.len, 0, NULL);
  json_t *packages = json_object(), *images = json_object();
  json_t *further = json_object();
  for (size_t i = 0; i < p->files.n; i++)
    add_package(packages, &p->files.v[i]);
  size_t i;
  const json_t *image;
  json_array_foreach(json_object_get(manifest, "images"), i, image) {
    const char *name = json_string_value(json_object_get(image, "name"));
    json_t *where =
        name && strv_has(&spec->kubernetes.images, name) ? further : images;
    json_object_set_new(where, name ? name : "",
                        json_pack("{sO* sO*}", "index",
                                  json_object_get(image, "index"), "config",
                                  json_object_get(image, "config")));
  }
  *ret = json_pack("{ss* so so}", "etcd", p->etcd, "packages", packages,
                   "images", images);
  if (json_object_size(further) > 0)
    json_object_set(*ret, "further", further);
  json_decref(further);
  return 0;
}

/* Two specs of one folder may be fetched at once. The folder itself is locked,
 * so that no file more stays beside the spec; where that cannot be, it is not.
 */
static void lock_folder(const char *path, int *ret_fd) {
  _cleanup_free_ char *folder = file_parent(path);
  *ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (*ret_fd >= 0 && flock(*ret_fd, LOCK_EX) < 0 && errno == EINTR)
    ;
}

static int write_all(const char *path, json_t *all, struct error *err) {
  _cleanup_free_ char *dump = json_dumps(all, JSON_INDENT(2) | JSON_SORT_KEYS);
  _cleanup_free_ char *text = xasprintf("%s\n", dump);
  _cleanup_free_ char *full = NULL;
  if (file_behind_link(path, &full, err) < 0)
    return -1;
  /* Synced: another fetch would be of other builds. */
  return file_write(full, text, strlen(text), 0644, err);
}

int lock_write(const struct spec *spec, const char *name, json_t *entry,
               bool keep, struct error *err) {
  _cleanup_free_ char *path = lock_path(spec);
  _cleanup_close_ int folder = -1;
  _cleanup_json_ json_t *all = NULL, *own = json_deep_copy(entry);
  lock_folder(path, &folder);
  if (read_all(path, &all, err) < 0)
    return -1;
  json_t *there = json_object_get(json_object_get(all, "payloads"), name);
  if (keep)
    lock_keep(there, own);
  if (there && json_equal(there, own))
    return 0;
  json_object_set(json_object_get(all, "payloads"), name, own);
  return write_all(path, all, err);
}

int lock_note_containerd(const struct spec *spec, const char *name,
                         const char *where, const char *what, char **ret_other,
                         struct error *err) {
  _cleanup_free_ char *path = lock_path(spec);
  _cleanup_close_ int folder = -1;
  _cleanup_json_ json_t *all = NULL;
  *ret_other = NULL;
  lock_folder(path, &folder);
  if (read_all(path, &all, err) < 0)
    return -1;
  json_t *entry = json_object_get(json_object_get(all, "payloads"), name);
  if (!entry || !is_entry(entry))
    return 0;
  json_t *noted = json_object_get(entry, "containerd");
  const char *before = json_string_value(json_object_get(noted, where));
  if (before) {
    *ret_other = strcmp(before, what) == 0 ? NULL : xstrdup(before);
    return 0;
  }
  if (!noted)
    json_object_set_new(entry, "containerd", noted = json_object());
  json_object_set_new(noted, where, json_string(what));
  return write_all(path, all, err);
}

char *lock_describe(json_t *entry) {
  _cleanup_buf_ struct buf out = {0};
  const char *name;
  json_t *one;
  json_object_foreach(json_object_get(entry, "packages"), name, one) {
    const char *version = json_string_value(json_object_get(one, "version"));
    buf_addf(&out, "%s%s %s", out.len ? ", " : "", name,
             version ? version : "?");
  }
  const char *etcd = json_string_value(json_object_get(entry, "etcd"));
  if (etcd)
    buf_addf(&out, "; etcd %s", etcd);
  json_object_foreach(json_object_get(entry, "containerd"), name, one) {
    if (json_is_string(one))
      buf_addf(&out, "; containerd %s (%s)", json_string_value(one), name);
  }
  return buf_take(&out);
}

/* ---- What is otherwise ---- */

/* "" for what is not known, as is what a registry has of an image that came
 * from an archive. */
static const char *text_at(const json_t *o, const char *key) {
  const char *text = json_string_value(json_object_get(o, key));
  return text ? text : "";
}

/* One package or image; told by the first of keys that differs. */
static void compare(const char *name, const json_t *wanted, const json_t *found,
                    const char *const keys[2], struct buf *out) {
  const char *sep = out->len ? "; " : "";
  if (!found || !wanted) {
    buf_addf(out, "%s%s is %s", sep, name, found ? "new" : "missing");
    return;
  }
  for (size_t i = 0; i < 2; i++) {
    const char *a = text_at(found, keys[i]), *b = text_at(wanted, keys[i]);
    if (!*a || !*b || strcmp(a, b) == 0)
      continue;
    buf_addf(out, "%s%s is %s and not %s", sep, name, a, b);
    return;
  }
}

static void compare_packages(json_t *wanted, json_t *found, struct buf *out) {
  static const char *const keys[] = {"version", "sha256"};
  const char *name;
  json_t *one;
  json_object_foreach(wanted, name, one)
      compare(name, one, json_object_get(found, name), keys, out);
  json_object_foreach(found, name, one) {
    if (!json_object_get(wanted, name))
      compare(name, NULL, one, keys, out);
  }
}

/* Where images stand; another spec may name one that kubeadm also wants. */
static const char *const image_lists[] = {"images", "further"};

static json_t *find_image(json_t *entry, const char *name) {
  json_t *found = NULL;
  for (size_t i = 0; i < ARRAY_SIZE(image_lists) && !found; i++)
    found = json_object_get(json_object_get(entry, image_lists[i]), name);
  return found;
}

/* Those of both. */
static void compare_images(json_t *wanted, json_t *found, struct buf *out) {
  static const char *const keys[] = {"index", "config"};
  const char *name;
  json_t *one;
  for (size_t i = 0; i < ARRAY_SIZE(image_lists); i++)
    json_object_foreach(json_object_get(wanted, image_lists[i]), name, one) {
      json_t *other = find_image(found, name);
      if (other)
        compare(name, one, other, keys, out);
    }
}

static void keep_images(json_t *wanted, json_t *found, const char *list) {
  json_t *images = json_object_get(found, list);
  const char *name;
  json_t *one;
  json_object_foreach(images, name, one) {
    json_t *index = json_object_get(find_image(wanted, name), "index");
    if (json_is_string(index) && !json_is_string(json_object_get(one, "index")))
      json_object_set(one, "index", index);
  }
  json_t *before = json_object_get(wanted, list);
  if (before && !images)
    json_object_set(found, list, before);
  else if (before)
    (void)json_object_update_missing(images, before);
}

void lock_keep(json_t *wanted, json_t *found) {
  json_t *containerd = json_object_get(wanted, "containerd");
  if (containerd && !json_object_get(found, "containerd"))
    json_object_set(found, "containerd", containerd);
  for (size_t i = 0; i < ARRAY_SIZE(image_lists); i++)
    keep_images(wanted, found, image_lists[i]);
}

char *lock_difference(json_t *wanted, json_t *found) {
  _cleanup_buf_ struct buf out = {0};
  compare_packages(json_object_get(wanted, "packages"),
                   json_object_get(found, "packages"), &out);
  compare_images(wanted, found, &out);
  return out.len ? buf_take(&out) : NULL;
}
