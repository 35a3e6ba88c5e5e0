/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "format/sshkey.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

struct fixture {
  char *dir;
  struct ssh_key key;
  struct ssh_ca ca;
};

static int setup(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = xcalloc(1, sizeof(*f));
  const uint8_t seed[ED25519_KEY] = {1, 2, 3};
  f->dir = new_folder();
  assert_int_equal(sshkey_from_seed(seed, &f->key, &err), 0);
  _cleanup_ssh_key_ struct ssh_key ca = {0};
  assert_int_equal(sshkey_generate(&ca, &err), 0);
  assert_int_equal(ssh_ca_open(&ca, &f->ca, &err), 0);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(f->dir, &err), 0);
  sshkey_done(&f->key);
  ssh_ca_done(&f->ca);
  free(f->dir);
  free(f);
  return 0;
}

static char *put(const struct fixture *f, const char *name,
                 const struct buf *data) {
  _cleanup_error_ struct error err = {0};
  char *path = xasprintf("%s/%s", f->dir, name);
  assert_int_equal(file_write(path, data->data, data->len, 0600, &err), 0);
  return path;
}

/* What an outside program says; the caller buf_done's. */
static struct buf run(const struct strv *argv) {
  _cleanup_error_ struct error err = {0};
  struct buf out = {0};
  const struct process p = {.argv = argv, .output = &out, .timeout = 60};
  if (process_run(&p, &err) < 0)
    fail_msg("%s", err.faults[0].msg);
  buf_adds(&out, "");
  return out;
}

static struct buf keygen(const char *option, const char *path) {
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "ssh-keygen", option, "-f", path, NULL);
  return run(&argv);
}

/* Comments of every length modulo the padding's block size. */
static void test_ssh_keygen_reads_private(void **state) {
  const struct fixture *f = *state;
  const char *comment = "12345678";
  for (size_t i = 0; i <= 8; i++) {
    _cleanup_buf_ struct buf file = {0}, line = {0};
    sshkey_private(&f->key, comment + i, &file);
    sshkey_public_line(f->key.public, comment + i, &line);
    _cleanup_free_ char *path = put(f, "key", &file);
    _cleanup_buf_ struct buf got = keygen("-y", path);
    /* ssh-keygen leaves the blank out before an empty comment. */
    size_t len = i == 8 ? line.len - 2 : line.len - 1;
    assert_int_equal(strncmp(got.data, line.data, len), 0);
    assert_int_equal(got.len, len + 1);
  }
}

static void test_parse_own(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf file = {0}, again = {0}, line = {0};
  _cleanup_ssh_key_ struct ssh_key back = {0};
  uint8_t public[ED25519_KEY];
  sshkey_private(&f->ca.key, "a comment", &file);
  sshkey_private(&f->ca.key, "a comment", &again);
  assert_string_equal(file.data, again.data);
  assert_int_equal(sshkey_parse(file.data, file.len, &back, &err), 0);
  assert_memory_equal(&back, &f->ca.key, sizeof(back));
  sshkey_public_line(f->ca.key.public, "a comment", &line);
  assert_int_equal(sshkey_parse_public(line.data, public, &err), 0);
  assert_memory_equal(public, f->ca.key.public, sizeof(public));
}

static char *make_with_keygen(const struct fixture *f, const char *type,
                              const char *pass, struct buf *ret) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  char *path = xasprintf("%s/%s%s", f->dir, type, pass);
  strv_push_all(&argv, "ssh-keygen", "-q", "-t", type, "-N", pass, "-C", "c",
                "-f", path, NULL);
  _cleanup_buf_ struct buf out = run(&argv);
  assert_int_equal(file_read(path, 65536, ret, &err), 0);
  return path;
}

static void test_parse_ssh_keygens(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf file = {0}, line = {0};
  _cleanup_free_ char *path = make_with_keygen(f, "ed25519", "", &file);
  _cleanup_ssh_key_ struct ssh_key key = {0};
  assert_int_equal(sshkey_parse(file.data, file.len, &key, &err), 0);
  sshkey_public_line(key.public, "c", &line);
  _cleanup_buf_ struct buf got = keygen("-y", path);
  assert_string_equal(got.data, line.data);
}

static void test_parse_refuses(void **state) {
  const struct fixture *f = *state;
  _cleanup_buf_ struct buf locked = {0}, ecdsa = {0}, good = {0};
  _cleanup_free_ char *p1 = make_with_keygen(f, "ed25519", "secret", &locked);
  _cleanup_free_ char *p2 = make_with_keygen(f, "ecdsa", "", &ecdsa);
  sshkey_private(&f->key, "x", &good);
  const struct {
    const char *text;
    size_t len;
    const char *want;
  } cases[] = {
      {"", 0, "not an OpenSSH private key file"},
      {good.data, 60, "not an OpenSSH private key file"},
      {locked.data, locked.len, "pass phrase"},
      {ecdsa.data, ecdsa.len, "not of type ssh-ed25519"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    struct ssh_key key = {0};
    assert_int_equal(sshkey_parse(cases[i].text, cases[i].len, &key, &err), -1);
    assert_non_null(strstr(err.faults[0].msg, cases[i].want));
  }
}

/* Whatever single character of the base64 is changed: an error or the same
 * key, never a crash or another key. */
static void test_parse_damaged(void **state) {
  const struct fixture *f = *state;
  _cleanup_buf_ struct buf good = {0};
  sshkey_private(&f->key, "x", &good);
  for (size_t i = 0; i < good.len; i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_ssh_key_ struct ssh_key key = {0};
    _cleanup_free_ char *bad = xstrndup(good.data, good.len);
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    if (sshkey_parse(bad, good.len, &key, &err) == 0)
      assert_memory_equal(&key, &f->key, sizeof(key));
  }
}

static void test_parse_public_refuses(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "ssh-ed25519",
      "ssh-ed25519 ",
      "ssh-ed25519 AAAA",
      "ssh-ed25519 AA!A",
      "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA",
      "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAAgQC1",
  };
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    _cleanup_error_ struct error err = {0};
    uint8_t public[ED25519_KEY];
    assert_int_equal(sshkey_parse_public(bad[i], public, &err), -1);
  }
}

/* The certificate as `ssh-keygen -L` prints it, which also checks the
 * signature. */
static struct buf show(const struct fixture *f, const struct ssh_cert *cert) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf line = {0}, again = {0};
  assert_int_equal(sshkey_certify(cert, f->key.public, &f->ca, &line, &err), 0);
  assert_int_equal(sshkey_certify(cert, f->key.public, &f->ca, &again, &err),
                   0);
  assert_string_equal(line.data, again.data);
  _cleanup_free_ char *path = put(f, "x-cert.pub", &line);
  return keygen("-L", path);
}

static void expect_all(const struct buf *text, const char *const *want) {
  for (; *want; want++)
    if (!strstr(text->data, *want))
      fail_msg("no '%s' in:\n%s", *want, text->data);
}

static void test_host_certificate(void **state) {
  const struct fixture *f = *state;
  _cleanup_strv_ struct strv names = {0};
  strv_push_all(&names, "a", "a.kube.demo", "192.168.4.31", NULL);
  const struct ssh_cert cert = {.host = true,
                                .key_id = "demo/a",
                                .principals = &names,
                                .valid_before = SSH_FOREVER};
  _cleanup_buf_ struct buf text = show(f, &cert);
  static const char *const want[] = {
      "Type: ssh-ed25519-cert-v01@openssh.com host certificate",
      "Key ID: \"demo/a\"",
      "Serial: 0",
      "Valid: forever",
      "a\n                a.kube.demo\n                192.168.4.31\n",
      "Critical Options: (none)",
      "Extensions: (none)",
      NULL};
  expect_all(&text, want);
}

static void test_user_certificate(void **state) {
  const struct fixture *f = *state;
  _cleanup_strv_ struct strv names = {0};
  strv_push(&names, "root");
  const struct ssh_cert cert = {.serial = 18446744073709551615u,
                                .key_id = "fetch",
                                .principals = &names,
                                .valid_after = 1750000000,
                                .valid_before = 1760000000,
                                .permit_pty = true,
                                .permit_port_forwarding = true,
                                .force_command = "/bin/true a"};
  _cleanup_buf_ struct buf text = show(f, &cert);
  static const char *const want[] = {
      "user certificate",
      "Serial: 18446744073709551615",
      "Valid: from 2025-",
      "Principals: \n                root\n",
      "force-command /bin/true a",
      "permit-port-forwarding\n                permit-pty\n",
      NULL};
  expect_all(&text, want);
}

/* The CA's fingerprint in the certificate is that of its public line. */
static void test_certificate_names_its_ca(void **state) {
  const struct fixture *f = *state;
  _cleanup_strv_ struct strv names = {0};
  _cleanup_buf_ struct buf line = {0};
  strv_push(&names, "a");
  const struct ssh_cert cert = {
      .host = true, .key_id = "a", .principals = &names, .valid_before = 1};
  _cleanup_buf_ struct buf text = show(f, &cert);
  sshkey_public_line(f->ca.key.public, "ca", &line);
  _cleanup_free_ char *path = put(f, "ca.pub", &line);
  _cleanup_buf_ struct buf print = keygen("-l", path);
  char *from = strstr(print.data, "SHA256:");
  assert_non_null(from);
  from[strcspn(from, " ")] = '\0';
  assert_non_null(strstr(text.data, from));
}

static void test_certificate_without_principal(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf out = {0};
  const struct strv none = {0};
  const struct ssh_cert cert = {.key_id = "x", .principals = &none};
  assert_int_equal(sshkey_certify(&cert, f->key.public, &f->ca, &out, &err),
                   -1);
  assert_int_equal(out.len, 0);
}

/* Any base64 change must break what ssh-keygen reads: its parser verifies the
 * CA's signature (sshkey.c cert_parse). */
static void test_forged_certificate(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv names = {0}, argv = {0};
  _cleanup_buf_ struct buf line = {0}, out = {0};
  strv_push(&names, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  const struct ssh_cert cert = {
      .host = true, .key_id = "k", .principals = &names, .valid_before = 1};
  assert_int_equal(sshkey_certify(&cert, f->key.public, &f->ca, &line, &err),
                   0);
  char *run_of_a = strstr(line.data, "YWFhYWFh"); /* "aaaaaa" */
  if (!run_of_a)
    run_of_a = strstr(line.data, "FhYWFhYW");
  if (!run_of_a)
    run_of_a = strstr(line.data, "hYWFhYWF");
  assert_non_null(run_of_a);
  run_of_a[1] = run_of_a[1] == 'X' ? 'Z' : 'X';
  _cleanup_free_ char *path = put(f, "forged-cert.pub", &line);
  strv_push_all(&argv, "ssh-keygen", "-L", "-f", path, NULL);
  const struct process p = {.argv = &argv, .output = &out, .timeout = 60};
  assert_int_equal(process_run(&p, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "failed with exit status"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ssh_keygen_reads_private),
      cmocka_unit_test(test_parse_own),
      cmocka_unit_test(test_parse_ssh_keygens),
      cmocka_unit_test(test_parse_refuses),
      cmocka_unit_test(test_parse_damaged),
      cmocka_unit_test(test_parse_public_refuses),
      cmocka_unit_test(test_host_certificate),
      cmocka_unit_test(test_user_certificate),
      cmocka_unit_test(test_certificate_names_its_ca),
      cmocka_unit_test(test_certificate_without_principal),
      cmocka_unit_test(test_forged_certificate),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
