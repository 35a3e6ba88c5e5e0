/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What makes a disk bootable: its partitions and GRUB for BIOS, by libguestfs's
 * small machine, so that root is not needed. What UEFI starts is a file in its
 * partition, and the recipe's (finish).
 *
 *   LBA 0    boot.img (GPT's protective MBR)
 *   1 MiB    p1  BIOS boot: core.img
 *   2 MiB    p2  EFI system, FAT: shim and GRUB
 *   66 MiB   p3  root, ext4, label kubeseed-root; last, so that it can grow
 *   -1 MiB   GPT's second copy
 */
#pragma once

#include "base/error.h"
#include <stdint.h>

/* Where the root partition of a disk of so many bytes begins and ends, and
 * where the EFI system partition before it begins. */
#define BOOT_ROOT_AT ((uint64_t)66 << 20)
#define BOOT_CORE_AT ((uint64_t)1 << 20)
#define BOOT_EFI_AT ((uint64_t)2 << 20)
#define BOOT_ROOT_END(disk) ((uint64_t)(disk) - ((uint64_t)1 << 20))

struct boot;

/*
 * Begins to partition the raw disk of size bytes in a thread, which leaves the
 * root partition to others; disk and uuid, of the root's file system, from
 * which the GUIDs follow, must outlive ret, which the caller boot_free's.
 * Others may write there meanwhile.
 */
int boot_start(const char *disk, uint64_t size, const char *uuid,
               struct boot **ret, struct error *err) _must_check_;

/* Waits for the partitions, and writes boot.img and core.img of the folder out.
 */
int boot_install(struct boot *b, const char *out,
                 struct error *err) _must_check_;

void boot_free(struct boot **b);

#define _cleanup_boot_ _cleanup_(boot_free)

/*
 * Points GRUB's boot.img at core.img in sector lba, and core.img's first sector
 * at the rest of itself, as grub-bios-setup does. Pure. Fails when a buffer is
 * not what GRUB 2 makes.
 */
int boot_patch_grub(uint8_t *boot, size_t boot_len, uint8_t *core,
                    size_t core_len, uint64_t lba,
                    struct error *err) _must_check_;
