/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* The functions themselves here, without what the header puts around them. */
#undef error_set
#undef error_usage
#undef error_missing
#undef error_at
#undef error_prefix

static void fault_done(struct fault *f) {
  free(f->where);
  free(f->msg);
  free(f->excerpt);
}

/* Takes what f owns. */
static void move_fault(struct error *err, enum error_kind kind,
                       struct fault *f) {
  if (err->kind == ERROR_NONE)
    err->kind = kind;
  if (err->n_faults == ERROR_MAX_FAULTS) {
    err->n_dropped++;
    fault_done(f);
    return;
  }
  err->faults[err->n_faults++] = *f;
}

/* Takes ownership of where and msg. */
static void add_fault(struct error *err, enum error_kind kind, char *where,
                      char *msg) {
  move_fault(err, kind, &(struct fault){.where = where, .msg = msg});
}

int error_set(struct error *err, int errnum, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *msg = xvasprintf(fmt, ap);
  va_end(ap);
  if (errnum) {
    char *full = xasprintf("%s: %s", msg, strerror(errnum));
    free(msg);
    msg = full;
  }
  err->errnum = errnum;
  bool full = errnum == ENOSPC || errnum == EDQUOT;
  add_fault(err, full ? ERROR_MISSING : ERROR_FAILED, NULL, msg);
  return -1;
}

int error_usage(struct error *err, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  add_fault(err, ERROR_USAGE, NULL, xvasprintf(fmt, ap));
  va_end(ap);
  return -1;
}

int error_missing(struct error *err, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  add_fault(err, ERROR_MISSING, NULL, xvasprintf(fmt, ap));
  va_end(ap);
  return -1;
}

int error_at(struct error *err, const char *where, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  add_fault(err, ERROR_USAGE, xstrdup(where), xvasprintf(fmt, ap));
  va_end(ap);
  error_format(err, fmt);
  return -1;
}

int error_prefix(struct error *err, const char *fmt, ...) {
  if (err->n_faults == 0)
    return -1;
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *prefix = xvasprintf(fmt, ap);
  va_end(ap);
  struct fault *f = &err->faults[err->n_faults - 1];
  char *msg = xasprintf("%s: %s", prefix, f->msg);
  free(f->msg);
  f->msg = msg;
  return -1;
}

void error_format(struct error *err, const char *format) {
  if (err->n_faults > 0 && err->n_dropped == 0)
    err->faults[err->n_faults - 1].format = format;
}

void error_secret(struct error *err) {
  if (err->n_faults > 0 && err->n_dropped == 0)
    err->faults[err->n_faults - 1].secret = true;
}

void error_move(struct error *err, struct error *from) {
  for (size_t i = 0; i < from->n_faults; i++)
    move_fault(err, from->kind, &from->faults[i]);
  err->n_dropped += from->n_dropped;
  if (from->errnum)
    err->errnum = from->errnum;
  *from = (struct error){0};
}

void error_print(const struct error *err, const char *program, FILE *out) {
  for (size_t i = 0; i < err->n_faults; i++) {
    const struct fault *f = &err->faults[i];
    _cleanup_free_ char *where = utf8_printable(f->where ? f->where : program);
    _cleanup_free_ char *msg = utf8_lines(f->msg);
    fprintf(out, "%s: %s", where, msg);
    if (f->code)
      fprintf(out, " [%s]", f->code);
    fprintf(out, "\n%s", f->excerpt ? f->excerpt : "");
  }
  if (err->n_dropped)
    fprintf(out, "%s: and %zu more\n", program, err->n_dropped);
}

void error_done(struct error *err) {
  for (size_t i = 0; i < err->n_faults; i++) {
    fault_done(&err->faults[i]);
  }
  *err = (struct error){0};
}
