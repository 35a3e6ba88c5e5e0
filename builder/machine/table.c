/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/table.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include <string.h>
#include <sys/ioctl.h>

enum column { NODE, ROLE, STEP, STATE, TIME, COLUMNS };

static const char *const titles[COLUMNS] = {"NODE", "ROLE", "STEP", "STATE",
                                            "TIME"};
/* ECMA-48 8.3.117, select graphic rendition */
static const char *const tones[] = {[TONE_PLAIN] = "",
                                    [TONE_DIM] = "2",
                                    [TONE_GOOD] = "32",
                                    [TONE_WARN] = "33",
                                    [TONE_BAD] = "31"};

void table_init(struct table *t, FILE *out) {
  const char *term = getenv("TERM");
  const char *no_color = getenv("NO_COLOR");
  *t = (struct table){.out = out};
  t->live = isatty(fileno(out)) && term && strcmp(term, "dumb") != 0;
  t->color = t->live && (!no_color || !*no_color);
  table_resize(t);
}

void table_resize(struct table *t) {
  struct winsize w;
  if (!t->live || ioctl(fileno(t->out), TIOCGWINSZ, &w) < 0)
    return;
  t->width = w.ws_col;
  t->height = w.ws_row;
}

/* How many cells a text takes: UTF-8 characters, each taken as one wide. */
static int cells(const char *s) {
  int n = 0;
  for (; *s; s++)
    n += (*s & 0xc0) != 0x80;
  return n;
}

static void format_time(long seconds, char buf[static 16]) {
  if (seconds < 0)
    (void)snprintf(buf, 16, "-");
  else
    (void)snprintf(buf, 16, "%ld:%02ld", seconds / 60 % 100000, seconds % 60);
}

/* time must hold 16 bytes and outlives the cells. */
static void row_cells(const struct table_row *r, char *time,
                      const char *cell[COLUMNS]) {
  format_time(r->seconds, time);
  cell[NODE] = r->node;
  cell[ROLE] = r->role ? r->role : "";
  cell[STEP] = r->step ? r->step : "-";
  cell[STATE] = r->state ? r->state : "-";
  cell[TIME] = time;
}

#define GAP 2 /* blanks between columns */

/* Each column's width; 0: left out, where not even the state would be seen. */
static void measure(const struct table *t, const struct table_row *rows,
                    size_t n, int widths[COLUMNS]) {
  for (int c = 0; c < COLUMNS; c++)
    widths[c] = cells(titles[c]);
  for (size_t i = 0; i < n; i++) {
    char time[16];
    const char *cell[COLUMNS];
    row_cells(&rows[i], time, cell);
    for (int c = 0; c < COLUMNS; c++)
      if (cells(cell[c]) > widths[c])
        widths[c] = cells(cell[c]);
  }
  int seen = 0;
  for (int c = 0; c < TIME; c++)
    seen += widths[c] + GAP;
  if (t->width && seen - GAP >= t->width)
    widths[ROLE] = 0;
}

/* Cuts a line to the terminal's width: a wrapped one could not be redrawn. */
static void cut(struct buf *line, int width) {
  int n = 0;
  for (size_t i = 0; width > 1 && i < line->len; i++) {
    n += (line->data[i] & 0xc0) != 0x80;
    if (n >= width) {
      line->len = i;
      line->data[i] = '\0';
      return;
    }
  }
}

static void put_line(struct table *t, const char *cell[COLUMNS],
                     const int widths[COLUMNS], const char *message,
                     enum table_tone tone) {
  _cleanup_buf_ struct buf line = {0};
  for (int c = 0; c < COLUMNS; c++) {
    int pad = widths[c] - cells(cell[c]);
    if (widths[c] == 0)
      continue;
    if (c == TIME) /* numbers end under each other */
      buf_addf(&line, "%*s%s", pad, "", cell[c]);
    else
      buf_addf(&line, "%s%*s", cell[c], pad + GAP, "");
  }
  if (message)
    buf_addf(&line, "  %s", message);
  cut(&line, t->width);
  bool paint = t->color && *tones[tone];
  fprintf(t->out, "%s%s%s%s%s%s\n", t->live ? "\033[2K" : "",
          paint ? "\033[" : "", paint ? tones[tone] : "", paint ? "m" : "",
          line.data, paint ? "\033[0m" : "");
  t->lines++;
}

static void put_row(struct table *t, const struct table_row *r,
                    const int widths[COLUMNS]) {
  char time[16];
  const char *cell[COLUMNS];
  row_cells(r, time, cell);
  put_line(t, cell, widths, r->message, r->tone);
}

/* How many rows fit below the title and above the cursor's line. */
static size_t room(const struct table *t, size_t n) {
  if (!t->live || t->height <= 4 || n + 2 <= (size_t)t->height)
    return n;
  return (size_t)t->height - 3; /* one for the count of those left out */
}

static size_t put_rows(struct table *t, const struct table_row *rows, size_t n,
                       size_t fit, const int widths[COLUMNS]) {
  size_t open = 0;
  for (size_t i = 0; i < n; i++)
    open += !rows[i].settled;
  size_t settled = fit > open ? fit - open : 0; /* of these, so many fit */
  size_t shown = 0;
  for (size_t i = 0; i < n && shown < fit; i++) {
    if (rows[i].settled && settled == 0)
      continue;
    settled -= rows[i].settled;
    put_row(t, &rows[i], widths);
    shown++;
  }
  return shown;
}

static void rewind_cursor(struct table *t) {
  if (t->live && t->lines)
    fprintf(t->out, "\033[%zuA", t->lines);
  t->lines = 0;
}

void table_draw(struct table *t, const struct table_row *rows, size_t n) {
  int widths[COLUMNS];
  const char *head[COLUMNS];
  measure(t, rows, n, widths);
  memcpy(head, titles, sizeof(head));
  rewind_cursor(t);
  put_line(t, head, widths, NULL, TONE_DIM);
  size_t shown = put_rows(t, rows, n, room(t, n), widths);
  if (shown < n) {
    fprintf(t->out, "\033[2K... and %zu more\n", n - shown);
    t->lines++;
  }
  if (!t->live)
    return;
  fputs("\033[J", t->out); /* a smaller table than the last one */
  fflush(t->out);
}

void table_event(struct table *t, const struct table_row *r) {
  char time[16];
  format_time(r->seconds, time);
  fprintf(t->out, "%s %s %s %s%s%s\n", time, r->node, r->step ? r->step : "-",
          r->state ? r->state : "-", r->message ? ": " : "",
          r->message ? r->message : "");
  fflush(t->out);
}
