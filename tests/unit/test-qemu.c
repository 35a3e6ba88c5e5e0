/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "machine/qemu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "folder.h"

/* A planned node of two CPUs and 2 GiB. */
struct fixture {
  struct spec_node spec;
  struct plan_interface cards[2];
  struct plan_node node;
  bool internet;
};

static void make_node(struct fixture *f, enum role role) {
  static char name[] = "kube-mast01";
  *f = (struct fixture){
      .spec = {.name = name,
               .role = role,
               .cpus = 2,
               .memory = (uint64_t)2 << 30},
      .node = {.name = name, .uuid = "00112233-4455-8677-8899-aabbccddeeff"},
  };
  f->node.spec = &f->spec;
  f->cards[0].mac = (struct mac){{0x52, 0x54, 0x00, 0x01, 0x02, 0x03}};
  f->cards[1].mac = (struct mac){{0x52, 0x54, 0x00, 0x01, 0x02, 0x04}};
  f->node.interfaces.v = f->cards;
  f->node.interfaces.n = 1;
}

/* The argv as one string, words joined by spaces; the caller frees. */
static char *argv_text(const struct fixture *f, const struct qemu_paths *paths,
                       const struct node_ports *ports, bool kvm) {
  const struct machine_host host = {.kvm = kvm, .internet = f->internet};
  _cleanup_strv_ struct strv a = {0};
  struct buf b = {0};
  qemu_argv(NULL, &f->node, paths, ports, &host, &a);
  for (size_t i = 0; i < a.n; i++)
    buf_addf(&b, "%s%s", i ? " " : "", a.v[i]);
  return buf_take(&b);
}

static void test_golden(void **state) {
  (void)state;
  struct fixture f;
  _cleanup_qemu_paths_ struct qemu_paths paths = {0};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001, .api = 20002};
  make_node(&f, ROLE_CONTROL_PLANE);
  qemu_paths_make("kube-mast01", &paths);
  _cleanup_free_ char *text = argv_text(&f, &paths, &ports, false);
  assert_string_equal(
      text,
      "qemu-system-x86_64 -name kube-mast01 "
      "-uuid 00112233-4455-8677-8899-aabbccddeeff -no-user-config -nodefaults "
      "-display none -sandbox on,obsolete=deny,elevateprivileges=deny,"
      "spawn=deny,resourcecontrol=deny -machine q35 "
      "-accel tcg,thread=single,tb-size=1024 "
      "-cpu qemu64,vendor=GenuineIntel,family=6,model=28,stepping=10,-svm,"
      "+popcnt,+ssse3,+sse4.1,+sse4.2,+aes,+pclmulqdq,+rdtscp,+fsgsbase "
      "-smp 1 -m 2048M "
      "-device virtio-rng-pci -drive file=disks/kube-mast01.qcow2,"
      "format=qcow2,if=none,id=root,cache=unsafe,discard=unmap "
      "-device virtio-blk-pci,drive=root,bootindex=0 "
      "-drive "
      "file=seeds/kube-mast01.iso,format=raw,if=none,id=seed,readonly=on "
      "-device virtio-blk-pci,drive=seed "
      "-netdev socket,id=cluster,mcast=230.0.0.1:50000,localaddr=127.0.0.1 "
      "-device virtio-net-pci,netdev=cluster,mac=52:54:00:01:02:03,romfile= "
      "-netdev user,id=user,restrict=on,hostfwd=tcp:127.0.0.1:20001-:22,"
      "hostfwd=tcp:127.0.0.1:20002-:6443 "
      "-device virtio-net-pci,netdev=user,mac=52:55:00:01:02:03,romfile= "
      "-chardev socket,id=console,path=run/kube-mast01.console,server=on,"
      "wait=off,logfile=logs/kube-mast01.console,logappend=on "
      "-serial chardev:console "
      "-chardev socket,id=qmp,path=run/kube-mast01.qmp,server=on,wait=off "
      "-mon chardev=qmp,mode=control -pidfile run/kube-mast01.pid");
}

static void test_kvm_and_no_api(void **state) {
  (void)state;
  struct fixture f;
  _cleanup_qemu_paths_ struct qemu_paths paths = {0};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001};
  make_node(&f, ROLE_WORKER);
  qemu_paths_make("n", &paths);
  _cleanup_free_ char *text = argv_text(&f, &paths, &ports, true);
  /* Under KVM the spec's CPUs; the golden one is TCG's, with one. */
  assert_non_null(strstr(text, " -accel kvm -cpu host -smp 2 "));
  assert_null(strstr(text, "6443"));
}

/* A comma ends an option for QEMU unless it is doubled. */
/* Each card of the node has one in the machine; the user's comes last. */
static void test_two_cards(void **state) {
  (void)state;
  struct fixture f;
  _cleanup_qemu_paths_ struct qemu_paths paths = {0};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001};
  make_node(&f, ROLE_WORKER);
  f.node.interfaces.n = 2;
  qemu_paths_make("kube-mast01", &paths);
  _cleanup_free_ char *text = argv_text(&f, &paths, &ports, false);
  assert_non_null(strstr(
      text,
      "-netdev socket,id=cluster,mcast=230.0.0.1:50000,localaddr=127.0.0.1 "
      "-device virtio-net-pci,netdev=cluster,mac=52:54:00:01:02:03,romfile= "
      "-netdev socket,id=cluster1,mcast=230.0.0.2:50000,localaddr=127.0.0.1 "
      "-device virtio-net-pci,netdev=cluster1,mac=52:54:00:01:02:04,romfile= "
      "-netdev user,"));
}

/* The member of a bond is on the wire of those that have none. */
static void test_extra_disks(void **state) {
  (void)state;
  struct fixture f;
  _cleanup_qemu_paths_ struct qemu_paths paths = {0};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001};
  char name[] = "etcd", mount[] = "/var/lib/etcd";
  const struct spec_disk disk = {.name = name, .mount = mount};
  const struct spec_disk *disks[] = {&disk};
  make_node(&f, ROLE_CONTROL_PLANE);
  f.node.extras.disks = (struct plan_disk_vec){.v = disks, .n = 1};
  qemu_paths_make("kube-mast01", &paths);
  _cleanup_free_ char *text = argv_text(&f, &paths, &ports, true);
  assert_non_null(
      strstr(text, " -drive file=disks/kube-mast01/etcd.raw,format=raw,if=none,"
                   "id=extra0,cache=unsafe,discard=unmap "
                   "-device virtio-blk-pci,drive=extra0,serial=etcd "));
}

static void test_bond(void **state) {
  (void)state;
  struct fixture f;
  _cleanup_qemu_paths_ struct qemu_paths paths = {0};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001};
  make_node(&f, ROLE_WORKER);
  f.node.interfaces.n = 2;
  f.node.interfaces.v[0].kind = LINK_BOND;
  f.node.interfaces.v[1].kind = LINK_MEMBER;
  qemu_paths_make("kube-mast01", &paths);
  _cleanup_free_ char *text = argv_text(&f, &paths, &ports, false);
  assert_null(strstr(text, "id=cluster,"));
  assert_non_null(strstr(text, "id=cluster1,mcast=230.0.0.1:50000"));
}

/* Off unless it is asked for, as the golden one shows. */
static void test_internet(void **state) {
  (void)state;
  struct fixture f;
  _cleanup_qemu_paths_ struct qemu_paths paths = {0};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001};
  make_node(&f, ROLE_WORKER);
  f.internet = true;
  qemu_paths_make("n", &paths);
  _cleanup_free_ char *text = argv_text(&f, &paths, &ports, false);
  assert_non_null(strstr(text, "-netdev user,id=user,restrict=off,"));
  assert_non_null(strstr(text, " -smbios type=3,asset=kubeseed-internet "));
}

static void test_env(void **state) {
  (void)state;
  _cleanup_strv_ struct strv emulated = {0};
  _cleanup_strv_ struct strv virtual = {0};
  qemu_env(false, &emulated);
  qemu_env(true, &virtual);
  assert_int_equal(emulated.n, 1);
  assert_string_equal(emulated.v[0], "GLIBC_TUNABLES=glibc.malloc.hugetlb=1");
  assert_int_equal(virtual.n, 0);
}

static void test_commas(void **state) {
  (void)state;
  struct fixture f;
  char a[] = "a,b/disk", b[] = "s,,eed", c[] = "c,s", d[] = "l,og", e[] = "q,m",
       p[] = "p,id";
  const struct qemu_paths paths = {
      .disk = a, .seed = b, .console = c, .logfile = d, .qmp = e, .pidfile = p};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001};
  make_node(&f, ROLE_WORKER);
  _cleanup_free_ char *text = argv_text(&f, &paths, &ports, true);
  assert_non_null(strstr(text, "file=a,,b/disk,format"));
  assert_non_null(strstr(text, "file=s,,,,eed,format"));
  assert_non_null(strstr(text, "path=c,,s,server"));
  assert_non_null(strstr(text, "logfile=l,,og,logappend"));
  assert_non_null(strstr(text, "path=q,,m,server"));
  assert_non_null(strstr(text, "-pidfile p,id")); /* a plain argument */
}

static void test_no_seed(void **state) {
  (void)state;
  struct fixture f;
  char x[] = "x";
  const struct qemu_paths paths = {
      .disk = x, .console = x, .logfile = x, .qmp = x, .pidfile = x};
  const struct node_ports ports = {.mcast = 50000, .ssh = 20001};
  make_node(&f, ROLE_WORKER);
  _cleanup_free_ char *text = argv_text(&f, &paths, &ports, false);
  assert_null(strstr(text, "id=seed"));
}

static void test_user_mac(void **state) {
  (void)state;
  static const struct {
    struct mac in, out;
  } cases[] = {
      {{{0x52, 0x54, 0, 1, 2, 3}}, {{0x52, 0x55, 0, 1, 2, 3}}},
      {{{0x52, 0x55, 0, 1, 2, 3}}, {{0x52, 0x54, 0, 1, 2, 3}}},
      {{{0x00, 0x16, 0x3e, 1, 2, 3}}, {{0x02, 0x17, 0x3e, 1, 2, 3}}},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    struct mac m = qemu_user_mac(&cases[i].in);
    assert_memory_equal(m.b, cases[i].out.b, 6);
    assert_int_equal(m.b[0] & 3, 2); /* local, not a group */
  }
}

/* ---- The KVM probe ---- */

static char *put(const char *dir, const char *name, const char *text,
                 mode_t mode) {
  struct error err = {0};
  char *path = xasprintf("%s/%s", dir, name);
  assert_int_equal(file_write(path, text, strlen(text), mode, &err), 0);
  return path;
}

static void test_probe(void **state) {
  (void)state;
  static const struct {
    const char *cpuinfo; /* NULL: no such file */
    bool device;
    bool kvm;
    const char *reason;
  } cases[] = {
      {"processor\t: 0\nflags\t\t: fpu vmx sse\n", true, true, "the CPU can"},
      {"processor\t: 0\nflags\t\t: fpu sse svm\n", true, true, "the CPU can"},
      {"flags\t\t: svm\n", true, true, "the CPU can"},
      {"processor\t: 0\nflags\t\t: fpu vmx\n", false, false, "No such file"},
      {"processor\t: 0\nflags\t\t: fpu sse\n", true, false, "though there is"},
      {"processor\t: 0\nflags\t\t: fpu sse\n", false, false, "no vmx or svm"},
      {"flags\t\t: fpu xvmx vmxx svmx\n", true, false, "no vmx or svm"},
      {"model\t: vmx\nflags\t\t: fpu\nbugs\t: svm\n", true, false, "no vmx"},
      {"", true, false, "no vmx or svm"},
      {NULL, true, false, "no vmx or svm"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_free_ char *dir = new_folder();
    struct error err = {0};
    _cleanup_free_ char *cpu = cases[i].cpuinfo
                                   ? put(dir, "cpuinfo", cases[i].cpuinfo, 0600)
                                   : xasprintf("%s/none", dir);
    _cleanup_free_ char *kvm =
        cases[i].device ? put(dir, "kvm", "", 0600) : xasprintf("%s/kvm", dir);
    _cleanup_host_accel_ struct host_accel a = {0};
    host_accel_probe(cpu, kvm, &a);
    assert_int_equal(a.kvm, cases[i].kvm);
    assert_non_null(strstr(a.reason, cases[i].reason));
    assert_int_equal(file_remove_tree(dir, &err), 0);
  }
}

/* A folder never opens for writing, for root neither. */
static void test_probe_device_refuses(void **state) {
  (void)state;
  _cleanup_free_ char *dir = new_folder();
  struct error err = {0};
  _cleanup_free_ char *cpu = put(dir, "cpuinfo", "flags\t: vmx\n", 0600);
  _cleanup_host_accel_ struct host_accel a = {0};
  host_accel_probe(cpu, dir, &a);
  assert_false(a.kvm);
  assert_non_null(strstr(a.reason, "Is a directory"));
  assert_int_equal(file_remove_tree(dir, &err), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_internet),
      cmocka_unit_test(test_env),
      cmocka_unit_test(test_golden),
      cmocka_unit_test(test_kvm_and_no_api),
      cmocka_unit_test(test_two_cards),
      cmocka_unit_test(test_extra_disks),
      cmocka_unit_test(test_bond),
      cmocka_unit_test(test_commas),
      cmocka_unit_test(test_no_seed),
      cmocka_unit_test(test_user_mac),
      cmocka_unit_test(test_probe),
      cmocka_unit_test(test_probe_device_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
