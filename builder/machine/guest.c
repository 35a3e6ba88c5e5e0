/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/guest.h"

#include "base/file.h"
#include "base/mem.h"
#include "image/recipe.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#define INIT "/lib/systemd/systemd"
/* Any folder will do to mount the root on; this one every state has. */
#define ROOT "run"
#define API_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define RECIPE "images/container"
#define OURS "run/kubeseed-host"
#define UUID_MAX ((size_t)64)

/* ---- Mounting ---- */

static int do_mount(const char *from, const char *to, const char *type,
                    unsigned long flags, const char *data, struct error *err) {
  if (mount(from, to, type, flags, data) < 0)
    return error_set(err, errno, "cannot mount '%s' of the machine", to);
  return 0;
}

static int bind(const char *from, const char *to, struct error *err) {
  return do_mount(from, to, NULL, MS_BIND, NULL, err);
}

/* What is mounted there is from now on for reading. */
static int freeze(const char *at, unsigned long flags, struct error *err) {
  return do_mount(NULL, at, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags,
                  NULL, err);
}

static int make_file(const char *path, const char *text, struct error *err) {
  _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
    return error_set(err, errno, "cannot write '%s' of the machine", path);
  return 0;
}

static int make_root(const struct guest *g, struct error *err) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return error_set(err, errno, "cannot make mounts private");
  /* As QEMU's cache=unsafe: what the machine syncs is in its disk's file, where
   * its own power cuts do not reach it, and the host's disk is not waited for.
   */
  if (do_mount(g->device, ROOT, "ext4", MS_NOATIME, "barrier=0", err) < 0)
    return -1;
  if (chdir(ROOT) < 0)
    return error_set(err, errno, "cannot enter the machine's root");
  return do_mount("proc", "proc", "proc", API_FLAGS, NULL, err) < 0 ||
                 do_mount("sysfs", "sys", "sysfs", API_FLAGS | MS_RDONLY, NULL,
                          err) < 0 ||
                 do_mount("tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV,
                          "mode=0755", err) < 0
             ? -1
             : 0;
}

/* ---- /dev ---- */

static int make_nodes(struct error *err) {
  static const struct {
    const char *path;
    mode_t mode;
    unsigned type, number; /* the device, major and minor */
  } nodes[] = {
      {"dev/null", 0666, 1, 3},
      {"dev/zero", 0666, 1, 5},
      {"dev/full", 0666, 1, 7},
      {"dev/random", 0666, 1, 8},
      {"dev/urandom", 0666, 1, 9},
      {"dev/tty", 0666, 5, 0},
      /* The kubelet insists on it, but it would be the host's: another null. */
      {"dev/kmsg", 0600, 1, 3},
  };
  for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
    if (mknod(nodes[i].path, S_IFCHR | nodes[i].mode,
              makedev(nodes[i].type, nodes[i].number)) < 0)
      return error_set(err, errno, "cannot make '%s' of the machine",
                       nodes[i].path);
  return 0;
}

static int make_links(struct error *err) {
  static const struct {
    const char *to, *path;
  } links[] = {
      {"/proc/self/fd", "dev/fd"},
      {"/proc/self/fd/0", "dev/stdin"},
      {"/proc/self/fd/1", "dev/stdout"},
      {"/proc/self/fd/2", "dev/stderr"},
      {"pts/ptmx", "dev/ptmx"},
      /* The image's cloud-init waits for it; the seed's files lie elsewhere. */
      {"/dev/null", "dev/disk/by-label/cidata"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(links); i++)
    if (symlink(links[i].to, links[i].path) < 0)
      return error_set(err, errno, "cannot make '%s' of the machine",
                       links[i].path);
  return 0;
}

static int make_dev(const struct guest *g, struct error *err) {
  static const char *const dirs[] = {"dev/pts", "dev/shm", "dev/mqueue",
                                     "dev/disk", "dev/disk/by-label"};
  if (do_mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=0755",
               err) < 0)
    return -1;
  for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
    if (mkdir(dirs[i], 0755) < 0)
      return error_set(err, errno, "cannot make '%s' of the machine", dirs[i]);
  if (make_nodes(err) < 0 || make_links(err) < 0 ||
      make_file("dev/console", "", err) < 0 ||
      do_mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
               "newinstance,ptmxmode=0666,mode=0620,gid=5", err) < 0 ||
      do_mount("tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777",
               err) < 0)
    return -1;
  return bind(g->console, "dev/console", err);
}

/* ---- What belongs to the host ---- */

/*
 * A node sets these, the kubelet among others refuses to run where it cannot,
 * and each would be the host's. So it sets a file that is bound over them and
 * holds what it wants already.
 */
static int make_copies(struct error *err) {
  static const struct {
    const char *path, *name, *value;
  } copies[] = {
      {"proc/sys/kernel/panic", "panic", "10\n"},
      {"proc/sys/kernel/panic_on_oops", "panic_on_oops", "1\n"},
      {"proc/sys/kernel/keys/root_maxkeys", "maxkeys", "1000000\n"},
      {"proc/sys/kernel/keys/root_maxbytes", "maxbytes", "25000000\n"},
      {"proc/sys/vm/overcommit_memory", "overcommit", "1\n"},
      {"proc/sys/vm/panic_on_oom", "panic_on_oom", "0\n"},
      {"proc/sys/fs/inotify/max_user_instances", "instances", "8192\n"},
      {"proc/sys/fs/inotify/max_user_watches", "watches", "524288\n"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
    _cleanup_free_ char *copy = xasprintf(OURS "/%s", copies[i].name);
    if (access(copies[i].path, F_OK) == 0 &&
        (make_file(copy, copies[i].value, err) < 0 ||
         bind(copy, copies[i].path, err) < 0))
      return -1;
  }
  return 0;
}

/* Each boot has a number, by which programs know that there was one; the kernel
 * makes another at every look at uuid. */
static int make_boot_id(struct error *err) {
  static const char path[] = "proc/sys/kernel/random/boot_id";
  _cleanup_buf_ struct buf b = {0};
  if (file_read("proc/sys/kernel/random/uuid", UUID_MAX, &b, err) < 0 ||
      make_file(OURS "/boot_id", b.data ? b.data : "", err) < 0)
    return -1;
  return bind(OURS "/boot_id", path, err) < 0 ? -1 : freeze(path, 0, err);
}

/* The kubelet and others tell machines apart by it, and it would be the host's
 * in all of them. Not every host has a firmware that tells one. */
static int make_board(const struct guest *g, struct error *err) {
  static const char path[] = "sys/class/dmi/id/product_uuid";
  if (access(path, F_OK) < 0)
    return 0;
  _cleanup_free_ char *text = xasprintf("%s\n", g->uuid);
  if (make_file(OURS "/product_uuid", text, err) < 0 ||
      bind(OURS "/product_uuid", path, err) < 0)
    return -1;
  return freeze(path, API_FLAGS, err);
}

/* Some kernels have no such key to press. */
static int guard_sysrq(struct error *err) {
  static const char path[] = "proc/sysrq-trigger";
  if (access(path, F_OK) < 0)
    return 0;
  return bind(path, path, err) < 0 ? -1 : freeze(path, API_FLAGS, err);
}

static int guard_host(struct error *err) {
  if (mkdir(OURS, 0755) < 0)
    return error_set(err, errno, "cannot make '" OURS "' of the machine");
  if (bind("proc/sys", "proc/sys", err) < 0 ||
      bind("proc/sys/net", "proc/sys/net", err) < 0 ||
      freeze("proc/sys", API_FLAGS, err) < 0)
    return -1;
  return guard_sysrq(err) < 0 || make_copies(err) < 0 ? -1 : make_boot_id(err);
}

/* Not even what root here starts may load modules, set the clock or empty the
 * kernel's log. */
static int drop_capabilities(struct error *err) {
  static const int dropped[] = {CAP_SYS_MODULE, CAP_SYS_TIME,  CAP_SYS_RAWIO,
                                CAP_WAKE_ALARM, CAP_MAC_ADMIN, CAP_MAC_OVERRIDE,
                                CAP_SYSLOG};
  for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
    if (prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0) < 0)
      return error_set(err, errno, "cannot drop a capability");
  return 0;
}

/* ---- The seed, and what is otherwise in a container ---- */

#define SEED "var/lib/cloud/seed/nocloud"

/* The folder above it is cloud-init's, which sets its mode. */
static int lay_seed(const struct iso_volume *seed, struct error *err) {
  if (file_mkdirs(SEED, 0755, err) < 0 ||
      do_mount("tmpfs", SEED, "tmpfs", API_FLAGS, "mode=0700", err) < 0)
    return -1;
  for (size_t i = 0; i < seed->files.n; i++) {
    const struct iso_file *f = &seed->files.v[i];
    _cleanup_free_ char *path = xasprintf(SEED "/%s", f->name);
    if (file_write(path, f->data, f->len, 0400, err) < 0)
      return -1;
  }
  return freeze(SEED, API_FLAGS, err);
}

/* ---- Init ---- */

static int enter_root(struct error *err) {
  if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
      chdir("/") < 0)
    return error_set(err, errno, "cannot change to the machine's root");
  return 0;
}

static int take_console(struct error *err) {
  _cleanup_close_ int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return error_set(err, errno, "cannot open the machine's console");
  if (setsid() < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
    return error_set(err, errno, "cannot take the machine's console");
  return 0;
}

static int run_init(const struct guest *g, struct error *err) {
  _cleanup_free_ char *uuid = xasprintf("container_uuid=%s", g->uuid);
  char *argv[] = {(char[]){INIT}, NULL};
  char *envp[] = {(char[]){"container=kubeseed"}, uuid, (char[]){"TERM=vt220"},
                  NULL};
  (void)umask(022);
  /* A failure must still be told to the launcher. */
  _cleanup_close_ int stderr_fd = fcntl(2, F_DUPFD_CLOEXEC, 10);
  if (drop_capabilities(err) < 0 || take_console(err) < 0)
    return -1;
  execve(INIT, argv, envp);
  int e = errno;
  (void)dup2(stderr_fd, 2);
  return error_set(err, e, "cannot run the machine's '" INIT "'");
}

int guest_exec(const struct guest *g, struct error *err) {
  if (unshare(CLONE_NEWCGROUP) < 0)
    return error_set(err, errno, "cannot make a cgroup namespace");
  (void)umask(0);
  if (make_root(g, err) < 0 || make_dev(g, err) < 0 ||
      cgroup_mount(g->cgroups, "sys/fs/cgroup", err) < 0 ||
      guard_host(err) < 0 || make_board(g, err) < 0 ||
      lay_seed(g->seed, err) < 0 || recipe_unpack(RECIPE, "run", err) < 0 ||
      enter_root(err) < 0)
    return -1;
  return run_init(g, err);
}
