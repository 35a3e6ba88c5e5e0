/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one process on this host that is a machine: QEMU, or the launcher of a
 * container. Whatever the kind, it is started in the state folder, has
 * "run/NODE.pid" among its arguments, and writes its number into that file once
 * the machine is on. Nothing in the file has to be right: only a process that
 * runs in this very folder with this very argument is the machine.
 */
#pragma once

#include "base/error.h"
#include "base/process.h"
#include "base/strv.h"
#include "state/state.h"
#include <stdbool.h>
#include <sys/types.h>

/* What a kind's machines are processes of. */
struct monitor_program {
  const char *name;   /* for messages: "QEMU" */
  const char *suffix; /* of its own log, logs/NODE.SUFFIX */
  double seconds;     /* within which it answers once it is started */
  /* Whether the machine is on. */
  bool (*answers)(const struct state *s, const char *node);
};

/*
 * run/NODE.begun stands there from before a start until its end is known.
 * Whoever starts a machine may be killed before that has written its pid file;
 * then it is looked for among all processes.
 */
#define MONITOR_BEGUN "begun" /* for monitor_clean */

/*
 * Starts the process (argv, env and package, see base/process.h) in the state
 * folder, with logs of its own, and waits until it answers as the machine does.
 * One that ends instead, or is silent for so long and is killed then, is an
 * error. What the last run left is gone.
 */
int monitor_start(const struct state *s, const char *node,
                  const struct monitor_program *program,
                  const struct process *start, struct error *err) _must_check_;

/* Whether the machine runs and has written its pid file. */
bool monitor_has_pid_file(const struct state *s, const char *node);

/* Whether the machine runs, and as which process (ret_pid may be NULL). */
bool monitor_running(const struct state *s, const char *node, pid_t *ret_pid);

/* Opens the machine's process, for as long as the caller likes, see kind.h. */
int monitor_open(const struct state *s, const char *node, int *ret_fd,
                 struct error *err) _must_check_;

/* Sends a signal to the machine's process and no other; one that is gone
 * meanwhile is fine. */
int monitor_signal(const struct state *s, const char *node, int signal,
                   struct error *err) _must_check_;

/* Whether the process of monitor_open ends within that time. */
bool monitor_ends_within(int fd, double seconds);

/* Ends the process of monitor_open, which is the node's and called by its
 * program's name: by that signal or, after these seconds, by SIGKILL. */
int monitor_end(const char *node, const char *program, int fd, int signal,
                double seconds, struct error *err) _must_check_;

/* The machines that have left a pid file, or of which a start is not known to
 * have ended, each once: running or not. */
int monitor_list(const struct state *s, struct strv *ret,
                 struct error *err) _must_check_;

/* The last lines of logs/NODE.SUFFIX, "" if none; the caller frees. */
char *monitor_last_words(const struct state *s, const char *node,
                         const char *suffix);

/* Deletes run/NODE.SUFFIX for each of the suffixes, up to a NULL. */
void monitor_clean(const struct state *s, const char *node,
                   const char *const *suffixes);
