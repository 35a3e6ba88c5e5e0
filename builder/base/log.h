/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the program tells its user while it works, as a terminal shows it and
 * does not obey it (utf8_lines). Passed in, never global. Commands log, and so
 * do payload, image and token, which take their time; all other modules return
 * errors and say nothing.
 */
#pragma once

#include "base/cleanup.h"
#include <stdbool.h>
#include <stdio.h>

struct log {
  FILE *out;  /* usually stderr */
  bool quiet; /* -q: nothing but errors */
  bool verbose;
  bool tty; /* out is a terminal that can redraw a line */
};

/* One line for the user, hidden by -q. */
void log_info(const struct log *log, const char *fmt, ...) _printf_(2, 3);

/* One line shown only with -v. */
void log_debug(const struct log *log, const char *fmt, ...) _printf_(2, 3);

/* A warning: always shown, prefixed. */
void log_warn(const struct log *log, const char *fmt, ...) _printf_(2, 3);

/* A warning that tells its place and says itself that it is one:
 * "cluster.yaml:3:5: warning: ...". */
void log_warn_at(const struct log *log, const char *text);

/*
 * That something long goes on, seconds since its beginning: on a terminal a
 * line that the next one takes the place of, elsewhere a line for each whole
 * minute, so it is to be called for every 60th second as well. Hidden by -q.
 */
void log_alive(const struct log *log, const char *what, unsigned seconds);

/* Takes such a line away, before somebody else writes to out. */
void log_clear(const struct log *log);

/* Seconds since an arbitrary point, for durations shown to the user. */
double monotonic_seconds(void);
