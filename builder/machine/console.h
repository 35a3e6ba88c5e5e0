/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a node's serial console says about its first boot. The node's bootstrap
 * writes one line per change of state:
 *
 *   @kubeseed {"node":"n1","step":"init","state":"done","uptime":145}
 *
 * among kernel messages, escape sequences and half lines. Anything that is not
 * such a line is skipped; nothing a console says can make this fail. What
 * events say is stripped of control characters: it is shown on terminals.
 *
 * A log may hold many boots. A boot begins with the power-on mark, the
 * kernel's first line or an uptime that goes back.
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>

/* Longer lines are skipped. */
#define CONSOLE_LINE_MAX 16384
/* Longer messages are cut. */
#define CONSOLE_TEXT_MAX 400

enum console_state {
  CONSOLE_NONE, /* nothing heard in this boot */
  CONSOLE_START,
  CONSOLE_DONE,
  CONSOLE_RETRY,
  CONSOLE_WAIT,
  CONSOLE_READY,
};

/* "start", "done", ...; "boot" for CONSOLE_NONE. */
const char *console_state_name(enum console_state s);

/* All 0 to begin with; node, on_event and arg may be set before feeding. */
struct console {
  const char *node; /* borrowed; events of other nodes are skipped */
  void (*on_event)(void *arg, const struct console *c);
  void *arg;

  char *step; /* NULL: none yet in this boot */
  enum console_state state;
  long uptime;    /* seconds, of the newest event */
  char *message;  /* what it waits for or failed at; NULL: nothing */
  bool ready;     /* step "ready" was reached in this boot */
  unsigned boots; /* boots begun so far */

  struct buf line; /* private: the line so far */
  bool skip;       /* private: the rest of the line is too much */
  bool powered_on; /* private: the mark was seen, the kernel's line not */
};

/* Takes the next bytes of the log, cut anywhere. */
void console_feed(struct console *c, const char *data, size_t len);

/* The line that a start of the machine writes into its log. */
#define CONSOLE_POWER_ON "=== kubeseed: switched on "

void console_done(struct console *c);

#define _cleanup_console_ _cleanup_(console_done)
