/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the machine that kubeseed runs on can do.
 */
#pragma once

#include "base/cleanup.h"
#include <stdbool.h>
#include <stdint.h>

/* The emulator, and the Debian package that brings it. */
#define QEMU_PROGRAM "qemu-system-x86_64"
#define QEMU_PACKAGE "qemu-system-x86"

/* With what the guests' code is run, and why in words for the user. */
struct host_accel {
  bool kvm;
  char *reason; /* "the CPU can and ..." or "no KVM: ..." */
};

/*
 * Looks for hardware virtualisation. KVM needs a CPU that shows vmx or svm and
 * a device that opens for reading and writing: a device alone can belong to a
 * paravirtual module that never brings a 64-bit guest up (QEMU then runs for
 * ever without a byte on the console). Paths NULL: /proc/cpuinfo, /dev/kvm.
 * Cannot fail: without KVM there is TCG. The caller host_accel_done's.
 */
void host_accel_probe(const char *cpuinfo, const char *device,
                      struct host_accel *ret);

void host_accel_done(struct host_accel *a);

#define _cleanup_host_accel_ _cleanup_(host_accel_done)

/* The bytes of memory that it has, used or not. */
uint64_t host_memory(void);

/*
 * How many inotify instances root may still have, of all that his programs have
 * (fs.inotify.max_user_instances, inotify(7)); -1: this cannot be told, as to
 * anybody but root. Below 0 is told as 0.
 */
long host_inotify_left(void);

/* The architecture this program was built for, as Debian calls it: "amd64";
 * NULL for one that it does not know. */
const char *host_architecture(void);
