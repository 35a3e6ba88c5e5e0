/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed destroy: end machines and delete what they wrote. */
#include "base/file.h"
#include "base/mem.h"
#include "cluster/access.h"
#include "cmd/cli.h"
#include "state/layout.h"
#include "state/marker.h"
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <time.h>

struct options {
  bool all, yes;
};

static int parse(int argc, char **argv, struct options *ret,
                 struct error *err) {
  static const struct option options[] = {
      {"all", no_argument, NULL, 'a'}, {"yes", no_argument, NULL, 'y'}, {0}};
  for (int c; (c = cli_getopt(argc, argv, "y", options, err)) != -1;) {
    if (c != 'a' && c != 'y')
      return -1;
    ret->all = ret->all || c == 'a';
    ret->yes = ret->yes || c == 'y';
  }
  if (optind == argc)
    return error_usage(err,
                       "destroy needs a spec: kubeseed destroy SPEC [NODE...]");
  if (ret->all && argc - optind > 1)
    return error_usage(err, "destroy: --all is for the whole cluster, without "
                            "names of nodes");
  return 0;
}

/* The keys of a cluster cannot be made again. */
static int confirm(const struct options *o, const struct state *s,
                   struct error *err) {
  if (!o->all || o->yes)
    return 0;
  if (!isatty(STDIN_FILENO))
    return error_usage(err,
                       "destroy --all deletes the cluster's keys in '%s' too; "
                       "add --yes to do it",
                       s->dir);
  fprintf(stderr, "Delete '%s' with the cluster's keys? Type yes: ", s->dir);
  _cleanup_free_ char *line = NULL;
  size_t cap = 0;
  if (getline(&line, &cap, stdin) < 0 || strcmp(line, "yes\n") != 0)
    return error_set(err, 0, "nothing was deleted");
  return 0;
}

static int destroy_node(struct cli *cli, const struct machine_kind *kind,
                        const struct state *s, const char *node,
                        struct error *err) {
  bool ran = kind->running(s, node, NULL);
  bool was = ran || kind->has_disk(s, node);
  if (ran && machine_stop(kind, s, node, err) < 0)
    return -1;
  if (kind->delete (s, node, err) < 0)
    return -1;
  if (was)
    log_info(&cli->log, "%s is gone%s", node, ran ? " (it was running)" : "");
  return 0;
}

/* Machines of nodes that the spec no longer has, of whatever kind. */
static int destroy_strays(struct cli *cli, const struct state *s,
                          struct error *err) {
  _cleanup_strv_ struct strv names = {0};
  if (layout_nodes(s->dir, &names, err) < 0)
    return -1;
  for (size_t k = 0; machine_kinds[k]; k++)
    for (size_t i = 0; i < names.n; i++)
      if (destroy_node(cli, machine_kinds[k], s, names.v[i], err) < 0)
        return -1;
  return 0;
}

/* Says what is not ours, and stays. */
static int tell_foreign(struct cli *cli, const struct state *s,
                        struct error *err) {
  enum { SHOWN = 5 };
  _cleanup_strv_ struct strv foreign = {0};
  _cleanup_buf_ struct buf names = {0};
  if (layout_foreign(s->dir, false, &foreign, err) < 0)
    return -1;
  for (size_t i = 0; i < foreign.n && i < SHOWN; i++)
    buf_addf(&names, "%s'%s'", i ? ", " : "", foreign.v[i]);
  if (foreign.n > SHOWN)
    buf_addf(&names, " and %zu more", foreign.n - SHOWN);
  if (foreign.n > 0)
    log_warn(&cli->log, "'%s' stays: kubeseed did not make %s", s->dir,
             names.data);
  return 0;
}

/* What was interrupted can be done again, for until the end it is a state: one
 * that has no marker, of an older kubeseed, is none any more without its keys.
 * A full disk takes no marker, which is no reason to free nothing. */
static int remove_all(struct cli *cli, const struct state *s, const char *name,
                      struct error *err) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_free_ char *marker = state_path(s, LAYOUT_MARKER);
  if (!file_exists(marker))
    (void)!marker_write(s->dir, name, time(NULL), &ignored);
  if (layout_sweep(s->dir, err) < 0 ||
      layout_remove(s->dir, LAYOUT_ALL & ~LAYOUT_STATE, err) < 0 ||
      tell_foreign(cli, s, err) < 0)
    return -1;
  (void)!marker_write_lock(s->lock_fd, name, time(NULL));
  if (layout_remove(s->dir, LAYOUT_STATE, err) < 0)
    return -1;
  if (rmdir(s->dir) < 0 && errno != ENOTEMPTY && errno != EEXIST &&
      errno != EINVAL && errno != EBUSY)
    return error_set(err, errno, "cannot delete '%s'", s->dir);
  return 0;
}

static bool any_machine(const struct cluster *c, const size_t *sel, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const char *node = c->plan.nodes.v[sel[i]].name;
    if (c->kind->running(&c->state, node, NULL) ||
        c->kind->has_disk(&c->state, node))
      return true;
  }
  return false;
}

/* Machines of one's own that have the seeds are reached at their addresses from
 * now on, as after `seed`. */
static int reach_elsewhere(const struct cluster *c, struct error *err) {
  _cleanup_free_ char *known = state_path(&c->state, "known_hosts");
  return file_exists(known) ? access_write_ssh_config(&c->plan, &c->state, err)
                            : 0;
}

static int destroy(struct cli *cli, struct cluster *c, const size_t *sel,
                   size_t n, bool all, struct error *err) {
  if (!all && !any_machine(c, sel, n))
    log_info(&cli->log, "no machine to delete; the keys and seeds stay");
  for (size_t i = 0; i < n; i++)
    if (destroy_node(cli, c->kind, &c->state, c->plan.nodes.v[sel[i]].name,
                     err) < 0)
      return -1;
  if (n < c->plan.nodes.n)
    return 0;
  if (destroy_strays(cli, &c->state, err) < 0 ||
      layout_remove(c->state.dir, LAYOUT_MACHINE, err) < 0)
    return -1;
  if (!all)
    return reach_elsewhere(c, err);
  if (remove_all(cli, &c->state, c->spec.name, err) < 0)
    return -1;
  log_info(&cli->log, "the keys and seeds of '%s' are gone", c->spec.name);
  return 0;
}

int cmd_destroy(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  _cleanup_free_ size_t *sel = NULL;
  struct options o = {0};
  size_t n = 0;
  bool none = false;
  if (parse(argc, argv, &o, err) < 0 ||
      cluster_load(cli, argv[optind], &c, err) < 0)
    return -1;
  c.takes_sealed = true;
  if (cluster_select(&c, argv + optind + 1, argc - optind - 1, &sel, &n, err) <
          0 ||
      cluster_open_if_any(cli, &c, &none, err) < 0)
    return -1;
  if (none) {
    log_info(&cli->log, "nothing to delete: '%s' has no state folder%s%s",
             c.spec.name, cli->state_dir ? " " : "",
             cli->state_dir ? cli->state_dir : "");
    return 0;
  }
  if (confirm(&o, &c.state, err) < 0)
    return -1;
  return destroy(cli, &c, sel, n, o.all, err);
}
