/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

/* A test works in a folder of its own. */
static int setup(void **state) {
  *state = new_folder();
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(*state, &err), 0);
  assert_false(file_exists(*state));
  free(*state);
  return 0;
}

static char *in(void **state, const char *name) {
  return xasprintf("%s/%s", (char *)*state, name);
}

static struct stat stat_of(const char *path) {
  struct stat st;
  assert_int_equal(lstat(path, &st), 0);
  return st;
}

static size_t entries(const char *dir) {
  size_t n = 0;
  DIR *d = opendir(dir);
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d));)
    n += e->d_name[0] != '.';
  assert_int_equal(closedir(d), 0);
  return n;
}

static void assert_holds(const char *path, const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  assert_int_equal(file_read(path, 100, &b, &err), 0);
  assert_string_equal(b.data, text);
  assert_int_equal(b.len, strlen(text));
}

static void test_write_and_read(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in(state, "f");
  assert_int_equal(file_write(path, "one", 3, 0600, &err), 0);
  assert_holds(path, "one");
  assert_int_equal(stat_of(path).st_mode & 07777, 0600);
  assert_int_equal(file_write(path, "", 0, 0644, &err), 0);
  assert_holds(path, "");
  assert_int_equal(stat_of(path).st_mode & 07777, 0644);
  /* Nothing temporary is left. */
  assert_int_equal(entries(*state), 1);
}

static void test_write_fails_clean(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *dir = in(state, "d");
  _cleanup_free_ char *below = in(state, "none/f");
  assert_int_equal(mkdir(dir, 0700), 0);
  assert_int_equal(file_write(dir, "x", 1, 0600, &err), -1);
  assert_int_equal(file_write(below, "x", 1, 0600, &err), -1);
  assert_int_equal(err.kind, ERROR_FAILED);
  assert_non_null(strstr(err.faults[0].msg, "cannot write"));
  assert_non_null(strstr(err.faults[1].msg, "cannot create"));
  assert_int_equal(entries(*state), 1);
}

static void test_read_limits(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in(state, "f");
  _cleanup_free_ char *text = xcalloc(100001, 1);
  _cleanup_buf_ struct buf b = {0};
  memset(text, 'a', 100000);
  assert_int_equal(file_write(path, text, 100000, 0600, &err), 0);
  assert_int_equal(file_read(path, 100000, &b, &err), 0);
  assert_int_equal(b.len, 100000);
  struct buf untouched = {0};
  assert_int_equal(file_read(path, 99999, &untouched, &err), -1);
  assert_null(untouched.data);
  assert_non_null(strstr(err.faults[0].msg, "is larger than the 99999 bytes"));
}

static void test_read_faults(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *none = in(state, "none");
  struct buf b = {0};
  assert_int_equal(file_read(none, 10, &b, &err), -1);
  assert_int_equal(err.errnum, ENOENT);
  assert_int_equal(file_read(*state, 10, &b, &err), -1);
  assert_int_equal(err.errnum, EISDIR);
  assert_null(b.data);
}

/* Nobody writes to the one; to the other somebody will. */
static void test_read_fifo(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in(state, "fifo");
  _cleanup_buf_ struct buf b = {0}, text = {0};
  assert_int_equal(mkfifo(path, 0600), 0);
  alarm(10);
  assert_int_equal(file_read(path, 10, &b, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "is no regular file"));
  pid_t writer = fork();
  if (writer == 0) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    _exit(file_write_all(fd, "late", 4) < 0);
  }
  error_done(&err);
  assert_int_equal(file_read_stream(path, 10, &text, &err), 0);
  assert_string_equal(text.data, "late");
  alarm(0);
  assert_int_equal(waitpid(writer, NULL, 0), writer);
}

/* The same bytes leave the file alone, other bytes replace it. */
static void test_refresh(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in(state, "f");
  assert_int_equal(file_refresh(path, "one", 3, 0600, &err), 0);
  ino_t before = stat_of(path).st_ino;
  assert_int_equal(file_refresh(path, "one", 3, 0600, &err), 0);
  assert_int_equal(stat_of(path).st_ino, before);
  assert_int_equal(chmod(path, 0644), 0);
  assert_int_equal(file_refresh(path, "one", 3, 0600, &err), 0);
  assert_int_equal(stat_of(path).st_ino, before);
  assert_int_equal(stat_of(path).st_mode & 07777, 0600);
  static const char *const others[] = {"two", "on", "longer"};
  for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
    const char *text = others[i];
    assert_int_equal(file_refresh(path, text, strlen(text), 0600, &err), 0);
    assert_holds(path, text);
  }
  /* A FIFO, to which nobody writes. */
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  alarm(10);
  assert_int_equal(file_refresh(path, "", 0, 0600, &err), 0);
  assert_true(S_ISREG(stat_of(path).st_mode));
  alarm(0);
  assert_false(error_is_set(&err));
}

static void test_commit(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *tmp = in(state, "f.tmp");
  _cleanup_free_ char *path = in(state, "f");
  assert_int_equal(file_commit(tmp, path, &err), -1);
  assert_int_equal(file_write(tmp, "x", 1, 0600, &err), 0);
  assert_int_equal(file_commit(tmp, path, &err), 0);
  assert_holds(path, "x");
  assert_false(file_exists(tmp));
}

static void test_mkdirs(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *deep = in(state, "a/b/c");
  _cleanup_free_ char *middle = in(state, "a/b");
  assert_int_equal(file_mkdirs(deep, 0700, &err), 0);
  assert_int_equal(stat_of(deep).st_mode & 07777, 0700);
  assert_int_equal(stat_of(middle).st_mode & 07777, 0700);
  assert_int_equal(file_mkdirs(deep, 0700, &err), 0);
  _cleanup_free_ char *file = in(state, "f");
  _cleanup_free_ char *below = in(state, "f/d");
  assert_int_equal(file_write(file, "", 0, 0600, &err), 0);
  assert_false(error_is_set(&err));
  assert_int_equal(file_mkdirs(file, 0700, &err), -1);
  assert_int_equal(err.errnum, ENOTDIR);
  assert_int_equal(file_mkdirs(below, 0700, &err), -1);
}

/* What a link points to outside the tree stays. */
static void test_remove_tree(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *keep = in(state, "keep");
  _cleanup_free_ char *kept = in(state, "keep/f");
  _cleanup_free_ char *tree = in(state, "tree");
  _cleanup_free_ char *deep = in(state, "tree/a");
  _cleanup_free_ char *link = in(state, "tree/a/link");
  assert_int_equal(file_mkdirs(keep, 0700, &err), 0);
  assert_int_equal(file_write(kept, "", 0, 0600, &err), 0);
  assert_int_equal(file_mkdirs(deep, 0700, &err), 0);
  assert_int_equal(symlink(keep, link), 0);
  assert_int_equal(file_remove_tree(tree, &err), 0);
  assert_false(file_exists(tree));
  assert_true(file_exists(kept));
  assert_int_equal(file_remove_tree(tree, &err), 0);
  assert_int_equal(file_remove_tree(kept, &err), 0);
  assert_false(file_exists(kept));
}

static void test_lock(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in(state, "lock");
  int one = -1;
  int two = -1;
  assert_int_equal(file_lock(path, &one, &err), 0);
  assert_int_equal(stat_of(path).st_mode & 07777, 0600);
  assert_int_equal(file_lock(path, &two, &err), -1);
  assert_int_equal(two, -1);
  assert_non_null(strstr(err.faults[0].msg, "another kubeseed is at work"));
  assert_int_equal(close(one), 0);
  assert_int_equal(file_lock(path, &two, &err), 0);
  assert_int_equal(close(two), 0);
}

/* ---- A lock's file that goes ---- */

static const char *removed_before_lock;

/* The one that had the lock removes its file between our open and this. */
int flock(int fd, int operation) {
  if (removed_before_lock) {
    assert_int_equal(unlink(removed_before_lock), 0);
    removed_before_lock = NULL;
  }
  return (int)syscall(SYS_flock, fd, operation);
}

static void test_lock_of_a_removed_file(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in(state, "lock");
  int one = -1;
  int two = -1;
  assert_int_equal(file_write(path, "", 0, 0600, &err), 0);
  removed_before_lock = path;
  assert_int_equal(file_lock(path, &one, &err), 0);
  assert_null(removed_before_lock);
  assert_int_equal(file_lock(path, &two, &err), -1);
  assert_int_equal(close(one), 0);
}

static void test_free_space(void **state) {
  _cleanup_error_ struct error err = {0};
  uint64_t space = 0;
  assert_int_equal(file_free_space(*state, &space, &err), 0);
  assert_true(space > 0);
  assert_int_equal(file_free_space("/nowhere", &space, &err), -1);
}

static void test_check_place(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *fresh = in(state, "f");
  _cleanup_free_ char *folder = in(state, "f/");
  _cleanup_free_ char *below = in(state, "none/f");
  _cleanup_free_ char *pipe = in(state, "pipe");
  _cleanup_free_ char *to_pipe = in(state, "to-pipe");
  _cleanup_free_ char *to_nothing = in(state, "to-nothing");
  const char *bad[] = {"",   "/",     *state,     folder,     below,
                       pipe, to_pipe, to_nothing, "/dev/null"};
  assert_int_equal(mkfifo(pipe, 0600), 0);
  assert_int_equal(symlink("pipe", to_pipe), 0);
  assert_int_equal(symlink("nothing", to_nothing), 0);
  assert_int_equal(file_check_place(fresh, &err), 0);
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    assert_int_equal(file_check_place(bad[i], &err), -1);
    error_done(&err);
  }
}

/* What is written for a user leaves links where they are. */
static void test_behind_link(void **state) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *f = in(state, "f"), *link = in(state, "link");
  _cleanup_free_ char *lost = in(state, "lost"), *full = NULL;
  _cleanup_free_ char *behind = NULL, *same = NULL, *none = NULL;
  assert_int_equal(symlink("f", link), 0);
  assert_int_equal(file_behind_link(f, &same, &err), 0);
  assert_string_equal(same, f); /* not there yet */
  assert_int_equal(file_write(f, "", 0, 0600, &err), 0);
  full = realpath(f, NULL);
  assert_int_equal(file_behind_link(link, &behind, &err), 0);
  assert_string_equal(behind, full);
  assert_int_equal(file_check_place(link, &err), 0);
  assert_int_equal(symlink("nothing", lost), 0);
  assert_int_equal(file_behind_link(lost, &none, &err), -1);
}

/* What a read that fails has seen may be a key: it is nowhere on the stack,
 * which the kernel reads here, for no program may. */
static void test_read_leaves_nothing(void **state) {
  static const char secret[] = "a secret that is repeated; ";
  enum { STACK = 128 << 10, MAX = 20000 };
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in(state, "f");
  _cleanup_buf_ struct buf text = {0}, b = {0};
  while (text.len < (size_t)2 * MAX)
    buf_adds(&text, secret);
  assert_int_equal(file_write(path, text.data, text.len, 0600, &err), 0);
  _cleanup_close_ int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  _cleanup_free_ char *seen = xcalloc(STACK, 1);
  char here = 0;
  assert_int_equal(file_read(path, MAX, &b, &err), -1);
  ssize_t n = pread(memory, seen, STACK, (off_t)(uintptr_t)&here - STACK);
  assert_int_equal(n, STACK);
  assert_null(memmem(seen, STACK, secret, strlen(secret)));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_write_and_read),
      TEST(test_write_fails_clean),
      TEST(test_read_limits),
      TEST(test_read_faults),
      TEST(test_read_fifo),
      TEST(test_read_leaves_nothing),
      TEST(test_check_place),
      TEST(test_behind_link),
      TEST(test_refresh),
      TEST(test_commit),
      TEST(test_mkdirs),
      TEST(test_remove_tree),
      TEST(test_lock),
      TEST(test_free_space),
      TEST(test_lock_of_a_removed_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
