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
  log_clear(log);
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
  log_clear(log);
  fprintf(log->out, "%s\n", shown);
  fflush(log->out);
}

/* ECMA-48: to the first column, and erase to the end of the line. */
void log_clear(const struct log *log) {
  if (log->tty && !log->quiet)
    fputs("\r\033[K", log->out);
}

void log_alive(const struct log *log, const char *what, unsigned seconds) {
  if (log->quiet || (!log->tty && seconds % 60 != 0))
    return;
  _cleanup_free_ char *shown = utf8_printable(what);
  log_clear(log);
  fprintf(log->out, "  %s ... %u s%s", shown, seconds, log->tty ? "" : "\n");
  fflush(log->out);
}

double monotonic_seconds(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
