/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed seed: make keys and seeds. */
#include "seed/seed.h"
#include "cluster/access.h"
#include "cluster/reach.h"
#include "cluster/token.h"
#include "cmd/words.h"
#include "machine/follow.h"
#include "machine/kind.h"
#include "pki/store.h"
#include "seed/forms.h"
#include "seed/seeds-lock.h"
#include "state/layout.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct option options[] = {
    {"check", no_argument, NULL, 'c'},
    {"format", required_argument, NULL, 'f'},
    {"iso-writer", required_argument, NULL, 'w'},
    {"prune", no_argument, NULL, 'p'},
    {0},
};

static int take_format(struct seed_options *o, struct error *err) {
  _cleanup_free_ char *names = seed_form_names();
  o->form = seed_form_find(optarg);
  return o->form ? 0
                 : error_usage(err, "--format is %s, not '%s'", names, optarg);
}

static int take_writer(struct seed_options *o, struct error *err) {
  _cleanup_free_ char *names = medium_writer_names();
  o->writer = medium_writer_find(optarg);
  return o->writer
             ? 0
             : error_usage(err, "--iso-writer is %s, not '%s'", names, optarg);
}

static int read_options(int argc, char **argv, struct seed_options *o,
                        bool *prune, struct error *err) {
  bool checks = false;
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    if (c == '?' || (c == 'f' && take_format(o, err) < 0) ||
        (c == 'w' && take_writer(o, err) < 0))
      return -1;
    *prune = *prune || c == 'p';
    checks = checks || c == 'c';
  }
  o->dry = checks;
  if (checks && (*prune || o->form))
    return error_usage(err, "--check writes nothing, so neither --prune nor "
                            "--format goes with it");
  return 0;
}

/* ---- The running cluster ---- */

/* A cluster that runs has deleted its token; a new node's seed needs it. The
 * seeds are made all the same when that fails: the cluster may be forming.
 * Machines elsewhere are only looked for when somebody wants certain seeds. */
static int welcome_late(const struct cli *cli, const struct cluster *c,
                        bool named) {
  _cleanup_error_ struct error later = {0};
  bool renewed = false;
  if (!plan_by_kubeadm(&c->plan))
    return 0; /* nobody joins by a token */
  if (token_renew(&cli->log, &c->plan, &c->state, named ? REACH_SSH_PORT : 0,
                  &renewed, &later) < 0)
    log_warn(&cli->log, "%s; a node that joins late may have to wait",
             later.faults[0].msg);
  else if (renewed)
    log_info(&cli->log, "the running cluster takes the seeds' token");
  else if (named)
    log_info(&cli->log, "no control plane answers, so the token is as it was");
  return 0;
}

/* ---- Nodes that the spec no longer has ---- */

static int find_gone(const struct cluster *c, struct strv *ret,
                     struct error *err) {
  _cleanup_strv_ struct strv all = {0};
  if (layout_nodes(c->state.dir, &all, err) < 0)
    return -1;
  for (size_t i = 0; i < all.n; i++)
    if (!plan_find(&c->plan, all.v[i]))
      strv_push(ret, all.v[i]);
  return 0;
}

static void warn_gone(const struct cli *cli, const struct cluster *c,
                      const struct strv *gone) {
  _cleanup_free_ char *names = seed_name_nodes(gone);
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  if (gone->n > 0)
    log_warn(&cli->log,
             "'%s' still has what belongs to %s, which the spec does not have; "
             "`kubeseed seed --prune %s` removes it: seeds, keys, disks, logs",
             c->state.dir, names, target);
}

/* Keys of nodes that the spec has, but not for what they were made for. */
struct leftover {
  struct strv paths, nodes;
};

static void leftover_done(struct leftover *l) {
  strv_done(&l->paths);
  strv_done(&l->nodes);
}

static void warn_left(const struct cli *cli, const struct cluster *c,
                      const struct leftover *left) {
  _cleanup_free_ char *names = seed_name_nodes(&left->nodes);
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  if (left->nodes.n > 0)
    log_warn(
        &cli->log,
        "'%s' still has keys for etcd of %s, for which the spec has no use "
        "any more; `kubeseed seed --prune %s` removes them",
        c->state.dir, names, target);
}

static int remove_left(const struct cli *cli, const struct cluster *c,
                       const struct leftover *left, struct error *err) {
  _cleanup_free_ char *names = seed_name_nodes(&left->nodes);
  for (size_t i = 0; i < left->paths.n; i++) {
    _cleanup_free_ char *path = state_path(&c->state, "%s", left->paths.v[i]);
    if (unlink(path) < 0 && errno != ENOENT)
      return error_set(err, errno, "cannot delete '%s'", path);
    /* The folder goes with the last. */
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
  }
  if (left->nodes.n > 0)
    log_info(&cli->log, "keys for etcd of %s are removed", names);
  return 0;
}

/* A machine that is on reads its seed and writes its disk. */
static int check_off(const struct cli *cli, const struct cluster *c,
                     const struct strv *gone, struct error *err) {
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  for (size_t i = 0; i < gone->n; i++)
    for (size_t k = 0; machine_kinds[k]; k++)
      if (machine_kinds[k]->running(&c->state, gone->v[i], NULL))
        return error_set(err, 0,
                         "the machine of %s, which the spec does not have, is "
                         "on; nothing was removed. Put the node into the spec "
                         "again and end it by `kubeseed down %s %s` first",
                         gone->v[i], target, gone->v[i]);
  return 0;
}

static int prune(const struct cli *cli, const struct cluster *c,
                 const struct strv *gone, struct error *err) {
  _cleanup_free_ char *names = seed_name_nodes(gone);
  for (size_t i = 0; i < gone->n; i++)
    for (size_t k = 0; machine_kinds[k]; k++)
      if (machine_kinds[k]->delete (&c->state, gone->v[i], err) < 0)
        return -1;
  for (size_t i = 0; i < gone->n; i++)
    if (layout_remove_node(c->state.dir, LAYOUT_ALL, gone->v[i], err) < 0)
      return -1;
  if (gone->n > 0)
    log_info(&cli->log, "what belonged to %s is removed", names);
  return 0;
}

/* ---- What was done ---- */

/* " (m1, m2)" when they are few. */
static void add_names(const struct cluster *c, const struct seed_options *o,
                      enum put_fate fate, struct buf *out) {
  enum { SHOWN = 8 };
  size_t n = 0;
  _cleanup_buf_ struct buf names = {0};
  for (size_t i = 0; i < o->n_nodes && n <= SHOWN; i++)
    if (o->report->fates[i] == fate)
      buf_addf(&names, "%s%s", n++ ? ", " : " (",
               c->plan.nodes.v[o->nodes[i]].name);
  if (n > 0 && n <= SHOWN)
    buf_addf(out, "%s)", names.data);
}

/* "1 seed is new (m1), 2 are unchanged"; only what there is. */
static void tell_seeds(const struct cli *cli, const struct cluster *c,
                       const struct seed_options *o, double seconds) {
  static const struct {
    enum put_fate fate;
    const char *word;
    bool names;
  } rows[] = {{PUT_NEW, "new", true},
              {PUT_CHANGED, "changed", true},
              {PUT_UNCHANGED, "unchanged", false}};
  _cleanup_buf_ struct buf text = {0};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    size_t n = 0;
    for (size_t k = 0; k < o->n_nodes; k++)
      n += o->report->fates[k] == rows[i].fate;
    if (n == 0)
      continue;
    buf_addf(&text, "%s%zu %s", text.len ? ", " : "", n, rows[i].word);
    if (rows[i].names && n < o->n_nodes)
      add_names(c, o, rows[i].fate, &text);
  }
  log_info(&cli->log, "%zu seed%s in %s/seeds: %s (%.0f ms)", o->n_nodes,
           o->n_nodes == 1 ? "" : "s", c->state.dir, text.data, seconds * 1000);
}

/* ---- Certificates that a node has taken already ---- */

static bool has_disk(const struct cluster *c, const char *node) {
  for (size_t k = 0; machine_kinds[k]; k++)
    if (machine_kinds[k]->has_disk(&c->state, node))
      return true;
  return false;
}

static bool any_disk(const struct cluster *c) {
  for (size_t i = 0; i < c->plan.nodes.n; i++)
    if (has_disk(c, c->plan.nodes.v[i].name))
      return true;
  return false;
}

/* A member takes no seed of itself. Which machines elsewhere were on nobody
 * knows. */
static void warn_renewed(const struct cli *cli, const struct cluster *c,
                         const struct seed_options *o) {
  _cleanup_strv_ struct strv nodes = {0};
  bool here = any_disk(c);
  for (size_t i = 0; i < o->n_nodes; i++) {
    const char *node = c->plan.nodes.v[o->nodes[i]].name;
    if (o->report->renewed[i] && (!here || has_disk(c, node)))
      strv_push(&nodes, node);
  }
  seed_tell_renewed(&c->plan, &nodes, &cli->log);
}

/* Which members there are, and by what they take another seed. */
static void name_members(const struct cli *cli, const struct plan *p,
                         const struct strv *members, const char *target) {
  _cleanup_strv_ struct strv once = {0}, more = {0};
  seed_by_taking(p, members, false, &once);
  seed_by_taking(p, members, true, &more);
  _cleanup_free_ char *names = seed_name_nodes(&once);
  _cleanup_free_ char *others = seed_name_nodes(&more);
  if (once.n > 0)
    log_info(&cli->log,
             "members of the cluster already, whose machines take another seed "
             "only with an empty disk: %s; where what has changed is wanted, "
             "one after the other: `kubeseed destroy %s NODE`, `kubeseed up "
             "%s`",
             names, target, target);
  if (more.n > 0)
    log_info(&cli->log,
             "members of the cluster already, whose machines take another seed "
             "only when told so: %s; where what has changed is wanted, one "
             "after the other: `sudo /root/bin/take-seed.sh` on it, `kubeseed "
             "down %s NODE`, `kubeseed up %s`",
             others, target, target);
}

/* A machine that is a member reads no seed any more; which ones elsewhere are
 * nobody knows. What a new certificate needs has been told. */
static int tell_members(const struct cli *cli, const struct cluster *c,
                        const struct seed_options *o, struct error *err) {
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  _cleanup_free_ size_t *changed = xcalloc(o->n_nodes + 1, sizeof(*changed));
  _cleanup_follow_ struct follow f = {0};
  _cleanup_strv_ struct strv members = {0};
  size_t n = 0;
  for (size_t i = 0; i < o->n_nodes; i++)
    if (o->report->fates[i] == PUT_CHANGED && !o->report->renewed[i] &&
        has_disk(c, c->plan.nodes.v[o->nodes[i]].name))
      changed[n++] = o->nodes[i];
  if (n == 0)
    return 0;
  follow_init(&f, c->kind, &c->state, &c->plan, changed, n);
  if (follow_read(&f, err) < 0)
    return -1;
  for (size_t i = 0; i < n; i++)
    if (f.v[i].console.ready)
      strv_push(&members, f.v[i].node->name);
  name_members(cli, &c->plan, &members, target);
  return 0;
}

struct telling {
  const struct cli *cli;
  const struct cluster *cluster;
};

static void tell_keys(void *arg, const struct seed_options *o) {
  const struct telling *t = arg;
  seed_tell_mended(o->report, &t->cli->log);
  warn_renewed(t->cli, t->cluster, o);
  seed_tell_asked(o->report, &t->cluster->state, &t->cli->log);
  seed_tell_members(o->report, &t->cluster->state, &t->cli->log);
  seed_tell_moved(o->report, &t->cli->log);
  seed_tell_added(o->report, &t->cli->log);
}

/* ---- Whether the seeds are what they would be ---- */

struct checking {
  const struct cluster *cluster;
  const struct seed_options *options;
  struct seeds_lock lock;
  struct strv *wrong; /* of other forms, for each node */
};

static void checking_done(struct checking *c) {
  for (size_t i = 0; c->wrong && i < c->options->n_nodes; i++)
    strv_done(&c->wrong[i]);
  free(c->wrong);
  seeds_lock_done(&c->lock);
}

static int look_at_forms(void *arg, size_t i, const struct medium *m,
                         struct error *err) {
  struct checking *c = arg;
  const struct plan *p = &c->cluster->plan;
  (void)err;
  seed_forms_check(&c->cluster->state, p->nodes.v[c->options->nodes[i]].name, m,
                   &c->lock, &c->wrong[i]);
  return 0;
}

static int check_seeds(const struct cli *cli, struct cluster *c,
                       struct seed_options *o, struct error *err) {
  _cleanup_(checking_done) struct checking k = {.cluster = c, .options = o};
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  size_t wrong = 0;
  if (cluster_open_state(cli, c, false, true, err) < 0 ||
      seeds_lock_read(&c->state, &k.lock, err) < 0)
    return -1;
  k.wrong = xcalloc(o->n_nodes, sizeof(*k.wrong));
  o->look = look_at_forms;
  o->arg = &k;
  if (seed_make(&c->plan, &c->state, o, err) < 0)
    return -1;
  for (size_t i = 0; i < o->n_nodes; i++) {
    _cleanup_strv_ struct strv lines = {0};
    seed_iso_check(&c->state, c->plan.nodes.v[o->nodes[i]].name,
                   o->report->fates[i], &k.lock, &lines);
    for (size_t l = 0; l < k.wrong[i].n; l++)
      strv_push(&lines, k.wrong[i].v[l]);
    for (size_t l = 0; l < lines.n; l++)
      printf("%s/%s\n", c->state.dir, lines.v[l]);
    wrong += lines.n > 0;
  }
  if (wrong == 0)
    return 0;
  return error_set(err, 0,
                   "%zu of %zu seeds are not what spec and keys make today, or "
                   "not as seeds.lock says; `kubeseed seed %s` makes them",
                   wrong, o->n_nodes, target);
}

int cmd_seed(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_seed_report_ struct seed_report report = {0};
  struct seed_options o = {.now = time(NULL), .report = &report};
  bool pruning = false;
  if (read_options(argc, argv, &o, &pruning, err) < 0)
    return -1;
  if (words_take(cli, argc, argv, 0, WORDS_ANY, "a spec", err) < 0)
    return -1;
  if (pruning && cli->n_names > 0)
    return error_usage(err, "--prune is for the whole cluster, without names "
                            "of nodes");
  _cleanup_cluster_ struct cluster c;
  _cleanup_free_ size_t *nodes = NULL;
  _cleanup_strv_ struct strv gone = {0};
  _cleanup_(leftover_done) struct leftover left = {0};
  if (cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_select(&c, cli->names, cli->n_names, &nodes, &o.n_nodes, err) < 0)
    return -1;
  o.nodes = nodes;
  if (o.dry)
    return check_seeds(cli, &c, &o, err);
  if (cluster_open_state(cli, &c, true, true, err) < 0 ||
      find_gone(&c, &gone, err) < 0 ||
      pki_left(c.state.dir, &c.plan, &left.paths, &left.nodes, err) < 0)
    return -1;
  struct telling telling = {.cli = cli, .cluster = &c};
  o.forget = pruning;
  o.tell = tell_keys;
  o.arg = &telling;
  double start = monotonic_seconds();
  if ((pruning && check_off(cli, &c, &gone, err) < 0) ||
      seed_make(&c.plan, &c.state, &o, err) < 0 ||
      access_write_ssh_config(&c.plan, &c.state, err) < 0 ||
      (pruning && (prune(cli, &c, &gone, err) < 0 ||
                   remove_left(cli, &c, &left, err) < 0)))
    return -1;
  tell_seeds(cli, &c, &o, monotonic_seconds() - start);
  if (tell_members(cli, &c, &o, err) < 0)
    return -1;
  if (!pruning) {
    warn_gone(cli, &c, &gone);
    warn_left(cli, &c, &left);
  }
  /* Nobody has to wait for what the cluster answers. */
  cleanup_close(&c.state.lock_fd);
  c.state.lock_fd = -1;
  return welcome_late(cli, &c, cli->n_names > 0);
}
