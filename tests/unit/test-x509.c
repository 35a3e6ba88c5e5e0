/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/codec.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "format/crypto.h"
#include "format/p256.h"
#include "format/x509.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

static const time_t NOW = 1750000000; /* 2025-06-15 */
static const time_t DAY = 86400;

/* What every test starts from: a CA and a folder for outside readers. */
struct fixture {
  char *dir;
  struct key *ca_key;
  struct buf ca_pem;
  struct cert *ca;
};

static void issue(const struct cert_profile *p, const struct key *key,
                  const struct cert *ca, const struct key *ca_key,
                  struct buf *pem, struct cert **ret) {
  _cleanup_error_ struct error err = {0};
  if (cert_issue(p, key, ca, ca_key, pem, &err) < 0 ||
      cert_parse(pem->data, pem->len, ret, &err) < 0)
    fail_msg("%s", err.faults[0].msg);
}

static struct key *new_key(enum key_kind kind) {
  _cleanup_error_ struct error err = {0};
  struct key *key = NULL;
  assert_int_equal(key_generate(kind, &key, &err), 0);
  return key;
}

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = new_folder();
  f->ca_key = new_key(KEY_KIND_P256);
  const struct cert_profile p = {.common_name = "test-ca",
                                 .is_ca = true,
                                 .not_before = NOW - DAY,
                                 .not_after = NOW + 3650 * DAY};
  issue(&p, f->ca_key, NULL, NULL, &f->ca_pem, &f->ca);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(f->dir, &err), 0);
  key_free(f->ca_key);
  cert_free(f->ca);
  buf_done(&f->ca_pem);
  free(f->dir);
  free(f);
  return 0;
}

static char *put_pem(const struct fixture *f, const char *name,
                     const struct buf *pem) {
  _cleanup_error_ struct error err = {0};
  char *path = xasprintf("%s/%s", f->dir, name);
  assert_int_equal(file_write(path, pem->data, pem->len, 0600, &err), 0);
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

static void test_key_pem_round_trip(void **state) {
  (void)state;
  const enum key_kind kinds[] = {KEY_KIND_P256, KEY_KIND_P384, KEY_KIND_RSA2048,
                                 KEY_KIND_RSA3072, KEY_KIND_RSA4096};
  for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_key_ struct key *key = new_key(kinds[i]);
    _cleanup_key_ struct key *other = new_key(KEY_KIND_P256);
    _cleanup_key_ struct key *back = NULL, *public = NULL;
    _cleanup_buf_ struct buf pem = {0}, pub = {0}, again = {0};
    assert_int_equal(key_pem(key, &pem, &err), 0);
    assert_int_equal(key_public_pem(key, &pub, &err), 0);
    assert_non_null(strstr(pem.data, "-----BEGIN PRIVATE KEY-----\n"));
    assert_non_null(strstr(pub.data, "-----BEGIN PUBLIC KEY-----\n"));
    assert_int_equal(key_parse(pem.data, pem.len, &back, &err), 0);
    assert_int_equal(key_parse_public(pub.data, pub.len, &public, &err), 0);
    assert_true(key_equal(key, back));
    assert_int_equal(key_kind(back), kinds[i]);
    assert_int_equal(key_kind(public), kinds[i]);
    assert_true(key_equal(key, public));
    assert_false(key_equal(key, other));
    assert_int_equal(key_pem(back, &again, &err), 0);
    assert_string_equal(again.data, pem.data);
  }
}

/* The constant DER is what openssl itself writes, and a certificate holds the
 * very key. */
static void test_p256_as_openssl_writes_it(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_key_ struct key *key = new_key(KEY_KIND_P256);
  _cleanup_buf_ struct buf pem = {0}, pub = {0}, crt = {0};
  assert_int_equal(key_pem(key, &pem, &err), 0);
  assert_int_equal(key_public_pem(key, &pub, &err), 0);
  const struct cert_profile p = {
      .common_name = "x", .not_before = NOW - DAY, .not_after = NOW + DAY};
  assert_int_equal(cert_issue(&p, key, f->ca, f->ca_key, &crt, &err), 0);
  _cleanup_free_ char *key_path = put_pem(f, "p256.key", &pem);
  _cleanup_free_ char *crt_path = put_pem(f, "p256.crt", &crt);
  const char *const readers[][7] = {
      {"openssl", "pkey", "-in", key_path},
      {"openssl", "pkey", "-pubout", "-in", key_path},
      {"openssl", "x509", "-noout", "-pubkey", "-in", crt_path},
  };
  for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
    _cleanup_strv_ struct strv argv = {0};
    for (size_t k = 0; k < 7 && readers[i][k]; k++)
      strv_push(&argv, readers[i][k]);
    _cleanup_buf_ struct buf text = run(&argv);
    assert_string_equal(text.data, i == 0 ? pem.data : pub.data);
  }
}

/* The curve's generator, and so the point of the scalar 1 (SEC 2, 2.4.2). */
static struct p256 smallest(void) {
  struct p256 raw = {.point = "\x04"
                              "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47"
                              "\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2"
                              "\x77\x03\x7d\x81\x2d\xeb\x33\xa0"
                              "\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
                              "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b"
                              "\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16"
                              "\x2b\xce\x33\x57\x6b\x31\x5e\xce"
                              "\xcb\xb6\x40\x68\x37\xbf\x51\xf5"};
  raw.scalar[P256_SCALAR - 1] = 1;
  return raw;
}

/* One key in 256 begins with a zero; a new one hardly ever does. */
static void test_p256_leading_zeros(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf pem = {0}, again = {0};
  _cleanup_key_ struct key *key = NULL;
  const struct p256 raw = smallest();
  p256_private_pem(&raw, &pem);
  assert_int_equal(key_parse(pem.data, pem.len, &key, &err), 0);
  assert_int_equal(key_pem(key, &again, &err), 0);
  assert_string_equal(again.data, pem.data);
}

/* With any character of it another one, a key is none or another one. */
static void test_p256_reads_nothing_else(void **state) {
  (void)state;
  const struct p256 raw = smallest();
  _cleanup_buf_ struct buf private = {0}, public = {0};
  p256_private_pem(&raw, &private);
  p256_public_pem(raw.point, &public);
  for (size_t i = 0; i < private.len; i++) {
    struct p256 got = {0};
    private.data[i] ^= 1;
    if (p256_read_private(private.data, private.len, &got) &&
        (got.point[0] != 4 || memcmp(&got, &raw, sizeof(got)) == 0))
      fail_msg("character %zu of a private key is not looked at", i);
    private.data[i] ^= 1;
  }
  for (size_t i = 0; i < public.len; i++) {
    uint8_t got[P256_POINT] = {0};
    public.data[i] ^= 1;
    if (p256_read_public(public.data, public.len, got) &&
        (got[0] != 4 || memcmp(got, raw.point, sizeof(got)) == 0))
      fail_msg("character %zu of a public key is not looked at", i);
    public.data[i] ^= 1;
  }
}

/* The PEM text with n bytes more, or less, in its DER. The caller frees. */
static char *longer(const struct buf *pem, int n) {
  _cleanup_buf_ struct buf der = {0}, text = {0};
  const char *from = strchr(pem->data, '\n') + 1;
  const char *end = strstr(pem->data, "-----END");
  assert_true(base64_decode(from, (size_t)(end - from), &der));
  if (n > 0)
    buf_addf(&der, "%*s", n, "");
  buf_add(&text, pem->data, (size_t)(from - pem->data));
  base64_encode(der.data, der.len - (n < 0 ? (size_t)-n : 0), 64, &text);
  buf_adds(&text, end);
  return buf_take(&text);
}

static void test_p256_reads_no_more(void **state) {
  (void)state;
  const struct p256 raw = smallest();
  _cleanup_buf_ struct buf private = {0}, public = {0};
  p256_private_pem(&raw, &private);
  p256_public_pem(raw.point, &public);
  for (int n = -1; n <= 1; n++) {
    struct p256 got = {0};
    _cleanup_free_ char *a = longer(&private, n), *b = longer(&public, n);
    assert_int_equal(p256_read_private(a, strlen(a), &got), n == 0);
    assert_int_equal(p256_read_public(b, strlen(b), got.point), n == 0);
  }
}

/* A curve with numbers of the same length. */
static void test_other_curve(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:secp256k1", NULL);
  _cleanup_buf_ struct buf pem = run(&argv), again = {0};
  _cleanup_key_ struct key *key = NULL;
  assert_int_equal(key_parse(pem.data, pem.len, &key, &err), 0);
  assert_int_equal(key_pem(key, &again, &err), 0);
  assert_string_equal(again.data, pem.data);
}

/* Not a key, though it has the form of one: the point is not on the curve. */
static void test_p256_off_the_curve(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf pem = {0};
  struct p256 raw = {.point = {4, 1, 2, 3}};
  raw.scalar[P256_SCALAR - 1] = 7;
  p256_private_pem(&raw, &pem);
  struct key *key = NULL;
  assert_int_equal(key_parse(pem.data, pem.len, &key, &err), -1);
  assert_null(key);
}

static void test_bad_pem_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "nonsense",
      "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      "-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----\n",
      "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n",
  };
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    _cleanup_error_ struct error err = {0};
    struct key *key = NULL;
    struct cert *cert = NULL;
    size_t len = strlen(bad[i]);
    assert_int_equal(key_parse(bad[i], len, &key, &err), -1);
    assert_int_equal(key_parse_public(bad[i], len, &key, &err), -1);
    assert_int_equal(cert_parse(bad[i], len, &cert, &err), -1);
    assert_null(key);
    assert_null(cert);
    assert_int_equal(err.n_faults, 3);
    assert_null(strstr(err.faults[0].msg, "gives no reason"));
  }
}

/* Must not ask for the pass phrase on the terminal. */
static void test_encrypted_key_is_refused(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-aes128", "-pass", "pass:x", NULL);
  _cleanup_buf_ struct buf pem = run(&argv);
  struct key *key = NULL;
  assert_int_equal(key_parse(pem.data, pem.len, &key, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "pass phrase"));
}

/* The older form that `openssl ecparam` and kubeadm write. */
static void test_ec_private_key_form(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "openssl", "ecparam", "-name", "prime256v1", "-genkey",
                "-noout", NULL);
  _cleanup_buf_ struct buf pem = run(&argv);
  _cleanup_key_ struct key *key = NULL;
  assert_non_null(strstr(pem.data, "BEGIN EC PRIVATE KEY"));
  assert_int_equal(key_parse(pem.data, pem.len, &key, &err), 0);
}

static void test_ca_as_openssl_sees_it(void **state) {
  const struct fixture *f = *state;
  _cleanup_free_ char *path = put_pem(f, "ca.crt", &f->ca_pem);
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "openssl", "x509", "-noout", "-text", "-in", path, NULL);
  _cleanup_buf_ struct buf text = run(&argv);
  static const char *const want[] = {
      "Version: 3 (0x2)",
      "Issuer: CN = test-ca",
      "Subject: CN = test-ca",
      "Not Before: Jun 14 15:06:40 2025 GMT",
      "Not After : Jun 13 15:06:40 2035 GMT",
      "X509v3 Key Usage: critical\n                Digital Signature, Key "
      "Encipherment, Certificate Sign",
      "X509v3 Basic Constraints: critical\n                CA:TRUE",
      "X509v3 Subject Key Identifier",
      "ecdsa-with-SHA256",
  };
  for (size_t i = 0; i < ARRAY_SIZE(want); i++)
    if (!strstr(text.data, want[i]))
      fail_msg("no '%s' in:\n%s", want[i], text.data);
  assert_null(strstr(text.data, "Extended Key Usage"));
  assert_null(strstr(text.data, "Alternative Name"));
  assert_true(cert_is_ca(f->ca));
}

/* A leaf with everything in it; the lists are the caller's. */
static struct cert_profile full_profile(struct strv *orgs, struct strv *dns,
                                        struct strv *ips) {
  strv_push_all(orgs, "group one", "group-two", NULL);
  strv_push_all(dns, "a", "a.kube.demo", "localhost", NULL);
  strv_push_all(ips, "192.168.4.31", "127.0.0.1", "::1", NULL);
  return (struct cert_profile){.common_name = "leaf, \"quoted\"/x",
                               .organizations = orgs,
                               .server = true,
                               .client = true,
                               .dns = dns,
                               .ips = ips,
                               .not_before = NOW - DAY,
                               .not_after = NOW + 30 * DAY};
}

static void test_leaf_as_openssl_sees_it(void **state) {
  const struct fixture *f = *state;
  _cleanup_strv_ struct strv orgs = {0}, dns = {0}, ips = {0}, argv = {0};
  const struct cert_profile p = full_profile(&orgs, &dns, &ips);
  _cleanup_key_ struct key *key = new_key(KEY_KIND_RSA2048);
  _cleanup_cert_ struct cert *leaf = NULL;
  _cleanup_buf_ struct buf pem = {0};
  issue(&p, key, f->ca, f->ca_key, &pem, &leaf);
  _cleanup_free_ char *path = put_pem(f, "leaf.crt", &pem);
  strv_push_all(&argv, "openssl", "x509", "-noout", "-text", "-in", path, NULL);
  _cleanup_buf_ struct buf text = run(&argv);
  static const char *const want[] = {
      "Issuer: CN = test-ca",
      "O = group one, O = group-two, CN = \"leaf, \\\"quoted\\\"/x\"",
      "Digital Signature, Key Encipherment\n",
      "TLS Web Server Authentication, TLS Web Client Authentication",
      "X509v3 Basic Constraints: critical\n                CA:FALSE",
      "X509v3 Subject Key Identifier",
      "X509v3 Authority Key Identifier",
      "DNS:a, DNS:a.kube.demo, DNS:localhost, IP Address:192.168.4.31, "
      "IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
  };
  for (size_t i = 0; i < ARRAY_SIZE(want); i++)
    if (!strstr(text.data, want[i]))
      fail_msg("no '%s' in:\n%s", want[i], text.data);
  assert_false(cert_is_ca(leaf));
}

static void test_openssl_verifies(void **state) {
  const struct fixture *f = *state;
  _cleanup_strv_ struct strv orgs = {0}, dns = {0}, ips = {0}, argv = {0};
  const struct cert_profile p = full_profile(&orgs, &dns, &ips);
  _cleanup_key_ struct key *key = new_key(KEY_KIND_P256);
  _cleanup_cert_ struct cert *leaf = NULL;
  _cleanup_buf_ struct buf pem = {0};
  issue(&p, key, f->ca, f->ca_key, &pem, &leaf);
  _cleanup_free_ char *path = put_pem(f, "leaf.crt", &pem);
  _cleanup_free_ char *ca = put_pem(f, "ca.crt", &f->ca_pem);
  _cleanup_free_ char *now = xasprintf("%lld", (long long)NOW);
  strv_push_all(&argv, "openssl", "verify", "-x509_strict", "-attime", now,
                "-purpose", "sslserver", "-verify_ip", "192.168.4.31",
                "-verify_hostname", "a.kube.demo", "-CAfile", ca, path, NULL);
  _cleanup_buf_ struct buf text = run(&argv);
  assert_non_null(strstr(text.data, ": OK"));
}

static void test_verify(void **state) {
  const struct fixture *f = *state;
  _cleanup_strv_ struct strv orgs = {0}, dns = {0}, ips = {0};
  const struct cert_profile p = full_profile(&orgs, &dns, &ips);
  _cleanup_key_ struct key *key = new_key(KEY_KIND_P256);
  _cleanup_key_ struct key *foreign_key = new_key(KEY_KIND_P256);
  _cleanup_cert_ struct cert *leaf = NULL, *foreign = NULL;
  _cleanup_buf_ struct buf pem = {0}, foreign_pem = {0};
  const struct cert_profile same_name = {.common_name = "test-ca",
                                         .is_ca = true,
                                         .not_before = NOW - DAY,
                                         .not_after = NOW + 3650 * DAY};
  issue(&p, key, f->ca, f->ca_key, &pem, &leaf);
  issue(&same_name, foreign_key, NULL, NULL, &foreign_pem, &foreign);
  const struct {
    const struct cert *ca;
    time_t at;
    int want;
  } cases[] = {
      {f->ca, NOW, 0},
      {f->ca, NOW + 29 * DAY, 0},
      {f->ca, NOW + 31 * DAY, -1},
      {f->ca, NOW - 2 * DAY, -1},
      {foreign, NOW, -1},
      {leaf, NOW, 0}, /* trusted as it is */
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    assert_int_equal(cert_verify(leaf, cases[i].ca, cases[i].at, &err),
                     cases[i].want);
    assert_int_equal(err.n_faults, cases[i].want ? 1 : 0);
  }
}

static void test_leaf_cannot_sign(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv orgs = {0}, dns = {0}, ips = {0};
  const struct cert_profile p = full_profile(&orgs, &dns, &ips);
  _cleanup_key_ struct key *key = new_key(KEY_KIND_P256);
  _cleanup_cert_ struct cert *leaf = NULL, *below = NULL;
  _cleanup_buf_ struct buf pem = {0}, below_pem = {0};
  issue(&p, key, f->ca, f->ca_key, &pem, &leaf);
  issue(&p, key, leaf, key, &below_pem, &below);
  assert_int_equal(cert_verify(below, leaf, NOW, &err), -1);
}

static void test_matches(void **state) {
  const struct fixture *f = *state;
  _cleanup_strv_ struct strv orgs = {0}, dns = {0}, ips = {0}, more = {0};
  const struct cert_profile p = full_profile(&orgs, &dns, &ips);
  strv_push_all(&more, "a", "a.kube.demo", "elsewhere", NULL);
  _cleanup_key_ struct key *key = new_key(KEY_KIND_P256);
  _cleanup_cert_ struct cert *leaf = NULL;
  _cleanup_buf_ struct buf pem = {0};
  issue(&p, key, f->ca, f->ca_key, &pem, &leaf);
  assert_true(cert_matches(leaf, &p));
  struct cert_profile other[8];
  for (size_t i = 0; i < ARRAY_SIZE(other); i++)
    other[i] = p;
  other[0].common_name = "someone";
  other[1].organizations = NULL;
  other[2].organizations = &more;
  other[3].server = false;
  other[4].dns = NULL;
  other[5].dns = &more;
  other[6].ips = NULL;
  other[7].is_ca = true;
  for (size_t i = 0; i < ARRAY_SIZE(other); i++)
    if (cert_matches(leaf, &other[i]))
      fail_msg("profile %zu matches", i);
  assert_true(cert_has_key(leaf, key));
  assert_false(cert_has_key(leaf, f->ca_key));
}

static void test_bad_ip_is_an_error(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv ips = {0};
  strv_push(&ips, "192.168.4.300");
  const struct cert_profile p = {.common_name = "x", .ips = &ips};
  _cleanup_buf_ struct buf pem = {0};
  assert_int_equal(cert_issue(&p, f->ca_key, f->ca, f->ca_key, &pem, &err), -1);
  assert_int_equal(pem.len, 0);
}

static void test_not_after(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  time_t end = 0;
  assert_int_equal(cert_not_after(f->ca, &end, &err), 0);
  assert_int_equal(end, NOW + 3650 * DAY);
}

/* After 2049 a time is written as GeneralizedTime (RFC 5280 4.1.2.5). */
static void test_far_not_after(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  const time_t y2060 = 2855606400;
  const struct cert_profile p = {
      .common_name = "x", .not_before = NOW, .not_after = y2060};
  _cleanup_cert_ struct cert *cert = NULL;
  time_t end = 0;
  _cleanup_buf_ struct buf pem = {0};
  issue(&p, f->ca_key, f->ca, f->ca_key, &pem, &cert);
  assert_int_equal(cert_not_after(cert, &end, &err), 0);
  assert_true(end == y2060);
}

/* As kubeadm's manual computes it. */
static void test_key_hash(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = put_pem(f, "ca.crt", &f->ca_pem);
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "sh", "-c",
                "openssl x509 -pubkey -noout -in \"$1\" | openssl pkey -pubin "
                "-outform der | sha256sum | cut -d' ' -f1 | tr -d '\\n'",
                "sh", path, NULL);
  _cleanup_buf_ struct buf want = run(&argv);
  char hash[CERT_HASH_TEXT];
  assert_int_equal(cert_key_hash(f->ca, hash, &err), 0);
  assert_int_equal(strncmp(hash, "sha256:", 7), 0);
  assert_string_equal(hash + 7, want.data);
}

static void from_hex(const char *hex, uint8_t *out) {
  for (size_t i = 0; hex[2 * i]; i++) {
    const char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
    out[i] = (uint8_t)strtoul(byte, NULL, 16);
  }
}

/* RFC 8032 section 7.1, test 2. */
static void test_ed25519_vector(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  uint8_t seed[32], want_public[32], want[64], public[32], signature[64];
  const uint8_t msg = 0x72;
  from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
           seed);
  from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
           want_public);
  from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
           "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
           want);
  assert_int_equal(ed25519_public(seed, public, &err), 0);
  assert_memory_equal(public, want_public, sizeof(public));
  struct ed25519 *key = NULL;
  assert_int_equal(ed25519_open(seed, &key, &err), 0);
  for (int i = 0; i < 2; i++) {
    memset(signature, 0, sizeof(signature));
    assert_int_equal(ed25519_sign(key, &msg, 1, signature, &err), 0);
    assert_memory_equal(signature, want, sizeof(signature));
  }
  ed25519_close(key);
}

/* RFC 5869 appendix A.3: no salt. Its empty info is the caller's "". */
static void test_hkdf_vector(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  uint8_t key[22], want[42], out[42];
  memset(key, 0x0b, sizeof(key));
  from_hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
           "9d201395faa4b61a96c8",
           want);
  assert_int_equal(hkdf_sha256(key, sizeof(key), "", 0, out, sizeof(out), &err),
                   0);
  assert_memory_equal(out, want, sizeof(out));
  assert_int_equal(
      hkdf_sha256(key, sizeof(key), "x", 1, out, sizeof(out), &err), 0);
  assert_memory_not_equal(out, want, sizeof(out));
}

static void test_random_bytes(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  uint8_t a[32], b[32];
  assert_int_equal(random_bytes(a, sizeof(a), &err), 0);
  assert_int_equal(random_bytes(b, sizeof(b), &err), 0);
  assert_memory_not_equal(a, b, sizeof(a));
}

static void test_free_null(void **state) {
  (void)state;
  key_free(NULL);
  cert_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_key_pem_round_trip),
      cmocka_unit_test(test_p256_as_openssl_writes_it),
      cmocka_unit_test(test_p256_leading_zeros),
      cmocka_unit_test(test_p256_reads_nothing_else),
      cmocka_unit_test(test_p256_reads_no_more),
      cmocka_unit_test(test_other_curve),
      cmocka_unit_test(test_p256_off_the_curve),
      cmocka_unit_test(test_bad_pem_is_refused),
      cmocka_unit_test(test_encrypted_key_is_refused),
      cmocka_unit_test(test_ec_private_key_form),
      cmocka_unit_test(test_ca_as_openssl_sees_it),
      cmocka_unit_test(test_leaf_as_openssl_sees_it),
      cmocka_unit_test(test_openssl_verifies),
      cmocka_unit_test(test_verify),
      cmocka_unit_test(test_leaf_cannot_sign),
      cmocka_unit_test(test_matches),
      cmocka_unit_test(test_bad_ip_is_an_error),
      cmocka_unit_test(test_not_after),
      cmocka_unit_test(test_far_not_after),
      cmocka_unit_test(test_key_hash),
      cmocka_unit_test(test_ed25519_vector),
      cmocka_unit_test(test_hkdf_vector),
      cmocka_unit_test(test_random_bytes),
      cmocka_unit_test(test_free_null),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
