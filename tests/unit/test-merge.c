/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/codec.h"
#include "base/mem.h"
#include "format/x509.h"
#include "format/yaml.h"
#include "seed/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

#define OURS                                                                   \
  "apiVersion: v1\nkind: Config\n"                                             \
  "clusters:\n- name: demo\n  cluster:\n    certificate-authority-data: CA\n " \
  "   server: https://new\n"                                                   \
  "users:\n- name: demo-admin\n  user:\n    client-key-data: NEW\n"            \
  "contexts:\n- name: demo\n  context:\n    cluster: demo\n"                   \
  "    user: demo-admin\n"                                                     \
  "current-context: demo\n"

static int merge(const char *into, char **ret, struct error *err) {
  struct buf old = {0};
  struct buf ours = {0};
  struct buf out = {0};
  buf_adds(&old, into);
  buf_adds(&ours, OURS);
  int r = kubeconfig_merge("conf", &old, &ours, false, &out, err);
  *ret = buf_take(&out);
  buf_done(&old);
  buf_done(&ours);
  return r;
}

static void test_merge(void **state) {
  (void)state;
  static const char others[] =
      "apiVersion: v1\nkind: Config\npreferences: {colors: true}\n"
      "clusters:\n- name: demo\n  cluster: {certificate-authority-data: CA, "
      "server: https://old}\n"
      "- name: work\n  cluster: {server: https://work, odd-key: [1, a]}\n"
      "users: null\n"
      "contexts: []\n"
      "current-context: work\n"
      "extra: {x: 'true'}\n";
  static const char merged[] =
      "apiVersion: v1\nkind: Config\npreferences: {colors: true}\n"
      "clusters:\n- name: demo\n  cluster:\n    certificate-authority-data: "
      "CA\n    server: https://new\n"
      "- name: work\n  cluster: {server: 'https://work', odd-key: [1, a]}\n"
      "users:\n- name: demo-admin\n  user:\n    client-key-data: NEW\n"
      "contexts:\n- name: demo\n  context:\n    cluster: demo\n"
      "    user: demo-admin\n"
      "current-context: demo\n"
      "extra: {x: \"true\"}\n";
  static const struct {
    const char *into, *expected;
  } rows[] = {{"", OURS},
              {"# nothing yet\n", OURS},
              {OURS, OURS},
              {others, merged},
              {merged, merged}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_free_ char *text = NULL;
    if (merge(rows[i].into, &text, &err) < 0)
      fail_msg("%zu: %s", i, err.faults[0].msg);
    assert_string_equal(text, rows[i].expected);
  }
}

/* Adds a certificate as a kubeconfig holds it; with ca NULL a CA's own. */
static struct cert *add_cert(struct buf *out, const struct key *key,
                             const struct cert *ca, const struct key *ca_key) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf pem = {0};
  struct cert *cert = NULL;
  const struct cert_profile p = {.common_name = ca ? "admin" : "ca",
                                 .is_ca = !ca,
                                 .client = ca != NULL,
                                 .not_before = ca ? 2000 : 1000,
                                 .not_after = ca ? 3000 : 2000000000};
  check_ok(cert_issue(&p, key, ca, ca_key, &pem, &err), &err);
  check_ok(cert_parse(pem.data, pem.len, &cert, &err), &err);
  base64_encode(pem.data, pem.len, 0, out);
  buf_add(out, "", 0);
  return cert;
}

/* A cluster's CA, and its administrator's certificate, which ended in 1970. */
struct keys {
  struct buf ca, admin;
};

static void make_keys(struct keys *ret) {
  _cleanup_error_ struct error err = {0};
  _cleanup_key_ struct key *ca_key = NULL;
  _cleanup_key_ struct key *key = NULL;
  check_ok(key_generate(KEY_KIND_P256, &ca_key, &err), &err);
  check_ok(key_generate(KEY_KIND_P256, &key, &err), &err);
  _cleanup_cert_ struct cert *ca = add_cert(&ret->ca, ca_key, NULL, NULL);
  _cleanup_cert_ struct cert *admin = add_cert(&ret->admin, key, ca, ca_key);
}

/* Merges ours, whose CA is keys', into a file. */
static int merge_keys(const struct keys *k, const char *into, bool replace,
                      char **ret, struct error *err) {
  _cleanup_free_ char *text = xasprintf(
      "clusters:\n- name: demo\n  cluster: {certificate-authority-data: %s, "
      "server: new}\nusers:\n- name: demo-admin\n  user: "
      "{client-certificate-data: NEW}\ncontexts:\n- name: demo\n  context: "
      "{cluster: demo, user: demo-admin}\ncurrent-context: demo\n",
      k->ca.data);
  struct buf ours = {.data = text, .len = strlen(text)};
  struct buf old = {.data = (char *)into, .len = strlen(into)};
  struct buf out = {0};
  int r = kubeconfig_merge("conf", &old, &ours, replace, &out, err);
  *ret = buf_take(&out);
  return r;
}

/* What was set by hand for the cluster is there after the next merge, also
 * when the administrator's certificate is another by then. */
static void test_settings_stay(void **state) {
  (void)state;
  static const char format[] =
      "clusters:\n- name: demo\n  cluster: {server: old, proxy-url: "
      "socks5://p, "
      "certificate-authority-data: %s}\n  more: 1\n"
      "users:\n- name: demo-admin\n  user: {client-certificate-data: %s, "
      "extensions: []}\n"
      "contexts:\n- name: demo\n  context: {cluster: demo, user: demo-admin, "
      "namespace: team}\n- {name: other, context: {cluster: x}}\n";
  _cleanup_error_ struct error err = {0};
  struct keys k = {0};
  make_keys(&k);
  _cleanup_free_ char *into = xasprintf(format, k.ca.data, k.admin.data);
  _cleanup_free_ char *expected = xasprintf(
      "clusters:\n- name: demo\n  cluster: {certificate-authority-data: %s, "
      "server: new, proxy-url: 'socks5://p'}\n  more: 1\n"
      "users:\n- name: demo-admin\n  user: {client-certificate-data: NEW, "
      "extensions: []}\n"
      "contexts:\n- name: demo\n  context: {cluster: demo, user: demo-admin, "
      "namespace: team}\n- name: other\n  context: {cluster: x}\n"
      "current-context: demo\n",
      k.ca.data);
  _cleanup_free_ char *out = NULL;
  check_ok(merge_keys(&k, into, false, &out, &err), &err);
  _cleanup_yaml_ struct yaml_node *a = NULL;
  _cleanup_yaml_ struct yaml_node *b = NULL;
  check_ok(yaml_parse("a", out, strlen(out), &a, &err), &err);
  check_ok(yaml_parse("b", expected, strlen(expected), &b, &err), &err);
  if (!yaml_equal(a, b))
    fail_msg("%s", out);
  buf_done(&k.ca);
  buf_done(&k.admin);
}

/* Each would be lost: said, with what it is, and only replaced when told. */
static void test_others(void **state) {
  (void)state;
  struct keys k = {0}, other = {0};
  make_keys(&k);
  make_keys(&other);
  _cleanup_free_ char *another = xasprintf(
      "users: [{name: demo-admin, user: {client-certificate-data: %s}}]\n",
      other.admin.data);
  _cleanup_free_ char *all =
      xasprintf("clusters: [{name: demo, cluster: {server: OLD}}]\n%s"
                "contexts: [{name: demo}]\n",
                another);
  const struct {
    const char *into, *part, *lost;
    size_t faults;
  } rows[] = {
      {"clusters: [{name: demo, cluster: {server: OLD, proxy-url: p}}]\n",
       "the cluster 'demo' here (OLD) has another CA", "OLD", 1},
      {"clusters: [{name: demo, cluster: {certificate-authority-data: QQ==}}]",
       "the cluster 'demo' here has another CA", "QQ==", 1},
      {"clusters: [{name: demo, cluster: null}]", "another CA", "null", 1},
      {another, "the user 'demo-admin' here has no certificate of",
       other.admin.data, 1},
      {"users: [{name: demo-admin, user: {token: T}}]",
       "the user 'demo-admin' here has no certificate of", "token", 1},
      {"users: [{name: demo-admin, user: {client-certificate-data: '%'}}]",
       "no certificate of", "%", 1},
      {"contexts: [{name: demo, context: {cluster: work, user: demo-admin}}]",
       "the context 'demo' here (work) leads elsewhere", "work", 1},
      {"contexts: [{name: demo, context: {cluster: demo, user: me, a: b}}]",
       "or as somebody else", "a: b", 1},
      {all, "the cluster 'demo'", "OLD", 3},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_free_ char *none = NULL;
    _cleanup_free_ char *out = NULL;
    assert_int_equal(merge_keys(&k, rows[i].into, false, &none, &err), -1);
    assert_string_equal(none, "");
    assert_int_equal(err.kind, ERROR_FAILED);
    assert_int_equal(err.n_faults, rows[i].faults);
    assert_non_null(strstr(err.faults[0].msg, "--merge --force replaces it"));
    check_error(-1, &err, rows[i].part);
    check_ok(merge_keys(&k, rows[i].into, true, &out, &err), &err);
    assert_null(strstr(out, rows[i].lost));
  }
  buf_done(&k.ca);
  buf_done(&k.admin);
  buf_done(&other.ca);
  buf_done(&other.admin);
}

static void test_no_kubeconfig(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"- a\n", "this is no kubeconfig"},
      {"kind: Pod\n", "not Config"},
      {"apiVersion: v1\nimage: nginx\n", "neither 'kind: Config' nor"},
      {"kind: Config\nusers: {a: b}\n", "'users' is not a list"},
      {"a: [\n", ""},
      {"a: 1\na: 2\n", ""},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_free_ char *text = NULL;
    assert_int_equal(merge(rows[i][0], &text, &err), -1);
    assert_string_equal(text, "");
    assert_memory_equal(err.faults[0].where, "conf:", 5);
    assert_non_null(strstr(err.faults[0].msg, rows[i][1]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_merge),
      cmocka_unit_test(test_settings_stay),
      cmocka_unit_test(test_others),
      cmocka_unit_test(test_no_kubeconfig),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
