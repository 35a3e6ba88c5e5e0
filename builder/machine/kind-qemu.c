/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Machines under QEMU. It is run in the state folder with relative paths, see
 * qemu.h.
 *
 *   disks/NODE.{qcow2,base}   see disk.h
 *   disks/NODE/NAME.raw       see extra-disks.h
 *   run/NODE.pid              written by QEMU
 *   run/NODE.{qmp,console}    sockets
 *   run/NODE.begun            a start that is not known to have ended
 *   logs/NODE.qemu            what QEMU itself said
 */
#include "machine/kind.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/socket.h"
#include "machine/disk.h"
#include "machine/extra-disks.h"
#include "machine/monitor.h"
#include "machine/qemu.h"
#include "machine/qmp.h"
#include "state/layout.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

#define LOG_SUFFIX "qemu"
/* QEMU answers within a second; a machine busy with many starts takes more. */
#define START_SECONDS 30.0
#define QMP_SECONDS 10.0
#define CONSOLE_SECONDS 5.0
#define QUIT_SECONDS 10.0

/* ---- The host ---- */

static int check_host(struct machine_host *ret, struct error *err) {
  _cleanup_host_accel_ struct host_accel accel = {0};
  if (process_require(QEMU_PROGRAM, QEMU_PACKAGE, err) < 0 ||
      process_require("qemu-img", "qemu-utils", err) < 0)
    return -1;
  host_accel_probe(NULL, NULL, &accel);
  ret->kvm = accel.kvm;
  ret->how =
      xasprintf("%s (%s)", accel.kvm ? "KVM" : "TCG, one CPU for each machine",
                accel.reason);
  return 0;
}

static bool has_disk(const struct state *s, const char *node) {
  _cleanup_free_ char *disk = state_path(s, "disks/%s.qcow2", node);
  return file_exists(disk);
}

static int ensure_disk(const struct state *s, const struct plan_node *node,
                       const char *image, struct error *err) {
  return disk_ensure(s, node, image, err) < 0
             ? -1
             : extra_disks_ensure(s, node, err);
}

/* ---- Starting ---- */

static char *last_words(const struct state *s, const char *node) {
  return monitor_last_words(s, node, LOG_SUFFIX);
}

static void clean(const struct state *s, const char *node) {
  static const char *const suffixes[] = {"pid", "qmp", "console", MONITOR_BEGUN,
                                         NULL};
  monitor_clean(s, node, suffixes);
}

/* The pid file is QEMU's to write, which it does before it answers. */
static bool answers(const struct state *s, const char *node) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_qmp_ struct qmp q = {.fd = -1};
  _cleanup_free_ char *path = state_path(s, "run/%s.qmp", node);
  return monitor_has_pid_file(s, node) &&
         qmp_open(path, 1.0, &q, &ignored) == 0;
}

static int start(const struct state *s, const struct plan_node *node,
                 const struct node_ports *ports,
                 const struct machine_host *host, struct error *err) {
  static const struct monitor_program qemu = {"QEMU", LOG_SUFFIX, START_SECONDS,
                                              answers};
  _cleanup_qemu_paths_ struct qemu_paths paths = {0};
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_strv_ struct strv env = {0};
  const struct process p = {
      .argv = &argv, .env = &env, .package = QEMU_PACKAGE};
  clean(s, node->name);
  qemu_paths_make(node->name, &paths);
  qemu_argv(NULL, node, &paths, ports, host, &argv);
  qemu_env(host->kvm, &env);
  return monitor_start(s, node->name, &qemu, &p, err);
}

/* ---- Ending ---- */

/* Sends a command; a machine that is gone meanwhile has done what we want. */
static int command(const struct state *s, const char *node, const char *name,
                   struct error *err) {
  _cleanup_error_ struct error e = {0};
  _cleanup_qmp_ struct qmp q = {.fd = -1};
  _cleanup_free_ char *path = state_path(s, "run/%s.qmp", node);
  if (qmp_open(path, QMP_SECONDS, &q, &e) == 0 &&
      qmp_execute(&q, name, NULL, &e) == 0)
    return 0;
  if (!monitor_running(s, node, NULL))
    return 0;
  error_move(err, &e);
  return error_prefix(err, "%s", node);
}

static int power_down(const struct state *s, const char *node,
                      struct error *err) {
  return command(s, node, "system_powerdown", err);
}

/* SIGTERM is to QEMU what QMP's "quit" is, and comes to this process only. */
static int end(const char *node, int fd, struct error *err) {
  return monitor_end(node, "QEMU", fd, SIGTERM, QUIT_SECONDS, err);
}

static int delete_files(const struct state *s, const char *node,
                        struct error *err) {
  return disk_delete(s, node, err) < 0
             ? -1
             : layout_remove_node(s->dir, LAYOUT_MACHINE, node, err);
}

/* ---- The console ---- */

/* QEMU serves one client; a second one would wait in the dark. */
static bool is_taken(const struct state *s, const char *node) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_qmp_ struct qmp q = {.fd = -1};
  _cleanup_json_ json_t *list = NULL;
  _cleanup_free_ char *path = state_path(s, "run/%s.qmp", node);
  if (qmp_open(path, CONSOLE_SECONDS, &q, &ignored) < 0 ||
      qmp_execute(&q, "query-chardev", &list, &ignored) < 0)
    return false;
  size_t i;
  json_t *dev;
  json_array_foreach(list, i, dev) {
    const char *label = json_string_value(json_object_get(dev, "label"));
    const char *file = json_string_value(json_object_get(dev, "filename"));
    if (label && file && strcmp(label, "console") == 0)
      return strncmp(file, "disconnected", strlen("disconnected")) != 0;
  }
  return false;
}

static int open_console(const struct state *s, const char *node, int *ret_fd,
                        struct error *err) {
  if (is_taken(s, node))
    return error_set(
        err, 0, "another console is attached to %s; --log -f follows it", node);
  _cleanup_free_ char *path = state_path(s, "run/%s.console", node);
  return socket_connect(path, ret_fd, err);
}

const struct machine_kind machine_qemu = {
    .name = "qemu",
    .program = "QEMU",
    .forwards = true,
    .leads_out = true,
    .check_host = check_host,
    .has_disk = has_disk,
    .ensure_disk = ensure_disk,
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
