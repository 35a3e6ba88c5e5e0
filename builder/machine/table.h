/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of nodes: redrawn in place on a terminal, one plain line per event
 * elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_tone { TONE_PLAIN, TONE_DIM, TONE_GOOD, TONE_WARN, TONE_BAD };

struct table_row {
  const char *node;
  const char *role;
  const char *step; /* NULL: "-" */
  const char *state;
  long seconds;        /* below 0: not known */
  const char *message; /* NULL: none */
  enum table_tone tone;
  bool settled; /* the first to be left out on a small terminal */
};

struct table {
  FILE *out;
  bool live; /* redraw in place */
  bool color;
  int width, height; /* of the terminal; 0: not limited. Where lines are cut
                        the role is left out before step and state are. */
  size_t lines;      /* private: drawn and to be drawn over */
};

/*
 * A table on out. live when out is a terminal that can move its cursor; color
 * as well, unless NO_COLOR is set (no-color.org).
 */
void table_init(struct table *t, FILE *out);

/* Asks for the terminal's size, which may change at any time. */
void table_resize(struct table *t);

/* Draws all rows, over the last drawing when live. */
void table_draw(struct table *t, const struct table_row *rows, size_t n);

/* One row as one line: what happened, for output that is no terminal. */
void table_event(struct table *t, const struct table_row *row);
