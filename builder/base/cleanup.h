/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scope-bound release of memory, descriptors and streams, after systemd's
 * _cleanup_ idiom: the declaration says who frees, TAKE_PTR hands over.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))

/* Gives the pointer's value away and leaves NULL, so its cleanup does nothing.
 */
#define TAKE_PTR(p)                                                            \
  ({                                                                           \
    __typeof__(p) *_take_ = &(p);                                              \
    __typeof__(p) _value_ = *_take_;                                           \
    *_take_ = NULL;                                                            \
    _value_;                                                                   \
  })

/* The same for a file descriptor; leaves -1. */
static inline int take_fd(int *fd) {
  int value = *fd;
  *fd = -1;
  return value;
}

static inline void cleanup_free(void *p) {
  free(*(void **)p);
}

static inline void cleanup_close(int *fd) {
  if (*fd >= 0)
    (void)close(*fd);
}

static inline void cleanup_fclose(FILE **f) {
  if (*f)
    (void)fclose(*f);
}

#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
