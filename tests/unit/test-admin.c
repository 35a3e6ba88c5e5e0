/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is taken from a node's kubeconfig, and what not. */
#include "base/file.h"
#include "base/mem.h"
#include "cluster/access.h"
#include "format/yaml.h"
#include "part/parts.h"
#include "seed/admin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

#define NOW 1795219200

/* A cluster whose administrator's kubeconfig is in the state folder. */
struct fixture {
  struct spec spec;
  struct plan plan;
  struct pki pki;
  struct state state;
  char *dir;
  struct buf conf; /* of admin.conf */
};

static void read_conf(struct fixture *f) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = state_path(&f->state, "admin.conf");
  buf_done(&f->conf);
  assert_int_equal(file_read(path, 1 << 20, &f->conf, &err), 0);
}

static int setup(void **state) {
  static const char text[] =
      "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"
      "kubernetes: {version: 1.20.2}\nnetwork: {subnet: 192.168.4.0/24}\n"
      "nodes:\n- {name: 'm{1..3}', role: control-plane}\n";
  _cleanup_error_ struct error err = {0};
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = new_folder();
  f->state = (struct state){.dir = f->dir, .lock_fd = -1};
  assert_int_equal(
      parts_read_spec("t.yaml", text, strlen(text), &f->spec, &err), 0);
  assert_int_equal(parts_plan(&f->spec, &f->plan, &err), 0);
  assert_int_equal(pki_make(&f->plan, NULL, NOW, &f->pki, &err), 0);
  assert_int_equal(admin_write(&f->plan, &f->pki, &f->state, &err), 0);
  read_conf(f);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  struct fixture *f = *state;
  assert_int_equal(file_remove_tree(f->dir, &err), 0);
  free(f->dir);
  buf_done(&f->conf);
  pki_done(&f->pki);
  plan_done(&f->plan);
  spec_done(&f->spec);
  free(f);
  return 0;
}

static void expect_same(const struct pki *a, const struct pki *b,
                        const char *name) {
  const struct pki_entry *x = pki_get(a, name);
  const struct pki_entry *y = pki_get(b, name);
  assert_non_null(x);
  assert_int_equal(x->data.len, y->data.len);
  assert_memory_equal(x->data.data, y->data.data, x->data.len);
}

static void test_round_trip(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki pki = {0};
  _cleanup_free_ char *before = xstrndup(f->conf.data, f->conf.len);
  assert_int_equal(admin_read(f->conf.data, f->conf.len, NOW, &pki, &err), 0);
  expect_same(&pki, &f->pki, "ca.crt");
  expect_same(&pki, &f->pki, "admin.crt");
  expect_same(&pki, &f->pki, "admin.key");
  assert_true(pki_get(&pki, "admin.key")->secret);
  /* With nothing but that the same file can be written. */
  assert_int_equal(admin_write(&f->plan, &pki, &f->state, &err), 0);
  read_conf(f);
  assert_string_equal(f->conf.data, before);
}

/* The text with the first from replaced. */
static char *changed(const char *text, const char *from, const char *to) {
  const char *at = strstr(text, from);
  assert_non_null(at);
  return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* A node that says more gets no more into our file. */
static void test_hostile(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki pki = {0};
  _cleanup_free_ char *before = xstrndup(f->conf.data, f->conf.len);
  _cleanup_free_ char *exec = changed(
      before, "  user:\n",
      "  user:\n    exec: {command: /bin/evil}\n    tokenFile: /etc/x\n");
  _cleanup_free_ char *text =
      changed(exec, "https://", "https://evil.example:1/");
  assert_int_equal(admin_read(text, strlen(text), NOW, &pki, &err), 0);
  assert_int_equal(admin_write(&f->plan, &pki, &f->state, &err), 0);
  read_conf(f);
  assert_string_equal(f->conf.data, before);
}

static void test_refused(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *from, *to, *msg;
  } rows[] = {
      {"clusters:", "others:", "no kubeconfig of one cluster and one user"},
      {"users:", "users: []\nothers:", "no kubeconfig of one cluster and one"},
      {"client-key-data:", "exec:", "there is no client-key-data in it"},
      {"client-key-data: ", "client-key-data: x",
       "there is no PEM text in base64"},
      {"client-certificate-data: ", "client-certificate-data: []\n    other: ",
       "there is no client-certificate-data in it"},
      {"apiVersion: v1", "\x1b[2J", "admin.conf:1:"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    struct pki pki = {0};
    _cleanup_free_ char *text = changed(f->conf.data, rows[i].from, rows[i].to);
    assert_int_equal(admin_read(text, strlen(text), NOW, &pki, &err), -1);
    const struct fault *fault = &err.faults[0];
    _cleanup_free_ char *said =
        xasprintf("%s: %s", fault->where ? fault->where : "", fault->msg);
    if (!strstr(said, rows[i].msg))
      fail_msg("%zu: '%s' is not in '%s'", i, rows[i].msg, said);
    assert_int_equal(pki.entries.n, 0);
  }
}

/* Keys of another cluster in between, and a certificate that has ended. */
static void test_mixed(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_pki_ struct pki other = {0};
  _cleanup_pki_ struct pki read = {0};
  _cleanup_free_ char *mine = xstrndup(f->conf.data, f->conf.len);
  assert_int_equal(pki_make(&f->plan, NULL, NOW, &other, &err), 0);
  assert_int_equal(admin_write(&f->plan, &other, &f->state, &err), 0);
  read_conf(f);
  static const char *const fields[] = {"certificate-authority-data: ",
                                       "client-key-data: "};
  for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
    _cleanup_error_ struct error own = {0};
    char *at = strstr(mine, fields[i]);
    char *theirs = strstr(f->conf.data, fields[i]);
    assert_non_null(at);
    assert_non_null(theirs);
    _cleanup_free_ char *text =
        xasprintf("%.*s%.*s%s", (int)(at - mine), mine,
                  (int)strcspn(theirs, "\n"), theirs, strchr(at, '\n'));
    assert_int_equal(admin_read(text, strlen(text), NOW, &read, &own), -1);
  }
  assert_int_equal(
      admin_read(mine, strlen(mine), NOW + 20LL * 365 * 86400, &read, &err),
      -1);
}

static void test_qemu(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_ports_ struct ports ports = {0};
  _cleanup_free_ char *path = state_path(&f->state, "qemu.conf");
  _cleanup_buf_ struct buf text = {0};
  assert_int_equal(
      access_write_kubeconfig(&f->plan, &f->pki, &ports, &f->state, &err), 0);
  assert_false(file_exists(path));
  assert_int_equal(ports_load(&f->state, &f->plan, &ports, &err), 0);
  ports.node[1].api = 23456;
  assert_int_equal(
      access_write_kubeconfig(&f->plan, &f->pki, &ports, &f->state, &err), 0);
  assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
  assert_non_null(strstr(text.data, "https://127.0.0.1:23456"));
  assert_non_null(strstr(text.data, "current-context: \"m2\""));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_round_trip), TEST(test_hostile), TEST(test_refused),
      TEST(test_mixed),      TEST(test_qemu),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
