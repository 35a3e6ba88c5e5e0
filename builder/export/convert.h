/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An image in another format, by qemu-img (Debian's qemu-utils).
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "base/strv.h"
#include <stdbool.h>
#include <stdint.h>

/* Fails (ERROR_MISSING) when qemu-img is not there. */
int convert_require(struct error *err) _must_check_;

/* The size of the disk that a qcow2 image holds, in bytes, and whether it lies
 * on no other image. */
int convert_ask(const char *image, uint64_t *ret_size, bool *ret_flat,
                struct error *err) _must_check_;

/* How many bytes of it are in use: what its raw form takes on a disk, and at
 * least what any other takes. */
int convert_measure(const char *image, uint64_t *ret,
                    struct error *err) _must_check_;

/*
 * Writes what image holds to tmp, a file that is there, in qemu-img's format
 * with its options ("a=b,..." or NULL); what is said of it while that lasts.
 */
int convert_image(const struct log *log, const char *image, const char *format,
                  const char *options, const char *tmp, const char *what,
                  struct error *err) _must_check_;

/* Runs a program that takes its time and writes tmp, and tells how much it has
 * written. */
int convert_run(const struct log *log, const struct process *p, const char *tmp,
                const char *what, struct error *err) _must_check_;
