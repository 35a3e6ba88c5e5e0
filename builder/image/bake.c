/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/bake.h"

#include "base/file.h"
#include "base/host.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/appliance.h"
#include "image/bootloader.h"
#include "image/recipe.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)

/* What a root file system without container images takes, generously. */
#define BASE_TREE (1100 * MIB)

/* ---- What must be there ---- */

/* When the image is said to be made: now, or what SOURCE_DATE_EPOCH says
 * (https://reproducible-builds.org/specs/source-date-epoch/). No later than
 * ext4 and FAT can tell. */
#define EPOCH_FIRST 315532800ULL /* 1980-01-01, the first day of FAT */
#define EPOCH_LAST 4294967295ULL

static int bake_epoch(unsigned long long *ret, struct error *err) {
  const char *text = getenv("SOURCE_DATE_EPOCH");
  if (!text || !*text) {
    *ret = (unsigned long long)time(NULL);
    return 0;
  }
  bool number =
      strlen(text) <= 10 && strspn(text, "0123456789") == strlen(text);
  *ret = number ? strtoull(text, NULL, 10) : 0;
  if (*ret >= EPOCH_FIRST && *ret <= EPOCH_LAST)
    return 0;
  return error_usage(err,
                     "SOURCE_DATE_EPOCH is '%s', and must be a number of "
                     "seconds since 1970, from %llu (1980) to %llu",
                     text, EPOCH_FIRST, EPOCH_LAST);
}

int bake_require(struct error *err) {
  unsigned long long ignored;
  if (bake_epoch(&ignored, err) < 0)
    return -1;
  static const char *const programs[][2] = {
      {"mmdebstrap", "mmdebstrap"}, {"unshare", "util-linux"},
      {"mke2fs", "e2fsprogs"},      {"mkfs.vfat", "dosfstools"},
      {"mcopy", "mtools"},          {"qemu-img", "qemu-utils"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
    if (process_require(programs[i][0], programs[i][1], err) < 0)
      return -1;
  if (geteuid() != 0 && process_require("newuidmap", "uidmap", err) < 0)
    return -1;
  return appliance_require(err);
}

/* An imported image is there twice: as it came, and unpacked, which is 4.5
 * times as much as what a registry has. */
static uint64_t tree_size(const struct payload *payload) {
  uint64_t size = payload_size(payload);
  return BASE_TREE + (payload_is_packed(payload) ? 6 * size : size * 5 / 2);
}

uint64_t bake_space(const struct payload *payload) {
  /* The raw disk, and beside it first the tree, later the qcow2. */
  return 2 * tree_size(payload);
}

/* ---- The root file system, by the recipe's own programs ---- */

/* Which step runs, for the lines that report one. */
struct progress {
  const struct bake *bake;
  unsigned n;
  char *text;
  double start;
  FILE *log; /* everything said, or NULL */
};

/* packages; kubernetes; images; root file system; boot loader; qcow2 */
#define STEPS 6

static void step_end(struct progress *p) {
  if (p->text && p->bake->on_step)
    p->bake->on_step(p->bake->arg, p->n, STEPS, p->text,
                     monotonic_seconds() - p->start);
  free(p->text);
  p->text = NULL;
}

static void step_begin(struct progress *p, const char *text) {
  step_end(p);
  p->n++;
  p->text = xstrdup(text);
  p->start = monotonic_seconds();
  if (p->bake->on_step)
    p->bake->on_step(p->bake->arg, p->n, STEPS, text, -1);
}

static void on_line(void *arg, const char *line) {
  const struct progress *p = arg;
  if (p->log)
    (void)fprintf(p->log, "%s\n", line);
  if (strncmp(line, "@step ", 6) == 0)
    step_begin(arg, line + 6);
}

static void on_alive(void *arg, unsigned seconds) {
  const struct progress *p = arg;
  if (p->text && p->bake->on_alive)
    p->bake->on_alive(p->bake->arg, p->text, seconds);
}

/* In memory when there is plenty: twice the tree, and half of all that is free.
 */
static uint64_t tmpfs_size(const struct bake *b) {
  _cleanup_fclose_ FILE *f = fopen("/proc/meminfo", "re");
  char line[128];
  static const char key[] = "MemAvailable:";
  unsigned long long kib = 0;
  while (f && !kib && fgets(line, sizeof(line), f))
    if (strncmp(line, key, strlen(key)) == 0)
      kib = strtoull(line + strlen(key), NULL, 10);
  uint64_t want = 2 * tree_size(b->payload);
  return kib * 1024 / 2 >= want ? want : 0;
}

static void make_env(const struct bake *b, const char *disk,
                     unsigned long long epoch, struct strv *env) {
  uint64_t tmpfs = tmpfs_size(b);
  strv_pushf(env, "KUBESEED_WORK=%s", b->work);
  strv_pushf(env, "KUBESEED_RECIPE=%s/recipe", b->work);
  if (tmpfs)
    strv_pushf(env, "KUBESEED_TMPFS=%llu", (unsigned long long)tmpfs);
  else
    strv_push(env, "KUBESEED_TMPFS=");
  strv_pushf(env, "KUBESEED_MIRROR=%s", b->mirror ? b->mirror : "");
  strv_pushf(env, "KUBESEED_SUITE=%s", b->suite);
  strv_pushf(env, "KUBESEED_PACKAGES=%s", b->packages);
  strv_pushf(env, "KUBESEED_COMPONENTS=%s", b->components);
  strv_pushf(env, "KUBESEED_TIMEZONE=%s", b->timezone);
  strv_pushf(env, "KUBESEED_LOCALES=%s", b->locales);
  strv_pushf(env, "KUBESEED_KEYBOARDS=%s", b->keyboards);
  bool offline = payload_has_debian(b->payload);
  strv_pushf(env, "KUBESEED_OFFLINE=%s", offline ? "yes" : "");
  strv_pushf(env, "KUBESEED_APT=%s%s", offline ? b->payload->dir : b->apt,
             offline ? "/debian" : "");
  strv_pushf(env, "KUBESEED_PAYLOAD=%s", b->payload->dir);
  strv_pushf(env, "KUBESEED_PAUSE=%s", b->payload->pause_image);
  strv_pushf(env, "KUBESEED_CONTAINERD=%s", b->containerd ? b->containerd : "");
  strv_pushf(env, "KUBESEED_ETCD=%s",
             payload_has_etcd(b->payload) ? "image" : "package");
  strv_pushf(env, "KUBESEED_DISK=%s", disk);
  strv_pushf(env, "KUBESEED_OFFSET=%llu", (unsigned long long)BOOT_ROOT_AT);
  strv_pushf(env, "KUBESEED_SIZE=%llu",
             (unsigned long long)(BOOT_ROOT_END(b->disk) - BOOT_ROOT_AT));
  strv_pushf(env, "KUBESEED_EFI=%llu", (unsigned long long)BOOT_EFI_AT);
  strv_pushf(env, "KUBESEED_EFI_SIZE=%llu",
             (unsigned long long)(BOOT_ROOT_AT - BOOT_EFI_AT));
  strv_pushf(env, "KUBESEED_UUID=%s", b->uuid);
  strv_pushf(env, "KUBESEED_EPOCH=%llu", epoch);
  /* Debian's tools must neither ask nor find the caller's language, nor his
   * time zone; Python's bytes follow its hashes. */
  strv_push_all(env, "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8",
                "TZ=UTC0", "PYTHONHASHSEED=0", NULL);
}

static int make_root(const struct bake *b, const char *disk,
                     struct progress *progress, struct error *err) {
  _cleanup_free_ char *recipe = xasprintf("%s/recipe", b->work);
  _cleanup_strv_ struct strv argv = {0}, env = {0};
  unsigned long long epoch;
  if (bake_epoch(&epoch, err) < 0 || recipe_unpack(b->recipe, recipe, err) < 0)
    return -1;
  recipe_namespaces(&argv, true);
  strv_pushf(&argv, "%s/bake", recipe);
  make_env(b, disk, epoch, &env);
  struct process p = {.argv = &argv,
                      .env = &env,
                      .death_signal = SIGKILL,
                      .package = "util-linux",
                      .on_line = on_line,
                      .on_line_arg = progress,
                      .on_alive = on_alive,
                      .alive_every = PROCESS_ALIVE_SECONDS,
                      .on_alive_arg = progress};
  progress->log = fopen(b->log_path, "we");
  if (!progress->log)
    return error_set(err, errno, "cannot write '%s'", b->log_path);
  step_begin(progress, "Debian packages");
  int r = process_run(&p, err);
  (void)fclose(progress->log);
  progress->log = NULL;
  if (r < 0)
    return error_prefix(err,
                        "cannot make the root file system (all of it in "
                        "'%s')",
                        b->log_path);
  return 0;
}

/* ---- All of it ---- */

static int make_disk(const char *path, uint64_t size, struct error *err) {
  _cleanup_close_ int fd =
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
    return error_set(err, errno, "cannot make '%s'", path);
  return 0;
}

static int convert(const char *raw, const char *output, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "qemu-img", "convert", "-m", "8", "-f", "raw", "-O",
                "qcow2", raw, output, NULL);
  struct process p = {.argv = &argv, .package = "qemu-utils"};
  return process_run(&p, err);
}

static int run_steps(const struct bake *b, const char *disk,
                     struct progress *progress, struct error *err) {
  _cleanup_free_ char *out = xasprintf("%s/out", b->work);
  _cleanup_boot_ struct boot *boot = NULL;
  if (make_disk(disk, b->disk, err) < 0 ||
      boot_start(disk, b->disk, b->uuid, &boot, err) < 0 ||
      make_root(b, disk, progress, err) < 0)
    return -1;
  step_begin(progress, "boot loader");
  if (boot_install(boot, out, err) < 0)
    return -1;
  step_begin(progress, "qcow2");
  if (convert(disk, b->output, err) < 0)
    return -1;
  step_end(progress);
  return 0;
}

int bake_run(const struct bake *b, struct error *err) {
  if (b->disk % MIB || BOOT_ROOT_END(b->disk) < BOOT_ROOT_AT + BASE_TREE)
    return error_set(err, 0, "a disk of %llu bytes is too small for an image",
                     (unsigned long long)b->disk);
  _cleanup_free_ char *disk = xasprintf("%s/disk.raw", b->work);
  struct progress progress = {.bake = b};
  int r = run_steps(b, disk, &progress, err);
  free(progress.text);
  return r;
}

int bake_remove(const char *work, struct error *err) {
  if (!file_exists(work))
    return 0;
  if (geteuid() == 0)
    return file_remove_tree(work, err);
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "unshare", "--map-root-user", "--map-auto", "--", "rm",
                "-rf", "--", work, NULL);
  struct process p = {.argv = &argv, .package = "util-linux"};
  return process_run(&p, err);
}
