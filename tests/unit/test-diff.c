/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which lines differ, and what is taken out of texts with secrets. */
#include "base/diff.h"
#include "base/mem.h"
#include "seed/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_lines(void **state) {
  (void)state;
  static const struct {
    const char *a, *b, *out;
  } rows[] = {
      {"", "", ""},
      {"a\nb\n", "a\nb\n", ""},
      {"", "a\n", ">+a\n"},
      {"a\n", "", ">-a\n"},
      {"a\nb\nc\n", "a\nx\nc\n", ">-b\n>+x\n"},
      {"a\nb\nc\nd\n", "b\nc\nx\nd\n", ">-a\n>+x\n"},
      {"a\nc\na\n", "c\na\nc\n", ">-a\n>+c\n"},
      {"a\nb", "a\nc", ">-b\n>+c\n"},
      {"a\033[2J\n", "a\n", ">-a [2J\n>+a\n"},
      {"a", "a\n", ""}, /* the callers say that the end is another */
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_buf_ struct buf out = {0};
    diff_lines(rows[i].a, rows[i].b, ">", &out);
    assert_string_equal(out.data ? out.data : "", rows[i].out);
  }
}

/* Of too many lines it is only told that they are others. */
static void test_many(void **state) {
  (void)state;
  _cleanup_buf_ struct buf a = {0}, b = {0}, out = {0};
  for (int i = 0; i <= DIFF_MAX_LINES; i++) {
    buf_addf(&a, "a%d\n", i);
    buf_addf(&b, "b%d\n", i);
  }
  diff_lines(a.data, b.data, "", &out);
  assert_string_equal(out.data, "3001 lines are 3001 others\n");
}

static void test_redact(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"bootstrapTokens:\n- token: abcdef.0123456789abcdef\n  ttl: 24h\n",
       "bootstrapTokens:\n- token: (secret)\n  ttl: 24h\n"},
      {"    auth_pass 1234abcd\n", "    auth_pass (secret)\n"},
      {"certificateKey: aa\nname: x\n", "certificateKey: (secret)\nname: x\n"},
      {"    --client-secret=hunter2", "    --client-secret=(secret)"},
      {"  keyFile: /etc/kubernetes/pki/etcd/server.key\n",
       "  keyFile: /etc/kubernetes/pki/etcd/server.key\n"},
      {"  x: QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0NTY3ODkw\n",
       "  x: (secret)\n"},
      {"controlPlaneEndpoint: 192.168.4.20:6443\n",
       "controlPlaneEndpoint: 192.168.4.20:6443\n"},
      {"# Keys are told of elsewhere.\n", "# Keys are told of elsewhere.\n"},
      {"rotateCertificates: true\n", "rotateCertificates: true\n"},
      {"password: trueblue\n", "password: (secret)\n"},
      {"    default-node-token\n", "    default-node-token\n"},
      {"curl -O https://me:hunter2@host/a\n",
       "curl -O https://(secret)@host/a\n"},
      {"curl -O https://host/a@b\n", "curl -O https://host/a@b\n"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    bool cut = false;
    _cleanup_free_ char *out = redact_text(rows[i].in, &cut);
    assert_string_equal(out, rows[i].out);
    assert_int_equal(cut, strcmp(rows[i].in, rows[i].out) != 0);
  }
}

static void test_redact_tree(void **state) {
  (void)state;
  static const char text[] =
      "ssh_pwauth: false\n"
      "users: [{name: a, hashed_passwd: $6$x$y, lock_passwd: true,\n"
      "  ssh_authorized_keys: [ssh-ed25519 AAAA]}]\n"
      "chpasswd: {users: [{name: b, type: c}]}\n"
      "other: \"-----BEGIN OPENSSH PRIVATE KEY-----\"\n"
      "bootcmd: [\"PASSWORD=hunter2 join\", [curl, -H, \"X-Auth: hunter2\"]]\n"
      "phone_home: {url: \"http://me:hunter2@host/\", post: all}\n";
  _cleanup_error_ struct error err = {0};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_buf_ struct buf out = {0};
  assert_int_equal(yaml_parse("x", text, strlen(text), &root, &err), 0);
  assert_true(redact_tree(root));
  assert_int_equal(yaml_emit(root, &out, &err), 0);
  assert_null(strstr(out.data, "$6$"));
  assert_null(strstr(out.data, "PRIVATE"));
  assert_null(strstr(out.data, "name: b"));
  assert_null(strstr(out.data, "hunter2"));
  assert_non_null(strstr(out.data, "@host/"));
  assert_non_null(strstr(out.data, "post: all"));
  assert_non_null(strstr(out.data, "ssh-ed25519 AAAA"));
  assert_non_null(strstr(out.data, "lock_passwd: true"));
  assert_non_null(strstr(out.data, "ssh_pwauth: false"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_many),
      cmocka_unit_test(test_redact),
      cmocka_unit_test(test_redact_tree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
