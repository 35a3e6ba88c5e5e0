/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/process.h"
#include "pki/store.h"
#include "state/layout.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "folder.h"

static const time_t NOW = 1750000000; /* 2025-06-15 */
static const time_t DAY = 86400;

enum { MASTER, WORKER, BALANCER, ETCD, N_NODES };

/* A plan made by hand: only what pki reads. */
struct fixture {
  char *dir; /* where nothing is yet; removed after each test */
  char fqdn[N_NODES][32];
  struct spec spec;
  struct spec_node spec_nodes[N_NODES];
  struct plan_node nodes[N_NODES];
  struct plan plan;
};

static int setup(void **state) {
  static const struct {
    const char *name;
    enum role role;
  } rows[] = {{"mast01", ROLE_CONTROL_PLANE},
              {"node01", ROLE_WORKER},
              {"lb01", ROLE_LOAD_BALANCER},
              {"etcd01", ROLE_ETCD}};
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = new_folder();
  f->spec.name = xstrdup("demo");
  f->spec.kubernetes.version = (struct version){1, 34, 2};
  f->spec.pki.ca_hours = CA_HOURS;
  f->plan.spec = &f->spec;
  for (size_t i = 0; i < N_NODES; i++) {
    (void)snprintf(f->fqdn[i], sizeof(f->fqdn[i]), "%s.kube.demo",
                   rows[i].name);
    f->spec_nodes[i].role = rows[i].role;
    f->spec_nodes[i].address =
        (struct ip){IP_V4, {192, 168, 4, (uint8_t)(31 + i)}};
    f->nodes[i].spec = &f->spec_nodes[i];
    f->nodes[i].name = rows[i].name;
    f->nodes[i].fqdn = f->fqdn[i];
  }
  f->nodes[MASTER].runs_etcd = true;
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  assert_int_equal(file_remove_tree(f->dir, &err), 0);
  free(f->spec.name);
  free(f->dir);
  free(f);
  return 0;
}

/* --- the functions under test, where they must succeed -------------------- */

static void ok(int r, const struct error *err) {
  if (r < 0)
    fail_msg("%s", err->n_faults ? err->faults[0].msg : "no message");
  assert_int_equal(err->n_faults, 0);
}

static struct pki make(const struct fixture *f, const struct pki *old,
                       time_t now) {
  _cleanup_error_ struct error err = {0};
  struct pki pki = {0};
  ok(pki_make(&f->plan, old, now, &pki, &err), &err);
  return pki;
}

static struct pki load(const struct fixture *f) {
  _cleanup_error_ struct error err = {0};
  struct pki pki = {0};
  ok(pki_load(f->dir, &f->plan, &pki, &err), &err);
  return pki;
}

static void store(const struct fixture *f, const struct pki *pki) {
  _cleanup_error_ struct error err = {0};
  _cleanup_commit_ struct commit c = {.dir = f->dir};
  pki_save(pki, &c);
  ok(commit_write(&c, &err), &err);
}

static void store_node(const struct fixture *f, const struct pki_node *n,
                       const struct plan_node *node) {
  _cleanup_error_ struct error err = {0};
  _cleanup_commit_ struct commit c = {.dir = f->dir};
  pki_node_save(n, node, &c);
  ok(commit_write(&c, &err), &err);
}

static struct pki_node make_node(const struct fixture *f, const struct pki *pki,
                                 int i, const struct pki_node *old,
                                 time_t now) {
  _cleanup_error_ struct error err = {0};
  struct pki_node n = {0};
  ok(pki_node_make(pki, &f->plan, &f->nodes[i], old, now, &n, &err), &err);
  return n;
}

static const char *text(const struct pki *pki, const char *name) {
  const struct pki_entry *e = pki_get(pki, name);
  if (!e)
    fail_msg("no entry '%s'", name);
  return e->data.data;
}

static const char *node_text(const struct pki_node *n, const char *name) {
  const struct pki_entry *e = pki_node_get(n, name);
  if (!e)
    fail_msg("no entry '%s'", name);
  return e->data.data;
}

/* The data of every entry is the same, and none is to be written. */
static void same_entries(const struct pki_entry_vec *a,
                         const struct pki_entry_vec *b) {
  assert_int_equal(a->n, b->n);
  for (size_t i = 0; i < a->n; i++) {
    assert_string_equal(a->v[i].name, b->v[i].name);
    assert_string_equal(a->v[i].data.data, b->v[i].data.data);
    assert_int_equal(a->v[i].secret, b->v[i].secret);
    assert_false(b->v[i].unsaved);
  }
}

/* --- outside readers --------------------------------------------------------
 */

static char *put(const struct fixture *f, const char *name, const char *data) {
  _cleanup_error_ struct error err = {0};
  char *path = xasprintf("%s/%s", f->dir, name);
  ok(file_write(path, data, strlen(data), 0600, &err), &err);
  return path;
}

static struct buf run(const struct strv *argv) {
  _cleanup_error_ struct error err = {0};
  struct buf out = {0};
  const struct process p = {.argv = argv, .output = &out, .timeout = 60};
  ok(process_run(&p, &err), &err);
  buf_adds(&out, "");
  return out;
}

/* Verifies with openssl, then fails unless its text has all of want. */
static void check_cert(const struct fixture *f, const char *ca_pem,
                       const char *pem, const char *const *want) {
  _cleanup_free_ char *ca = put(f, "check-ca.crt", ca_pem);
  _cleanup_free_ char *cert = put(f, "check.crt", pem);
  _cleanup_free_ char *now = xasprintf("%lld", (long long)NOW);
  _cleanup_strv_ struct strv verify = {0}, show = {0};
  strv_push_all(&verify, "openssl", "verify", "-x509_strict", "-attime", now,
                "-CAfile", ca, cert, NULL);
  _cleanup_buf_ struct buf verdict = run(&verify);
  strv_push_all(&show, "openssl", "x509", "-noout", "-text", "-in", cert, NULL);
  _cleanup_buf_ struct buf out = run(&show);
  for (; *want; want++)
    if (!strstr(out.data, *want))
      fail_msg("no '%s' in:\n%s", *want, out.data);
}

/* --- the cluster's entries --------------------------------------------------
 */

static const char *const KUBERNETES[] = {"ca.crt",
                                         "ca.key",
                                         "etcd/ca.crt",
                                         "etcd/ca.key",
                                         "front-proxy-ca.crt",
                                         "front-proxy-ca.key",
                                         "sa.pub",
                                         "sa.key",
                                         "admin.crt",
                                         "admin.key",
                                         "ca.hash"};
static const char *const ALWAYS[] = {"token",
                                     "vrrp.secret",
                                     "stats.secret",
                                     "ssh-user/id_ed25519",
                                     "ssh-user/id_ed25519.pub",
                                     "ssh-ca/ca",
                                     "ssh-ca/ca.pub",
                                     "ssh-host.secret"};

static void test_names(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  assert_int_equal(pki.entries.n, ARRAY_SIZE(KUBERNETES) + ARRAY_SIZE(ALWAYS));
  for (size_t i = 0; i < ARRAY_SIZE(KUBERNETES); i++)
    assert_non_null(pki_get(&pki, KUBERNETES[i]));
  for (size_t i = 0; i < ARRAY_SIZE(ALWAYS); i++)
    assert_non_null(pki_get(&pki, ALWAYS[i]));
  assert_null(pki_get(&pki, "nothing"));
}

static void test_secret_flags(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  for (size_t i = 0; i < pki.entries.n; i++) {
    const struct pki_entry *e = &pki.entries.v[i];
    bool private = strstr(e->data.data, "PRIVATE KEY") != NULL ||
                   strstr(e->name, ".secret") || strcmp(e->name, "token") == 0;
    if (e->secret != private)
      fail_msg("'%s' has the wrong secret flag", e->name);
  }
}

static void test_copied_mode(void **state) {
  struct fixture *f = *state;
  f->spec.pki.mode = PKI_COPIED;
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  assert_int_equal(pki.entries.n, ARRAY_SIZE(ALWAYS));
  _cleanup_pki_node_ struct pki_node n = make_node(f, &pki, MASTER, NULL, NOW);
  /* The host's three, and what it copies the CAs with. */
  assert_int_equal(n.entries.n, 5);
  assert_non_null(pki_node_get(&n, "node/copy_key"));
  assert_non_null(pki_node_get(&n, "node/copy_key-cert.pub"));
}

static void test_cas(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  static const struct {
    const char *name, *subject, *dns;
  } cas[] = {{"ca.crt", "Subject: CN = kubernetes\n", "DNS:kubernetes"},
             {"etcd/ca.crt", "Subject: CN = etcd-ca\n", "DNS:etcd-ca"},
             {"front-proxy-ca.crt", "Subject: CN = front-proxy-ca\n",
              "DNS:front-proxy-ca"}};
  for (size_t i = 0; i < ARRAY_SIZE(cas); i++) {
    const char *const want[] = {
        cas[i].subject,
        cas[i].dns,
        "Digital Signature, Key Encipherment, Certificate Sign",
        "CA:TRUE",
        "Not Before: Jun 14 15:06:40 2025 GMT",
        "Not After : Jun 13 15:06:40 2035 GMT",
        "prime256v1",
        NULL};
    check_cert(f, text(&pki, cas[i].name), text(&pki, cas[i].name), want);
  }
}

static void test_admin_group_follows_version(void **state) {
  struct fixture *f = *state;
  static const struct {
    int minor;
    const char *subject;
  } cases[] = {
      {20, "Subject: O = system:masters, CN = kubernetes-admin"},
      {28, "Subject: O = system:masters, CN = kubernetes-admin"},
      {29, "Subject: O = kubeadm:cluster-admins, CN = kubernetes-admin"},
      {34, "Subject: O = kubeadm:cluster-admins, CN = kubernetes-admin"}};
  _cleanup_pki_ struct pki pki = {0};
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    f->spec.kubernetes.version.minor = cases[i].minor;
    struct pki next = make(f, &pki, NOW);
    pki_done(&pki);
    pki = next;
    const char *const want[] = {cases[i].subject,
                                "Extended Key Usage: \n                TLS Web "
                                "Client Authentication\n",
                                "Not After : Jun 14 15:06:40 2030 GMT", NULL};
    check_cert(f, text(&pki, "ca.crt"), text(&pki, "admin.crt"), want);
  }
}

/* These keys take longer than all else here, so they are made once. */
static void test_rsa(void **state) {
  struct fixture *f = *state;
  f->spec.pki.algorithm = KEY_RSA_2048;
  _cleanup_error_ struct error err = {0}, other = {0};
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW), none = {0};
  _cleanup_pki_node_ struct pki_node n = make_node(f, &pki, MASTER, NULL, NOW);
  const char *const want[] = {"Public-Key: (2048 bit)",
                              "sha256WithRSAEncryption", NULL};
  check_cert(f, text(&pki, "etcd/ca.crt"), node_text(&n, "node/etcd-peer.crt"),
             want);
  _cleanup_key_ struct key *sa = NULL, *public = NULL;
  const struct buf *pem = &pki_get(&pki, "sa.key")->data;
  const struct buf *pub = &pki_get(&pki, "sa.pub")->data;
  ok(key_parse(pem->data, pem->len, &sa, &err), &err);
  ok(key_parse_public(pub->data, pub->len, &public, &err), &err);
  assert_true(key_equal(sa, public));
  f->spec.pki.algorithm = KEY_ECDSA_P256;
  assert_int_equal(pki_make(&f->plan, &pki, NOW, &none, &other), -1);
  assert_int_equal(other.kind, ERROR_USAGE);
  assert_non_null(strstr(other.faults[0].msg,
                         "pki.algorithm is 'ecdsa-p256', but this cluster's "
                         "keys are of 'rsa-2048'"));
}

static void check_shape(const char *s, const char *alphabet, size_t len) {
  assert_int_equal(strlen(s), len);
  assert_int_equal(strspn(s, alphabet), len);
}

static void test_texts(void **state) {
  const struct fixture *f = *state;
  const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  const char all[] = "abcdefghijklmnopqrstuvwxyz0123456789"
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_free_ char *token = xstrdup(text(&pki, "token"));
  assert_int_equal(token[6], '.');
  check_shape(token + 7, lower, 16);
  token[6] = '\0';
  check_shape(token, lower, 6);
  check_shape(text(&pki, "vrrp.secret"), all, 8);
  check_shape(text(&pki, "stats.secret"), all, 24);
  check_shape(text(&pki, "ssh-host.secret"), "0123456789abcdef", 64);
}

/* Of clusters with pacemaker alone, and kept. */
static void test_corosync_key(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki without = make(f, NULL, NOW);
  assert_null(pki_get(&without, "corosync.secret"));
  struct spec spec = *f->plan.spec;
  struct fixture with = *f;
  spec.endpoint.provider = PROVIDER_PACEMAKER;
  with.plan.spec = &spec;
  _cleanup_pki_ struct pki first = make(&with, &without, NOW);
  static const char all[] = "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  check_shape(text(&first, "corosync.secret"), all, 256);
  assert_true(pki_get(&first, "corosync.secret")->secret);
  _cleanup_pki_ struct pki again = make(&with, &first, NOW);
  assert_string_equal(text(&again, "corosync.secret"),
                      text(&first, "corosync.secret"));
}

static void test_ca_hash(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_cert_ struct cert *ca = NULL;
  const struct buf *pem = &pki_get(&pki, "ca.crt")->data;
  char hash[CERT_HASH_TEXT];
  ok(cert_parse(pem->data, pem->len, &ca, &err), &err);
  ok(cert_key_hash(ca, hash, &err), &err);
  assert_string_equal(text(&pki, "ca.hash"), hash);
}

/* --- files
 * -------------------------------------------------------------------- */

static void test_store_and_load(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki first = make(f, NULL, NOW);
  store(f, &first);
  _cleanup_pki_ struct pki old = load(f);
  _cleanup_pki_ struct pki second = make(f, &old, NOW + 1000 * DAY);
  same_entries(&first.entries, &second.entries);
  assert_null(pki_get(&old, "ca.hash"));
}

/* What is stored is known as ours, and as a secret where it is one. */
static void in_layout(const char *name, bool secret) {
  _cleanup_free_ char *path = xasprintf("pki/%s", name);
  _cleanup_free_ char *node = NULL;
  bool temporary;
  const struct layout_row *row = layout_find(path, &temporary, &node);
  if (!row || row->secret != secret)
    fail_msg("'%s' has no row in state/layout.c, or a wrong one", path);
}

static void test_modes(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  store(f, &pki);
  for (size_t i = 0; i < pki.entries.n; i++) {
    _cleanup_free_ char *path =
        xasprintf("%s/%s", f->dir, pki.entries.v[i].name);
    struct stat st;
    if (strcmp(pki.entries.v[i].name, "ca.hash") == 0) {
      assert_false(file_exists(path));
      continue;
    }
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    in_layout(pki.entries.v[i].name, pki.entries.v[i].secret);
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
  }
}

static void test_load_of_nothing(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki pki = load(f);
  assert_int_equal(pki.entries.n, 0);
  pki_done(&pki);
  _cleanup_free_ char *missing = xasprintf("%s/no/such", f->dir);
  ok(pki_load(missing, &f->plan, &pki, &err), &err);
}

/* One removed single secret comes back; the others stay. */
static void test_missing_is_filled(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki first = make(f, NULL, NOW);
  store(f, &first);
  _cleanup_free_ char *token = xasprintf("%s/token", f->dir);
  assert_int_equal(unlink(token), 0);
  _cleanup_pki_ struct pki old = load(f);
  _cleanup_pki_ struct pki second = make(f, &old, NOW);
  assert_true(pki_get(&second, "token")->unsaved);
  assert_string_not_equal(text(&first, "token"), text(&second, "token"));
  assert_string_equal(text(&first, "ca.key"), text(&second, "ca.key"));
}

static void test_newline_after_secret(void **state) {
  const struct fixture *f = *state;
  _cleanup_free_ char *path = put(f, "token", "abcdef.0123456789abcdef\n");
  _cleanup_pki_ struct pki pki = load(f);
  assert_string_equal(text(&pki, "token"), "abcdef.0123456789abcdef");
}

/* What is wrong with the folder, and what the error must say. */
struct damage {
  const char *file;    /* gets content, or other's, or is removed */
  const char *content; /* NULL: see other */
  const char *other;   /* NULL: remove */
  const char *want;
};

static void test_damage_is_an_error(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  static const struct damage cases[] = {
      {"ca.key", "junk", NULL, "/ca.key': not a private key in PEM"},
      {"ca.crt", "", NULL, "/ca.crt': not a certificate in PEM"},
      {"etcd/ca.key", NULL, NULL, "/etcd/ca.key': the file is missing"},
      {"etcd/ca.crt", NULL, NULL, "/etcd/ca.crt': the file is missing"},
      {"ca.key", NULL, "etcd/ca.key", "/ca.key': the key does not fit"},
      {"front-proxy-ca.crt", NULL, "admin.crt",
       "/front-proxy-ca.crt': the certificate is not a CA's"},
      {"sa.key", NULL, "ca.key", "the public key does not fit"},
      {"token", "abc", NULL, "/token': not of the form"},
      {"token", "ABCDEF.0123456789abcdef", NULL, "/token': not of the form"},
      {"vrrp.secret", "a b\"c}ef", NULL, "/vrrp.secret': not of the form"},
      {"ssh-host.secret", "", NULL, "/ssh-host.secret': not of the form"},
      {"ssh-user/id_ed25519", NULL, "ssh-ca/ca", "does not fit the private"},
      {"ssh-ca/ca", "junk", NULL, "/ssh-ca/ca': not an OpenSSH private key"},
  };
  _cleanup_free_ char *created = put(f, "created", "1750000000\n");
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    const struct damage *d = &cases[i];
    _cleanup_error_ struct error err = {0};
    _cleanup_pki_ struct pki out = {0};
    store(f, &pki);
    _cleanup_free_ char *path = put(f, d->file,
                                    d->content ? d->content
                                    : d->other ? text(&pki, d->other)
                                               : "");
    if (!d->content && !d->other)
      assert_int_equal(unlink(path), 0);
    if (pki_load(f->dir, &f->plan, &out, &err) == 0)
      fail_msg("case %zu is accepted", i);
    if (!strstr(err.faults[0].msg, d->want) ||
        !strstr(err.faults[0].msg, "put the right file back, or remove"))
      fail_msg("case %zu: %s", i, err.faults[0].msg);
    assert_int_equal(out.entries.n, 0);
  }
}

/* A folder in the place of a file is neither missing nor readable. */
static void test_unreadable_is_not_missing(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki out = {0};
  _cleanup_free_ char *path = xasprintf("%s/ca.key", f->dir);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(pki_load(f->dir, &f->plan, &out, &err), -1);
  assert_int_equal(err.errnum, EISDIR);
}

/* --- time
 * ----------------------------------------------------------------------- */

static time_t end_of(const char *pem) {
  _cleanup_error_ struct error err = {0};
  _cleanup_cert_ struct cert *cert = NULL;
  time_t end;
  ok(cert_parse(pem, strlen(pem), &cert, &err), &err);
  ok(cert_not_after(cert, &end, &err), &err);
  return end;
}

static void test_admin_is_renewed(void **state) {
  const struct fixture *f = *state;
  static const struct {
    int day;
    bool kept;
  } cases[] = {{PKI_LEAF_DAYS - PKI_RENEW_DAYS, true},
               {PKI_LEAF_DAYS - PKI_RENEW_DAYS + 1, false},
               {PKI_LEAF_DAYS + 1, false}};
  _cleanup_pki_ struct pki old = make(f, NULL, NOW);
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_pki_ struct pki pki = make(f, &old, NOW + cases[i].day * DAY);
    bool kept = strcmp(text(&old, "admin.crt"), text(&pki, "admin.crt")) == 0;
    assert_int_equal(kept, cases[i].kept);
    assert_string_equal(text(&old, "ca.crt"), text(&pki, "ca.crt"));
  }
}

/* What pki.validity says, of what is made; and of leaves that are there too. */
static void test_validity(void **state) {
  struct fixture *f = *state;
  _cleanup_pki_ struct pki usual = make(f, NULL, NOW);
  f->spec.pki.ca_hours = 20 * 365 * 24;
  f->spec.pki.leaf_hours = 100 * 24;
  _cleanup_pki_ struct pki own = make(f, NULL, NOW);
  _cleanup_pki_ struct pki shorter = make(f, &usual, NOW);
  _cleanup_pki_node_ struct pki_node n = make_node(f, &own, MASTER, NULL, NOW);
  assert_int_equal(end_of(text(&own, "ca.crt")), NOW + 20 * 365 * DAY);
  assert_int_equal(end_of(text(&own, "admin.crt")), NOW + 100 * DAY);
  assert_int_equal(end_of(pki_node_get(&n, "node/etcd-peer.crt")->data.data),
                   NOW + 100 * DAY);
  assert_string_equal(text(&shorter, "ca.crt"), text(&usual, "ca.crt"));
  assert_int_equal(end_of(text(&shorter, "admin.crt")), NOW + 100 * DAY);
  /* Longer ones are made when it is time for that. */
  f->spec.pki.leaf_hours = 200 * 24;
  _cleanup_pki_ struct pki longer = make(f, &own, NOW + DAY);
  assert_string_equal(text(&longer, "admin.crt"), text(&own, "admin.crt"));
  /* When seeds count as made follows from it. */
  f->spec.pki.leaf_hours = 100 * 24;
  assert_int_equal(pki_seed_time(&f->plan, NOW, NOW + 70 * DAY),
                   NOW + 70 * DAY);
}

/* Near the CA's end: a certificate that ends with it is not made again in
 * every run. */
static void test_leaf_never_outlives_ca(void **state) {
  const struct fixture *f = *state;
  time_t late = NOW + (CA_HOURS / 24 - 10) * DAY;
  _cleanup_pki_ struct pki old = make(f, NULL, NOW);
  _cleanup_pki_ struct pki pki = make(f, &old, late);
  const char *const want[] = {"Not After : Jun 13 15:06:40 2035 GMT", NULL};
  _cleanup_free_ char *cert = put(f, "x.crt", text(&pki, "admin.crt"));
  _cleanup_strv_ struct strv show = {0};
  strv_push_all(&show, "openssl", "x509", "-noout", "-text", "-in", cert, NULL);
  _cleanup_buf_ struct buf out = run(&show);
  assert_non_null(strstr(out.data, want[0]));
  _cleanup_pki_ struct pki again = make(f, &pki, late + DAY);
  assert_string_equal(text(&pki, "admin.crt"), text(&again, "admin.crt"));
}

static void test_ended_ca_is_an_error(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki old = make(f, NULL, NOW), pki = {0};
  assert_int_equal(
      pki_make(&f->plan, &old, NOW + (CA_HOURS / 24 + 1) * DAY, &pki, &err),
      -1);
  assert_non_null(
      strstr(err.faults[0].msg, "the CA 'ca.crt' ended on 2035-06-13"));
}

/* A wrong clock, not a certificate that has to be made anew. */
static void test_begin_after_now_is_an_error(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki old = make(f, NULL, NOW);
  _cleanup_pki_ struct pki later = make(f, &old, NOW + PKI_LEAF_DAYS * DAY);
  _cleanup_pki_node_ struct pki_node n =
      make_node(f, &later, MASTER, NULL, NOW + PKI_LEAF_DAYS * DAY);
  _cleanup_error_ struct error one = {0}, two = {0}, three = {0};
  _cleanup_pki_ struct pki pki = {0};
  _cleanup_pki_node_ struct pki_node node = {0};
  assert_int_equal(pki_make(&f->plan, &old, NOW - 2 * DAY, &pki, &one), -1);
  assert_string_equal(
      one.faults[0].msg,
      "this machine's clock says 2025-06-13, but the certificate 'ca.crt' "
      "begins on 2025-06-14: set the clock; if it was wrong when that was "
      "made, "
      "remove 'ca.key' and 'ca.crt' there and make the cluster anew");
  assert_int_equal(pki_make(&f->plan, &later, NOW, &pki, &two), -1);
  assert_non_null(
      strstr(two.faults[0].msg, "'admin.crt' begins on 2030-06-13"));
  assert_int_equal(
      pki_node_make(&old, &f->plan, &f->nodes[MASTER], &n, NOW, &node, &three),
      -1);
  assert_non_null(strstr(three.faults[0].msg, "etcd-server.crt' begins on"));
}

/* Whose certificate it is, and where. */
static void test_begin_after_now_names_the_file(void **state) {
  const struct fixture *f = *state;
  const struct plan_node *node = &f->nodes[MASTER];
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_pki_node_ struct pki_node late =
      make_node(f, &pki, MASTER, NULL, NOW + 9 * DAY);
  _cleanup_pki_node_ struct pki_node old = {0}, out = {0};
  _cleanup_commit_ struct commit c = {.dir = f->dir};
  pki_node_save(&late, node, &c);
  ok(commit_write(&c, &err), &err);
  ok(pki_node_load(f->dir, &f->plan, node, &old, &err), &err);
  assert_int_equal(pki_node_make(&pki, &f->plan, node, &old, NOW, &out, &err),
                   -1);
  _cleanup_free_ char *want = xasprintf(
      "the certificate '%s/nodes/%s/etcd-server.crt' begins on 2025-06-23",
      f->dir, node->name);
  assert_non_null(strstr(err.faults[0].msg, want));
  assert_non_null(strstr(err.faults[0].msg,
                         "remove 'etcd-server.key' and 'etcd-server.crt' "
                         "there"));
}

static void test_seed_time(void **state) {
  const struct fixture *f = *state;
  const time_t life = (PKI_LEAF_DAYS - PKI_RENEW_DAYS) * DAY;
  assert_int_equal(pki_seed_time(&f->plan, NOW, NOW), NOW);
  assert_int_equal(pki_seed_time(&f->plan, NOW, NOW - DAY), NOW);
  assert_int_equal(pki_seed_time(&f->plan, NOW, NOW + life - 1), NOW);
  assert_int_equal(pki_seed_time(&f->plan, NOW, NOW + life), NOW + life);
  assert_int_equal(pki_seed_time(&f->plan, NOW, NOW + 2 * life + 5),
                   NOW + 2 * life);
  /* A node's newest certificate, kept or new. */
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_pki_node_ struct pki_node a = make_node(f, &pki, MASTER, NULL, NOW);
  _cleanup_pki_node_ struct pki_node b =
      make_node(f, &pki, MASTER, &a, NOW + DAY);
  _cleanup_pki_node_ struct pki_node c =
      make_node(f, &pki, MASTER, &a, NOW + life + DAY);
  _cleanup_pki_node_ struct pki_node d = make_node(f, &pki, WORKER, NULL, NOW);
  assert_int_equal(a.made, NOW);
  assert_int_equal(b.made, NOW);
  assert_int_equal(c.made, NOW + life + DAY);
  assert_int_equal(d.made, 0);
}

/* What keys that are there do not allow; test_rsa has the way back from RSA. */
static void test_changes_that_keys_cannot_follow(void **state) {
  struct fixture *f = *state;
  static const struct {
    enum pki_mode mode, then_mode;
    bool rsa;         /* then */
    const char *want; /* NULL: it is fine */
  } cases[] = {
      {PKI_OFFLINE, PKI_OFFLINE, false, NULL},
      {PKI_OFFLINE, PKI_COPIED, false,
       "pki.mode is 'copied', but this cluster's keys were made with "
       "'offline'"},
      {PKI_COPIED, PKI_OFFLINE, false,
       "made with pki.mode 'copied' they never were"},
      {PKI_COPIED, PKI_COPIED, true, NULL},
      {PKI_OFFLINE, PKI_OFFLINE, true,
       "pki.algorithm is 'rsa-2048', but this cluster's keys are of "
       "'ecdsa-p256'"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_pki_ struct pki pki = {0};
    f->spec.pki.mode = cases[i].mode;
    f->spec.pki.algorithm = KEY_ECDSA_P256;
    _cleanup_pki_ struct pki old = make(f, NULL, NOW);
    f->spec.pki.mode = cases[i].then_mode;
    f->spec.pki.algorithm = cases[i].rsa ? KEY_RSA_2048 : KEY_ECDSA_P256;
    int r = pki_make(&f->plan, &old, NOW, &pki, &err);
    assert_int_equal(r, cases[i].want ? -1 : 0);
    if (!cases[i].want)
      continue;
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.faults[0].msg, cases[i].want));
  }
}

/* The keys of secrets: kept, and not for another spec than the old one. */
static void test_encryption(void **state) {
  struct fixture *f = *state;
  _cleanup_pki_ struct pki without = make(f, NULL, NOW);
  assert_null(pki_get(&without, "encryption.secret"));
  f->spec.kubernetes.encryption = ENCRYPTION_AESGCM;
  _cleanup_pki_ struct pki with = make(f, NULL, NOW);
  assert_memory_equal(text(&with, "encryption.secret"), "aesgcm key1 ", 12);
  assert_true(pki_get(&with, "encryption.secret")->secret);
  store(f, &with);
  _cleanup_pki_ struct pki old = load(f);
  _cleanup_pki_ struct pki again = make(f, &old, NOW);
  assert_string_equal(text(&again, "encryption.secret"),
                      text(&with, "encryption.secret"));
  static const struct {
    bool was;
    enum encryption then;
    const char *want;
  } cases[] = {
      {true, ENCRYPTION_NONE,
       "encryptionAtRest is 'none', but this cluster's keys were made with "
       "'aesgcm'; write"},
      {true, ENCRYPTION_AESCBC, "were made with 'aesgcm'; write"},
      {false, ENCRYPTION_AESGCM,
       "were made with 'none', or 'encryption.secret' is gone and is to be put "
       "back"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_pki_ struct pki none = {0};
    f->spec.kubernetes.encryption = cases[i].then;
    assert_int_equal(
        pki_make(&f->plan, cases[i].was ? &with : &without, NOW, &none, &err),
        -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.faults[0].msg, cases[i].want));
  }
}

static void tokens_free(struct spec_token_vec *l) {
  for (size_t i = 0; i < l->n; i++) {
    free(l->v[i].user);
    free(l->v[i].uid);
    free(l->v[i].file);
    strv_done(&l->v[i].groups);
    buf_done(&l->v[i].given);
  }
  free(l->v);
}

/* Who has a token keeps it when another user gets one; what API servers read
 * has both, and one that was given. */
static void test_tokens(void **state) {
  struct fixture *f = *state;
  struct spec_token_vec *l = &f->spec.kubernetes.api.tokens;
  _cleanup_pki_ struct pki without = make(f, NULL, NOW);
  assert_null(pki_get(&without, "tokens.secret"));
  assert_null(pki_get(&without, "tokens.csv"));
  *spec_token_vec_add(l) = (struct spec_token){.user = xstrdup("ann")};
  _cleanup_pki_ struct pki first = make(f, &without, NOW);
  assert_true(pki_get(&first, "tokens.secret")->secret);
  assert_true(pki_get(&first, "tokens.csv")->secret);
  store(f, &first);
  _cleanup_pki_ struct pki old = load(f);
  *spec_token_vec_add(l) = (struct spec_token){
      .user = xstrdup("bob"), .uid = xstrdup("7"), .file = xstrdup("a")};
  buf_adds(&l->v[1].given, "a-token-of-bob-alone\n");
  strv_push(&l->v[1].groups, "ops");
  strv_push(&l->v[1].groups, "team:a");
  *spec_token_vec_add(l) = (struct spec_token){.user = xstrdup("cid d")};
  _cleanup_pki_ struct pki then = make(f, &old, NOW);
  const char *made = text(&then, "tokens.secret");
  assert_memory_equal(made, text(&first, "tokens.secret"), 48);
  assert_string_equal(made + 48 + strlen(" ann\n") + 48, " cid d\n");
  _cleanup_free_ char *want =
      xasprintf("%.48s,\"ann\",\"ann\"\n"
                "a-token-of-bob-alone,\"bob\",\"7\",\"ops,team:a\"\n"
                "%.48s,\"cid d\",\"cid d\"\n",
                made, made + 48 + strlen(" ann\n"));
  assert_string_equal(text(&then, "tokens.csv"), want);
  tokens_free(l);
}

static void test_damaged_tokens(void **state) {
  struct fixture *f = *state;
  static const char *const texts[] = {
      "short ann\n", "0123456789abcdef0123\n", "0123456789abcdef0123 \n",
      "0123456789abcdef 0123 ann\n\n", "0123456789abcdef,0123 ann\n"};
  for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_pki_ struct pki pki = {0};
    free(put(f, "tokens.secret", texts[i]));
    assert_int_equal(pki_load(f->dir, &f->plan, &pki, &err), -1);
    assert_non_null(strstr(err.faults[0].msg, "put the right file back"));
    assert_null(strstr(err.faults[0].msg, "0123"));
  }
}

static void test_damaged_encryption_keys(void **state) {
  struct fixture *f = *state;
  static const char *const texts[] = {"", "aesgcm key1 AAAA\n"};
  for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_pki_ struct pki pki = {0};
    free(put(f, "encryption.secret", texts[i]));
    assert_int_equal(pki_load(f->dir, &f->plan, &pki, &err), -1);
    assert_non_null(strstr(err.faults[0].msg, "put the right file back"));
    assert_null(strstr(err.faults[0].msg, "AAAA"));
  }
}

/* --- nodes
 * ------------------------------------------------------------------------ */

static void test_node_names(void **state) {
  struct fixture *f = *state;
  static const char *const names[] = {"node/etcd-server.crt",
                                      "node/etcd-server.key",
                                      "node/etcd-peer.crt",
                                      "node/etcd-peer.key",
                                      "node/apiserver-etcd-client.crt",
                                      "node/apiserver-etcd-client.key",
                                      "node/ssh_host_ed25519_key",
                                      "node/ssh_host_ed25519_key.pub",
                                      "node/ssh_host_ed25519_key-cert.pub"};
  static const struct {
    int node;
    enum etcd_mode mode;
    bool runs_etcd;
    const char *want; /* one digit per name */
  } cases[] = {
      {MASTER, ETCD_FOUNDING, true, "111111111"},
      {MASTER, ETCD_STACKED, false, "000000111"},
      {MASTER, ETCD_EXTERNAL, false, "000011111"},
      {ETCD, ETCD_EXTERNAL, true, "111100111"},
      {WORKER, ETCD_FOUNDING, false, "000000111"},
      {BALANCER, ETCD_FOUNDING, false, "000000111"},
  };
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    f->spec.etcd.mode = cases[i].mode;
    f->nodes[cases[i].node].runs_etcd = cases[i].runs_etcd;
    _cleanup_pki_node_ struct pki_node n =
        make_node(f, &pki, cases[i].node, NULL, NOW);
    for (size_t k = 0; k < ARRAY_SIZE(names); k++)
      if ((pki_node_get(&n, names[k]) != NULL) != (cases[i].want[k] == '1'))
        fail_msg("case %zu: '%s'", i, names[k]);
  }
}

static void test_node_certificates(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_pki_node_ struct pki_node n = make_node(f, &pki, MASTER, NULL, NOW);
  const char *const member[] = {
      "Subject: CN = mast01\n",
      "TLS Web Server Authentication, TLS Web Client Authentication\n",
      "DNS:mast01, DNS:mast01.kube.demo, DNS:localhost, "
      "IP Address:192.168.4.31, IP Address:127.0.0.1, "
      "IP Address:0:0:0:0:0:0:0:1\n",
      "CA:FALSE",
      "Not Before: Jun 14 15:06:40 2025 GMT",
      NULL};
  const char *const client[] = {
      "Subject: O = system:masters, CN = kube-apiserver-etcd-client\n",
      "Extended Key Usage: \n                TLS Web Client Authentication\n",
      NULL};
  const char *ca = text(&pki, "etcd/ca.crt");
  check_cert(f, ca, node_text(&n, "node/etcd-server.crt"), member);
  check_cert(f, ca, node_text(&n, "node/etcd-peer.crt"), member);
  check_cert(f, ca, node_text(&n, "node/apiserver-etcd-client.crt"), client);
}

static void test_node_store_and_load(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  const int which[] = {MASTER, WORKER};
  for (size_t i = 0; i < ARRAY_SIZE(which); i++) {
    const struct plan_node *node = &f->nodes[which[i]];
    _cleanup_pki_node_ struct pki_node first =
        make_node(f, &pki, which[i], NULL, NOW);
    store_node(f, &first, node);
    _cleanup_pki_node_ struct pki_node old = {0};
    ok(pki_node_load(f->dir, &f->plan, node, &old, &err), &err);
    _cleanup_pki_node_ struct pki_node second =
        make_node(f, &pki, which[i], &old, NOW + DAY);
    same_entries(&first.entries, &second.entries);
    assert_int_equal(old.entries.n, which[i] == MASTER ? 6 : 0);
    for (size_t k = 0; k < old.entries.n; k++) {
      _cleanup_free_ char *name =
          xasprintf("nodes/a/%s", old.entries.v[k].name + strlen("node/"));
      in_layout(name, old.entries.v[k].secret);
    }
  }
  _cleanup_free_ char *kept =
      xasprintf("%s/nodes/mast01/etcd-peer.key", f->dir);
  _cleanup_free_ char *host =
      xasprintf("%s/nodes/mast01/ssh_host_ed25519_key", f->dir);
  _cleanup_free_ char *worker = xasprintf("%s/nodes/node01", f->dir);
  assert_true(file_exists(kept));
  assert_false(file_exists(host));
  assert_false(file_exists(worker));
}

/* A leaf that is none is left out, and so made anew; what cannot be read is
 * somebody's to look at. */
static void test_node_halves(void **state) {
  const struct fixture *f = *state;
  const struct plan_node *node = &f->nodes[MASTER];
  enum { WRONG_KEY, NO_KEY, NO_CERT, DAMAGE, N_CASES };
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_pki_node_ struct pki_node n = make_node(f, &pki, MASTER, NULL, NOW);
  for (int i = 0; i < N_CASES; i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_pki_node_ struct pki_node out = {0};
    store_node(f, &n, node);
    _cleanup_free_ char *key = put(
        f, "nodes/mast01/etcd-peer.key",
        i == DAMAGE ? "-----BEGIN\n" : node_text(&n, "node/etcd-server.key"));
    _cleanup_free_ char *cert = put(f, "nodes/mast01/etcd-peer.crt",
                                    node_text(&n, "node/etcd-peer.crt"));
    if (i == NO_KEY || i == NO_CERT)
      assert_int_equal(unlink(i == NO_KEY ? key : cert), 0);
    int r = pki_node_load(f->dir, &f->plan, node, &out, &err);
    assert_int_equal(r, i == DAMAGE ? -1 : 0);
    if (i == DAMAGE) {
      assert_non_null(strstr(err.faults[0].msg, "etcd-peer.key"));
      assert_non_null(strstr(err.faults[0].msg, "remove 'etcd-peer.key' and"));
      continue;
    }
    assert_int_equal(out.entries.n, 4);
    assert_null(pki_node_get(&out, "node/etcd-peer.key"));
    assert_null(pki_node_get(&out, "node/etcd-peer.crt"));
    assert_int_equal(out.mended.n, 1);
    assert_non_null(strstr(out.mended.v[0], "nodes/mast01/etcd-peer.key'"));
  }
}

/* Half a commit is not read, and its halves get no wrong advice. */
static void test_commit_not_ended(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW), out = {0};
  store(f, &pki);
  _cleanup_free_ char *path = put(f, "commit", "anything");
  assert_int_equal(pki_load(f->dir, &f->plan, &out, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "being put in place"));
}

/* What a kubeseed that wrote key after key may have left of a pair. */
static void test_halves(void **state) {
  const struct fixture *f = *state;
  static const struct {
    const char *missing;
    const char *kept; /* the other half; NULL: an error */
    bool created;
  } cases[] = {
      {"ca.crt", "ca.key", false},
      {"ca.crt", NULL, true},
      {"ca.key", NULL, false},
      {"etcd/ca.crt", "etcd/ca.key", false},
      {"sa.pub", "sa.key", true},
      {"sa.key", NULL, false},
      {"ssh-ca/ca.pub", "ssh-ca/ca", true},
      {"ssh-user/id_ed25519.pub", "ssh-user/id_ed25519", true},
      {"ssh-user/id_ed25519", NULL, false},
  };
  _cleanup_pki_ struct pki all = make(f, NULL, NOW);
  for (size_t i = 0; i < all.entries.n; i++)
    all.entries.v[i].unsaved = strcmp(all.entries.v[i].name, "ca.hash") != 0;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_pki_ struct pki old = {0};
    _cleanup_free_ char *created = put(f, "created", "1750000000\n");
    store(f, &all);
    if (!cases[i].created)
      assert_int_equal(unlink(created), 0);
    _cleanup_free_ char *gone = xasprintf("%s/%s", f->dir, cases[i].missing);
    assert_int_equal(unlink(gone), 0);
    int r = pki_load(f->dir, &f->plan, &old, &err);
    if ((r == 0) != (cases[i].kept != NULL))
      fail_msg("without '%s'", cases[i].missing);
    if (r < 0)
      continue;
    assert_int_equal(old.mended.n, 1);
    _cleanup_pki_ struct pki new = make(f, &old, NOW);
    assert_string_equal(text(&new, cases[i].kept), text(&all, cases[i].kept));
    store(f, &new);
    _cleanup_pki_ struct pki again = load(f);
    assert_int_equal(again.mended.n, 0);
  }
}

/* What makes a node's stored certificates useless. */
static void test_node_certificates_are_reissued(void **state) {
  struct fixture *f = *state;
  enum { NOTHING, ADDRESS, FQDN, ENDED, FOREIGN_CA, N_CASES };
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_pki_ struct pki foreign = make(f, NULL, NOW);
  _cleanup_pki_node_ struct pki_node old =
      make_node(f, &pki, MASTER, NULL, NOW);
  char other_name[] = "mast01.elsewhere";
  for (int i = 0; i < N_CASES; i++) {
    f->spec_nodes[MASTER].address.b[3] = i == ADDRESS ? 1 : 31;
    f->nodes[MASTER].fqdn = i == FQDN ? other_name : f->fqdn[MASTER];
    _cleanup_pki_node_ struct pki_node n =
        make_node(f, i == FOREIGN_CA ? &foreign : &pki, MASTER, &old,
                  i == ENDED ? NOW + PKI_LEAF_DAYS * DAY : NOW);
    bool kept = strcmp(node_text(&old, "node/etcd-peer.key"),
                       node_text(&n, "node/etcd-peer.key")) == 0;
    if (kept != (i == NOTHING))
      fail_msg("case %d", i);
    assert_int_equal(n.entries.n, old.entries.n);
  }
}

/* The same state gives the same host keys; every node and cluster another. */
static void test_host_keys(void **state) {
  struct fixture *f = *state;
  const char name[] = "node/ssh_host_ed25519_key";
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_pki_node_ struct pki_node a = make_node(f, &pki, WORKER, NULL, NOW);
  _cleanup_pki_node_ struct pki_node b =
      make_node(f, &pki, WORKER, NULL, NOW + DAY);
  _cleanup_pki_node_ struct pki_node c = make_node(f, &pki, MASTER, NULL, NOW);
  same_entries(&a.entries, &b.entries);
  assert_string_not_equal(node_text(&a, name), node_text(&c, name));
  free(f->spec.name);
  f->spec.name = xstrdup("other");
  _cleanup_pki_node_ struct pki_node d = make_node(f, &pki, WORKER, NULL, NOW);
  assert_string_not_equal(node_text(&a, name), node_text(&d, name));
}

/* Fixes the derivation for ever: another result would change the host keys of
 * every cluster there is. Computed with `openssl kdf` and ssh-keygen. */
static void test_host_key_vector(void **state) {
  const struct fixture *f = *state;
  _cleanup_free_ char *path =
      put(f, "ssh-host.secret",
          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  _cleanup_pki_ struct pki old = load(f);
  _cleanup_pki_ struct pki pki = make(f, &old, NOW);
  _cleanup_pki_node_ struct pki_node n = make_node(f, &pki, WORKER, NULL, NOW);
  _cleanup_error_ struct error err = {0};
  _cleanup_ssh_key_ struct ssh_key key = {0};
  const struct buf *file = &pki_node_get(&n, "node/ssh_host_ed25519_key")->data;
  ok(sshkey_parse(file->data, file->len, &key, &err), &err);
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "openssl", "kdf", "-keylen", "32", "-kdfopt",
                "digest:SHA256", "-kdfopt",
                "hexkey:000102030405060708090a0b0c0d0e0f10111213141516171819"
                "1a1b1c1d1e1f",
                "-kdfopt", "info:kubeseed ssh host key demo/node01", "-binary",
                "HKDF", NULL);
  _cleanup_buf_ struct buf want = run(&argv);
  assert_int_equal(want.len, sizeof(key.seed));
  assert_memory_equal(key.seed, want.data, sizeof(key.seed));
}

static void test_host_certificate(void **state) {
  const struct fixture *f = *state;
  _cleanup_pki_ struct pki pki = make(f, NULL, NOW);
  _cleanup_pki_node_ struct pki_node n = make_node(f, &pki, WORKER, NULL, NOW);
  _cleanup_free_ char *path =
      put(f, "h-cert.pub", node_text(&n, "node/ssh_host_ed25519_key-cert.pub"));
  _cleanup_strv_ struct strv argv = {0};
  strv_push_all(&argv, "ssh-keygen", "-L", "-f", path, NULL);
  _cleanup_buf_ struct buf out = run(&argv);
  assert_non_null(strstr(out.data, "host certificate"));
  assert_non_null(strstr(out.data, "node01\n                node01.kube.demo\n"
                                   "                192.168.4.32\n"));
}

/* ---- A CA whose key is elsewhere ---- */

/* The cluster's entries as they are with it, and its key. */
static void away(struct fixture *f, struct spec_authority *own,
                 struct key **ret_key) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv none = {0};
  const struct cert_profile profile = {.common_name = "away",
                                       .is_ca = true,
                                       .dns = &none,
                                       .not_before = NOW - DAY,
                                       .not_after = NOW + 3650 * DAY};
  ok(key_generate(KEY_KIND_P256, ret_key, &err), &err);
  ok(cert_issue(&profile, *ret_key, NULL, NULL, &own->cert_pem, &err), &err);
  own->cert = xstrdup("ca.crt");
  (void)f;
}

static const char *put_signed(const struct fixture *f, const struct pki *pki,
                              const struct key *ca_key, time_t from,
                              time_t until) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv groups = {0};
  _cleanup_cert_ struct cert *ca = NULL;
  _cleanup_key_ struct key *key = NULL;
  _cleanup_buf_ struct buf pem = {0};
  strv_push(&groups, version_admin_group(&f->spec.kubernetes.version));
  const struct cert_profile profile = {.common_name = "kubernetes-admin",
                                       .organizations = &groups,
                                       .client = true,
                                       .not_before = from,
                                       .not_after = until};
  _cleanup_free_ char *path =
      xasprintf("%s/requests/kubernetes/admin.crt", f->dir);
  ok(entry_key(&pki->entries, "admin.key", &key, &err), &err);
  ok(entry_cert(&pki->entries, "ca.crt", &ca, &err), &err);
  ok(cert_issue(&profile, key, ca, ca_key, &pem, &err), &err);
  ok(file_write(path, pem.data, pem.len, 0644, &err), &err);
  return "admin.crt";
}

static void asked(const struct pki *pki, bool asks, bool needed) {
  assert_int_equal(pki->requests.n, 1);
  assert_string_equal(pki->requests.v[0].name, "kubernetes/admin");
  assert_int_equal(pki->requests.v[0].pem.len > 0, asks);
  if (asks)
    assert_int_equal(pki->requests.v[0].needed, needed);
}

static struct pki seed(const struct fixture *f, time_t now) {
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki old = load(f);
  struct pki pki = make(f, &old, now);
  store(f, &pki);
  ok(pki_requests_write(f->dir, &pki.requests, &err), &err);
  return pki;
}

/* It is asked for until it is there, and again when a third of its life or a
 * month is left; until then the old one serves. */
static void test_signed_elsewhere(void **state) {
  struct fixture *f = *state;
  struct spec_authority *own = &f->spec.pki.authorities[AUTHORITY_KUBERNETES];
  _cleanup_key_ struct key *ca_key = NULL;
  away(f, own, &ca_key);
  _cleanup_pki_ struct pki first = seed(f, NOW);
  asked(&first, true, true);
  assert_null(pki_get(&first, "ca.key"));
  assert_null(pki_get(&first, "admin.crt"));
  const char *name = put_signed(f, &first, ca_key, NOW - DAY, NOW + 89 * DAY);
  _cleanup_pki_ struct pki second = seed(f, NOW);
  asked(&second, false, false);
  _cleanup_free_ char *taken = xstrdup(text(&second, name));
  assert_string_equal(text(&first, "admin.key"), text(&second, "admin.key"));
  _cleanup_pki_ struct pki third = seed(f, NOW + 58 * DAY);
  asked(&third, false, false);
  _cleanup_pki_ struct pki fourth = seed(f, NOW + 60 * DAY);
  asked(&fourth, true, false);
  assert_string_equal(text(&fourth, name), taken);
  (void)put_signed(f, &fourth, ca_key, NOW + 59 * DAY, NOW + 149 * DAY);
  _cleanup_pki_ struct pki fifth = seed(f, NOW + 60 * DAY);
  asked(&fifth, false, false);
  assert_string_not_equal(text(&fifth, name), taken);
  /* One that has ended serves nobody. */
  _cleanup_pki_ struct pki last = seed(f, NOW + 150 * DAY);
  asked(&last, true, true);
  free(own->cert);
  buf_done(&own->cert_pem);
  *own = (struct spec_authority){0};
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
      T(test_signed_elsewhere),
      T(test_names),
      T(test_secret_flags),
      T(test_copied_mode),
      T(test_cas),
      T(test_admin_group_follows_version),
      T(test_rsa),
      T(test_texts),
      T(test_corosync_key),
      T(test_ca_hash),
      T(test_store_and_load),
      T(test_modes),
      T(test_load_of_nothing),
      T(test_missing_is_filled),
      T(test_newline_after_secret),
      T(test_damage_is_an_error),
      T(test_unreadable_is_not_missing),
      T(test_admin_is_renewed),
      T(test_validity),
      T(test_leaf_never_outlives_ca),
      T(test_ended_ca_is_an_error),
      T(test_begin_after_now_is_an_error),
      T(test_begin_after_now_names_the_file),
      T(test_seed_time),
      T(test_changes_that_keys_cannot_follow),
      T(test_encryption),
      T(test_damaged_encryption_keys),
      T(test_tokens),
      T(test_damaged_tokens),
      T(test_node_names),
      T(test_node_certificates),
      T(test_node_store_and_load),
      T(test_node_halves),
      T(test_commit_not_ended),
      T(test_halves),
      T(test_node_certificates_are_reissued),
      T(test_host_keys),
      T(test_host_key_vector),
      T(test_host_certificate),
#undef T
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
