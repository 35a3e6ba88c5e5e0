/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What exports write as text: that it says what the plan says, and that no text
 * of others is more than a text in it. */
#include "base/mem.h"
#include "base/process.h"
#include "export/format.h"
#include "export/libvirt-xml.h"
#include "export/ovf.h"
#include "export/virtualbox.h"
#include "export/wires.h"
#include "part/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

static const char spec_text[] = "apiVersion: kubeseed/v1\n"
                                "kind: Cluster\n"
                                "name: demo\n"
                                "kubernetes: {version: 1.20.2}\n"
                                "network: {subnet: 192.168.4.0/24}\n"
                                "nodes:\n"
                                "  - {name: m1, mac: \"02:00:00:0a:0b:0c\"}\n"
                                "  - {name: w1, role: worker, disk: 9G}\n";

#define NASTY "a'b\"; $(echo 1) `id` <x> & ]]> \\"

/* A storage network, a card for what is known by its name, and a bond. */
static const char cards_text[] =
    "apiVersion: kubeseed/v1\n"
    "kind: Cluster\n"
    "name: demo\n"
    "kubernetes: {version: 1.20.2}\n"
    "network:\n"
    "  subnet: 192.168.4.0/24\n"
    "  interfaces:\n"
    "    - {name: enp9s0, address: dhcp}\n"
    "    - {name: san, mac: \"02:00:00:00:01:01+\", address: 10.9.0.11/24+}\n"
    "nodes:\n"
    "  - {name: m1, mac: \"02:00:00:0a:0b:0c\"}\n"
    "  - name: w1\n"
    "    role: worker\n"
    "    bond: {members: [\"02:00:00:00:02:01\", \"02:00:00:00:02:02\"]}\n";

struct fixture {
  struct spec spec;
  struct plan plan;
  size_t nodes[2];
  struct export_job job;
};

static void fixture_done(struct fixture *f) {
  plan_done(&f->plan);
  spec_done(&f->spec);
}

static void make_of(struct fixture *f, const char *text) {
  _cleanup_error_ struct error err = {0};
  check_ok(parts_read_spec("demo.yaml", text, strlen(text), &f->spec, &err),
           &err);
  check_ok(parts_plan(&f->spec, &f->plan, &err), &err);
  f->nodes[0] = 0;
  f->nodes[1] = 1;
  f->job = (struct export_job){.plan = &f->plan,
                               .nodes = f->nodes,
                               .n_nodes = 2,
                               .size = (uint64_t)8 << 30};
}

static void make(struct fixture *f) {
  make_of(f, spec_text);
}

/* What the program says of the input; the caller frees. */
static char *ask(const struct strv *argv, const struct buf *input) {
  _cleanup_error_ struct error err = {0};
  struct buf out = {0};
  const struct process p = {.argv = argv,
                            .input = input->data,
                            .input_len = input->len,
                            .output = &out};
  check_ok(process_run(&p, &err), &err);
  return buf_take(&out);
}

/* ---- VirtualBox ---- */

/* The script's own lines, in front of those that every script has, and then
 * these; what they print. */
static char *run_head(const struct export_job *job, const char *then) {
  _cleanup_buf_ struct buf script = {0};
  _cleanup_strv_ struct strv argv = {0};
  virtualbox_script(job, &script);
  const char *end = strstr(script.data, "\n# shellcheck");
  assert_non_null(end);
  _cleanup_buf_ struct buf head = {0};
  buf_add(&head, script.data, (size_t)(end - script.data));
  buf_addf(&head, "\n%s\n", then);
  strv_push_all(&argv, "sh", "-s", NULL);
  return ask(&argv, &head);
}

static void test_virtualbox(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  _cleanup_free_ char *said =
      run_head(&f.job, "node m1; echo $cluster $subnet $endpoint $port "
                       "$image_mib $cards $address $ssh_port; node w1; echo "
                       "$nodes $disk_mib $ssh_port");
  assert_string_equal(said, "demo 192.168.4.0/24 192.168.4.20 6443 8192 "
                            "0:0200000A0B0C 192.168.4.31 2201\n"
                            "m1 w1 9216 2202\n");
}

/* Cards with a MAC address, each on its wire; one that is known by its name has
 * its wire as well, which nobody is on. */
static void test_virtualbox_cards(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make_of(&f, cards_text);
  _cleanup_free_ char *said =
      run_head(&f.job, "node m1; echo \"$cards\"; node w1; echo \"$cards\"");
  assert_string_equal(said, "0:0200000A0B0C 2:020000000101\n"
                            "0:020000000201 0:020000000202 2:020000000102\n");
  assert_int_equal(wires_count(&f.job), 3);
}

static void test_wires_check(void **state) {
  (void)state;
  _cleanup_buf_ struct buf text = {0};
  _cleanup_error_ struct error err = {0};
  _cleanup_(fixture_done) struct fixture f = {0};
  buf_adds(&text, "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
                  "kubernetes: {version: 1.20.2}\n"
                  "network: {subnet: 192.168.4.0/24}\n"
                  "nodes:\n  - name: m1\n    interfaces:\n");
  for (int i = 1; i <= WIRES_MAX; i++)
    buf_addf(&text, "      - {mac: \"02:00:00:00:03:%02d\"}\n", i);
  make_of(&f, text.data);
  f.job.n_nodes = 1;
  assert_int_equal(wires_check(&f.job, &err), -1);
  assert_string_equal(err.faults[0].msg,
                      "m1: a machine that is made has 8 cards at most, and "
                      "this one would have 9");
  f.plan.nodes.v[0].interfaces.n--;
  error_done(&err);
  check_ok(wires_check(&f.job, &err), &err);
  f.plan.nodes.v[0].interfaces.n++;
}

/* A port is the node's, whoever is exported with it. */
static void test_virtualbox_one(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  f.nodes[0] = 1;
  f.job.n_nodes = 1;
  _cleanup_free_ char *said =
      run_head(&f.job, "node w1; echo $nodes $ssh_port");
  assert_string_equal(said, "w1 2202\n");
}

static void test_virtualbox_far(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  assert_true(ip_parse("10.0.0.1", &f.spec.endpoint.address));
  _cleanup_free_ char *said = run_head(&f.job, "echo \"<$endpoint>\"");
  assert_string_equal(said, "<>\n");
}

static void test_virtualbox_nasty(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  free(f.spec.name);
  f.spec.name = xstrdup(NASTY);
  free(f.spec.users.v[0].name);
  f.spec.users.v[0].name = xstrdup(NASTY);
  _cleanup_free_ char *said =
      run_head(&f.job, "printf '%s|%s' \"$cluster\" \"$user\"");
  assert_string_equal(said, NASTY "|" NASTY);
}

/* ---- libvirt ---- */

/* The text that the path leads to; the caller frees. */
static char *xpath(const struct buf *xml, const char *path) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "xmllint", "--nonet", "--xpath", NULL);
  strv_pushf(&argv, "string(%s)", path);
  strv_push(&argv, "-");
  char *said = ask(&argv, xml);
  said[strcspn(said, "\n")] = '\0';
  return said;
}

static void check_path(const struct buf *xml, const char *path,
                       const char *expected) {
  _cleanup_free_ char *said = xpath(xml, path);
  if (strcmp(said, expected) != 0)
    fail_msg("%s is '%s' instead of '%s'", path, said, expected);
}

static void test_libvirt(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  const struct plan_node *n = &f.plan.nodes.v[0];
  static const struct {
    enum libvirt_type type;
    const char *path, *expected;
  } rows[] = {
      {LIBVIRT_KVM, "/domain/@type", "kvm"},
      {LIBVIRT_KVM, "/domain/name", "demo-m1"},
      {LIBVIRT_KVM, "/domain/memory", "2097152"},
      {LIBVIRT_KVM, "/domain/vcpu", "2"},
      {LIBVIRT_KVM, "/domain/cpu/@mode", "host-passthrough"},
      {LIBVIRT_KVM, "//disk[1]/source/@pool", NASTY},
      {LIBVIRT_KVM, "//disk[1]/source/@volume", "demo-m1.qcow2"},
      {LIBVIRT_KVM, "count(//disk[1]/readonly)", "0"},
      {LIBVIRT_KVM, "//disk[2]/source/@volume", "demo-m1.iso"},
      {LIBVIRT_KVM, "count(//disk[2]/readonly)", "1"},
      {LIBVIRT_KVM, "//interface/mac/@address", "02:00:00:0a:0b:0c"},
      {LIBVIRT_KVM, "//interface/source/@network", "kubeseed-demo"},
      {LIBVIRT_QEMU, "/domain/@type", "qemu"},
      {LIBVIRT_QEMU, "/domain/vcpu", "1"},
      {LIBVIRT_QEMU, "/domain/cpu/@mode", "custom"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_buf_ struct buf xml = {0};
    const struct libvirt_shape shape = {.type = rows[i].type, .pool = NASTY};
    libvirt_domain_xml(&f.plan, n, &shape, &xml);
    check_path(&xml, "count(/domain/os/@firmware)", "0");
    check_path(&xml, rows[i].path, rows[i].expected);
  }
}

/* Disk and seed as files. */
static void test_libvirt_files(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  _cleanup_buf_ struct buf xml = {0};
  const struct libvirt_shape shape = {
      .pool = "default", .disk = "/pool/" NASTY, .seed = "/pool/m1.iso"};
  libvirt_domain_xml(&f.plan, &f.plan.nodes.v[0], &shape, &xml);
  check_path(&xml, "//disk[1]/@type", "file");
  check_path(&xml, "//disk[1]/source/@file", "/pool/" NASTY);
  check_path(&xml, "//disk[1]/driver/@type", "qcow2");
  check_path(&xml, "//disk[2]/source/@file", "/pool/m1.iso");
  check_path(&xml, "//disk[2]/driver/@type", "raw");
  check_path(&xml, "count(//source/@pool | //source/@volume)", "0");
}

static void test_libvirt_bridge(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  _cleanup_buf_ struct buf xml = {0};
  const struct libvirt_shape shape = {
      .type = LIBVIRT_KVM, .pool = "default", .bridge = NASTY, .uefi = true};
  libvirt_domain_xml(&f.plan, &f.plan.nodes.v[0], &shape, &xml);
  check_path(&xml, "/domain/os/@firmware", "efi");
  check_path(&xml, "//interface/@type", "bridge");
  check_path(&xml, "//interface/source/@bridge", NASTY);
  check_path(&xml, "count(//interface/source/@network)", "0");
}

static void test_libvirt_network(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  _cleanup_buf_ struct buf xml = {0};
  libvirt_network_xml(&f.plan, 0, &xml);
  check_path(&xml, "/network/name", "kubeseed-demo");
  check_path(&xml, "/network/ip/@address", "192.168.4.1");
  check_path(&xml, "/network/ip/@prefix", "24");
  check_path(&xml, "string-length(/network/uuid)", "36");
}

static void test_libvirt_cards(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make_of(&f, cards_text);
  _cleanup_buf_ struct buf domain = {0}, other = {0}, first = {0};
  const struct libvirt_shape shape = {.type = LIBVIRT_KVM, .pool = "default"};
  libvirt_domain_xml(&f.plan, &f.plan.nodes.v[1], &shape, &domain);
  check_path(&domain, "count(//interface)", "3");
  check_path(&domain, "//interface[2]/source/@network", "kubeseed-demo");
  check_path(&domain, "//interface[3]/mac/@address", "02:00:00:00:01:02");
  check_path(&domain, "//interface[3]/source/@network", "kubeseed-demo.2");
  libvirt_network_xml(&f.plan, 0, &first);
  libvirt_network_xml(&f.plan, 2, &other);
  check_path(&other, "/network/name", "kubeseed-demo.2");
  check_path(&other, "count(/network/ip | /network/forward)", "0");
  _cleanup_free_ char *a = xpath(&first, "/network/uuid");
  _cleanup_free_ char *b = xpath(&other, "/network/uuid");
  assert_string_not_equal(a, b);
}

/* ---- OVF ---- */

#define ITEM "//*[local-name()='Item']"
#define OF(what) "/*[local-name()='" what "']"

static void test_ovf(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make(&f);
  const struct ovf_file disk = {"m1.vmdk", 1000, "aa"};
  const struct ovf_file seed = {"m1.iso", 2000, "bb"};
  _cleanup_buf_ struct buf xml = {0};
  free(f.spec.name);
  f.spec.name = xstrdup(NASTY);
  ovf_descriptor(&f.plan, &f.plan.nodes.v[0], &disk, 8192, &seed, &xml);
  static const struct {
    const char *path, *expected;
  } rows[] = {
      {"//*[local-name()='File'][1]/@*[local-name()='href']", "m1.vmdk"},
      {"//*[local-name()='File'][1]/@*[local-name()='size']", "1000"},
      {"//*[local-name()='File'][2]/@*[local-name()='href']", "m1.iso"},
      {"//*[local-name()='Disk']/@*[local-name()='capacity']", "8192"},
      {"//*[local-name()='Disk']/@*[local-name()='fileRef']", "file1"},
      {"//*[local-name()='VirtualSystem']/@*[local-name()='id']", NASTY "-m1"},
      {"//*[local-name()='VirtualSystem']" OF("Name"), NASTY "-m1"},
      {"count(" ITEM ")", "6"},
      {ITEM "[1]" OF("VirtualQuantity"), "2"},
      {ITEM "[2]" OF("VirtualQuantity"), "2048"},
      {ITEM "[3]" OF("ResourceSubType"), "AHCI"},
      {ITEM "[4]" OF("HostResource"), "ovf:/disk/vmdisk1"},
      {ITEM "[5]" OF("HostResource"), "ovf:/file/file2"},
      {ITEM "[6]" OF("Address"), "02:00:00:0a:0b:0c"},
      {ITEM "[6]" OF("Connection"), "kubeseed-" NASTY},
      {"//*[local-name()='Network']/@*[local-name()='name']",
       "kubeseed-" NASTY},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    check_path(&xml, rows[i].path, rows[i].expected);
}

static void test_ovf_cards(void **state) {
  (void)state;
  _cleanup_(fixture_done) struct fixture f = {0};
  make_of(&f, cards_text);
  const struct ovf_file disk = {"w1.vmdk", 1000, "aa"};
  const struct ovf_file seed = {"w1.iso", 2000, "bb"};
  _cleanup_buf_ struct buf xml = {0};
  ovf_descriptor(&f.plan, &f.plan.nodes.v[1], &disk, 8192, &seed, &xml);
  check_path(&xml, "count(//*[local-name()='Network'])", "2");
  check_path(&xml, ITEM "[6]" OF("Address"), "02:00:00:00:02:01");
  check_path(&xml, ITEM "[7]" OF("Connection"), "kubeseed-demo");
  check_path(&xml, ITEM "[8]" OF("Address"), "02:00:00:00:01:02");
  check_path(&xml, ITEM "[8]" OF("Connection"), "kubeseed-demo.2");
  check_path(&xml, ITEM "[8]" OF("InstanceID"), "8");
  check_path(&xml,
             "contains(//*[local-name()='Annotation'], 'must be "
             "02:00:00:00:02:01, of the next 02:00:00:00:02:02, of the next "
             "02:00:00:00:01:02.')",
             "true");
}

static void test_manifest(void **state) {
  (void)state;
  const struct ovf_file files[] = {{"a.ovf", 1, "aa"}, {"a.vmdk", 2, "bb"}};
  _cleanup_buf_ struct buf mf = {0};
  ovf_manifest(files, 2, &mf);
  assert_string_equal(mf.data, "SHA256(a.ovf)= aa\nSHA256(a.vmdk)= bb\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_virtualbox),
      cmocka_unit_test(test_virtualbox_cards),
      cmocka_unit_test(test_wires_check),
      cmocka_unit_test(test_virtualbox_one),
      cmocka_unit_test(test_virtualbox_far),
      cmocka_unit_test(test_virtualbox_nasty),
      cmocka_unit_test(test_libvirt),
      cmocka_unit_test(test_libvirt_files),
      cmocka_unit_test(test_libvirt_bridge),
      cmocka_unit_test(test_libvirt_network),
      cmocka_unit_test(test_libvirt_cards),
      cmocka_unit_test(test_ovf),
      cmocka_unit_test(test_ovf_cards),
      cmocka_unit_test(test_manifest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
