/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cleanup.h"
#include "machine/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EVENT(step, state, up)                                                 \
  "@kubeseed {\"node\":\"n1\",\"step\":\"" step "\",\"state\":\"" state        \
  "\",\"uptime\":" #up "}\r\n"

struct expect {
  const char *log;
  const char *step; /* NULL: no event */
  enum console_state state;
  long uptime;
  const char *message;
  bool ready;
  unsigned boots;
};

static const struct expect cases[] = {
    {"", NULL, CONSOLE_NONE, 0, NULL, false, 0},
    {"junk\n\n\r\r\n@kubeseed\n@kubeseed \n@kubeseed {\n", NULL, CONSOLE_NONE,
     0, NULL, false, 0},
    {EVENT("init", "done", 145), "init", CONSOLE_DONE, 145, NULL, false, 1},
    /* after kernel noise, with colours, half an event before it */
    {"[   12.3] eth0: up @kubeseed {\"no\x1b[0m" EVENT("a", "start", 9), "a",
     CONSOLE_START, 9, NULL, false, 1},
    {"\x1b[32m@kube\x1b[0mseed {\"node\":\"n1\",\"step\":\"a\",\"state\":"
     "\"start\"}\n",
     "a", CONSOLE_START, 0, NULL, false, 1},
    /* something after it on the same line */
    {"@kubeseed {\"node\":\"n1\",\"step\":\"a\",\"state\":\"wait\",\"uptime\":"
     "3,\"message\":\"for n2\"}[ 1.0] noise\n",
     "a", CONSOLE_WAIT, 3, "for n2", false, 1},
    /* two on one line */
    {"@kubeseed {\"node\":\"n1\",\"step\":\"a\",\"state\":\"start\"} @kubeseed "
     "{\"node\":\"n1\",\"step\":\"b\",\"state\":\"start\"}\n",
     "b", CONSOLE_START, 0, NULL, false, 1},
    /* no line end yet */
    {"@kubeseed {\"node\":\"n1\",\"step\":\"a\",\"state\":\"start\"}", NULL,
     CONSOLE_NONE, 0, NULL, false, 0},
    /* not ours, or not right */
    {"@kubeseed {\"node\":\"n2\",\"step\":\"a\",\"state\":\"start\"}\n"
     "@kubeseed {\"node\":\"n1\",\"step\":\"a\",\"state\":\"bored\"}\n"
     "@kubeseed {\"node\":\"n1\",\"state\":\"start\"}\n"
     "@kubeseed {\"node\":\"n1\",\"step\":\"\",\"state\":\"start\"}\n"
     "@kubeseed {\"node\":1,\"step\":2,\"state\":3,\"uptime\":\"x\"}\n"
     "@kubeseed [1]\n@kubeseed \"x\"\n@kubeseed {\"a\":\n"
     "@kubeseed {\"node\":\"n1\",\"step\":\"\xff\",\"state\":\"start\"}\n",
     NULL, CONSOLE_NONE, 0, NULL, false, 0},
    /* an odd uptime is no uptime */
    {EVENT("a", "start", 9) EVENT("b", "start", -7) EVENT("c", "done", 1e300),
     "c", CONSOLE_DONE, 9, NULL, false, 1},
    {EVENT("a", "start", 9.75), "a", CONSOLE_START, 9, NULL, false, 1},
    /* ready, in both spellings */
    {EVENT("ready", "start", 9), "ready", CONSOLE_START, 9, NULL, false, 1},
    {EVENT("ready", "done", 9), "ready", CONSOLE_DONE, 9, NULL, true, 1},
    {EVENT("all", "ready", 9), "all", CONSOLE_READY, 9, NULL, true, 1},
    /* a failure stays while the step is tried again, and goes with it */
    {"@kubeseed {\"node\":\"n1\",\"step\":\"a\",\"state\":\"retry\",\"uptime\":"
     "5,\"message\":\"no \\u001b[2Jroute\\n\"}\n" EVENT("a", "start", 6),
     "a", CONSOLE_START, 6, "no  [2Jroute ", false, 1},
    {"@kubeseed {\"node\":\"n1\",\"step\":\"a\",\"state\":\"retry\",\"uptime\":"
     "5,\"message\":\"no\"}\n" EVENT("a", "done", 6),
     "a", CONSOLE_DONE, 6, NULL, false, 1},
    {"@kubeseed {\"node\":\"n1\",\"step\":\"a\",\"state\":\"retry\",\"uptime\":"
     "5,\"message\":\"no\"}\n" EVENT("b", "start", 6),
     "b", CONSOLE_START, 6, NULL, false, 1},
    /* boots: by the power-on mark, the kernel's first line, the clock */
    {CONSOLE_POWER_ON
     "x ===\n[    0.000000] Linux version 6.1.0\n" EVENT("ready", "done", 90),
     "ready", CONSOLE_DONE, 90, NULL, true, 1},
    {CONSOLE_POWER_ON "x ===\n" EVENT("ready", "done", 90) CONSOLE_POWER_ON
     "y ===\n",
     NULL, CONSOLE_NONE, 0, NULL, false, 2},
    {CONSOLE_POWER_ON "x ===\n[    0.000000] Linux version 6\n" EVENT(
         "ready", "done", 90) "[    0.000000][    T0] Linux version 6\n",
     NULL, CONSOLE_NONE, 0, NULL, false, 2},
    {EVENT("ready", "done", 90) EVENT("a", "start", 20), "a", CONSOLE_START, 20,
     NULL, false, 2},
    {EVENT("ready", "done", 90) EVENT("a", "start", 89), "a", CONSOLE_START, 89,
     NULL, true, 1},
    {EVENT("ready", "done", 90) "systemd says Linux version 6\n", "ready",
     CONSOLE_DONE, 90, NULL, true, 1},
};

static void check(const struct console *c, const struct expect *e) {
  if (e->step)
    assert_string_equal(c->step, e->step);
  else
    assert_null(c->step);
  assert_int_equal(c->state, e->state);
  assert_int_equal(c->uptime, e->uptime);
  if (e->message)
    assert_string_equal(c->message, e->message);
  else
    assert_null(c->message);
  assert_int_equal(c->ready, e->ready);
  assert_int_equal(c->boots, e->boots);
}

/* Each log as a whole, and cut into single bytes. */
static void test_cases(void **state) {
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_console_ struct console whole = {.node = "n1"};
    _cleanup_console_ struct console bytes = {.node = "n1"};
    console_feed(&whole, cases[i].log, strlen(cases[i].log));
    for (const char *p = cases[i].log; *p; p++)
      console_feed(&bytes, p, 1);
    check(&whole, &cases[i]);
    check(&bytes, &cases[i]);
  }
}

static void count(void *arg, const struct console *c) {
  assert_non_null(c->step);
  ++*(int *)arg;
}

static void test_callback(void **state) {
  (void)state;
  static const char log[] = EVENT("a", "start", 1) "x\n" EVENT("a", "done", 2);
  int n = 0;
  _cleanup_console_ struct console c = {.on_event = count, .arg = &n};
  console_feed(&c, log, strlen(log));
  assert_int_equal(n, 2);
}

static void test_long_lines(void **state) {
  (void)state;
  static const char good[] = EVENT("a", "start", 1);
  _cleanup_console_ struct console c = {.node = "n1"};
  for (int i = 0; i < 3 * CONSOLE_LINE_MAX; i++)
    console_feed(&c, i % 2 ? "@" : "\0", 1);
  console_feed(&c, good, strlen(good)); /* still the same, too long line */
  assert_null(c.step);
  assert_true(c.line.cap <= 4 * CONSOLE_LINE_MAX);
  console_feed(&c, good, strlen(good));
  assert_string_equal(c.step, "a");
}

static void test_long_message(void **state) {
  (void)state;
  _cleanup_console_ struct console c = {0};
  static const char head[] = "@kubeseed {\"node\":\"n1\",\"step\":\"a\","
                             "\"state\":\"retry\",\"message\":\"x";
  console_feed(&c, head, strlen(head));
  for (int i = 0; i < 1000; i++)
    console_feed(&c, "\u00e4", 2); /* cut inside of one */
  console_feed(&c, "\"}\n", 3);
  assert_int_equal(strlen(c.message), CONSOLE_TEXT_MAX - 1);
}

/* Mutations of a good log: nothing but not crashing is asked for. */
static void test_mutations(void **state) {
  (void)state;
  static const char log[] =
      CONSOLE_POWER_ON "x ===\n[    0.000000] Linux version 6\n" EVENT(
          "a", "start", 4) "\x1b[1;31mx\x1b[0m" EVENT("ready", "done", 90);
  unsigned r = 1;
  for (int round = 0; round < 20000; round++) {
    char copy[sizeof(log)];
    memcpy(copy, log, sizeof(log));
    for (int k = 0; k < 4; k++) {
      r = r * 1103515245 + 12345;
      copy[(r >> 8) % (sizeof(log) - 1)] = (char)(r >> 24);
    }
    _cleanup_console_ struct console c = {.node = "n1"};
    console_feed(&c, copy, sizeof(copy));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases),      cmocka_unit_test(test_callback),
      cmocka_unit_test(test_long_lines), cmocka_unit_test(test_long_message),
      cmocka_unit_test(test_mutations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
