/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "part/parts.h"
#include "seed/seed.h"
#include "spec/read.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"

static const time_t NOW = 1750000000; /* 2025-06-15 */
static const time_t DAY = 86400;

static const char SPEC[] =
    "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
    "kubernetes: {version: 1.20.2, payload: debian}\n"
    "network: {subnet: 192.168.4.0/24}\nnodes:\n"
    "- {name: m1}\n"
    "- {name: w1, role: worker}\n";

enum { MASTER, WORKER, N_NODES };

struct fixture {
  char *dir;
  struct spec spec;
  struct plan plan;
  struct state state;
};

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  _cleanup_error_ struct error err = {0};
  f->dir = new_folder();
  assert_int_equal(spec_read("x.yaml", SPEC, strlen(SPEC), &f->spec, &err), 0);
  assert_int_equal(parts_plan(&f->spec, &f->plan, &err), 0);
  assert_int_equal(state_open(f->dir, "x.yaml", "demo", true, &f->state, &err),
                   0);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(f->dir, &err), 0);
  state_done(&f->state);
  plan_done(&f->plan);
  spec_done(&f->spec);
  free(f->dir);
  free(f);
  return 0;
}

static int make(struct fixture *f, time_t now, struct seed_report *report,
                struct error *err) {
  static const size_t nodes[] = {MASTER, WORKER};
  const struct seed_options o = {
      .nodes = nodes, .n_nodes = N_NODES, .now = now, .report = report};
  return seed_make(&f->plan, &f->state, &o, err);
}

/* Both seeds' fate. */
static void must_make(struct fixture *f, time_t now, enum put_fate fate) {
  _cleanup_seed_report_ struct seed_report report = {0};
  _cleanup_error_ struct error err = {0};
  if (make(f, now, &report, &err) < 0)
    fail_msg("%s", err.faults[0].msg);
  assert_int_equal(report.fates[MASTER], fate);
  assert_int_equal(report.fates[WORKER], fate);
}

/* The time that the node's clock must be near. */
static time_t seed_time(const struct fixture *f, const char *node) {
  _cleanup_error_ struct error err = {0};
  _cleanup_iso_volume_ struct iso_volume v = {0};
  _cleanup_free_ char *path = state_path(&f->state, "seeds/%s.iso", node);
  assert_int_equal(medium_read(path, &v, &err), 0);
  const struct iso_file *file = iso_find(&v, "user-data");
  assert_non_null(file);
  const char *at = memmem(file->data, file->len, "SEED_TIME='", 11);
  assert_non_null(at);
  return (time_t)strtoll(at + 11, NULL, 10);
}

/* A node takes no clock that is more than five years after that: its seed,
 * made anew after some years, must name a later one. */
static void test_after_years(void **state) {
  struct fixture *f = *state;
  must_make(f, NOW, PUT_NEW);
  assert_int_equal(seed_time(f, "m1"), NOW);
  assert_int_equal(seed_time(f, "w1"), NOW);
  must_make(f, NOW + 365 * DAY, PUT_UNCHANGED);
  for (int years = 5; years < 10; years++) {
    time_t now = NOW + years * 365 * DAY;
    _cleanup_error_ struct error err = {0};
    assert_int_equal(make(f, now, NULL, &err), 0);
    must_make(f, now, PUT_UNCHANGED);
    must_make(f, now + 7 * DAY, PUT_UNCHANGED);
    static const char *const nodes[] = {"m1", "w1"};
    for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
      time_t made = seed_time(f, nodes[i]);
      assert_true(now >= made - DAY);
      assert_true(now + 20 * DAY <= made + 5 * 365 * DAY);
    }
  }
}

/* seeds.lock as it is in the state. */
static char *read_lock(const struct fixture *f) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf text = {0};
  _cleanup_free_ char *path = state_path(&f->state, "seeds.lock");
  assert_int_equal(file_read(path, 4096, &text, &err), 0);
  return buf_take(&text);
}

/* On another day the media have the same bytes, made anew as well as kept. */
static void test_another_day(void **state) {
  struct fixture *f = *state;
  must_make(f, NOW, PUT_NEW);
  _cleanup_free_ char *lock = read_lock(f);
  assert_non_null(strstr(lock, "  seeds/m1.iso\n"));
  static const char *const gone[] = {"seeds/m1.iso", "seeds/w1.iso",
                                     "seeds.lock"};
  for (int days = 0; days < 400; days += 133) {
    for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
      _cleanup_free_ char *path = state_path(&f->state, "%s", gone[i]);
      assert_int_equal(unlink(path), 0);
    }
    must_make(f, NOW + days * DAY, PUT_NEW);
    _cleanup_free_ char *again = read_lock(f);
    assert_string_equal(lock, again);
  }
}

static void test_clock_before_the_keys(void **state) {
  struct fixture *f = *state;
  must_make(f, NOW, PUT_NEW);
  must_make(f, NOW - DAY / 2, PUT_UNCHANGED);
  for (int days = 2; days < 4000; days += 1500) {
    _cleanup_error_ struct error err = {0};
    assert_int_equal(make(f, NOW - days * DAY, NULL, &err), -1);
    assert_non_null(strstr(err.faults[0].msg, "but the keys in '"));
    assert_non_null(strstr(err.faults[0].msg, "were made on 2025-06-15"));
  }
  must_make(f, NOW, PUT_UNCHANGED);
}

/* A seed that somebody changed, even where nothing reads, is made again. */
static void test_damaged_seed(void **state) {
  struct fixture *f = *state;
  must_make(f, NOW, PUT_NEW);
  _cleanup_error_ struct error err = {0};
  static const char *const nodes[] = {"m1", "w1"};
  for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
    _cleanup_free_ char *path = state_path(&f->state, "seeds/%s.iso", nodes[i]);
    _cleanup_buf_ struct buf b = {0};
    assert_int_equal(file_read(path, ISO_MAX_BYTES, &b, &err), 0);
    b.data[10]++;
    assert_int_equal(file_write(path, b.data, b.len, 0600, &err), 0);
  }
  must_make(f, NOW, PUT_CHANGED);
  must_make(f, NOW, PUT_UNCHANGED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
      T(test_after_years),
      T(test_another_day),
      T(test_clock_before_the_keys),
      T(test_damaged_seed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
