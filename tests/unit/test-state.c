/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "state/commit.h"
#include "state/layout.h"
#include "state/marker.h"
#include "state/state.h"
#include "state/trust.h"
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

static int setup(void **state) {
  *state = new_folder();
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(*state, &err), 0);
  free(*state);
  return 0;
}

/* Without -C it lies beside the spec and carries the cluster's name. */
static void test_beside_the_spec(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_state_ struct state s = {.lock_fd = -1};
  _cleanup_free_ char *spec = xasprintf("%s/lab.yaml", (char *)*state);
  _cleanup_free_ char *expected = xasprintf("%s/demo.cluster", (char *)*state);
  assert_int_equal(state_open(NULL, spec, "demo", true, &s, &err), 0);
  assert_string_equal(s.dir, expected);
  struct stat st;
  assert_int_equal(stat(expected, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0700);
  _cleanup_free_ char *path = state_path(&s, "seeds/%s.iso", "n1");
  _cleanup_free_ char *iso = xasprintf("%s/seeds/n1.iso", expected);
  assert_string_equal(path, iso);
}

static void test_chosen(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_state_ struct state s = {.lock_fd = -1};
  _cleanup_free_ char *dir = xasprintf("%s/a/b", (char *)*state);
  assert_int_equal(state_open(dir, "x.yaml", "demo", true, &s, &err), 0);
  assert_string_equal(s.dir, dir);
}

/* What vfat, CIFS and such make of a folder for its maker alone. */
static void test_no_modes(void **state) {
  (void)state;
  static const struct {
    mode_t mode;
    uid_t other;
    int expected;
  } rows[] = {{0700, 0, 0}, {0777, 0, -1}, {0755, 0, -1}, {0700, 1, -1}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    struct stat st = {.st_mode = S_IFDIR | rows[i].mode,
                      .st_uid = geteuid() + rows[i].other};
    assert_int_equal(trust_made("/mnt/c/demo", &st, &err), rows[i].expected);
    if (rows[i].expected == 0)
      continue;
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.faults[0].msg, "'/mnt/c/demo' keeps no modes"));
    assert_non_null(strstr(err.faults[0].msg, "with -C"));
  }
}

/* Beside a spec named without a folder is here, and the path is absolute. */
static void test_here(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_state_ struct state s = {.lock_fd = -1};
  char old[4096];
  assert_non_null(getcwd(old, sizeof(old)));
  assert_int_equal(chdir(*state), 0);
  int r = state_open(NULL, "lab.yaml", "demo", true, &s, &err);
  assert_int_equal(chdir(old), 0);
  assert_int_equal(r, 0);
  _cleanup_free_ char *expected = xasprintf("%s/demo.cluster", (char *)*state);
  assert_string_equal(s.dir, expected);
}

static void test_not_there(void **state) {
  _cleanup_error_ struct error err = {0};
  struct state s = {.lock_fd = -1};
  _cleanup_free_ char *dir = xasprintf("%s/none", (char *)*state);
  assert_int_equal(state_open(dir, "x.yaml", "demo", false, &s, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "there is no state folder"));
  assert_false(file_exists(dir));
}

static void test_lock(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_state_ struct state one = {.lock_fd = -1};
  _cleanup_state_ struct state two = {.lock_fd = -1};
  assert_int_equal(state_open(*state, "x", "x", true, &one, &err), 0);
  assert_int_equal(state_lock(&one, &err), 0);
  assert_int_equal(state_open(*state, "x", "x", false, &two, &err), 0);
  assert_int_equal(two.lock_fd, -1);
  assert_int_equal(state_lock(&two, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "another kubeseed is at work"));
  state_done(&one);
  assert_int_equal(state_lock(&two, &err), 0);
}

/* Somebody has been at the folder between the first look and the lock: what
 * they do is done before that is given. */
static struct {
  void (*what)(const char *dir);
  const char *dir;
} meanwhile;

int flock(int fd, int operation) {
  if (meanwhile.what)
    meanwhile.what(meanwhile.dir);
  return (int)syscall(SYS_flock, fd, operation);
}

static void others_begin(const char *dir) {
  _cleanup_error_ struct error err = {0};
  assert_int_equal(marker_write(dir, "other", 0, &err), 0);
}

static void others_may_write(const char *dir) {
  assert_int_equal(chmod(dir, 0777), 0);
}

static void test_looks_again_with_the_lock(void **state) {
  static const struct {
    void (*what)(const char *dir);
    const char *words;
  } cases[] = {{others_begin, "the state of the cluster 'other'"},
               {others_may_write, "and could have changed it"}};
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    struct state s = {.lock_fd = -1};
    _cleanup_free_ char *dir = xasprintf("%s/%zu", (char *)*state, i);
    _cleanup_free_ char *pki = xasprintf("%s/pki", dir);
    meanwhile.what = cases[i].what;
    meanwhile.dir = dir;
    int r = state_open(dir, "x.yaml", "demo", true, &s, &err);
    meanwhile.what = NULL;
    assert_int_equal(r, -1);
    if (!strstr(err.faults[0].msg, cases[i].words))
      fail_msg("'%s' is not in: %s", cases[i].words, err.faults[0].msg);
    assert_false(file_exists(pki));
  }
}

/* ---- What is in it ---- */

static void test_rows(void **state) {
  (void)state;
  static const struct {
    const char *path;
    const char *row; /* NULL: not ours */
    const char *node;
    bool temporary;
  } cases[] = {
      {"pki/ca.key", "pki/ca.key", NULL, false},
      {"pki/ca.key.kubeseed-a1B2c3", "pki/ca.key", NULL, true},
      {"pki/ca.key.kubeseed-a1B2c", NULL, NULL, false},
      {"pki/ca.key.kubeseed-a1B2-3", NULL, NULL, false},
      {"pki/ca.key.backup", NULL, NULL, false},
      {"pki/ca.key.kubeseed-backup.txt", NULL, NULL, false},
      {".kubeseed-a1B2c3", NULL, NULL, false},
      {"pki", "pki", NULL, false},
      {"pki/", NULL, NULL, false},
      {"seeds/kube-mast01.iso", "seeds/*.iso", "kube-mast01", false},
      {"seeds/m1.iso.kubeseed-000000", "seeds/*.iso", "m1", true},
      {"seeds/.iso", NULL, NULL, false},
      {"seeds/My.iso", NULL, NULL, false},
      {"seeds/a.b.iso", NULL, NULL, false},
      {"disks/a.qcow2", "disks/*.qcow2", "a", false},
      {"disks/a.qcow2.new", "disks/*.qcow2.new", "a", false},
      {"disks/a.qcow2.old", NULL, NULL, false},
      {"disks/a", "disks/*", "a", false},
      {"disks/a/etcd.raw", "disks/*/*.raw", "a", false},
      {"disks/a/etcd.raw.new", "disks/*/*.raw.new", "a", false},
      {"disks/a/.raw", NULL, NULL, false},
      {"disks//etcd.raw", NULL, NULL, false},
      {"disks/a/b/etcd.raw", NULL, NULL, false},
      {"disks/a/etcd.img", NULL, NULL, false},
      {"pki/nodes/a", "pki/nodes/*", "a", false},
      {"pki/nodes/a/etcd-peer.crt", "pki/nodes/*/etcd-peer.crt", "a", false},
      {"pki/nodes/a/b/etcd-peer.crt", NULL, NULL, false},
      {"", NULL, NULL, false},
      {".git", NULL, NULL, false},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    bool temporary;
    _cleanup_free_ char *node = NULL;
    const struct layout_row *row =
        layout_find(cases[i].path, &temporary, &node);
    if (!row != !cases[i].row)
      fail_msg("'%s'", cases[i].path);
    if (row)
      assert_string_equal(row->path, cases[i].row);
    assert_int_equal(temporary, cases[i].temporary);
    assert_string_equal(node ? node : "", cases[i].node ? cases[i].node : "");
  }
}

static void put(const char *dir, const char *name) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  _cleanup_free_ char *parent =
      xstrndup(path, (size_t)(strrchr(path, '/') - path));
  assert_int_equal(file_mkdirs(parent, 0700, &err), 0);
  assert_int_equal(file_write(path, name, strlen(name), 0600, &err), 0);
}

static bool has(const char *dir, const char *name) {
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  struct stat st;
  return lstat(path, &st) == 0;
}

/* Links are removed, what they lead to is not; folders that others use stay. */
static void test_removal(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *dir = xasprintf("%s/state", (char *)*state);
  static const char *const gone[] = {
      "seeds/a.iso", "seeds/a.iso.kubeseed-aaaaaa/tree/user-data",
      "seeds/link.iso", "pki/nodes/a/etcd-peer.key"};
  put(*state, "outside");
  for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
    if (!strstr(gone[i], "link"))
      put(dir, gone[i]);
  put(dir, "pki/nodes/a/notes");
  put(dir, "disks/b.qcow2/mine"); /* a folder is no disk of ours */
  _cleanup_free_ char *link = xasprintf("%s/seeds/link.iso", dir);
  assert_int_equal(symlink("../../outside", link), 0);
  assert_int_equal(layout_remove(dir, LAYOUT_ALL, &err), 0);
  for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
    assert_false(has(dir, gone[i]));
  assert_true(has(*state, "outside"));
  assert_false(has(dir, "seeds"));
  assert_true(has(dir, "pki/nodes/a/notes"));
  assert_true(has(dir, "disks/b.qcow2/mine"));
}

static void test_removal_of_a_node(void **state) {
  _cleanup_error_ struct error err = {0};
  const char *dir = *state;
  static const char *const a[] = {"seeds/a.iso", "logs/a.console",
                                  "pki/nodes/a/etcd-peer.key", "disks/a.base"};
  for (size_t i = 0; i < ARRAY_SIZE(a); i++)
    put(dir, a[i]);
  put(dir, "seeds/ab.iso");
  put(dir, "pki/ca.key");
  assert_int_equal(
      layout_remove_node(dir, LAYOUT_KEYS | LAYOUT_MACHINE, "a", &err), 0);
  assert_true(has(dir, "seeds/a.iso"));
  assert_int_equal(layout_remove_node(dir, LAYOUT_ALL, "a", &err), 0);
  for (size_t i = 0; i < ARRAY_SIZE(a); i++)
    assert_false(has(dir, a[i]));
  assert_false(has(dir, "pki/nodes/a"));
  assert_true(has(dir, "pki/nodes"));
  assert_true(has(dir, "seeds/ab.iso"));
  assert_true(has(dir, "pki/ca.key"));
}

/* ---- Whose is it? ---- */

/* SIGALRM ends a test that waits for a writer. */
static void test_pipes_in_a_strange_folder(void **state) {
  static const char *const names[] = {"kubeseed.state", "pki/created"};
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_state_ struct state s = {.lock_fd = -1};
    _cleanup_free_ char *dir = xasprintf("%s/%zu", (char *)*state, i);
    _cleanup_free_ char *pki = xasprintf("%s/pki", dir);
    _cleanup_free_ char *pipe = xasprintf("%s/%s", dir, names[i]);
    _cleanup_free_ char *other = xasprintf("%s/theirs", dir);
    assert_int_equal(file_mkdirs(pki, 0700, &err), 0);
    assert_int_equal(file_write(other, "", 0, 0600, &err), 0);
    assert_int_equal(mkfifo(pipe, 0666), 0);
    (void)alarm(10);
    assert_int_equal(state_open(dir, "x", "x", false, &s, &err), -1);
    (void)alarm(0);
    assert_non_null(strstr(err.faults[0].msg, i == 0 ? "not a regular file"
                                                     : "neither empty nor"));
  }
}

/* One without a marker is known by what only kubeseed writes so. */
static void test_known_by_its_keys(void **state) {
  static const char *const created[] = {"",      "\n",     "12",  "12x\n",
                                        "x12\n", "12\n\n", "12\n"};
  static const char ca[] = "ssh-ed25519 AAAA kubeseed-ca@x\n";
  for (size_t i = 0; i < ARRAY_SIZE(created); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_state_ struct state s = {.lock_fd = -1};
    _cleanup_free_ char *dir = xasprintf("%s/%zu", (char *)*state, i);
    _cleanup_free_ char *folder = xasprintf("%s/pki/ssh-ca", dir);
    _cleanup_free_ char *path = xasprintf("%s/pki/created", dir);
    _cleanup_free_ char *ca_path = xasprintf("%s/ca.pub", folder);
    _cleanup_free_ char *other = xasprintf("%s/theirs", dir);
    assert_int_equal(file_mkdirs(folder, 0700, &err), 0);
    assert_int_equal(file_write(other, "", 0, 0600, &err), 0);
    assert_int_equal(file_write(ca_path, ca, strlen(ca), 0600, &err), 0);
    assert_int_equal(
        file_write(path, created[i], strlen(created[i]), 0600, &err), 0);
    bool known = i + 1 == ARRAY_SIZE(created);
    int r = state_open(dir, "x", "x", false, &s, &err);
    if (r != (known ? 0 : -1))
      fail_msg("'%s': %d", created[i], r);
    assert_true(known || strstr(err.faults[0].msg, "neither empty nor"));
  }
}

/* A lock is the last of a state only when it says so. */
static void test_lock_alone(void **state) {
  static const struct {
    const char *text, *says;
  } cases[] = {
      {"", "neither empty nor"},
      {"4711\n", "neither empty nor"},
      {"format: 1\nname: x\n", "neither empty nor"},
      {"format: 3\ncluster: x\n", "neither empty nor"},
      {"format: 1\ncluster: y\n", "the state of the cluster 'y'"},
      {"format: 1\ncluster: x\n", NULL},
      {"format: 2\ncluster: x\n", NULL},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_state_ struct state s = {.lock_fd = -1};
    _cleanup_free_ char *dir = xasprintf("%s/%zu", (char *)*state, i);
    _cleanup_free_ char *lock = xasprintf("%s/lock", dir);
    _cleanup_free_ char *other = xasprintf("%s/theirs", dir);
    assert_int_equal(file_mkdirs(dir, 0700, &err), 0);
    assert_int_equal(file_write(other, "", 0, 0600, &err), 0);
    assert_int_equal(
        file_write(lock, cases[i].text, strlen(cases[i].text), 0600, &err), 0);
    assert_int_equal(state_open(dir, "x", "x", false, &s, &err),
                     cases[i].says ? -1 : 0);
    if (cases[i].says)
      assert_non_null(strstr(err.faults[0].msg, cases[i].says));
  }
}

/* ---- What a killed run has begun ---- */

static void put_commit(const char *dir, const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = xasprintf("%s/commit", dir);
  assert_int_equal(file_write(path, text, strlen(text), 0600, &err), 0);
}

/* SHA-256 of "old". */
#define OLD "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"

static void test_finish(void **state) {
  _cleanup_error_ struct error err = {0};
  const char *dir = *state;
  put_commit(dir, "ca.key 3 -\nkey\nnodes/a/etcd-peer.key 0 -\n\nend\n");
  assert_int_equal(commit_check_done(dir, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "`kubeseed seed` with"));
  assert_int_equal(commit_finish(dir, &err), 0);
  assert_int_equal(commit_check_done(dir, &err), 0);
  assert_true(has(dir, "ca.key"));
  assert_true(has(dir, "nodes/a/etcd-peer.key"));
  assert_false(has(dir, "commit"));
  assert_int_equal(commit_finish(dir, &err), 0);
}

/* Not half of it, wherever the damage is. */
static void test_finish_of_a_damaged_one(void **state) {
  const char *dir = *state;
  static const char *const damaged[] = {
      "",
      "ca.key 3 -\nkey\n",
      "ca.key 3 -\nkey\nen",
      "ca.key 3 -\nkey\nca.crt 9 -\ncert\nend\n",
      "ca.key 3 -\nkey\n../ca.crt 4 -\ncert\nend\n",
      "ca.key 3 -\nkey\n/ca.crt 4 -\ncert\nend\n",
      "ca.key 3 -\nkey\nnodes/a/notes 4 -\ncert\nend\n",
      "ca.key 3 -\nkey\nnodes 4 -\ncert\nend\n",
      "ca.key 3 -\nkey\nca.crt.kubeseed-aaaaaa 4 -\ncert\nend\n",
      "ca.key 3 -\nkey\nca.crt -1 -\ncert\nend\n",
      "ca.key 3 -\nkey\nca.crt 18446744073709551615 -\ncert\nend\n",
      "ca.key 3\nkey\nend\n",
      "ca.key 3 - -\nkey\nend\n",
  };
  for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
    _cleanup_error_ struct error err = {0};
    put_commit(dir, damaged[i]);
    assert_int_equal(commit_finish(dir, &err), -1);
    assert_non_null(strstr(err.faults[0].msg, "is damaged"));
    assert_false(has(dir, "ca.key"));
    assert_true(has(dir, "commit"));
  }
}

/* What it was to replace, or what it put there already; nothing else. */
static void test_finish_after_others(void **state) {
  const char *dir = *state;
  static const struct {
    const char *key, *cert; /* as they are; NULL: not there */
    int expected;
  } rows[] = {{"old", NULL, 0},   {"new", NULL, 0},      {"new", "cert", 0},
              {"old", "cert", 0}, {"other", NULL, -1},   {"old", "other", -1},
              {NULL, NULL, -1},   {"other", "other", -1}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    const char *const now[][2] = {{"ca.key", rows[i].key},
                                  {"ca.crt", rows[i].cert}};
    put_commit(dir, "ca.key 3 " OLD "\nnew\nca.crt 4 -\ncert\nend\n");
    for (size_t k = 0; k < 2; k++) {
      _cleanup_free_ char *path = xasprintf("%s/%s", dir, now[k][0]);
      if (now[k][1])
        assert_int_equal(
            file_write(path, now[k][1], strlen(now[k][1]), 0600, &err), 0);
      else
        (void)unlink(path);
    }
    if (commit_finish(dir, &err) != rows[i].expected)
      fail_msg("row %zu", i);
    bool done = rows[i].expected == 0;
    assert_int_equal(has(dir, "commit"), !done);
    if (done)
      continue;
    assert_non_null(strstr(err.faults[0].msg, "is another one since"));
    for (size_t k = 0; k < 2; k++)
      assert_int_equal(has(dir, now[k][0]), now[k][1] != NULL);
  }
}

/* What is written says what it replaces. */
static void test_commit_knows_what_it_replaces(void **state) {
  _cleanup_error_ struct error err = {0};
  const char *dir = *state;
  _cleanup_commit_ struct commit c = {.dir = dir};
  _cleanup_free_ char *path = xasprintf("%s/ca.key", dir);
  assert_int_equal(file_write(path, "old", 3, 0600, &err), 0);
  commit_add(&c, "ca.key", "new", 3);
  commit_add(&c, "ca.crt", "cert", 4);
  assert_string_equal(c.text.data, "ca.key 3 " OLD "\nnew\nca.crt 4 -\ncert\n");
  assert_int_equal(commit_write(&c, &err), 0);
  assert_false(has(dir, "commit"));
  assert_true(has(dir, "ca.crt"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_beside_the_spec, setup, teardown),
      cmocka_unit_test_setup_teardown(test_chosen, setup, teardown),
      cmocka_unit_test_setup_teardown(test_here, setup, teardown),
      cmocka_unit_test_setup_teardown(test_not_there, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
      cmocka_unit_test_setup_teardown(test_looks_again_with_the_lock, setup,
                                      teardown),
      cmocka_unit_test(test_no_modes),
      cmocka_unit_test(test_rows),
      cmocka_unit_test_setup_teardown(test_removal, setup, teardown),
      cmocka_unit_test_setup_teardown(test_removal_of_a_node, setup, teardown),
      cmocka_unit_test_setup_teardown(test_pipes_in_a_strange_folder, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_known_by_its_keys, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock_alone, setup, teardown),
      cmocka_unit_test_setup_teardown(test_finish, setup, teardown),
      cmocka_unit_test_setup_teardown(test_finish_of_a_damaged_one, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_finish_after_others, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_commit_knows_what_it_replaces, setup,
                                      teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
