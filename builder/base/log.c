/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <time.h>

static void put(const struct log *log, const char *prefix, const char *fmt,
                va_list ap) {
  char *text = NULL;
  if (vasprintf(&text, fmt, ap) < 0)
    text = xstrdup(fmt);
  _cleanup_free_ char *raw = text;
  _cleanup_free_ char *shown = utf8_lines(raw);
  fprintf(log->out, "%s%s\n", prefix, shown);
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

void log_warn_at(const struct log *log, const char *text) {
  _cleanup_free_ char *shown = utf8_lines(text);
  fprintf(log->out, "%s\n", shown);
  fflush(log->out);
}

double monotonic_seconds(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
