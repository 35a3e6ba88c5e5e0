/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an image and seeds can be exported to. A format is a file here with its
 * struct export_format and a line in format.c; `export --to` has its name
 * then, and the completion and the manual want it too.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "base/strv.h"
#include "plan/plan.h"
#include "state/state.h"
#include <stdbool.h>
#include <stdint.h>

/* One export; all is borrowed. */
struct export_job {
  const struct log *log;
  const struct plan *plan;
  const size_t *nodes; /* indexes into plan->nodes */
  size_t n_nodes;
  const char *dir;    /* where to */
  const char *target; /* see state.h */
  const char *uri;    /* where the machines are made as well, or NULL */
  bool spread;        /* each is made where its node's `libvirt` says */
  const char *pool;   /* the storage pool there */
  const char *bridge; /* the host's, on which the cards are; NULL: a network of
                       * their own */
  bool uefi;          /* their firmware is UEFI and not BIOS */

  /* Known when it is written: */
  const struct state *state; /* whose seeds are made; NULL without seeds */
  const char *image;         /* a qcow2 */
  uint64_t size;             /* of its disk, in bytes */
  bool flat;                 /* it lies on no other image */
};

struct export_format {
  const char *name;
  const char *what; /* for the list of formats */

  /* It is of machines: it takes names of nodes, has their seeds in it, and is
   * readable by its owner alone. Else it is of the image alone. */
  bool of_nodes;

  /* Each node has a whole copy of the image. */
  bool each;

  /* Its machines have SATA disks and e1000 cards, or are real ones. */
  bool real;

  /* It takes a job's uri, spread, pool, bridge and uefi. */
  bool applies;

  /* Fails (ERROR_MISSING) when a program is missing, or with a usage error when
   * the job cannot be done as it is. */
  int (*require)(const struct export_job *job, struct error *err);

  /* Adds the names of the files that it makes in job->dir. */
  void (*files)(const struct export_job *job, struct strv *ret);

  /* Whether it can be made, once the image is known; NULL: always. */
  int (*check)(const struct export_job *job, struct error *err);

  /* Makes them: each appears under its name when it is whole. */
  int (*write)(const struct export_job *job, struct error *err);

  /* What to do with it, told at the end. */
  void (*tell)(const struct export_job *job);
};

extern const struct export_format export_raw, export_raw_zst, export_qcow2,
    export_vdi, export_vmdk, export_ova, export_virtualbox, export_libvirt,
    export_disk;

/* All formats, with NULL after the last. */
extern const struct export_format *const export_formats[];

/* The format of that name, or NULL after a usage error that names all. */
const struct export_format *export_format_find(const char *name,
                                               struct error *err);

/* The i-th node of the job. */
const struct plan_node *export_node(const struct export_job *job, size_t i);

/* DIR/NAME; the caller frees. */
char *export_path(const struct export_job *job, const char *fmt, ...)
    _printf_(2, 3);
