/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <time.h>

static void put(const struct log *log, const char *prefix, const char *fmt,
                va_list ap) {
  fputs(prefix, log->out);
  vfprintf(log->out, fmt, ap);
  fputc('\n', log->out);
  fflush(log->out);
}

void log_info(const struct log *log, const char *fmt, ...) {
  if (log->quiet)
    return;
  va_list ap;
  va_start(ap, fmt);
  put(log, "", fmt, ap);
  va_end(ap);
}

void log_debug(const struct log *log, const char *fmt, ...) {
  if (!log->verbose)
    return;
  va_list ap;
  va_start(ap, fmt);
  put(log, "  ", fmt, ap);
  va_end(ap);
}

void log_warn(const struct log *log, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  put(log, "warning: ", fmt, ap);
  va_end(ap);
}

double monotonic_seconds(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
