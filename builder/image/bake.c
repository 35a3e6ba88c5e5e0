/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/bake.h"

#include "base/file.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/recipe.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <guestfs.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)
#define SECTOR ((uint64_t)512)

/* The partitions, see bake.h; the last MiB is GPT's second copy. */
#define CORE_AT (1 * MIB)
#define ESP_AT (2 * MIB)
#define ROOT_AT (66 * MIB)
#define TAIL (1 * MIB)

/* UEFI specification and GRUB manual: BIOS boot, EFI system; UAPI group's
 * Discoverable Partitions Specification: root of x86-64. */
#define TYPE_BIOS "21686148-6449-6E6F-744E-656564454649"
#define TYPE_ESP "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
#define TYPE_ROOT "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"

/* What a root file system without container images takes, generously. */
#define BASE_TREE (1100 * MIB)
#define BOOT_FILE_MAX (1 * MIB)

/* ---- What must be there ---- */

/* supermin copies a kernel of the build host, and must be able to read it. */
static int require_kernel(struct error *err) {
  if (getenv("SUPERMIN_KERNEL"))
    return 0;
  DIR *d = opendir("/boot");
  bool found = false;
  for (struct dirent *e; d && !found && (e = readdir(d));) {
    _cleanup_free_ char *path = xasprintf("/boot/%s", e->d_name);
    found = fnmatch("vmlinuz-*", e->d_name, 0) == 0 && access(path, R_OK) == 0;
  }
  if (d)
    (void)closedir(d);
  if (found)
    return 0;
  return error_missing(err, "libguestfs needs a readable kernel in /boot: "
                            "apt-get install linux-image-cloud-amd64, or name "
                            "one in SUPERMIN_KERNEL and SUPERMIN_MODULES");
}

int bake_require(struct error *err) {
  static const char *const programs[][2] = {
      {"mmdebstrap", "mmdebstrap"}, {"unshare", "util-linux"},
      {"mke2fs", "e2fsprogs"},      {"qemu-img", "qemu-utils"},
      {QEMU_PROGRAM, QEMU_PACKAGE}, {"supermin", "supermin"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
    if (process_require(programs[i][0], programs[i][1], err) < 0)
      return -1;
  if (geteuid() != 0 && process_require("newuidmap", "uidmap", err) < 0)
    return -1;
  return require_kernel(err);
}

/* An imported image is there twice: as it came, and unpacked. */
static uint64_t tree_size(const struct payload *payload) {
  return BASE_TREE + payload_size(payload) * 5 / 2;
}

uint64_t bake_space(const struct payload *payload) {
  /* The raw disk, and beside it first the tree, later the qcow2. */
  return 2 * tree_size(payload);
}

/* ---- The appliance: partitions and boot loader ---- */

struct appliance {
  guestfs_h *g;
  const char *disk;
  uint64_t size;
  pthread_t thread;
  bool started;
  int result;
  struct error err; /* of the thread */
};

static int guestfs_fail(guestfs_h *g, const char *what, struct error *err) {
  const char *why = guestfs_last_error(g);
  return error_set(err, 0, "libguestfs: %s: %s", what, why ? why : "failed");
}

static int add_partition(guestfs_h *g, int n, uint64_t from, uint64_t to,
                         const char *type, struct error *err) {
  if (guestfs_part_add(g, "/dev/sda", "primary", (int64_t)(from / SECTOR),
                       (int64_t)(to / SECTOR - 1)) < 0 ||
      guestfs_part_set_gpt_type(g, "/dev/sda", n, type) < 0)
    return guestfs_fail(g, "partition", err);
  return 0;
}

static int launch(struct appliance *a, struct error *err) {
  guestfs_h *g = a->g;
  if (guestfs_add_drive_opts(g, a->disk, GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw",
                             GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe",
                             -1) < 0 ||
      guestfs_launch(g) < 0 || guestfs_part_init(g, "/dev/sda", "gpt") < 0)
    return guestfs_fail(g, "start", err);
  if (add_partition(g, 1, CORE_AT, ESP_AT, TYPE_BIOS, err) < 0 ||
      add_partition(g, 2, ESP_AT, ROOT_AT, TYPE_ESP, err) < 0 ||
      add_partition(g, 3, ROOT_AT, a->size - TAIL, TYPE_ROOT, err) < 0)
    return -1;
  return 0;
}

static void *appliance_main(void *arg) {
  struct appliance *a = arg;
  a->result = launch(a, &a->err);
  return NULL;
}

/*
 * Starts partitioning in the background: the appliance takes seconds to boot,
 * and what it writes lies outside the root partition that others fill.
 */
static int appliance_start(struct appliance *a, struct error *err) {
  a->g = guestfs_create_flags(GUESTFS_CREATE_NO_ENVIRONMENT);
  if (!a->g)
    return error_set(err, errno, "libguestfs: create");
  struct host_accel accel = {0};
  host_accel_probe(NULL, NULL, &accel);
  bool kvm = accel.kvm;
  host_accel_done(&accel);
  char *settings[] = {kvm ? NULL : (char *)"force_tcg", NULL};
  guestfs_set_error_handler(a->g, NULL, NULL);
  if (guestfs_parse_environment(a->g) < 0 ||
      guestfs_set_backend(a->g, "direct") < 0 ||
      guestfs_set_backend_settings(a->g, settings) < 0)
    return guestfs_fail(a->g, "set up", err);
  int r = pthread_create(&a->thread, NULL, appliance_main, a);
  if (r != 0)
    return error_set(err, r, "cannot start a thread");
  a->started = true;
  return 0;
}

static int appliance_join(struct appliance *a, struct error *err) {
  if (!a->started)
    return 0;
  a->started = false;
  (void)pthread_join(a->thread, NULL);
  if (a->result < 0)
    error_move(err, &a->err);
  return a->result;
}

static void appliance_done(struct appliance *a) {
  _cleanup_error_ struct error ignored = {0};
  (void)!appliance_join(a, &ignored);
  if (a->g)
    guestfs_close(a->g);
  error_done(&a->err);
}

static void put_le64(uint8_t *p, uint64_t v) {
  for (int i = 0; i < 8; i++)
    p[i] = (uint8_t)(v >> (8 * i));
}

/*
 * Offsets of GRUB 2 (include/grub/i386/pc/boot.h): in boot.img the sector to
 * load (0x5c), the drive to load it from (0x64; 0xff is the one booted) and two
 * bytes of a check to be skipped on hard disks (0x66); in core.img's first
 * sector the last block list entry, its start (0x1f4).
 */
int bake_patch_grub(uint8_t *boot, size_t boot_len, uint8_t *core,
                    size_t core_len, uint64_t lba, struct error *err) {
  if (boot_len != SECTOR || boot[510] != 0x55 || boot[511] != 0xaa)
    return error_set(err, 0, "boot.img is no GRUB boot sector");
  if (core_len <= SECTOR || core_len > ESP_AT - CORE_AT)
    return error_set(err, 0, "core.img has %zu bytes", core_len);
  put_le64(boot + 0x5c, lba);
  boot[0x64] = 0xff;
  boot[0x66] = boot[0x67] = 0x90;
  put_le64(core + 0x1f4, lba + 1);
  return 0;
}

/* The MBR's code ends where its signature and partition table begin. */
#define BOOT_CODE 440

static int write_at(guestfs_h *g, const struct buf *b, size_t len, uint64_t at,
                    struct error *err) {
  /* guestfs_pwrite_device may write less, and takes at most 2 MiB. */
  for (size_t done = 0; done < len;) {
    int n = guestfs_pwrite_device(g, "/dev/sda", b->data + done, len - done,
                                  (int64_t)(at + done));
    if (n <= 0)
      return guestfs_fail(g, "write the boot loader", err);
    done += (size_t)n;
  }
  return 0;
}

static int install_grub(struct appliance *a, const char *out,
                        struct error *err) {
  _cleanup_buf_ struct buf boot = {0}, core = {0};
  _cleanup_free_ char *boot_path = xasprintf("%s/boot.img", out);
  _cleanup_free_ char *core_path = xasprintf("%s/core.img", out);
  if (file_read(boot_path, BOOT_FILE_MAX, &boot, err) < 0 ||
      file_read(core_path, BOOT_FILE_MAX, &core, err) < 0 ||
      bake_patch_grub((uint8_t *)boot.data, boot.len, (uint8_t *)core.data,
                      core.len, CORE_AT / SECTOR, err) < 0 ||
      appliance_join(a, err) < 0 ||
      write_at(a->g, &core, core.len, CORE_AT, err) < 0 ||
      write_at(a->g, &boot, BOOT_CODE, 0, err) < 0)
    return -1;
  if (guestfs_shutdown(a->g) < 0)
    return guestfs_fail(a->g, "shut down", err);
  return 0;
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

static void make_env(const struct bake *b, const char *disk, struct strv *env) {
  uint64_t tmpfs = tmpfs_size(b);
  strv_pushf(env, "KUBESEED_WORK=%s", b->work);
  strv_pushf(env, "KUBESEED_RECIPE=%s/recipe", b->work);
  if (tmpfs)
    strv_pushf(env, "KUBESEED_TMPFS=%llu", (unsigned long long)tmpfs);
  else
    strv_push(env, "KUBESEED_TMPFS=");
  strv_pushf(env, "KUBESEED_MIRROR=%s", b->mirror ? b->mirror : "");
  strv_pushf(env, "KUBESEED_APT=%s", b->apt);
  strv_pushf(env, "KUBESEED_PAYLOAD=%s", b->payload->dir);
  strv_pushf(env, "KUBESEED_PAUSE=%s", b->payload->pause_image);
  strv_pushf(env, "KUBESEED_DISK=%s", disk);
  strv_pushf(env, "KUBESEED_OFFSET=%llu", (unsigned long long)ROOT_AT);
  strv_pushf(env, "KUBESEED_SIZE=%llu",
             (unsigned long long)(b->disk - TAIL - ROOT_AT));
  strv_pushf(env, "KUBESEED_UUID=%s", b->uuid);
  /* Debian's tools must neither ask nor find the caller's language. */
  strv_push_all(env, "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", NULL);
}

/* Root needs only its own mounts and processes; a user becomes root first. */
static void namespaces(struct strv *argv) {
  strv_push_all(argv, "unshare", "--mount", "--pid", "--fork", "--kill-child",
                "--mount-proc", NULL);
  if (geteuid() != 0)
    strv_push_all(argv, "--map-root-user", "--map-auto", NULL);
  strv_push(argv, "--");
}

static int make_root(const struct bake *b, const char *disk,
                     struct progress *progress, struct error *err) {
  _cleanup_free_ char *recipe = xasprintf("%s/recipe", b->work);
  _cleanup_strv_ struct strv argv = {0}, env = {0};
  if (recipe_unpack(b->recipe, recipe, err) < 0)
    return -1;
  namespaces(&argv);
  strv_pushf(&argv, "%s/bake", recipe);
  make_env(b, disk, &env);
  struct process p = {.argv = &argv,
                      .env = &env,
                      .package = "util-linux",
                      .on_line = on_line,
                      .on_line_arg = progress};
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
  strv_push_all(&argv, "qemu-img", "convert", "-W", "-m", "8", "-f", "raw",
                "-O", "qcow2", raw, output, NULL);
  struct process p = {.argv = &argv, .package = "qemu-utils"};
  return process_run(&p, err);
}

static int run_steps(const struct bake *b, struct appliance *a,
                     struct progress *progress, struct error *err) {
  _cleanup_free_ char *out = xasprintf("%s/out", b->work);
  if (make_disk(a->disk, a->size, err) < 0 || appliance_start(a, err) < 0 ||
      make_root(b, a->disk, progress, err) < 0)
    return -1;
  step_begin(progress, "boot loader");
  if (install_grub(a, out, err) < 0)
    return -1;
  step_begin(progress, "qcow2");
  if (convert(a->disk, b->output, err) < 0)
    return -1;
  step_end(progress);
  return 0;
}

int bake_run(const struct bake *b, struct error *err) {
  if (b->disk % MIB || b->disk < ROOT_AT + TAIL + BASE_TREE)
    return error_set(err, 0, "a disk of %llu bytes is too small for an image",
                     (unsigned long long)b->disk);
  _cleanup_free_ char *disk = xasprintf("%s/disk.raw", b->work);
  struct appliance a = {.disk = disk, .size = b->disk};
  struct progress progress = {.bake = b};
  int r = run_steps(b, &a, &progress, err);
  appliance_done(&a);
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
