/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as what a console says: the same is heard however they are cut, and
 * nothing of it would move the cursor of a terminal.
 */
#include "base/mem.h"
#include "machine/console.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(const char *s) {
  for (; s && *s; s++)
    if ((unsigned char)*s < ' ' || *s == 0x7F)
      abort();
}

static void on_event(void *arg, const struct console *c) {
  size_t *n = arg;
  (*n)++;
  check_text(c->step);
  check_text(c->message);
  if (!console_state_name(c->state))
    abort();
}

static bool same(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  size_t n = 0, n_cut = 0;
  _cleanup_console_ struct console whole = {.on_event = on_event, .arg = &n};
  _cleanup_console_ struct console cut = {.on_event = on_event, .arg = &n_cut};
  if (len == 0)
    return 0;
  console_feed(&whole, (const char *)data, len);
  size_t piece = data[0] % 7 + 1;
  for (size_t at = 0; at < len; at += piece)
    console_feed(&cut, (const char *)data + at,
                 len - at < piece ? len - at : piece);
  if (n != n_cut || whole.state != cut.state || whole.boots != cut.boots ||
      whole.ready != cut.ready || whole.uptime != cut.uptime ||
      !same(whole.step, cut.step) || !same(whole.message, cut.message))
    abort();
  return 0;
}
