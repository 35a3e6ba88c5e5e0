/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/qemu.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/quote.h"
#include "machine/extra-disks.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

void qemu_paths_make(const char *node, struct qemu_paths *ret) {
  *ret = (struct qemu_paths){
      .disk = xasprintf("disks/%s.qcow2", node),
      .seed = xasprintf("seeds/%s.iso", node),
      .pidfile = xasprintf("run/%s.pid", node),
      .qmp = xasprintf("run/%s.qmp", node),
      .console = xasprintf("run/%s.console", node),
      .logfile = xasprintf("logs/%s.console", node),
  };
}

void qemu_paths_done(struct qemu_paths *p) {
  free(p->disk);
  free(p->seed);
  free(p->pidfile);
  free(p->qmp);
  free(p->console);
  free(p->logfile);
  *p = (struct qemu_paths){0};
}

struct mac qemu_user_mac(const struct mac *first) {
  struct mac m = *first;
  m.b[0] = (uint8_t)((m.b[0] | 0x02) & ~0x01);
  m.b[1] ^= 0x01;
  return m;
}

/* For the value of an option. The caller frees. */
static char *quote(const char *path) {
  _cleanup_buf_ struct buf b = {0};
  quote_qemu(path, &b);
  return buf_take(&b);
}

/*
 * What TCG shows the guest. Linux knows model 28 (Atom "Bonnell") as a CPU that
 * executes in order: it needs no page table isolation, with which every system
 * call would empty the emulated TLB, and no other such mitigation (see
 * cpu_vuln_whitelist in arch/x86/kernel/cpu/common.c). Being Intel's it has a
 * time stamp counter that Linux trusts; with qemu64's AMD it reads the HPET, a
 * system call and a device access, each time Go looks at the clock. The
 * features are those that Debian's and Go's programs look for, without AVX,
 * which costs more than it gives when emulated.
 */
#define TCG_CPU                                                                \
  "qemu64,vendor=GenuineIntel,family=6,model=28,stepping=10,-svm,+popcnt,"     \
  "+ssse3,+sse4.1,+sse4.2,+aes,+pclmulqdq,+rdtscp,+fsgsbase"

static void add_cpu(struct strv *a, const struct plan_node *node, bool kvm) {
  /*
   * thread=single: with a thread for each vCPU, a guest of Debian 12's QEMU 7.2
   * was seen to execute for ever a breakpoint that its kernel had put into its
   * own code and taken out again ("soft lockup"): the other vCPU still had the
   * translation of it. And as vCPUs that share a thread take turns, in which
   * the others answer nothing, there is only one, whatever the spec says.
   */
  strv_push_all(a, "-accel", kvm ? "kvm" : "tcg,thread=single,tb-size=1024",
                "-cpu", kvm ? "host" : TCG_CPU, "-smp", NULL);
  strv_pushf(a, "%d", kvm ? node->spec->cpus : 1);
  strv_push(a, "-m");
  strv_pushf(a, "%lluM", (unsigned long long)(node->spec->memory >> 20));
}

/*
 * TCG finds each piece of translated code by a hash table of 64 MB, at random:
 * in huge pages that costs less (glibc manual, "Memory Allocation Tunables").
 * From power-on to the end of `kubeadm init` one node took 204 s of CPU time
 * with it, 234 s without.
 */
void qemu_env(bool kvm, struct strv *ret) {
  if (!kvm)
    strv_push(ret, "GLIBC_TUNABLES=glibc.malloc.hugetlb=1");
}

static void add_disks(struct strv *a, const struct qemu_paths *paths) {
  _cleanup_free_ char *disk = quote(paths->disk);
  /*
   * cache=unsafe: the guest's flushes are not passed on to the host's disk. A
   * killed QEMU loses nothing by it, what the guest wrote is in the host's page
   * cache; a host that loses power may. That is right for a lab, and etcd's
   * fsyncs would otherwise be most of the boot.
   */
  strv_push(a, "-drive");
  strv_pushf(a,
             "file=%s,format=qcow2,if=none,id=root,cache=unsafe,discard=unmap",
             disk);
  strv_push_all(a, "-device", "virtio-blk-pci,drive=root,bootindex=0", NULL);
  if (!paths->seed)
    return;
  /* cloud-init finds the label cidata on any block device; a cloud kernel may
   * have no driver for an emulated CD drive. */
  _cleanup_free_ char *seed = quote(paths->seed);
  strv_push(a, "-drive");
  strv_pushf(a, "file=%s,format=raw,if=none,id=seed,readonly=on", seed);
  strv_push_all(a, "-device", "virtio-blk-pci,drive=seed", NULL);
}

/* The spec's, which Linux knows as /dev/disk/by-id/virtio-NAME. */
static void add_extra_disks(struct strv *a, const struct plan_node *node) {
  for (size_t i = 0; i < node->extras.disks.n; i++) {
    const struct spec_disk *d = node->extras.disks.v[i];
    _cleanup_free_ char *path = extra_disk_path(node->name, d);
    _cleanup_free_ char *file = quote(path);
    strv_push(a, "-drive");
    strv_pushf(a,
               "file=%s,format=raw,if=none,id=extra%zu,cache=unsafe,"
               "discard=unmap",
               file, i);
    strv_push(a, "-device");
    strv_pushf(a, "virtio-blk-pci,drive=extra%zu,serial=%s", i, d->name);
  }
}

/* romfile= spares the BIOS the network boot ROM. */
static void add_nic(struct strv *a, const char *id, const struct mac *mac) {
  char text[NET_TEXT];
  strv_push(a, "-device");
  strv_pushf(a, "virtio-net-pci,netdev=%s,mac=%s,romfile=", id,
             mac_format(mac, text));
}

/* The nodes' first cards are on one segment, their second ones on another; all
 * members of a bond are on one. */
static void add_network(struct strv *a, const struct plan_node *node,
                        const struct node_ports *ports, bool internet) {
  _cleanup_free_ char *api = NULL;
  if (ports->api)
    api = xasprintf(",hostfwd=tcp:127.0.0.1:%d-:6443", ports->api);
  for (size_t i = 0; i < node->interfaces.n; i++) {
    if (!plan_interface_made(&node->interfaces.v[i]))
      continue;
    _cleanup_free_ char *id =
        i == 0 ? xstrdup("cluster") : xasprintf("cluster%zu", i);
    strv_push(a, "-netdev");
    strv_pushf(a, "socket,id=%s,mcast=230.0.0.%zu:%d,localaddr=127.0.0.1", id,
               plan_interface_wire(&node->interfaces, i) + 1, ports->mcast);
    add_nic(a, id, &node->interfaces.v[i].mac);
  }
  /* restrict=on: the guest reaches nothing through it, and its DHCP hands out
   * no default route and no name server. */
  strv_push(a, "-netdev");
  strv_pushf(a, "user,id=user,restrict=%s,hostfwd=tcp:127.0.0.1:%d-:22%s",
             internet ? "off" : "on", ports->ssh, api ? api : "");
  struct mac user = qemu_user_mac(&plan_cluster_interface(node)->mac);
  add_nic(a, "user", &user);
  if (internet)
    strv_push_all(a, "-smbios", "type=3,asset=" QEMU_INTERNET, NULL);
}

static void add_control(struct strv *a, const struct qemu_paths *paths) {
  _cleanup_free_ char *console = quote(paths->console);
  _cleanup_free_ char *logfile = quote(paths->logfile);
  _cleanup_free_ char *qmp = quote(paths->qmp);
  strv_push(a, "-chardev");
  strv_pushf(a,
             "socket,id=console,path=%s,server=on,wait=off,logfile=%s,"
             "logappend=on",
             console, logfile);
  strv_push_all(a, "-serial", "chardev:console", "-chardev", NULL);
  strv_pushf(a, "socket,id=qmp,path=%s,server=on,wait=off", qmp);
  strv_push_all(a, "-mon", "chardev=qmp,mode=control", "-pidfile",
                paths->pidfile, NULL);
}

void qemu_argv(const char *program, const struct plan_node *node,
               const struct qemu_paths *paths, const struct node_ports *ports,
               const struct machine_host *host, struct strv *ret) {
  struct strv a = {0};
  strv_push_all(&a, program ? program : QEMU_PROGRAM, "-name", node->name,
                "-uuid", node->uuid, NULL);
  strv_push_all(&a, "-no-user-config", "-nodefaults", "-display", "none",
                "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
                "resourcecontrol=deny",
                "-machine", "q35", NULL);
  add_cpu(&a, node, host->kvm);
  strv_push_all(&a, "-device", "virtio-rng-pci", NULL);
  add_disks(&a, paths);
  add_extra_disks(&a, node);
  add_network(&a, node, ports, host->internet);
  add_control(&a, paths);
  *ret = a;
}
