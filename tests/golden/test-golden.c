/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Seeds of fixed specs, keys and time, compared with those of yesterday:
 *
 *   tests/golden/CASE/NODE/meta-data, network-config
 *   tests/golden/CASE/NODE/cloud-config.yaml   user-data without its files
 *   tests/golden/CASE/NODE/files/...           those made from templates
 *
 * Scripts and keys are in a seed as they are, which is checked as well, so a
 * changed script changes nothing here. UPDATE=1 writes the golden files anew.
 */
#include "base/codec.h"
#include "base/embedded.h"
#include "base/file.h"
#include "format/yaml.h"
#include "part/parts.h"
#include "pki/store.h"
#include "seed/render.h"
#include <fts.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "tests/golden"
#define MAX_BYTES ((size_t)1 << 20)

struct golden {
  const char *name;
  const char *spec;
  const char *nodes[4];
};

static const struct golden cases[] = {
    {"ha", "seeds/ha.yaml", {"kube-mast01", "kube-mast02"}},
    {"workers", "seeds/workers.yaml", {"kube-node02"}},
    {"haproxy", "seeds/haproxy.yaml", {"hapx-node02", "etcd-node01"}},
    {"copied", "seeds/copied.yaml", {"kube-mast01"}},
    {"v1.29.3", GOLDEN "/v1.29.3.yaml", {"kube-mast01", "kube-node01"}},
    {"static-pods", GOLDEN "/static-pods.yaml", {"kube-mast01", "kube-node01"}},
    {"systemd", GOLDEN "/systemd.yaml", {"kube-mast01", "kube-node01"}},
    {"v1.34.2", GOLDEN "/v1.34.2.yaml", {"kube-mast01", "kube-node01"}},
    {"ipv6", "tests/specs/good/ipv6.yaml", {"m1", "w1"}},
    {"subnets",
     "tests/specs/good/everything-subnets.yaml",
     {"hapx-node01", "kube-node01"}},
    {"vxlan", "tests/specs/good/vxlan.yaml", {"m1", "w1"}},
    {"flannel", "tests/specs/good/everything-flannel.yaml", {"m1"}},
    {"flannel-etcd",
     "tests/specs/good/everything-flannel-etcd.yaml",
     {"m1", "w1"}},
    {"calico", "tests/specs/good/calico.yaml", {"m1"}},
    {"addons", "tests/specs/good/addons.yaml", {"m1", "w1"}},
    {"addons-all", "tests/specs/good/addons-all.yaml", {"m1"}},
    {"addons-1.24", "tests/specs/good/addons-1.24.yaml", {"m1"}},
    {"canal", "tests/specs/good/canal.yaml", {"m1"}},
    {"ipv6-1.34", "tests/specs/good/ipv6-1.34.yaml", {"m1"}},
    {"dhcp", "tests/specs/good/dhcp.yaml", {"w1"}},
};

/* A spec with all that its seeds are made of; not to be moved. */
struct cluster {
  struct spec spec;
  struct plan plan;
  struct pki pki;
  struct render *render;
  time_t now;
};

static void ok(int r, const struct error *err) {
  error_print(err, "test", stderr);
  assert_int_equal(r, 0);
}

static void read_file(const char *path, struct buf *ret) {
  _cleanup_error_ struct error err = {0};
  ok(file_read(path, MAX_BYTES, ret, &err), &err);
}

static void cluster_open(const char *spec, struct cluster *c) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf text = {0};
  _cleanup_buf_ struct buf created = {0};
  _cleanup_pki_ struct pki old = {0};
  read_file(spec, &text);
  read_file(GOLDEN "/pki/created", &created);
  c->now = (time_t)strtoll(created.data, NULL, 10);
  ok(parts_read_spec(spec, text.data, text.len, &c->spec, &err), &err);
  ok(parts_plan(&c->spec, &c->plan, &err), &err);
  ok(pki_load(GOLDEN "/pki", &c->plan, &old, &err), &err);
  /* There the first node makes the CAs, and what hangs on them. */
  for (size_t i = 0; pairs_of_cluster[i]; i++)
    if (c->spec.pki.mode == PKI_COPIED && pairs_of_cluster[i]->kind == PAIR_CA)
      entry_drop(&old.entries, pairs_of_cluster[i]->secret);
  if (c->spec.pki.mode == PKI_COPIED) {
    entry_drop(&old.entries, PAIR_SA.secret);
    entry_drop(&old.entries, PAIR_ADMIN.secret);
  }
  /* The keys' own; they are the same for all specs. */
  enum key_algorithm algorithm = c->spec.pki.algorithm;
  c->spec.pki.algorithm = KEY_ECDSA_P256;
  ok(pki_make(&c->plan, &old, c->now, &c->pki, &err), &err);
  c->spec.pki.algorithm = algorithm;
  ok(render_new(&c->plan, &c->pki, c->now, NULL, &c->render, &err), &err);
}

static void cluster_done(struct cluster *c) {
  render_free(c->render);
  pki_done(&c->pki);
  plan_done(&c->plan);
  spec_done(&c->spec);
}

#define _cleanup_cluster_ _cleanup_(cluster_done)

/* A node's seed, with its user-data as a tree. */
struct made {
  struct pki_node keys;
  struct seed seed;
  struct yaml_node *user_data;
};

static void make_seed(const struct cluster *c, const struct plan_node *n,
                      struct made *m) {
  _cleanup_error_ struct error err = {0};
  ok(pki_node_make(&c->pki, &c->plan, n, NULL, c->now, &m->keys, &err), &err);
  ok(render_node(c->render, n, &m->keys, &m->seed, &err), &err);
  const struct buf *b = &m->seed.user_data;
  assert_memory_equal(b->data, "#cloud-config\n", 14);
  ok(yaml_parse("user-data", b->data, b->len, &m->user_data, &err), &err);
}

static void made_done(struct made *m) {
  pki_node_done(&m->keys);
  seed_done(&m->seed);
  yaml_node_free(m->user_data);
}

#define _cleanup_made_ _cleanup_(made_done)

static const struct yaml_node *files_of(const struct made *m) {
  return yaml_get(m->user_data, "write_files");
}

static const char *text_of(const struct yaml_node *map, const char *key) {
  const struct yaml_node *n = yaml_get(map, key);
  assert_non_null(n);
  return n->text;
}

/* Shows the first line that is another one. */
static void show_difference(const char *path, const char *old,
                            const char *new) {
  size_t line = 0;
  size_t i = 0;
  for (size_t k = 0; old[k] && old[k] == new[k]; k++)
    if (old[k] == '\n') {
      line++;
      i = k + 1;
    }
  print_error("%s:%zu has changed\n  - %.*s\n  + %.*s\n", path, line + 1,
              (int)strcspn(old + i, "\n"), old + i, (int)strcspn(new + i, "\n"),
              new + i);
}

/* What a node's golden files were compared with so far. */
struct count {
  size_t files;
  size_t changed;
};

/* Compares with, or writes, one golden file; counts it. */
static void golden_file(const char *dir, const char *name, const char *data,
                        size_t len, struct count *n) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  n->files++;
  if (getenv("UPDATE")) {
    _cleanup_free_ char *folder =
        xstrndup(path, (size_t)(strrchr(path, '/') - path));
    ok(file_mkdirs(folder, 0755, &err), &err);
    ok(file_refresh(path, data, len, 0644, &err), &err);
    return;
  }
  _cleanup_buf_ struct buf expected = {0};
  if (!file_exists(path)) {
    print_error("%s is new\n", path);
    n->changed++;
    return;
  }
  read_file(path, &expected);
  if (expected.len == len && memcmp(expected.data, data, len) == 0)
    return;
  show_difference(path, expected.data, data);
  n->changed++;
}

static size_t count_files(const char *dir) {
  _cleanup_free_ char *path = xstrdup(dir);
  char *const paths[] = {path, NULL};
  FTS *fts = fts_open(paths, FTS_PHYSICAL, NULL);
  assert_non_null(fts);
  size_t n = 0;
  for (FTSENT *e; (e = fts_read(fts));)
    n += e->fts_info == FTS_F;
  assert_int_equal(fts_close(fts), 0);
  return n;
}

/* user-data without write_files. */
static void golden_cloud_config(const char *dir, const struct made *m,
                                struct count *n) {
  _cleanup_error_ struct error err = {0};
  _cleanup_yaml_ struct yaml_node *rest = yaml_new_map();
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < m->user_data->n; i++) {
    const struct yaml_node *value = m->user_data->child[i];
    if (strcmp(value->key, "write_files") != 0)
      yaml_map_set(rest, value->key, yaml_copy(value));
  }
  ok(yaml_emit(rest, &b, &err), &err);
  golden_file(dir, "cloud-config.yaml", b.data, b.len, n);
}

static const struct pki_entry *
entry_of(const struct cluster *c, const struct made *m, const char *name) {
  const struct pki_entry *e = pki_get(&c->pki, name);
  return e ? e : pki_node_get(&m->keys, name);
}

/* A kubeconfig has the node's key of that name, and nobody else's. */
static void check_kubeconfig(const struct made *m, const char *name,
                             const char *content) {
  static const char *const halves[] = {"crt", "key"};
  for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
    _cleanup_free_ char *entry = xasprintf("node/%s.%s", name, halves[i]);
    _cleanup_buf_ struct buf base64 = {0};
    const struct pki_entry *e = pki_node_get(&m->keys, entry);
    assert_non_null(e);
    base64_encode(e->data.data, e->data.len, 0, &base64);
    assert_non_null(strstr(content, base64.data));
  }
}

/* One of write_files: as planned, and its bytes from where the plan says. */
static void check_file(const struct cluster *c, const struct made *m,
                       const struct plan_file *planned,
                       const struct yaml_node *file, const char *dir,
                       struct count *n) {
  const char *content = text_of(file, "content");
  _cleanup_free_ char *mode = xasprintf("%04o", planned->mode);
  assert_string_equal(text_of(file, "path"), planned->path);
  assert_string_equal(text_of(file, "owner"), planned->owner);
  assert_string_equal(text_of(file, "permissions"), mode);
  if (strncmp(planned->source, "pki:", 4) == 0) {
    const struct pki_entry *e = entry_of(c, m, planned->source + 4);
    assert_non_null(e);
    assert_string_equal(content, e->data.data);
  } else if (strncmp(planned->source, "kubeconfig:", 11) == 0) {
    check_kubeconfig(m, planned->source + 11, content);
  } else if (strncmp(planned->source, "scripts/", 8) == 0) {
    const struct embedded *e = embedded_find(planned->source);
    assert_non_null(e);
    assert_int_equal(strlen(content), e->len);
    assert_memory_equal(content, e->data, e->len);
  } else {
    _cleanup_free_ char *name = xasprintf("files%s", planned->path);
    golden_file(dir, name, content, strlen(content), n);
  }
}

/* The instance-id ends with a digest of the seed; its certificates are signed
 * with ECDSA, which is never twice the same. */
static void golden_meta_data(const char *dir, const struct plan_node *node,
                             const struct made *m, struct count *n) {
  _cleanup_free_ char *text = xstrdup(m->seed.meta_data.data);
  char *base = strstr(text, node->instance_id);
  assert_non_null(base);
  char *digest = base + strlen(node->instance_id);
  assert_int_equal(strcspn(digest, "\n"), strlen("-01234567"));
  memcpy(digest, "-xxxxxxxx", strlen("-xxxxxxxx"));
  golden_file(dir, "meta-data", text, strlen(text), n);
}

static void check_node(const struct cluster *c, const char *name,
                       const char *dir) {
  _cleanup_error_ struct error err = {0};
  _cleanup_made_ struct made m = {0};
  const struct plan_node *node = plan_find(&c->plan, name);
  assert_non_null(node);
  make_seed(c, node, &m);
  if (getenv("UPDATE"))
    ok(file_remove_tree(dir, &err), &err);
  struct count n = {0};
  golden_meta_data(dir, node, &m, &n);
  golden_file(dir, "network-config", m.seed.network_config.data,
              m.seed.network_config.len, &n);
  golden_cloud_config(dir, &m, &n);
  const struct yaml_node *files = files_of(&m);
  assert_int_equal(files->n, node->files.n);
  for (size_t i = 0; i < files->n; i++)
    check_file(c, &m, &node->files.v[i], files->child[i], dir, &n);
  if (n.changed)
    fail_msg("%zu files of %s have changed; UPDATE=1 writes them anew, git "
             "diff shows how",
             n.changed, dir);
  /* No golden file is there that the seed has no more. */
  assert_int_equal(count_files(dir), n.files);
}

static void test_golden(void **state) {
  const struct golden *g = *state;
  _cleanup_cluster_ struct cluster c = {0};
  cluster_open(g->spec, &c);
  for (size_t i = 0; i < ARRAY_SIZE(g->nodes) && g->nodes[i]; i++) {
    _cleanup_free_ char *dir = xasprintf(GOLDEN "/%s/%s", g->name, g->nodes[i]);
    check_node(&c, g->nodes[i], dir);
  }
}

/* The same plan, keys and time: the same bytes. */
static void test_pure(void **state) {
  const struct golden *g = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_cluster_ struct cluster c = {0};
  cluster_open(g->spec, &c);
  for (size_t i = 0; i < c.plan.nodes.n; i++) {
    const struct plan_node *n = &c.plan.nodes.v[i];
    _cleanup_made_ struct made m = {0};
    _cleanup_seed_ struct seed again = {0};
    make_seed(&c, n, &m);
    ok(render_node(c.render, n, &m.keys, &again, &err), &err);
    assert_string_equal(again.user_data.data, m.seed.user_data.data);
    assert_string_equal(again.meta_data.data, m.seed.meta_data.data);
    assert_string_equal(again.network_config.data, m.seed.network_config.data);
  }
}

/* Whether a kubeconfig in the seed holds it. */
static bool holds_base64(const struct made *m, const struct pki_entry *e) {
  _cleanup_buf_ struct buf base64 = {0};
  base64_encode(e->data.data, e->data.len, 0, &base64);
  return strstr(m->seed.user_data.data, base64.data) != NULL;
}

/* Whether the seed holds the secret as it is. */
static bool holds(const struct made *m, const char *secret) {
  return strstr(m->seed.user_data.data, secret) != NULL;
}

/* A line that only this secret has: keys of one kind begin alike. */
static char *body_of(const struct pki_entry *e) {
  const char *line = e->data.data;
  for (int i = 0; i < 3; i++) {
    const char *next = strchr(line, '\n');
    if (!next || !next[1] || next[1] == '-')
      break;
    line = next + 1;
  }
  return xstrndup(line, strcspn(line, "\n"));
}

static bool planned(const struct plan_node *n, const char *entry) {
  for (size_t i = 0; i < n->files.n; i++)
    if (strncmp(n->files.v[i].source, "pki:", 4) == 0 &&
        strcmp(n->files.v[i].source + 4, entry) == 0)
      return true;
  return false;
}

/* A secret may be in the seeds of those whose plan lists it, or whose files
 * are made with it, and nowhere else. */
static void check_secrets(const struct cluster *c, const struct plan_node *n,
                          const struct made *m) {
  for (size_t i = 0; i < c->pki.entries.n; i++) {
    const struct pki_entry *e = &c->pki.entries.v[i];
    _cleanup_free_ char *body = body_of(e);
    size_t len = strlen(e->name);
    bool key = e->secret && len > 4 &&
               (strcmp(e->name + len - 4, ".key") == 0 ||
                strncmp(e->name, "ssh-", 4) == 0);
    bool held = key && holds(m, body);
    if (key && held != planned(n, e->name))
      fail_msg("%s: %s is planned or there, not both", n->name, e->name);
    if (held && n->spec->role != ROLE_CONTROL_PLANE)
      fail_msg("%s: %s does not belong here", n->name, e->name);
  }
  bool kubelet =
      n->spec->role == ROLE_CONTROL_PLANE || n->spec->role == ROLE_WORKER;
  if (!kubelet)
    assert_false(holds(m, pki_get(&c->pki, "token")->data.data));
  if (!n->runs_keepalived)
    assert_false(holds(m, pki_get(&c->pki, "vrrp.secret")->data.data));
}

static void test_least_privilege(void **state) {
  const struct golden *g = *state;
  _cleanup_cluster_ struct cluster c = {0};
  cluster_open(g->spec, &c);
  struct made *m = xcalloc(c.plan.nodes.n, sizeof(*m));
  for (size_t i = 0; i < c.plan.nodes.n; i++)
    make_seed(&c, &c.plan.nodes.v[i], &m[i]);
  for (size_t i = 0; i < c.plan.nodes.n; i++) {
    check_secrets(&c, &c.plan.nodes.v[i], &m[i]);
    for (size_t k = 0; k < c.plan.nodes.n; k++)
      for (size_t e = 0; e < m[k].keys.entries.n; e++) {
        const struct pki_entry *entry = &m[k].keys.entries.v[e];
        _cleanup_free_ char *body = body_of(entry);
        bool held = holds(&m[i], body) || holds_base64(&m[i], entry);
        if (entry->secret && held != (i == k))
          fail_msg("%s of %s in the seed of %s", entry->name,
                   c.plan.nodes.v[k].name, c.plan.nodes.v[i].name);
      }
  }
  for (size_t i = 0; i < c.plan.nodes.n; i++)
    made_done(&m[i]);
  free(m);
}

int main(void) {
  struct CMUnitTest tests[3 * ARRAY_SIZE(cases)];
  char *names[ARRAY_SIZE(tests)];
  size_t n = 0;
  static const struct {
    const char *name;
    CMUnitTestFunction function;
  } kinds[] = {
      {"golden", test_golden},
      {"pure", test_pure},
      {"least_privilege", test_least_privilege},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++, n++) {
      names[n] = xasprintf("%s %s", kinds[k].name, cases[i].name);
      tests[n] = (struct CMUnitTest){.name = names[n],
                                     .test_func = kinds[k].function,
                                     .initial_state = (void *)&cases[i]};
    }
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  while (n > 0)
    free(names[--n]);
  return failed;
}
