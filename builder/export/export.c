/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/export.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "export/convert.h"
#include "image/bootloader.h"
#include "image/space.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)
/* Less than this behind where the root partition begins holds no Debian. */
#define LEAST_SIZE (BOOT_ROOT_AT + 256 * MIB)

/* ---- The folder ---- */

static int check_folder(const char *dir, struct error *err) {
  _cleanup_free_ char *there = xstrdup(dir);
  struct stat st;
  while (stat(there, &st) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    char *up = file_parent(there);
    free(there);
    there = up;
  }
  if (stat(there, &st) < 0)
    return error_usage(err, "cannot use '%s': %s", there, strerror(errno));
  if (!S_ISDIR(st.st_mode))
    return error_usage(err, "cannot use '%s' as a folder: '%s' is none", dir,
                       there);
  if (access(there, W_OK | X_OK) < 0)
    return error_usage(err, "cannot write to '%s': %s", there, strerror(errno));
  return 0;
}

int export_check_files(const struct export_format *f,
                       const struct export_job *job, bool force,
                       struct error *err) {
  _cleanup_strv_ struct strv names = {0};
  f->files(job, &names);
  if (check_folder(job->dir, err) < 0)
    return -1;
  for (size_t i = 0; i < names.n; i++) {
    struct stat st;
    _cleanup_free_ char *path = export_path(job, "%s", names.v[i]);
    if (lstat(path, &st) < 0)
      continue;
    if (!S_ISREG(st.st_mode))
      return error_usage(err, "'%s' is in the way, and no plain file", path);
    if (!force)
      return error_usage(err,
                         "'%s' is there already; --force overwrites it, "
                         "--output DIR writes elsewhere",
                         path);
  }
  return 0;
}

/* ---- The image ---- */

static int check_node(const struct export_job *job,
                      const struct plan_node *node, struct error *err) {
  if (job->size <= node->spec->disk)
    return 0;
  return error_usage(err,
                     "the disk of %s is %llu MiB, and the image '%s' has %llu "
                     "MiB: give it more by nodes.disk in the spec",
                     node->name, (unsigned long long)(node->spec->disk / MIB),
                     job->image, (unsigned long long)(job->size / MIB));
}

/* What the manifest beside the image says, if there is one. */
static void warn_kernel(const struct export_job *job) {
  size_t stem = strlen(job->image);
  if (stem > strlen(".qcow2") &&
      strcmp(job->image + stem - strlen(".qcow2"), ".qcow2") == 0)
    stem -= strlen(".qcow2");
  _cleanup_free_ char *path = xasprintf("%.*s.json", (int)stem, job->image);
  _cleanup_json_ json_t *j = json_load_file(path, 0, NULL);
  const char *kernel = json_string_value(json_object_get(j, "kernel"));
  if (kernel && strstr(kernel, "-cloud-"))
    log_warn(job->log,
             "the image has Debian's cloud kernel, without drivers for SATA "
             "disks, e1000 cards and real machines: where these are needed, "
             "write `kernel: generic` under `image` in the spec");
}

int export_check_image(const struct export_format *f, struct export_job *job,
                       struct error *err) {
  if (convert_ask(job->image, &job->size, &job->flat, err) < 0)
    return -1;
  if (job->size < LEAST_SIZE)
    return error_usage(err,
                       "the image '%s' is too small for a node: its disk has "
                       "%llu MiB; `kubeseed image %s` bakes one",
                       job->image, (unsigned long long)(job->size / MIB),
                       job->target);
  for (size_t i = 0; f->of_nodes && i < job->n_nodes; i++)
    if (check_node(job, export_node(job, i), err) < 0)
      return -1;
  if (f->real)
    warn_kernel(job);
  return f->check ? f->check(job, err) : 0;
}

/* ---- Writing ---- */

static int check_room(const struct export_format *f,
                      const struct export_job *job, struct error *err) {
  uint64_t used;
  _cleanup_free_ char *what = xasprintf("exporting to '%s'", job->dir);
  return convert_measure(job->image, &used, err) < 0
             ? -1
             : space_require(job->dir, used * (f->each ? job->n_nodes : 1),
                             what, err);
}

int export_write(const struct export_format *f, const struct export_job *job,
                 struct error *err) {
  /* In the state nobody else may look; elsewhere that is the user's to say,
   * and what is secret is so by its own mode. */
  if (file_mkdirs(job->dir, f->of_nodes ? 0700 : 0755, err) < 0 ||
      check_room(f, job, err) < 0)
    return -1;
  if (f->write(job, err) == 0)
    return 0;
  space_explain(job->dir, err);
  return -1;
}
