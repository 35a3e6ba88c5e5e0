/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/bootloader.h"

#include "base/file.h"
#include "base/mem.h"
#include "image/appliance.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)
#define SECTOR ((uint64_t)512)
#define BOOT_FILE_MAX (1 * MIB)

struct partition {
  uint64_t from;    /* bytes */
  const char *type; /* GUID */
};

/* Each ends where the next begins. The types: UEFI specification and GRUB
 * manual; for root, the Discoverable Partitions Specification of the UAPI
 * group. */
static const struct partition partitions[] = {
    {BOOT_CORE_AT, "21686148-6449-6E6F-744E-656564454649"}, /* BIOS boot */
    {BOOT_EFI_AT, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"},  /* EFI system */
    {BOOT_ROOT_AT, "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"}, /* root, x86-64 */
};
#define CORE_MAX (partitions[1].from - BOOT_CORE_AT)

/* ---- Its machine ---- */

struct boot {
  struct appliance a;
  const char *disk, *uuid;
  uint64_t size;
  pthread_t thread;
  bool started;
  int result;
  struct error err; /* of the thread */
};

/* The GUID of the disk (0) or a partition: the root file system's, counted on
 * in its first digits. The caller frees. */
static char *guid(const struct boot *b, unsigned n) {
  return xasprintf("%.6s%02x%s", b->uuid, n, b->uuid + 8);
}

static int add_partitions(const struct boot *b, struct error *err) {
  _cleanup_free_ char *disk = guid(b, 0);
  if (b->a.lib.part_set_disk_guid(b->a.g, "/dev/sda", disk) < 0)
    return appliance_fail(&b->a, "partition", err);
  for (size_t i = 0; i < ARRAY_SIZE(partitions); i++) {
    const struct partition *p = &partitions[i];
    _cleanup_free_ char *id = guid(b, (unsigned)i + 1);
    uint64_t end =
        i + 1 < ARRAY_SIZE(partitions) ? p[1].from : BOOT_ROOT_END(b->size);
    if (b->a.lib.part_add(b->a.g, "/dev/sda", "primary",
                          (int64_t)(p->from / SECTOR),
                          (int64_t)(end / SECTOR - 1)) < 0 ||
        b->a.lib.part_set_gpt_type(b->a.g, "/dev/sda", (int)i + 1, p->type) <
            0 ||
        b->a.lib.part_set_gpt_guid(b->a.g, "/dev/sda", (int)i + 1, id) < 0)
      return appliance_fail(&b->a, "partition", err);
  }
  return 0;
}

static int launch(const struct boot *b, struct error *err) {
  const struct guestfs_add_drive_opts_argv drive = {
      .bitmask = GUESTFS_ADD_DRIVE_OPTS_FORMAT_BITMASK |
                 GUESTFS_ADD_DRIVE_OPTS_CACHEMODE_BITMASK,
      .format = "raw",
      .cachemode = "unsafe"};
  if (b->a.lib.add_drive_opts_argv(b->a.g, b->disk, &drive) < 0 ||
      b->a.lib.launch(b->a.g) < 0 ||
      b->a.lib.part_init(b->a.g, "/dev/sda", "gpt") < 0)
    return appliance_fail(&b->a, "start", err);
  return add_partitions(b, err);
}

static void *boot_main(void *arg) {
  struct boot *b = arg;
  b->result = launch(b, &b->err);
  return NULL;
}

int boot_start(const char *disk, uint64_t size, const char *uuid,
               struct boot **ret, struct error *err) {
  _cleanup_boot_ struct boot *b = xcalloc(1, sizeof(*b));
  b->disk = disk;
  b->uuid = uuid;
  b->size = size;
  if (appliance_make(&b->a, err) < 0)
    return -1;
  /* In the background: it takes seconds to boot. */
  int r = pthread_create(&b->thread, NULL, boot_main, b);
  if (r != 0)
    return error_set(err, r, "cannot start a thread");
  b->started = true;
  *ret = TAKE_PTR(b);
  return 0;
}

static int boot_join(struct boot *b, struct error *err) {
  if (!b->started)
    return 0;
  b->started = false;
  (void)pthread_join(b->thread, NULL);
  if (b->result < 0)
    error_move(err, &b->err);
  return b->result;
}

void boot_free(struct boot **bp) {
  struct boot *b = *bp;
  if (!b)
    return;
  _cleanup_error_ struct error ignored = {0};
  (void)!boot_join(b, &ignored);
  appliance_done(&b->a);
  error_done(&b->err);
  free(b);
  *bp = NULL;
}

/* ---- GRUB ---- */

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
int boot_patch_grub(uint8_t *boot, size_t boot_len, uint8_t *core,
                    size_t core_len, uint64_t lba, struct error *err) {
  if (boot_len != SECTOR || boot[510] != 0x55 || boot[511] != 0xaa)
    return error_set(err, 0, "boot.img is no GRUB boot sector");
  if (core_len <= SECTOR || core_len > CORE_MAX)
    return error_set(err, 0, "core.img has %zu bytes", core_len);
  put_le64(boot + 0x5c, lba);
  boot[0x64] = 0xff;
  boot[0x66] = boot[0x67] = 0x90;
  put_le64(core + 0x1f4, lba + 1);
  return 0;
}

/* The MBR's code ends where its signature and partition table begin. */
#define BOOT_CODE 440

static int write_at(const struct boot *b, const struct buf *bytes, size_t len,
                    uint64_t at, struct error *err) {
  /* guestfs_pwrite_device may write less, and takes at most 2 MiB. */
  for (size_t done = 0; done < len;) {
    int n = b->a.lib.pwrite_device(b->a.g, "/dev/sda", bytes->data + done,
                                   len - done, (int64_t)(at + done));
    if (n <= 0)
      return appliance_fail(&b->a, "write the boot loader", err);
    done += (size_t)n;
  }
  return 0;
}

int boot_install(struct boot *b, const char *out, struct error *err) {
  _cleanup_buf_ struct buf boot = {0}, core = {0};
  _cleanup_free_ char *boot_path = xasprintf("%s/boot.img", out);
  _cleanup_free_ char *core_path = xasprintf("%s/core.img", out);
  if (file_read(boot_path, BOOT_FILE_MAX, &boot, err) < 0 ||
      file_read(core_path, BOOT_FILE_MAX, &core, err) < 0 ||
      boot_patch_grub((uint8_t *)boot.data, boot.len, (uint8_t *)core.data,
                      core.len, BOOT_CORE_AT / SECTOR, err) < 0 ||
      boot_join(b, err) < 0 ||
      write_at(b, &core, core.len, BOOT_CORE_AT, err) < 0 ||
      write_at(b, &boot, BOOT_CODE, 0, err) < 0)
    return -1;
  if (b->a.lib.shutdown(b->a.g) < 0)
    return appliance_fail(&b->a, "shut down", err);
  return 0;
}
