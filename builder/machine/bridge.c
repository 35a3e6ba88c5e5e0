/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/bridge.h"

#include "base/mem.h"
#include "base/process.h"
#include "machine/proc.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#define BRIDGE "kubeseed0"

static int ip(const char *const *words, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push(&argv, "ip");
  for (; *words; words++)
    strv_push(&argv, *words);
  const struct process p = {.argv = &argv, .package = "iproute2"};
  return process_run(&p, err);
}

#define IP(err, ...) ip((const char *const[]){__VA_ARGS__, NULL}, err)

/* ---- Who else is in the network? ---- */

/* A launcher leads its session; what it starts may be in another network. The
 * number alone may be another state's as well: unlike QEMU's port nothing holds
 * it, and a copy of a state has it. */
bool bridge_is_launcher(pid_t pid, const char *number) {
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_free_ char *path = xasprintf("/proc/%d", (int)pid);
  struct stat st;
  if (pid == getpid() || getsid(pid) != pid || stat(path, &st) < 0 ||
      st.st_uid != geteuid() || !proc_runs_in(pid, "."))
    return false;
  proc_arguments(pid, &argv);
  for (size_t i = 1; i < argv.n; i++)
    if (strcmp(argv.v[i - 1], BRIDGE_ARGUMENT) == 0 &&
        strcmp(argv.v[i], number) == 0)
      return true;
  return false;
}

/* A descriptor of the namespace that a process is in, unless that is ours. */
static int open_namespace(pid_t pid) {
  struct stat ours, theirs;
  _cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)pid);
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &theirs) < 0 ||
      stat("/proc/self/ns/net", &ours) < 0 || ours.st_ino == theirs.st_ino)
    return -1;
  return take_fd(&fd);
}

/* A descriptor of the network's namespace; -1: nobody is in it. */
static int find_network(const char *number) {
  int found = -1;
  DIR *proc = opendir("/proc");
  for (struct dirent *e; proc && found < 0 && (e = readdir(proc));) {
    if (!isdigit((unsigned char)e->d_name[0]))
      continue;
    pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
    if (bridge_is_launcher(pid, number))
      found = open_namespace(pid);
  }
  if (proc)
    (void)closedir(proc);
  return found;
}

/* ---- Making it ---- */

/* VRRP's and others' multicast goes everywhere, without a querier. */
static int make_bridge(const char *name, struct error *err) {
  return IP(err, "link", "add", name, "up", "type", "bridge", "mcast_snooping",
            "0");
}

int bridge_enter(int number, struct error *err) {
  _cleanup_free_ char *text = xasprintf("%d", number);
  _cleanup_close_ int fd = find_network(text);
  if (fd >= 0) {
    if (setns(fd, CLONE_NEWNET) < 0)
      return error_set(err, errno, "cannot enter the cluster's network");
    return 0;
  }
  if (unshare(CLONE_NEWNET) < 0)
    return error_set(err, errno, "cannot make a network namespace");
  return make_bridge(BRIDGE, err);
}

int bridge_plug(const struct mac *mac, const char *name, const char *bridge,
                pid_t pid, struct error *err) {
  _cleanup_error_ struct error ignored = {0};
  const uint8_t *b = mac->b;
  char address[NET_TEXT];
  (void)mac_format(mac, address);
  _cleanup_free_ char *end = xasprintf("v%02x%02x%02x%02x%02x%02x", b[0], b[1],
                                       b[2], b[3], b[4], b[5]);
  _cleanup_free_ char *netns = xasprintf("%d", (int)pid);
  /* The kernel takes its time to remove the one of the last run. */
  (void)!IP(&ignored, "link", "del", end);
  if (IP(err, "link", "add", end, "up", "type", "veth", "peer", "name", name,
         "address", address, "netns", netns) < 0)
    return -1;
  /* Two launchers at once may both make it: that it is there is what counts. */
  if (*bridge)
    (void)!make_bridge(bridge, &ignored);
  return IP(err, "link", "set", end, "master", *bridge ? bridge : BRIDGE);
}
