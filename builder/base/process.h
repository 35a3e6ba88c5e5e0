/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only place that starts other programs: an argv vector, never a shell.
 * The child gets default signals, no descriptors but 0, 1 and 2, stdin from
 * /dev/null unless input is given, and a session of its own without a terminal.
 *
 * So it and all that it starts are one group, which is ended as one: when its
 * time is over, when it prints too much, and when SIGINT, SIGTERM, SIGHUP or
 * SIGQUIT would end us, of which we then end as well.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include <sys/types.h>

/* For alive_every: the longest that a user should wait without a sign of life.
 */
#define PROCESS_ALIVE_SECONDS 5

struct process {
  const struct strv *argv; /* argv[0] is looked up in PATH */
  const struct strv *env;  /* "NAME=value" added to ours, or NULL */
  const char *package;     /* Debian package to name when argv[0] is missing */
  const char *dir;         /* working folder, or NULL for ours */

  const void *input; /* bytes for stdin, or NULL */
  size_t input_len;

  struct buf *output; /* stdout is collected here, or NULL */
  size_t output_max;  /* more of it ends the child, an error; 0: any */

  /* Called for each line of stdout and stderr when set (without newline). */
  void (*on_line)(void *arg, const char *line);
  void *on_line_arg;

  /* Called each alive_every seconds while it runs, when set, with the seconds
   * since it began: whole multiples, each once at most. */
  void (*on_alive)(void *arg, unsigned seconds);
  unsigned alive_every;
  void *on_alive_arg;

  const char *log_path; /* stdout and stderr are appended here, or NULL */
  /* Seconds until SIGTERM, and SIGKILL five seconds later; 0 is never. */
  unsigned timeout;
  /* What it gets when we are killed ourselves; 0: SIGTERM. unshare(1) does not
   * heed that one while it waits for its child. */
  int death_signal;
};

/*
 * Runs to the end of the program; what it left behind with its stdout or stderr
 * is waited for two seconds more and ended then. Succeeds when the exit status
 * is 0; otherwise the error tells how it ended and quotes the last lines of its
 * stderr.
 */
int process_run(const struct process *p, struct error *err) _must_check_;

/* As process_run, but any exit status is fine and given in ret_status. */
int process_status(const struct process *p, int *ret_status,
                   struct error *err) _must_check_;

/*
 * Starts and leaves it running in its own session, output to log_path; ret_pid
 * becomes a zombie when it ends, until the caller waits for it or ends itself.
 * A failing exec is reported here.
 */
int process_spawn_detached(const struct process *p, pid_t *ret_pid,
                           struct error *err) _must_check_;

/* Replaces this program; returns only on failure. */
int process_exec(const struct process *p, struct error *err);

/* Fails (ERROR_MISSING, naming the package) when program is not in PATH. */
int process_require(const char *program, const char *package,
                    struct error *err) _must_check_;
