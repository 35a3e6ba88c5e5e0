/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one error type. Every function that can fail takes a struct error *
 * last and returns 0 or -1; on success the error is untouched. Libraries never
 * print: main prints once and turns the kind into the exit code.
 *
 * An error holds a list of faults, so that checking a spec can report all of
 * them in one run.
 */
#pragma once

#include "base/cleanup.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What the caller can do about it; the value is the program's exit code. */
enum error_kind {
  ERROR_NONE = 0,
  ERROR_FAILED = 1,  /* it was tried and failed */
  ERROR_USAGE = 2,   /* the spec or the command line is wrong */
  ERROR_MISSING = 3, /* something outside is missing: program, KVM, space */
};

/* More faults than this are counted, not kept. */
#define ERROR_MAX_FAULTS 20

struct fault {
  char *where; /* "file:line:column", or NULL */
  char *msg;
  char *excerpt; /* lines that show the place, or NULL; see spec/excerpt.h */
  bool secret;   /* the place may hold a secret: it is not shown */
  /* Both borrowed, and both may be NULL. */
  const char *format; /* what msg was made from */
  const char *code;   /* "KS0101"; see spec/codes.h */
};

struct error {
  enum error_kind kind;
  int errnum; /* the errno behind it, or 0 */
  struct fault faults[ERROR_MAX_FAULTS];
  size_t n_faults;
  size_t n_dropped;
};

/* Records a failure; errnum, when not 0, is appended as text. One of a full
 * disk is of something missing. Returns -1. */
int error_set(struct error *err, int errnum, const char *fmt, ...)
    _printf_(3, 4);

/* Records a wrong command line or value without a place. Returns -1. */
int error_usage(struct error *err, const char *fmt, ...) _printf_(2, 3);

/* Records something missing outside, such as a program. Returns -1. */
int error_missing(struct error *err, const char *fmt, ...) _printf_(2, 3);

/* Adds a fault of the user's input at where ("file:line:col"). Returns -1. */
int error_at(struct error *err, const char *where, const char *fmt, ...)
    _printf_(3, 4);

/* Of the newest fault: format, a literal, is what its text was made from. */
void error_format(struct error *err, const char *format);

/* Of the newest fault: what stands at its place is not to be shown. */
void error_secret(struct error *err);

/* Puts context before the newest fault's message. Returns -1. */
int error_prefix(struct error *err, const char *fmt, ...) _printf_(2, 3);

/* What reads one source file at a time, a compiler or a checker, must know of
 * the -1: else it follows ways on which an error was set and nothing returned
 * it. */
static inline int error_result(int r) {
  (void)r;
  return -1;
}
#define error_set(...) error_result(error_set(__VA_ARGS__))
#define error_usage(...) error_result(error_usage(__VA_ARGS__))
#define error_missing(...) error_result(error_missing(__VA_ARGS__))
#define error_at(...) error_result(error_at(__VA_ARGS__))
#define error_prefix(...) error_result(error_prefix(__VA_ARGS__))

/* Moves all of from's faults to the end of err; from is empty after. */
void error_move(struct error *err, struct error *from);

/* One line per fault, as a terminal shows it and does not obey it (utf8_lines);
 * "program: " before those without a place. */
void error_print(const struct error *err, const char *program, FILE *out);

/* Releases all and makes the error empty again. */
void error_done(struct error *err);

static inline bool error_is_set(const struct error *err) {
  return err->kind != ERROR_NONE;
}

#define _cleanup_error_ _cleanup_(error_done)
