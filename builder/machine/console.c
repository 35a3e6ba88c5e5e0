/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/console.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <jansson.h>
#include <string.h>

/* Events may overtake each other by this many seconds within one boot. */
#define CLOCK_SLACK 3

static const char *const state_names[] = {
    [CONSOLE_NONE] = "boot", [CONSOLE_START] = "start",
    [CONSOLE_DONE] = "done", [CONSOLE_RETRY] = "retry",
    [CONSOLE_WAIT] = "wait", [CONSOLE_READY] = "ready",
};

const char *console_state_name(enum console_state s) {
  return state_names[s];
}

static enum console_state parse_state(const char *word) {
  for (size_t i = CONSOLE_NONE + 1; i < ARRAY_SIZE(state_names); i++)
    if (strcmp(word, state_names[i]) == 0)
      return (enum console_state)i;
  return CONSOLE_NONE;
}

/* A printable copy of at most CONSOLE_TEXT_MAX bytes of UTF-8. */
static char *clean(const char *s) {
  _cleanup_free_ char *copy = xstrndup(s, CONSOLE_TEXT_MAX);
  size_t n = strlen(copy);
  if (s[n]) /* cut: not inside a character */
    while (n > 0 && (s[n] & 0xc0) == 0x80)
      n--;
  copy[n] = '\0';
  return utf8_printable(copy);
}

static void new_boot(struct console *c) {
  free(c->step);
  free(c->message);
  c->step = c->message = NULL;
  c->state = CONSOLE_NONE;
  c->uptime = 0;
  c->ready = false;
  c->boots++;
}

static void set_message(struct console *c, const char *message,
                        bool same_step) {
  /* A new attempt at the same step does not hide why the last one failed. */
  if (!message && same_step && c->state == CONSOLE_START)
    return;
  free(c->message);
  c->message = message && *message ? clean(message) : NULL;
}

static void apply(struct console *c, const char *step, enum console_state state,
                  long uptime, const char *message) {
  if (c->boots == 0 || (uptime >= 0 && uptime + CLOCK_SLACK < c->uptime))
    new_boot(c);
  c->powered_on = false;
  char *name = clean(step);
  bool same = c->step && strcmp(c->step, name) == 0;
  free(c->step);
  c->step = name;
  c->state = state;
  if (uptime >= 0)
    c->uptime = uptime;
  set_message(c, message, same);
  if (state == CONSOLE_READY ||
      (state == CONSOLE_DONE && strcmp(c->step, "ready") == 0))
    c->ready = true;
  if (c->on_event)
    c->on_event(c->arg, c);
}

/* Reads one event at text; returns how many bytes it took, 0 when it is none.
 */
static size_t event(struct console *c, const char *text, size_t len) {
  json_error_t e = {0};
  json_t *j = json_loadb(text, len, JSON_DISABLE_EOF_CHECK, &e);
  if (!j)
    return 0;
  const char *node = json_string_value(json_object_get(j, "node"));
  const char *step = json_string_value(json_object_get(j, "step"));
  const char *word = json_string_value(json_object_get(j, "state"));
  enum console_state state = word ? parse_state(word) : CONSOLE_NONE;
  json_t *up = json_object_get(j, "uptime");
  double seconds = json_is_number(up) ? json_number_value(up) : -1;
  long uptime = seconds >= 0 && seconds < 1e9 ? (long)seconds : -1;
  bool ours = node && (!c->node || strcmp(node, c->node) == 0);
  if (ours && step && *step && state != CONSOLE_NONE)
    apply(c, step, state, uptime,
          json_string_value(json_object_get(j, "message")));
  json_decref(j);
  return e.position > 0 ? (size_t)e.position : 1;
}

/* Takes escape sequences (ECMA-48 5.4: ESC [ ... final byte) out of a line. */
static void strip_escapes(struct buf *b) {
  size_t to = 0;
  for (size_t i = 0; i < b->len; i++) {
    if (b->data[i] != '\033') {
      b->data[to++] = b->data[i];
      continue;
    }
    if (i + 1 < b->len && b->data[i + 1] == '[') {
      i += 2;
      while (i < b->len && (b->data[i] < 0x40 || b->data[i] > 0x7e))
        i++;
    } else {
      i++;
    }
  }
  b->len = to;
  b->data[to] = '\0';
}

/* The kernel's first line, with or without a time stamp; the rest of a line cut
 * off by the reset may stand before it. */
static bool is_kernel_banner(const char *line) {
  const char *p = strstr(line, "Linux version ");
  if (!p)
    return false;
  const char *stamp = strstr(line, "0.000000]");
  return p == line || (stamp && stamp < p && p - stamp < 40);
}

static void end_line(struct console *c) {
  static const char mark[] = "@kubeseed ";
  strip_escapes(&c->line);
  const char *text = c->line.data;
  if (strncmp(text, CONSOLE_POWER_ON, strlen(CONSOLE_POWER_ON)) == 0) {
    new_boot(c);
    c->powered_on = true;
  } else if (is_kernel_banner(text)) {
    if (!c->powered_on)
      new_boot(c);
    c->powered_on = false;
  }
  for (const char *p = text; (p = strstr(p, mark));) {
    p += strlen(mark);
    p += event(c, p, strlen(p));
  }
}

static void feed_byte(struct console *c, char byte) {
  if (byte == '\n' || byte == '\r') {
    if (c->line.len > 0 && !c->skip)
      end_line(c);
    c->line.len = 0;
    c->skip = false;
    return;
  }
  if (c->line.len == CONSOLE_LINE_MAX)
    c->skip = true;
  if (!c->skip)
    buf_add(&c->line, byte ? &byte : " ", 1);
}

void console_feed(struct console *c, const char *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    feed_byte(c, data[i]);
}

void console_done(struct console *c) {
  free(c->step);
  free(c->message);
  buf_done(&c->line);
  *c = (struct console){0};
}
