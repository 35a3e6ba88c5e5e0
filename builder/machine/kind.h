/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kinds of machines. A kind is a table of functions by which commands switch a
 * node's machine on and off, see whether it runs and speak to it; no command
 * knows more of it. What is known about a machine is read off the system every
 * time; nothing has to be right in a file for it to be true.
 *
 * A new kind is one file, kind-NAME.c, with its table, and a line in kind.c.
 * Whatever the kind, a machine's files are
 *
 *   seeds/NODE.iso      what it reads at its first boot (made before the start)
 *   logs/NODE.console   all that its console says, see console.h; a start adds
 *                       the line CONSOLE_POWER_ON to it first
 *
 * and all others, like its disk, are the kind's own. Paths are relative to the
 * state's folder, names of nodes are those of the plan.
 */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "machine/ports.h"
#include "plan/plan.h"
#include "state/state.h"
#include <sys/types.h>

/* What the host gives to machines of a kind. */
struct machine_host {
  bool kvm;      /* hardware runs the guests' code */
  char *how;     /* the same in words for the user, with the reason */
  bool internet; /* they have a way out; the caller sets it, see leads_out */
};

void machine_host_done(struct machine_host *h);

#define _cleanup_machine_host_ _cleanup_(machine_host_done)

struct machine_kind {
  const char *name;
  const char *program; /* what the machines are processes of, for messages */
  bool forwards;  /* it is reached through ports on 127.0.0.1, see ports.h */
  bool copies;    /* a disk is a copy of the image: many seconds for each */
  bool leads_out; /* they can have a way to the internet */

  /* Whether machines can be started here; a missing program is named with its
   * package. The caller machine_host_done's. */
  int (*check_host)(struct machine_host *ret, struct error *err);

  /* Whether the node has a disk, and so was switched on before. */
  bool (*has_disk)(const struct state *s, const char *node);

  /* Makes the disk, or makes sure that it can be used, see disk_ensure. */
  int (*ensure_disk)(const struct state *s, const struct plan_node *node,
                     const char *image, struct error *err);

  /*
   * Switches the machine on and returns once it answers; when its process ends
   * instead, the error quotes its last words.
   */
  int (*start)(const struct state *s, const struct plan_node *node,
               const struct node_ports *ports, const struct machine_host *host,
               struct error *err);

  /* Whether the machine runs, and as which process (ret_pid may be NULL). Only
   * a process that is certainly this machine counts. */
  bool (*running)(const struct state *s, const char *node, pid_t *ret_pid);

  /* Presses the power button; the guest then does as it likes. */
  int (*power_down)(const struct state *s, const char *node, struct error *err);

  /*
   * Opens the machine's process: *ret_fd, a pidfd, stays with it whatever is
   * started under its name later, and can be read once it has ended; the
   * caller closes it. -1 when the machine is off.
   */
  int (*open)(const struct state *s, const char *node, int *ret_fd,
              struct error *err);

  /* Ends the process of open now, if need be by SIGKILL, and returns when it is
   * gone. One that has ended is fine. */
  int (*end)(const char *node, int fd, struct error *err);

  /* Removes what a machine that is off left of its last run. The state is
   * locked, or it could be what one leaves that just begins. */
  void (*clean)(const struct state *s, const char *node);

  /* Deletes disk, logs and all else of a machine that is off, but the seed. */
  int (*delete)(const struct state *s, const char *node, struct error *err);

  /* The last lines its process said, "" if none; the caller frees. */
  char *(*last_words)(const struct state *s, const char *node);

  /* Adds the names of all machines of this kind that have left traces of a run,
   * in the plan or not. */
  int (*list)(const struct state *s, struct strv *ret, struct error *err);

  /* Connects to the console of a machine that runs: a descriptor to read and
   * write, the caller's. Only one may be connected; an error says so. */
  int (*open_console)(const struct state *s, const char *node, int *ret_fd,
                      struct error *err);
};

extern const struct machine_kind machine_qemu, machine_container;

/* All kinds, with NULL after the last. */
extern const struct machine_kind *const machine_kinds[];

/* The kind of that name, or NULL. */
const struct machine_kind *machine_kind_find(const char *name);

/*
 * The kind of the cluster's machines: what STATE/machines says, QEMU's when
 * there is no such file. A cluster has one kind at a time.
 */
int machine_kind_load(const struct state *s, const struct machine_kind **ret,
                      struct error *err) _must_check_;

/* Ends the machine that has the name now, as its kind's end, and cleans. One
 * that is off is fine. The state is locked. */
int machine_stop(const struct machine_kind *kind, const struct state *s,
                 const char *node, struct error *err) _must_check_;

/* Remembers the kind. Call it with the state locked. */
int machine_kind_save(const struct state *s, const struct machine_kind *kind,
                      struct error *err) _must_check_;
