/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Machines as system containers: the image's disk and the seed as under QEMU,
 * but this host's kernel. container.h tells how; its launcher is the machine's
 * process. It is run in the state folder with relative paths.
 *
 *   disks/NODE.raw          see rawdisk.h
 *   run/NODE.pid            written by the launcher
 *   run/NODE.console        its socket
 *   run/NODE.begun          a start that is not known to have ended
 *   logs/NODE.container     what the launcher itself said
 */
#include "machine/kind.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "machine/cgroup.h"
#include "machine/container.h"
#include "machine/monitor.h"
#include "machine/rawdisk.h"
#include "machine/terminal.h"
#include "state/layout.h"
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_SUFFIX "container"
#define START_SECONDS 60.0
#define STOP_SECONDS 20.0
#define FILESYSTEMS_MAX ((size_t)64 << 10)

/* ---- The host ---- */

/* What the guests' programs need of a kernel that may have it as a module. No
 * module is loaded from here: what the host's kernel holds is the host's. All
 * that are missing are named at once, as modprobe takes them. */
static int check_kernel(struct error *err) {
  static const struct {
    const char *path, *module;
  } parts[] = {{"/proc/sys/net/bridge", "br_netfilter"},
               {"/proc/sys/net/netfilter", "nf_conntrack"},
               {"/dev/loop-control", "loop"}};
  _cleanup_buf_ struct buf filesystems = {0};
  _cleanup_buf_ struct buf missing = {0};
  for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
    if (!file_exists(parts[i].path))
      buf_addf(&missing, " %s", parts[i].module);
  if (file_read("/proc/filesystems", FILESYSTEMS_MAX, &filesystems, err) < 0)
    return -1;
  if (!filesystems.data || !strstr(filesystems.data, "\toverlay\n"))
    buf_addf(&missing, " overlay");
  if (missing.len > 0)
    return error_missing(err,
                         "the kernel's modules are not loaded; as root: "
                         "modprobe -a%s",
                         missing.data);
  if (!file_exists("/proc/self/ns/cgroup"))
    return error_missing(err, "this kernel has no '/proc/self/ns/cgroup'");
  return 0;
}

/* Root of a container may be root in name alone. */
static int check_rights(struct error *err) {
  static const struct {
    unsigned number;
    const char *name;
  } needed[] = {{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
                {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                {CAP_MKNOD, "CAP_MKNOD"}};
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
  if (geteuid() != 0)
    return error_missing(err, "containers are machines that only root can "
                              "make (sudo kubeseed ...)");
  if (syscall(SYS_capget, &head, data) < 0)
    return error_set(err, errno, "cannot ask for our capabilities");
  for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
    if (!(data[CAP_TO_INDEX(needed[i].number)].effective &
          CAP_TO_MASK(needed[i].number)))
      return error_missing(err, "root has no %s here, which containers take",
                           needed[i].name);
  return 0;
}

/* Its machines have groups below each of the host's. */
static int check_groups(struct error *err) {
  _cleanup_cgroups_ struct cgroup_vec trees = {0};
  if (cgroup_find(&trees, err) < 0)
    return -1;
  for (size_t i = 0; i < trees.n; i++)
    if (access(trees.v[i].path, W_OK) < 0)
      return error_missing(err, "no control group can be made in '%s': %s",
                           trees.v[i].path, strerror(errno));
  return 0;
}

static int check_host(struct machine_host *ret, struct error *err) {
  if (check_rights(err) < 0 || process_require("ip", "iproute2", err) < 0 ||
      process_require("qemu-img", "qemu-utils", err) < 0 ||
      process_require("resize2fs", "e2fsprogs", err) < 0 ||
      check_kernel(err) < 0 || check_groups(err) < 0)
    return -1;
  ret->kvm = false;
  ret->how =
      xstrdup("this host's kernel, as containers: root in one of them is "
              "root on this kernel");
  return 0;
}

static bool has_disk(const struct state *s, const char *node) {
  _cleanup_free_ char *disk = state_path(s, "disks/%s.raw", node);
  return file_exists(disk);
}

/* ---- Starting ---- */

static char *last_words(const struct state *s, const char *node) {
  return monitor_last_words(s, node, LOG_SUFFIX);
}

/* A killed launcher leaves its groups. */
static void clean(const struct state *s, const char *node) {
  static const char *const suffixes[] = {"pid", "console", MONITOR_BEGUN, NULL};
  _cleanup_error_ struct error ignored = {0};
  _cleanup_cgroups_ struct cgroup_vec trees = {0};
  _cleanup_free_ char *group = cgroup_name(s, node);
  monitor_clean(s, node, suffixes);
  if (cgroup_find(&trees, &ignored) == 0)
    cgroup_remove(&trees, group);
}

/* The launcher writes its pid file once init runs. */
static bool answers(const struct state *s, const char *node) {
  return monitor_has_pid_file(s, node);
}

static int start(const struct state *s, const struct plan_node *node,
                 const struct node_ports *ports,
                 const struct machine_host *host, struct error *err) {
  static const struct monitor_program launcher = {"its launcher", LOG_SUFFIX,
                                                  START_SECONDS, answers};
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_free_ char *group = cgroup_name(s, node->name);
  const struct process p = {.argv = &argv};
  (void)host;
  clean(s, node->name);
  container_argv("/proc/self/exe", node, ports, group, &argv);
  return monitor_start(s, node->name, &launcher, &p, err);
}

/* ---- Ending ---- */

static int power_down(const struct state *s, const char *node,
                      struct error *err) {
  return monitor_signal(s, node, CONTAINER_POWER_BUTTON, err);
}

static int end(const char *node, int fd, struct error *err) {
  return monitor_end(node, "its launcher", fd, CONTAINER_PULL_PLUG,
                     STOP_SECONDS, err);
}

static int delete_files(const struct state *s, const char *node,
                        struct error *err) {
  clean(s, node);
  return layout_remove_node(s->dir, LAYOUT_MACHINE, node, err);
}

/* ---- The console ---- */

static int open_console(const struct state *s, const char *node, int *ret_fd,
                        struct error *err) {
  _cleanup_free_ char *path = state_path(s, "run/%s.console", node);
  _cleanup_error_ struct error e = {0};
  bool taken = false;
  if (terminal_attach(path, ret_fd, &taken, &e) == 0)
    return 0;
  if (taken)
    return error_set(
        err, 0, "another console is attached to %s; --log -f follows it", node);
  error_move(err, &e);
  return -1;
}

const struct machine_kind machine_container = {
    .name = "container",
    .program = "launcher",
    .forwards = true,
    .copies = true,
    .check_host = check_host,
    .has_disk = has_disk,
    .ensure_disk = rawdisk_ensure,
    .start = start,
    .running = monitor_running,
    .power_down = power_down,
    .open = monitor_open,
    .end = end,
    .clean = clean,
    .delete = delete_files,
    .last_words = last_words,
    .list = monitor_list,
    .open_console = open_console,
};
