/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client for QEMU's machine protocol: one JSON object per line over a unix
 * socket; greeting, qmp_capabilities, then commands. Events between are
 * skipped. (QEMU, docs/interop/qmp-spec.txt.)
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include <jansson.h>

struct qmp {
  int fd;
  struct buf in;  /* bytes read, not yet used */
  double timeout; /* seconds for each answer */
};

/* Connects to QEMU's socket and shakes hands. The caller qmp_done's. */
int qmp_open(const char *path, double timeout, struct qmp *ret,
             struct error *err) _must_check_;

/* The same on a connected descriptor, which is taken in any case. */
int qmp_attach(int fd, double timeout, struct qmp *ret,
               struct error *err) _must_check_;

/*
 * Runs a command without arguments. ret (may be NULL) gets the value of
 * "return", the caller json_decref's it; QEMU's "error" becomes ours.
 */
int qmp_execute(struct qmp *q, const char *command, json_t **ret,
                struct error *err) _must_check_;

void qmp_done(struct qmp *q);

#define _cleanup_qmp_ _cleanup_(qmp_done)
