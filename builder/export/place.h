/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where an exported file comes to be: under a temporary name beside its own,
 * and renamed when it is whole. The temporary name is always the same, so what
 * a killed run left is written over by the next one and does not pile up in a
 * folder of the user's; who writes it holds a lock on it.
 */
#pragma once

#include "base/error.h"
#include <sys/types.h>

struct place {
  char *path; /* what the file is to be called */
  char *tmp;  /* what programs write meanwhile; empty and 0600 at first */
  int fd;     /* of tmp, to read and write, and with the lock; -1: none */
};

/* Begins a file; its folder is there. One that another kubeseed is writing, or
 * a temporary that is not ours, is an error. The caller place_done's. */
int place_begin(const char *path, struct place *ret,
                struct error *err) _must_check_;

/* The file is whole: it gets its mode and its name. */
int place_commit(struct place *p, mode_t mode, struct error *err) _must_check_;

/* Removes the temporary unless it was committed. */
void place_done(struct place *p);

#define PLACE_NONE ((struct place){.fd = -1})
#define _cleanup_place_ _cleanup_(place_done)
