/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `kubeseed seed` ended at every single thing it does to the disk, and on a
 * disk that is full from there on: the next run must work, keys that were
 * complete must be the same, and nothing may be left over. `destroy --all`
 * likewise: it can be done again, and takes nothing of somebody else.
 *
 * And what a run leaves would outlive the power: nothing takes a name, and
 * nothing that could make it again goes, before it is on the disk.
 *
 * The functions of libc that change files are defined here as well, so the
 * program's calls come by; each run is a process of its own. INTERRUPT_NODES
 * takes more control planes than one.
 */
#include "base/file.h"
#include "base/mem.h"
#include "cmd/cli.h"
#include "state/layout.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

/* ---- What ends a run ---- */

enum ending { NONE, KILLED, FULL };

static struct {
  enum ending ending;
  long at; /* the call, from 1, at which it comes */
  atomic_long calls;
} fate;

/* Called before each change. True: the disk is full. At the call that is to
 * be the last one, half is written when there is something to write. */
static bool strikes(int fd, const void *data, size_t len) {
  long n = atomic_fetch_add(&fate.calls, 1) + 1;
  if (fate.ending == KILLED && n == fate.at) {
    if (data)
      (void)!syscall(SYS_write, fd, data, len / 2);
    (void)raise(SIGKILL);
  }
  if (fate.ending != FULL || n < fate.at)
    return false;
  errno = ENOSPC;
  return true;
}

/* ---- What is only in memory ---- */

static struct {
  pthread_mutex_t lock;
  ino_t files[4096]; /* written and not synced */
  size_t n;
  size_t keys;  /* named files of pki/ among those that were */
  ino_t folder; /* that of pki/commit, while its name is not synced; or 0 */
  char fault[512];
} memory = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool in_memory(ino_t file, bool drop) {
  for (size_t i = 0; i < memory.n; i++)
    if (memory.files[i] == file) {
      if (drop)
        memory.files[i] = memory.files[--memory.n];
      return true;
    }
  return false;
}

static void written(int fd) {
  struct stat st;
  (void)pthread_mutex_lock(&memory.lock);
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
      !in_memory(st.st_ino, false) && memory.n < ARRAY_SIZE(memory.files))
    memory.files[memory.n++] = st.st_ino;
  (void)pthread_mutex_unlock(&memory.lock);
}

static void synced(int fd, bool all) {
  struct stat st = {0};
  (void)pthread_mutex_lock(&memory.lock);
  (void)fstat(fd, &st);
  (void)in_memory(st.st_ino, true);
  if (all)
    memory.n = memory.keys = 0;
  if (all || memory.folder == st.st_ino)
    memory.folder = 0;
  (void)pthread_mutex_unlock(&memory.lock);
}

static void lost(const char *path, const char *how) {
  if (!*memory.fault)
    (void)snprintf(memory.fault, sizeof(memory.fault), "'%s' %s", path, how);
}

static bool ends_with(const char *s, const char *end) {
  size_t a = strlen(s), b = strlen(end);
  return a >= b && strcmp(s + a - b, end) == 0;
}

/* Keys may be named unsynced while pki/commit has them. */
static void named(const char *from, const char *to) {
  struct stat st = {0};
  (void)pthread_mutex_lock(&memory.lock);
  bool unsynced = stat(from, &st) == 0 && in_memory(st.st_ino, true);
  bool commit = ends_with(to, "/pki/commit");
  if (unsynced &&
      (commit || ends_with(to, ".iso") || ends_with(to, "/kubeseed.state")))
    lost(to, "has a name and is not synced");
  if (!commit && memory.folder && strstr(to, "/pki/"))
    lost(to, "comes before the name of pki/commit is synced");
  memory.keys += unsynced && !commit && strstr(to, "/pki/");
  if (commit) {
    _cleanup_free_ char *folder = xstrndup(to, strlen(to) - strlen("/commit"));
    memory.folder = stat(folder, &st) == 0 ? st.st_ino : 0;
  }
  (void)pthread_mutex_unlock(&memory.lock);
}

static void gone(const char *path) {
  (void)pthread_mutex_lock(&memory.lock);
  if (ends_with(path, "/pki/commit") && memory.keys)
    lost(path, "goes before all keys are synced");
  (void)pthread_mutex_unlock(&memory.lock);
}

/* ---- The functions ---- */

ssize_t write(int fd, const void *data, size_t len) {
  if (fd > STDERR_FILENO && strikes(fd, data, len))
    return -1;
  written(fd);
  return syscall(SYS_write, fd, data, len);
}

int open(const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
  va_end(ap);
  if ((flags & O_CREAT) && strikes(-1, NULL, 0))
    return -1;
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int mkostemp(char *template, int flags) {
  if (strikes(-1, NULL, 0))
    return -1;
  int (*real)(char *, int);
  *(void **)&real = dlsym(RTLD_NEXT, "mkostemp");
  return real(template, flags);
}

int mkdir(const char *path, mode_t mode) {
  if (access(path, F_OK) != 0 && strikes(-1, NULL, 0))
    return -1;
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

/* A full disk still takes a file's new name, and gives up files. */
int rename(const char *from, const char *to) {
  if (fate.ending != FULL)
    (void)strikes(-1, NULL, 0);
  named(from, to);
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path) {
  if (fate.ending != FULL)
    (void)strikes(-1, NULL, 0);
  gone(path);
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int unlinkat(int dir, const char *path, int flags) {
  if (fate.ending != FULL)
    (void)strikes(-1, NULL, 0);
  return (int)syscall(SYS_unlinkat, dir, path, flags);
}

/* What is written stays written here: no test cuts the power. */
int fsync(int fd) {
  if (fate.ending != FULL && strikes(fd, NULL, 0))
    return -1;
  synced(fd, false);
  return 0;
}

int syncfs(int fd) {
  if (strikes(fd, NULL, 0))
    return -1;
  synced(fd, true);
  return 0;
}

/* ---- A run ---- */

struct fixture {
  char *dir; /* of all that follows */
  char *spec, *moved;
  char *state, *before; /* before: what a run begins with, to copy */
  char *log;
};

static void write_spec(const char *path, int first) {
  const char *more = getenv("INTERRUPT_NODES");
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  buf_adds(&b, "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
               "kubernetes: {version: 1.20.2, payload: debian}\n"
               "network: {subnet: 192.168.4.0/24}\nnodes:\n");
  buf_addf(&b, "- {name: 'm{1..%s}', address: 192.168.4.%d+}\n",
           more ? more : "1", first);
  buf_addf(&b, "- {name: w1, role: worker, address: 192.168.4.%d}\n",
           first + 100);
  assert_int_equal(file_write(path, b.data, b.len, 0600, &err), 0);
}

typedef int run_fn(struct cli *cli, const char *spec, struct error *err);

static int seed(struct cli *cli, const char *spec, struct error *err) {
  char *argv[] = {(char *)"seed", (char *)spec, NULL};
  return cmd_seed(cli, 2, argv, err);
}

static int destroy(struct cli *cli, const char *spec, struct error *err) {
  char *argv[] = {(char *)"destroy", (char *)"--all", (char *)"--yes",
                  (char *)spec, NULL};
  return cmd_destroy(cli, 4, argv, err);
}

static int run_here(const struct fixture *f, run_fn *command,
                    const char *spec) {
  _cleanup_error_ struct error err = {0};
  FILE *log = fopen(f->log, "w");
  struct cli cli = {.state_dir = f->state, .log = {.out = log}};
  optind = 0;
  int r = command(&cli, spec, &err);
  error_print(&err, "kubeseed", log);
  (void)fclose(log);
  return r < 0 ? (int)err.kind : 0;
}

/* Runs a command in a process; its wait status, in which 99 is that it did not
 * mind that the disk was full. */
static int run(const struct fixture *f, run_fn *command, const char *spec,
               enum ending ending, long at) {
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    atomic_store(&fate.calls, 0);
    fate.at = at;
    fate.ending = ending;
    int r = run_here(f, command, spec);
    fate.ending = NONE;
    if (*memory.fault && file_write(f->log, memory.fault, strlen(memory.fault),
                                    0600, &(struct error){0}) == 0)
      _exit(98);
    _exit(r == 0 && ending != NONE && atomic_load(&fate.calls) >= at ? 99 : r);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return status;
}

static void must_run(const struct fixture *f, const char *spec, long at) {
  int status = run(f, seed, spec, NONE, 0);
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf log = {0};
  assert_int_equal(file_read(f->log, 65536, &log, &err), 0);
  /* That is for states that others left. */
  if (strstr(log.data, "left keys"))
    fail_msg("after change %ld keys are not whole: %s", at, log.data);
  if (status != 0)
    fail_msg("after change %ld the next run fails: %s", at, log.data);
}

/* ---- Folders ---- */

static void copy_tree(const char *from, const char *to) {
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(to, &err), 0);
  if (!file_exists(from))
    return;
  pid_t pid = fork();
  if (pid == 0) {
    execlp("cp", "cp", "-a", from, to, NULL);
    _exit(127);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

/* The file's content as a string, "" when there is none. */
static char *content(const char *dir, const char *name) {
  _cleanup_error_ struct error err = {0};
  struct buf b = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  return file_read(path, 65536, &b, &err) < 0 ? xstrdup("") : b.data;
}

static const char *const PAIRS[][2] = {
    {"pki/ca.key", "pki/ca.crt"},
    {"pki/etcd/ca.key", "pki/etcd/ca.crt"},
    {"pki/front-proxy-ca.key", "pki/front-proxy-ca.crt"},
    {"pki/sa.key", "pki/sa.pub"},
    {"pki/admin.key", "pki/admin.crt"},
    {"pki/ssh-ca/ca", "pki/ssh-ca/ca.pub"},
    {"pki/token", "pki/token"},
    {"pki/ssh-host.secret", "pki/created"},
};

struct kept {
  char *text[ARRAY_SIZE(PAIRS)][2];
};

static void kept_done(struct kept *k) {
  for (size_t i = 0; i < ARRAY_SIZE(PAIRS); i++)
    for (int h = 0; h < 2; h++)
      free(k->text[i][h]);
}

static void look(const char *dir, struct kept *k) {
  for (size_t i = 0; i < ARRAY_SIZE(PAIRS); i++)
    for (int h = 0; h < 2; h++)
      k->text[i][h] = content(dir, PAIRS[i][h]);
}

/* Pairs that were whole are as they were. */
static void compare(const struct kept *before, const char *dir, long at) {
  _cleanup_(kept_done) struct kept now = {0};
  look(dir, &now);
  for (size_t i = 0; i < ARRAY_SIZE(PAIRS); i++)
    for (int h = 0; h < 2; h++)
      if (*before->text[i][0] && *before->text[i][1] &&
          strcmp(before->text[i][h], now.text[i][h]) != 0)
        fail_msg("after change %ld '%s' is another one", at, PAIRS[i][h]);
}

static int nothing_odd(const struct layout_item *item, void *arg,
                       struct error *err) {
  (void)arg;
  if (!item->row || item->temporary || strcmp(item->path, "pki/commit") == 0)
    return error_set(err, 0, "'%s' is left", item->path);
  return 0;
}

static void must_be_clean(const struct fixture *f, long at) {
  _cleanup_error_ struct error err = {0};
  if (layout_walk(f->state, LAYOUT_ALL, nothing_odd, NULL, &err) < 0)
    fail_msg("after change %ld %s", at, err.faults[0].msg);
}

static void must_have(const char *dir, const char *name) {
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  if (!file_exists(path))
    fail_msg("no '%s'", path);
}

/* ---- The grid ---- */

/* Whether the last run has told it. */
static bool has_told(const struct fixture *f, const char *words) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf log = {0};
  assert_int_equal(file_read(f->log, 65536, &log, &err), 0);
  return strstr(log.data, words);
}

/* Ends runs with this spec, that begin with f->before, at each change. What is
 * to be told is told by such a run or by the next one. */
static void end_everywhere(const struct fixture *f, const char *spec,
                           enum ending ending, const char *told) {
  _cleanup_(kept_done) struct kept original = {0};
  look(f->before, &original);
  for (long at = 1;; at++) {
    copy_tree(f->before, f->state);
    int status = run(f, seed, spec, ending, at);
    if (status == 0) {
      assert_true(at > 10); /* it has run to its end without coming so far */
      return;
    }
    bool ended = ending == KILLED ? WIFSIGNALED(status)
                                  : WIFEXITED(status) &&
                                        (WEXITSTATUS(status) == ERROR_FAILED ||
                                         WEXITSTATUS(status) == ERROR_MISSING ||
                                         WEXITSTATUS(status) == 99);
    if (!ended)
      fail_msg("at change %ld it ended with status %x", at, (unsigned)status);
    compare(&original, f->state, at);
    bool is_told = has_told(f, told);
    _cleanup_(kept_done) struct kept half = {0};
    look(f->state, &half);
    must_run(f, spec, at);
    if (!is_told && !has_told(f, told))
      fail_msg("after change %ld nobody told: %s", at, told);
    compare(&original, f->state, at);
    compare(&half, f->state, at);
    must_be_clean(f, at);
    must_have(f->state, "pki/nodes/m1/etcd-peer.crt");
    must_have(f->state, "seeds/m1.iso");
    must_have(f->state, "seeds/w1.iso");
  }
}

static void test_fresh(void **state) {
  const struct fixture *f = *state;
  end_everywhere(f, f->spec, KILLED, "");
}

static void test_fresh_on_a_full_disk(void **state) {
  const struct fixture *f = *state;
  end_everywhere(f, f->spec, FULL, "");
}

static void make_state(const struct fixture *f) {
  must_run(f, f->spec, 0);
  copy_tree(f->state, f->before);
}

#define RENEWED "the certificates for etcd of"

static void test_moved(void **state) {
  const struct fixture *f = *state;
  make_state(f);
  end_everywhere(f, f->moved, KILLED, RENEWED);
}

static void test_moved_on_a_full_disk(void **state) {
  const struct fixture *f = *state;
  make_state(f);
  end_everywhere(f, f->moved, FULL, RENEWED);
}

/* ---- The end of a state ---- */

static const char *const THEIRS[] = {"notes", "pki/notes", "pki/ca.key.backup"};

static char *path_in(const char *dir, const char *name) {
  return xasprintf("%s/%s", dir, name);
}

static int only_ours_last(const struct layout_item *item, void *arg,
                          struct error *err) {
  const bool *lock_may_be = arg;
  if (!item->row || item->row->folder ||
      (*lock_may_be && strcmp(item->path, LAYOUT_LOCK) == 0))
    return 0;
  return error_set(err, 0, "'%s' is there without the marker", item->path);
}

/* The marker goes when all else has gone but the lock, and the lock then. */
static void must_end_in_order(const struct fixture *f, bool ended, long at) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *marker = path_in(f->state, LAYOUT_MARKER);
  _cleanup_free_ char *lock = path_in(f->state, LAYOUT_LOCK);
  bool lock_may_be = !ended;
  if (file_exists(marker) && !file_exists(lock))
    fail_msg("after change %ld the lock is gone before the marker", at);
  if (file_exists(f->state) && !file_exists(marker) &&
      layout_walk(f->state, LAYOUT_ALL, only_ours_last, &lock_may_be, &err) < 0)
    fail_msg("after change %ld %s", at, err.faults[0].msg);
}

static void put_theirs(const char *dir) {
  _cleanup_error_ struct error err = {0};
  for (size_t i = 0; i < ARRAY_SIZE(THEIRS); i++) {
    _cleanup_free_ char *path = path_in(dir, THEIRS[i]);
    assert_int_equal(file_write(path, "mine", 4, 0600, &err), 0);
  }
}

static void must_have_theirs(const char *dir) {
  for (size_t i = 0; i < ARRAY_SIZE(THEIRS); i++) {
    _cleanup_free_ char *now = content(dir, THEIRS[i]);
    assert_string_equal(now, "mine");
  }
}

/* A state without marker is known by these, or by what its lock says. */
static bool is_known(const char *dir) {
  _cleanup_free_ char *lock = content(dir, LAYOUT_LOCK);
  _cleanup_free_ char *created = path_in(dir, "pki/created");
  _cleanup_free_ char *ca = path_in(dir, "pki/ssh-ca/ca.pub");
  _cleanup_free_ char *marker = path_in(dir, LAYOUT_MARKER);
  return file_exists(marker) || *lock ||
         (file_exists(created) && file_exists(ca));
}

/* Another `destroy --all` ends what was begun, or a `seed` begins anew. With
 * theirs in the folder it is nobody's once the marker has gone. */
static void must_go_on(const struct fixture *f, run_fn *command, bool theirs,
                       long at) {
  bool refused = theirs && !is_known(f->state);
  _cleanup_free_ char *lock = path_in(f->state, LAYOUT_LOCK);
  if (refused && file_exists(lock))
    fail_msg("after change %ld nobody knows whose the lock is", at);
  int status = run(f, command, f->spec, NONE, 0);
  if (!WIFEXITED(status) ||
      WEXITSTATUS(status) != (refused ? ERROR_USAGE : ERROR_NONE)) {
    _cleanup_free_ char *log = content(f->dir, "log");
    fail_msg("after change %ld the next run: %x, %s", at, (unsigned)status,
             log);
  }
  if (theirs)
    must_have_theirs(f->state);
  if (command == destroy && !refused)
    must_end_in_order(f, true, at);
  if (command == destroy && !theirs)
    assert_false(file_exists(f->state));
}

static void end_destruction_everywhere(const struct fixture *f, bool theirs) {
  for (long at = 1;; at++) {
    copy_tree(f->before, f->state);
    int status = run(f, destroy, f->spec, KILLED, at);
    if (theirs)
      must_have_theirs(f->state);
    if (status == 0) {
      assert_true(at > 20);
      return;
    }
    must_end_in_order(f, false, at);
    /* The other one when the folder of somebody else's is there, or is not. */
    must_go_on(f, (at % 2 == 0) == theirs ? destroy : seed, theirs, at);
  }
}

static void test_destroyed(void **state) {
  const struct fixture *f = *state;
  make_state(f);
  end_destruction_everywhere(f, false);
  put_theirs(f->before);
  end_destruction_everywhere(f, true);
}

/* One of an older kubeseed, which is known by its keys alone. */
static void test_destroyed_without_marker(void **state) {
  const struct fixture *f = *state;
  _cleanup_free_ char *marker = path_in(f->before, LAYOUT_MARKER);
  make_state(f);
  put_theirs(f->before);
  assert_int_equal(unlink(marker), 0);
  for (long at = 1;; at++) {
    copy_tree(f->before, f->state);
    int status = run(f, destroy, f->spec, KILLED, at);
    if (status == 0) {
      assert_true(at > 20);
      return;
    }
    if (!is_known(f->state))
      must_end_in_order(f, false, at);
    must_go_on(f, destroy, true, at);
  }
}

/* ---- */

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = new_folder_in_memory();
  f->spec = xasprintf("%s/spec.yaml", f->dir);
  f->moved = xasprintf("%s/moved.yaml", f->dir);
  f->state = xasprintf("%s/state", f->dir);
  f->before = xasprintf("%s/before", f->dir);
  f->log = xasprintf("%s/log", f->dir);
  write_spec(f->spec, 31);
  write_spec(f->moved, 51);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(f->dir, &err), 0);
  free(f->dir);
  free(f->spec);
  free(f->moved);
  free(f->state);
  free(f->before);
  free(f->log);
  free(f);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
      T(test_fresh),     T(test_fresh_on_a_full_disk),
      T(test_moved),     T(test_moved_on_a_full_disk),
      T(test_destroyed), T(test_destroyed_without_marker),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
