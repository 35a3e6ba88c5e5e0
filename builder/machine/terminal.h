/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container's console: all that it says goes into a log, and to one client at
 * a time, who can type. QEMU does the same for its machines.
 *
 *   machine ◀──▶ struct terminal ──▶ log
 *                     ▲
 *                     └──▶ client, at a socket
 *
 * A client is greeted with one byte, LF, before anything else; who is hung up
 * on without it came second.
 */
#pragma once

#include "base/error.h"
#include <poll.h>
#include <stddef.h>

struct terminal {
  int log, listener, client; /* private; -1: none */
};

#define TERMINAL_NONE                                                          \
  { .log = -1, .listener = -1, .client = -1 }
#define TERMINAL_POLLS 3

/* Opens the log (it is made, for us alone, or goes on) and listens at the
 * socket. The caller terminal_done's, also after an error. */
int terminal_open(struct terminal *t, const char *log, const char *socket,
                  struct error *err) _must_check_;

/* A line of our own for the log. */
int terminal_note(const struct terminal *t, const char *line,
                  struct error *err) _must_check_;

/* What is to be waited for, machine being a descriptor of the console that does
 * not block. */
void terminal_wanted(const struct terminal *t, int machine,
                     struct pollfd ret[static TERMINAL_POLLS]);

/* Does what can be done then. Nobody is waited for: what a client does not
 * read, or the machine, is lost. */
void terminal_serve(struct terminal *t, int machine,
                    const struct pollfd p[static TERMINAL_POLLS]);

/* Takes what the machine has said before its end. */
void terminal_drain(struct terminal *t, int machine);

void terminal_done(struct terminal *t);

/* A client's side: a descriptor to read and write, the caller's. *ret_taken
 * says, after an error, that another one is attached. */
int terminal_attach(const char *socket, int *ret_fd, bool *ret_taken,
                    struct error *err) _must_check_;
