/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cleanup.h"
#include "machine/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct table_row rows[] = {
    {.node = "kube-mast01",
     .role = "control-plane",
     .step = "ready",
     .state = "done",
     .seconds = 463,
     .tone = TONE_GOOD,
     .settled = true},
    {.node = "w1",
     .role = "worker",
     .step = "join",
     .state = "retry",
     .seconds = 75,
     .message = "connection refused",
     .tone = TONE_WARN},
    {.node = "w2", .role = "worker", .state = "off", .seconds = -1},
};

struct out {
  struct table t;
  char *text;
  size_t len;
};

static void out_open(struct out *o) {
  *o = (struct out){0};
  o->t.out = open_memstream(&o->text, &o->len);
  assert_non_null(o->t.out);
}

static void out_close(struct out *o) {
  assert_int_equal(fclose(o->t.out), 0);
}

static void test_plain(void **state) {
  (void)state;
  struct out o;
  out_open(&o);
  table_draw(&o.t, rows, ARRAY_SIZE(rows));
  out_close(&o);
  assert_string_equal(o.text,
                      "NODE         ROLE           STEP   STATE  TIME\n"
                      "kube-mast01  control-plane  ready  done   7:43\n"
                      "w1           worker         join   retry  1:15  "
                      "connection refused\n"
                      "w2           worker         -      off       -\n");
  free(o.text);
}

static void test_redraw(void **state) {
  (void)state;
  struct out o;
  out_open(&o);
  o.t.live = true;
  table_draw(&o.t, rows, 2);
  assert_null(strstr(o.text, "\033[3A"));
  table_draw(&o.t, rows, 2);
  out_close(&o);
  assert_non_null(strstr(o.text, "\033[3A"));
  assert_null(strstr(o.text, "\033[32m")); /* no colour asked for */
  free(o.text);
}

static void test_color(void **state) {
  (void)state;
  struct out o;
  out_open(&o);
  o.t.live = o.t.color = true;
  table_draw(&o.t, rows, 2);
  out_close(&o);
  assert_non_null(strstr(o.text, "\033[32mkube-mast01"));
  assert_non_null(strstr(o.text, "\033[0m\n"));
  free(o.text);
}

static void test_width(void **state) {
  (void)state;
  static const struct table_row wide = {
      .node = "n", .state = "wait", .message = "f\u00fcr \u00e4\u00e4\u00e4"};
  for (int width = 2; width < 60; width++) {
    struct out o;
    out_open(&o);
    o.t.width = width;
    table_draw(&o.t, &wide, 1);
    out_close(&o);
    for (const char *p = o.text; *p; p += strcspn(p, "\n") + 1) {
      int cells = 0;
      for (const char *q = p; *q != '\n'; q++)
        cells += (*q & 0xc0) != 0x80;
      assert_true(cells < width);
    }
    free(o.text);
  }
}

/* How far a node is matters more than its role. */
static void test_narrow(void **state) {
  (void)state;
  static const struct {
    int width;
    const char *expected;
  } drawn[] = {{43, "NODE         ROLE           STEP   STATE  \n"},
               {42, "NODE         ROLE           STEP   STATE \n"},
               {41, "NODE         ROLE           STEP   STATE\n"},
               {40, "NODE         STEP   STATE  TIME\n"},
               {26, "NODE         STEP   STATE\n"}};
  for (size_t i = 0; i < ARRAY_SIZE(drawn); i++) {
    struct out o;
    out_open(&o);
    o.t.width = drawn[i].width;
    table_draw(&o.t, rows, 1);
    out_close(&o);
    strchr(o.text, '\n')[1] = '\0';
    assert_string_equal(o.text, drawn[i].expected);
    free(o.text);
  }
}

/* A small terminal shows those that are not ready first. */
static void test_height(void **state) {
  (void)state;
  struct out o;
  struct table_row many[20];
  for (size_t i = 0; i < ARRAY_SIZE(many); i++)
    many[i] = i == 19 ? rows[1] : rows[0];
  out_open(&o);
  o.t.live = true;
  o.t.height = 10;
  table_draw(&o.t, many, ARRAY_SIZE(many));
  out_close(&o);
  size_t lines = 0;
  for (const char *p = o.text; (p = strchr(p, '\n')); p++)
    lines++;
  assert_int_equal(lines, 9); /* the title, 7 rows, the rest's count */
  assert_non_null(strstr(o.text, "connection refused"));
  assert_non_null(strstr(o.text, "... and 13 more\n"));
  free(o.text);
}

static void test_event(void **state) {
  (void)state;
  struct out o;
  out_open(&o);
  table_event(&o.t, &rows[1]);
  table_event(&o.t, &rows[2]);
  out_close(&o);
  assert_string_equal(o.text, "1:15 w1 join retry: connection refused\n"
                              "- w2 - off\n");
  free(o.text);
}

static void test_init(void **state) {
  (void)state;
  struct table t;
  FILE *f = tmpfile();
  assert_non_null(f);
  table_init(&t, f);
  assert_false(t.live);
  assert_false(t.color);
  assert_int_equal(fclose(f), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),  cmocka_unit_test(test_redraw),
      cmocka_unit_test(test_color),  cmocka_unit_test(test_width),
      cmocka_unit_test(test_narrow), cmocka_unit_test(test_height),
      cmocka_unit_test(test_event),  cmocka_unit_test(test_init),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
