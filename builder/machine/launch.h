/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Switching machines on and watching them become a cluster: what `up` does, for
 * every command that needs machines.
 *
 *   launch_init ──▶ launch_prepare ──▶ launch_start ──▶ launch_wait
 *   who is on?      host, image,       ports, one       until all
 *                   seeds              after the other  are ready
 *
 * Nothing here prints; what happens is told by struct launch_events. Nothing
 * here catches signals: a caller that wants an end before the end hands over a
 * descriptor. Machines that were started go on, whatever ends the launch.
 *
 * The caller holds the state's lock from before launch_init to the end of
 * launch_start; the wait needs none.
 */
#pragma once

#include "base/log.h"
#include "image/store.h"
#include "machine/follow.h"
#include "machine/kind.h"
#include "machine/ports.h"

struct launch;

/* What the caller is told; each may be NULL. */
struct launch_events {
  void *arg;

  /*
   * Once, when the first machine is known to run: started now or found on.
   * Only from here on is run/ports.json about machines that exist, so what
   * tells others how to reach them is written here. An error ends the launch.
   */
  int (*on_first)(void *arg, const struct launch *l, struct error *err);

  /* A machine was switched on. */
  void (*on_started)(void *arg, const struct follow_node *n);

  /* Some time has passed (about 0.25 s): a moment to draw l->follow. */
  void (*on_tick)(void *arg, const struct launch *l);
};

/* How a launch or a part of it ends, but for errors. */
enum launch_end {
  LAUNCH_ON,          /* all machines are on */
  LAUNCH_READY,       /* and all are ready */
  LAUNCH_INTERRUPTED, /* the caller's descriptor became readable */
  LAUNCH_TIMED_OUT,   /* not all were ready in time */
  LAUNCH_DIED,        /* a machine of ours, l->dead, has ended */
};

/* The first part is the caller's to fill in, all borrowed. */
struct launch {
  const struct machine_kind *kind;
  const struct plan *plan;
  const struct state *state;
  const struct log *log; /* where bake, seeds and disks tell their progress */
  const char *image;     /* NULL: the spec's, baked when it is missing */
  bool internet;         /* those that are started have a way out */
  double stagger;        /* seconds between two starts */
  double timeout;        /* seconds from the first start; 0: none */
  int stop_fd;           /* readable when the caller wants an end; -1: none */
  struct launch_events events;

  /* To be read from launch_prepare on. */
  struct follow follow; /* the selected machines, in the order of starting */
  struct ports ports;   /* from launch_start on; zero: none is forwarded */
  struct machine_host host;       /* once a machine is to be started */
  const struct follow_node *dead; /* of LAUNCH_DIED */
  double began;                   /* monotonic seconds */

  /* Private. */
  char *baked;
  bool *ours; /* per followed machine: it runs, so its end is a failure */
  bool first_told, had_ports;
  double looked;
};

/* Takes the selection (indexes into plan->nodes, in the order of starting) and
 * sees which of them run. The caller launch_done's. */
void launch_init(struct launch *l, const size_t *nodes, size_t n);

/* How many of the machines run, as last seen. */
size_t launch_running(const struct launch *l);

/*
 * What starting takes: the host's programs, an image if a machine without a
 * disk is off, seeds for all that are off (the spec may have changed; those
 * that run have read theirs). Starts nothing.
 */
int launch_prepare(struct launch *l, struct error *err) _must_check_;

/*
 * Makes the disks that are missing, chooses ports and switches on what is off,
 * `stagger` apart. ret: LAUNCH_ON, _INTERRUPTED or _DIED. After an error
 * machines may be on: launch_running. Ports that were chosen now are forgotten
 * again then when no machine came up.
 */
int launch_start(struct launch *l, enum launch_end *ret,
                 struct error *err) _must_check_;

/* Waits until all are ready. ret: anything but LAUNCH_ON. */
int launch_wait(struct launch *l, enum launch_end *ret,
                struct error *err) _must_check_;

void launch_done(struct launch *l);
