/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of certificates on a medium; tests/commands/inspect.sh has the
 * rest, on real seeds. */
#include "base/codec.h"
#include "base/mem.h"
#include "seed/contents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"

#define DAY ((time_t)86400)
#define BEGINS (1000 * DAY)
#define ENDS (2000 * DAY) /* 1975-06-24 */

static struct buf ca, leaf, stranger;

/* Two CAs of one name, and what the first has signed. */
static int make_certificates(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_key_ struct key *key = NULL, *other = NULL;
  _cleanup_cert_ struct cert *cert = NULL;
  _cleanup_strv_ struct strv dns = {0}, ips = {0};
  strv_push(&dns, "m1.kube.demo");
  strv_push_all(&ips, "192.168.4.31", "fd00::1", NULL);
  struct cert_profile p = {.common_name = "some-ca",
                           .is_ca = true,
                           .not_before = BEGINS,
                           .not_after = ENDS};
  check_ok(key_generate(KEY_KIND_P256, &key, &err), &err);
  check_ok(key_generate(KEY_KIND_P256, &other, &err), &err);
  check_ok(cert_issue(&p, key, NULL, NULL, &ca, &err), &err);
  check_ok(cert_issue(&p, other, NULL, NULL, &stranger, &err), &err);
  check_ok(cert_parse(ca.data, ca.len, &cert, &err), &err);
  p = (struct cert_profile){.common_name = "m1",
                            .dns = &dns,
                            .ips = &ips,
                            .not_before = BEGINS,
                            .not_after = ENDS - DAY};
  check_ok(cert_issue(&p, other, cert, key, &leaf, &err), &err);
  return 0;
}

static int drop_certificates(void **state) {
  (void)state;
  buf_done(&ca);
  buf_done(&leaf);
  buf_done(&stranger);
  return 0;
}

/* A folder with these two files in its user-data. */
static struct volume make_volume(const char *a, const char *b) {
  struct volume v = {.form = "folder"};
  struct buf out = {0};
  buf_adds(&out, "#cloud-config\nwrite_files:\n- {path: /a, encoding: b64, "
                 "content: ");
  base64_encode(a, strlen(a), 0, &out);
  buf_adds(&out, "}\n- {path: /b, encoding: b64, content: ");
  base64_encode(b, strlen(b), 0, &out);
  buf_adds(&out, "}\n");
  struct volume_file *f = volume_file_vec_add(&v.files);
  f->name = xstrdup("user-data");
  f->data = out;
  return v;
}

static bool tells(const struct contents *c, const char *fault) {
  for (size_t i = 0; i < c->faults.n; i++)
    if (strcmp(c->faults.v[i], fault) == 0)
      return true;
  return false;
}

static void assert_told(const char *a, const char *b, time_t now,
                        const char *fault, bool told) {
  _cleanup_volume_ struct volume v = make_volume(a, b);
  _cleanup_contents_ struct contents c = {0};
  contents_read(&v, now, &c);
  assert_int_equal(tells(&c, fault), told);
}

static void test_times(void **state) {
  static const char ended[] = "/b (CN=m1) ended on 1975-06-23";
  static const char early[] = "/a (CN=some-ca) is not valid yet";
  (void)state;
  assert_told(ca.data, leaf.data, ENDS - DAY, ended, true);
  assert_told(ca.data, leaf.data, ENDS - DAY - 1, ended, false);
  assert_told(ca.data, leaf.data, BEGINS - 1, early, true);
  assert_told(ca.data, leaf.data, BEGINS, early, false);
}

static void test_issuer(void **state) {
  static const char fault[] = "/b (CN=m1) is not signed by the CA that it "
                              "names (CN=some-ca)";
  (void)state;
  assert_told(ca.data, leaf.data, BEGINS, fault, false);
  assert_told(stranger.data, leaf.data, BEGINS, fault, true);
  /* Who has signed it is nowhere: that may be so. */
  assert_told("", leaf.data, BEGINS, fault, false);
}

/* Several in a file, and those that a kubeconfig holds. */
static void test_found(void **state) {
  (void)state;
  _cleanup_buf_ struct buf two = {0}, config = {0};
  buf_addf(&two, "# both\n%s%s", ca.data, leaf.data);
  buf_adds(&config, "kind: Config\nusers:\n- user:\n    "
                    "client-certificate-data: ");
  base64_encode(leaf.data, leaf.len, 0, &config);
  buf_adds(&config, "\n");
  _cleanup_volume_ struct volume v = make_volume(two.data, config.data);
  _cleanup_contents_ struct contents c = {0};
  contents_read(&v, BEGINS, &c);
  assert_int_equal(c.certificates.n, 3);
  assert_true(c.certificates.v[0].is_ca);
  const struct certificate *last = &c.certificates.v[2];
  assert_string_equal(last->where, "/b");
  assert_string_equal(last->subject, "CN=m1");
  assert_string_equal(last->issuer, "CN=some-ca");
  assert_int_equal(last->until, ENDS - DAY);
  _cleanup_free_ char *names = strv_join(&last->names, " ");
  assert_string_equal(names, "m1.kube.demo 192.168.4.31 fd00::1");
  _cleanup_free_ char *end = certificate_end(last, ENDS - 3 * DAY);
  assert_string_equal(end, "ends on 1975-06-23, in 2 days");
}

/* What stands in user-data as it is. */
static void read_text(struct buf *text, struct contents *ret) {
  _cleanup_volume_ struct volume v = {.form = "folder"};
  struct volume_file *f = volume_file_vec_add(&v.files);
  f->name = xstrdup("user-data");
  f->data = *text;
  *text = (struct buf){0};
  contents_read(&v, BEGINS, ret);
}

static bool speaks_of(const struct contents *c, const char *words) {
  for (size_t i = 0; i < c->faults.n; i++)
    if (strstr(c->faults.v[i], words))
      return true;
  return false;
}

/* More than a spec may have, as with large files of the user's; and of one that
 * cannot be read nothing else is said to be missing. */
static void test_large(void **state) {
  (void)state;
  _cleanup_contents_ struct contents c = {0}, broken = {0};
  struct buf text = {0}, bad = {0};
  buf_adds(&text, "#cloud-config\nwrite_files:\n- {path: /a, content: \"");
  for (int i = 0; i < 40000; i++)
    buf_adds(&text, "0123456789 0123456789 0123456789 0123456789");
  buf_adds(&text,
           "\"}\n- {path: /etc/kubeseed/node.env, content: \"\\nNODE='m1'"
           "\"}\n");
  read_text(&text, &c);
  assert_int_equal(c.files.n, 2);
  assert_false(speaks_of(&c, "no YAML"));
  assert_false(speaks_of(&c, "there is no /etc/kubeseed/node.env"));
  buf_adds(&bad, "#cloud-config\n[\n");
  read_text(&bad, &broken);
  assert_true(speaks_of(&broken, "no YAML"));
  assert_false(speaks_of(&broken, "there is no /etc/kubeseed/node.env"));
}

/* Hostile media: work that grows with a product is bounded, and told. */
static void test_bounded(void **state) {
  (void)state;
  _cleanup_contents_ struct contents c = {0};
  struct buf text = {0};
  buf_adds(&text,
           "#cloud-config\nwrite_files:\n- {path: /etc/kubeseed/node.env, "
           "content: \"\\nSTEPS='");
  for (int i = 0; i < 5000; i++)
    buf_addf(&text, "s%d ", i);
  buf_adds(&text, "'\"}\n");
  read_text(&text, &c);
  assert_true(speaks_of(&c, "has more than 64 steps"));
  assert_int_equal(c.steps.n, 64);
  _cleanup_buf_ struct buf many = {0};
  for (int i = 0; i < 100; i++)
    buf_adds(&many, stranger.data);
  assert_told(many.data, leaf.data, BEGINS,
              "/b (CN=m1) is signed by none of the first 16 CAs of the name "
              "CN=some-ca",
              true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_times), cmocka_unit_test(test_issuer),
      cmocka_unit_test(test_found), cmocka_unit_test(test_large),
      cmocka_unit_test(test_bounded)};
  return cmocka_run_group_tests(tests, make_certificates, drop_certificates);
}
