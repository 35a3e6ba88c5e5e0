/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What guest_exec asks the kernel for, in its order: the functions of libc that
 * take root are defined here, and write down what they are called with. That
 * the kernel then does it shows in tests/rack.
 */
#include "base/file.h"
#include "base/mem.h"
#include "machine/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

/* ---- The kernel ---- */

static struct {
  int to;       /* what is written down goes there */
  long calls;   /* so many there were */
  long refused; /* the one that fails, from 1 */
} kernel;

static int asked(const char *format, ...) _printf_(1, 2);

static int asked(const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  assert_true(vdprintf(kernel.to, format, ap) > 0);
  va_end(ap);
  errno = EPERM;
  return ++kernel.calls == kernel.refused ? -1 : 0;
}

int mount(const char *from, const char *to, const char *type,
          unsigned long flags, const void *data) {
  static const struct {
    unsigned long flag;
    const char *name;
  } names[] = {
      {MS_RDONLY, " ro"},       {MS_NOSUID, " nosuid"},
      {MS_NODEV, " nodev"},     {MS_NOEXEC, " noexec"},
      {MS_NOATIME, " noatime"}, {MS_STRICTATIME, " strictatime"},
      {MS_BIND, " bind"},       {MS_REMOUNT, " remount"},
      {MS_PRIVATE, " private"}, {MS_REC, " rec"},
  };
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    if (flags & names[i].flag)
      buf_adds(&b, names[i].name);
    flags &= ~names[i].flag;
  }
  assert_int_equal(flags, 0);
  return asked("mount %s %s %s%s %s\n", from ? from : "-", to,
               type ? type : "-", b.data ? b.data : "",
               data ? (const char *)data : "-");
}

int umount2(const char *path, int flags) {
  return asked("umount %s %s\n", path, flags == MNT_DETACH ? "detach" : "?");
}

int unshare(int flags) {
  return asked("unshare %s\n", flags == CLONE_NEWCGROUP ? "cgroup" : "?");
}

int mknod(const char *path, mode_t mode, dev_t dev) {
  assert_true(S_ISCHR(mode));
  return asked("mknod %s %o %u:%u\n", path, mode & 07777u, major(dev),
               minor(dev));
}

int prctl(int option, ...) {
  va_list ap;
  va_start(ap, option);
  int arg = va_arg(ap, int);
  va_end(ap);
  return asked("prctl %s %d\n", option == PR_CAPBSET_DROP ? "drop" : "?", arg);
}

pid_t setsid(void) {
  return asked("setsid\n");
}

/* Of libcrypto's as well. */
long syscall(long number, ...) {
  if (number == SYS_pivot_root)
    return asked("pivot_root\n");
  errno = ENOSYS;
  return -1;
}

/* The console is this machine's once the root has not been changed. */
int open(const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
  va_end(ap);
  if (strcmp(path, "/dev/console") == 0) {
    if (asked("console %s\n", flags & O_NOCTTY ? "noctty" : "?") < 0)
      return -1;
    path = "/dev/null";
  }
  return openat(AT_FDCWD, path, flags, mode);
}

int execve(const char *path, char *const argv[], char *const envp[]) {
  (void)asked("execve %s", path);
  for (size_t i = 1; argv[i]; i++)
    (void)asked(" %s", argv[i]);
  for (size_t i = 0; envp[i]; i++)
    (void)asked(" %s", envp[i]);
  (void)asked("\n");
  errno = ENOEXEC;
  return -1;
}

/* ---- A root ---- */

struct fixture {
  char *dir;
  char *out; /* what was asked for, and the error */
  struct cgroup_tree tree[2];
  struct cgroup_vec cgroups;
};

static const char *const FILES[] = {
    "proc/sys/kernel/panic",          "proc/sys/kernel/panic_on_oops",
    "proc/sys/vm/overcommit_memory",  "proc/sysrq-trigger",
    "proc/sys/kernel/random/boot_id",
};

static void put(const char *dir, const char *name, const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  _cleanup_free_ char *parent = xstrndup(path, strrchr(path, '/') - path);
  check_ok(file_mkdirs(parent, 0755, &err), &err);
  check_ok(file_write(path, text, strlen(text), 0644, &err), &err);
}

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  char *dir = new_folder();
  f->dir = dir;
  f->out = xasprintf("%s/out", dir);
  static char unified[] = "/sys/fs/cgroup", cpu[] = "/sys/fs/cgroup/cpu";
  static char none[] = "", both[] = "cpu,cpuacct";
  f->tree[0] = (struct cgroup_tree){unified, none, true};
  f->tree[1] = (struct cgroup_tree){cpu, both, false};
  f->cgroups = (struct cgroup_vec){.v = f->tree, .n = 1};
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  check_ok(file_remove_tree(f->dir, &err), &err);
  free(f->dir);
  free(f->out);
  free(f);
  return 0;
}

/* The folder that is mounted on: "run", in which the root's folders are. */
static void make_root(const struct fixture *f) {
  static const char *const dirs[] = {"sys/fs/cgroup", "run", "dev"};
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *root = xasprintf("%s/run", f->dir);
  check_ok(file_remove_tree(root, &err), &err);
  for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
    _cleanup_free_ char *path = xasprintf("%s/%s", root, dirs[i]);
    check_ok(file_mkdirs(path, 0755, &err), &err);
  }
  for (size_t i = 0; i < ARRAY_SIZE(FILES); i++)
    put(root, FILES[i], "the host's");
  put(root, "proc/sys/kernel/random/uuid", "a-boot\n");
}

static void run_guest(const struct fixture *f) {
  struct iso_file file = {
      .name = (char[]){"user-data"}, .data = "hi", .len = 2};
  const struct iso_volume seed = {.files = {.v = &file, .n = 1}};
  const struct guest g = {.device = "/dev/loop7p1",
                          .console = "/dev/pts/3",
                          .uuid = "1-2",
                          .seed = &seed,
                          .cgroups = &f->cgroups};
  _cleanup_error_ struct error err = {0};
  int r = guest_exec(&g, &err);
  dprintf(kernel.to, "%d, %zu: %s\n", r, err.n_faults,
          err.n_faults ? err.faults[0].msg : "");
}

/* guest_exec in a process of its own, with that call refused, or 0. What it
 * asked for and its result; the caller frees. */
static char *outcome(const struct fixture *f, long refused) {
  make_root(f);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    kernel.refused = refused;
    kernel.to = open(f->out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (kernel.to < 0 || chdir(f->dir) < 0)
      _exit(1);
    (void)umask(077); /* which it must not keep */
    run_guest(f);
    _exit(0);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  _cleanup_error_ struct error err = {0};
  struct buf b = {0};
  check_ok(file_read(f->out, 65536, &b, &err), &err);
  return buf_take(&b);
}

/* ---- Tests ---- */

#define API "nosuid nodev noexec"

static const char EXPECTED[] =
    "unshare cgroup\n"
    "mount - / - private rec -\n"
    "mount /dev/loop7p1 run ext4 noatime barrier=0\n"
    "mount proc proc proc " API " -\n"
    "mount sysfs sys sysfs ro " API " -\n"
    "mount tmpfs run tmpfs nosuid nodev mode=0755\n"
    "mount tmpfs dev tmpfs nosuid strictatime mode=0755\n"
    "mknod dev/null 666 1:3\n"
    "mknod dev/zero 666 1:5\n"
    "mknod dev/full 666 1:7\n"
    "mknod dev/random 666 1:8\n"
    "mknod dev/urandom 666 1:9\n"
    "mknod dev/tty 666 5:0\n"
    "mknod dev/kmsg 600 1:3\n" /* not 1:11, the host's */
    "mount devpts dev/pts devpts nosuid noexec "
    "newinstance,ptmxmode=0666,mode=0620,gid=5\n"
    "mount tmpfs dev/shm tmpfs nosuid nodev mode=1777\n"
    "mount /dev/pts/3 dev/console - bind -\n"
    "mount cgroup2 sys/fs/cgroup cgroup2 " API " -\n"
    /* What is the host's is for reading, but for net, which is not. */
    "mount proc/sys proc/sys - bind -\n"
    "mount proc/sys/net proc/sys/net - bind -\n"
    "mount - proc/sys - ro " API " bind remount -\n"
    "mount proc/sysrq-trigger proc/sysrq-trigger - bind -\n"
    "mount - proc/sysrq-trigger - ro " API " bind remount -\n"
    "mount run/kubeseed-host/panic proc/sys/kernel/panic - bind -\n"
    "mount run/kubeseed-host/panic_on_oops proc/sys/kernel/panic_on_oops - "
    "bind -\n"
    "mount run/kubeseed-host/overcommit proc/sys/vm/overcommit_memory - bind "
    "-\n"
    "mount run/kubeseed-host/boot_id proc/sys/kernel/random/boot_id - bind -\n"
    "mount - proc/sys/kernel/random/boot_id - ro bind remount -\n"
    "mount tmpfs var/lib/cloud/seed/nocloud tmpfs " API " mode=0700\n"
    "mount - var/lib/cloud/seed/nocloud - ro " API " bind remount -\n"
    "pivot_root\n"
    "umount . detach\n"
    "prctl drop 16\n" /* CAP_SYS_MODULE and the others */
    "prctl drop 25\n"
    "prctl drop 17\n"
    "prctl drop 35\n"
    "prctl drop 33\n"
    "prctl drop 32\n"
    "prctl drop 34\n"
    "console noctty\n"
    "setsid\n"
    "execve /lib/systemd/systemd container=kubeseed container_uuid=1-2 "
    "TERM=vt220\n"
    "-1, 1: cannot run the machine's '/lib/systemd/systemd': "
    "Exec format error\n";

static void test_asks(void **state) {
  const struct fixture *f = *state;
  _cleanup_free_ char *said = outcome(f, 0);
  assert_string_equal(said, EXPECTED);
}

/* Where the host has more than the unified hierarchy, or another. */
static void test_cgroups(void **state) {
  struct fixture *f = *state;
#define V1                                                                     \
  "mount tmpfs sys/fs/cgroup tmpfs " API " mode=0755\n%s"                      \
  "mount cgroup sys/fs/cgroup/cpu cgroup " API " cpu,cpuacct\n"
  static char path[] = "/sys/fs/cgroup/unified";
  _cleanup_free_ char *two =
      xasprintf(V1, "mount cgroup2 sys/fs/cgroup/unified cgroup2 " API " -\n");
  _cleanup_free_ char *one = xasprintf(V1, "");
  f->tree[0].path = path;
  f->cgroups.n = 2;
  _cleanup_free_ char *said = outcome(f, 0);
  assert_non_null(strstr(said, two));
  f->cgroups = (struct cgroup_vec){.v = f->tree + 1, .n = 1};
  _cleanup_free_ char *again = outcome(f, 0);
  assert_non_null(strstr(again, one));
}

/* Nothing is begun when one of them is refused. */
static void test_refused(void **state) {
  const struct fixture *f = *state;
  for (long n = 1;; n++) {
    _cleanup_free_ char *said = outcome(f, n);
    if (strstr(said, "execve")) {
      assert_true(n > 40);
      return;
    }
    if (!strstr(said, "\n-1, 1: cannot ") ||
        !strstr(said, "Operation not permitted\n"))
      fail_msg("with call %ld refused: %s", n, said);
  }
}

static void check_file(const struct fixture *f, const char *name, mode_t mode,
                       const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = xasprintf("%s/run/%s", f->dir, name);
  _cleanup_buf_ struct buf b = {0};
  struct stat st;
  assert_int_equal(lstat(path, &st), 0);
  assert_int_equal(st.st_mode & 07777, mode);
  if (!text)
    return;
  check_ok(file_read(path, 100, &b, &err), &err);
  assert_string_equal(b.data ? b.data : "", text);
}

static void test_files(void **state) {
  const struct fixture *f = *state;
  static const char *const links[][2] = {
      {"dev/fd", "/proc/self/fd"},
      {"dev/stdin", "/proc/self/fd/0"},
      {"dev/stdout", "/proc/self/fd/1"},
      {"dev/stderr", "/proc/self/fd/2"},
      {"dev/ptmx", "pts/ptmx"},
      {"dev/disk/by-label/cidata", "/dev/null"},
  };
  _cleanup_free_ char *said = outcome(f, 0);
  for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
    _cleanup_free_ char *path = xasprintf("%s/run/%s", f->dir, links[i][0]);
    char to[100] = {0};
    assert_true(readlink(path, to, sizeof(to) - 1) > 0);
    assert_string_equal(to, links[i][1]);
  }
  check_file(f, "dev/console", 0644, "");
  check_file(f, "run/kubeseed-host", 0755, NULL);
  check_file(f, "run/kubeseed-host/panic", 0644, "10\n");
  check_file(f, "run/kubeseed-host/overcommit", 0644, "1\n");
  check_file(f, "run/kubeseed-host/boot_id", 0644, "a-boot\n");
  check_file(f, "run/kubeseed-host/fit-kubeadm", 0755, NULL);
  check_file(f, "var/lib/cloud/seed/nocloud", 0755, NULL);
  check_file(f, "var/lib/cloud/seed/nocloud/user-data", 0400, "hi");
  /* This kernel has them not, so there is nothing to bind them over. */
  _cleanup_free_ char *none =
      xasprintf("%s/run/run/kubeseed-host/watches", f->dir);
  assert_false(file_exists(none));
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
      T(test_asks),
      T(test_cgroups),
      T(test_refused),
      T(test_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
