/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/seed.h"
#include "cluster/access.h"
#include "cluster/reach.h"
#include "cluster/token.h"
#include "cmd/cli.h"

#include <getopt.h>
#include <string.h>
#include <time.h>

static const struct option options[] = {
    {"iso-writer", required_argument, NULL, 'w'},
    {0},
};

static int read_options(int argc, char **argv, struct seed_options *o,
                        struct error *err) {
  for (int c; (c = cli_getopt(argc, argv, ":", options, err)) != -1;) {
    if (c == '?')
      return -1;
    o->writer = medium_writer_find(optarg);
    _cleanup_free_ char *names = medium_writer_names();
    if (!o->writer)
      return error_usage(err, "--iso-writer is %s, not '%s'", names, optarg);
  }
  return 0;
}

/* A cluster that runs has deleted its token; a new node's seed needs it. The
 * seeds are made all the same when that fails: the cluster may be forming.
 * Machines elsewhere are only looked for when somebody wants certain seeds. */
static int welcome_late(const struct cli *cli, const struct cluster *c,
                        bool named) {
  _cleanup_error_ struct error later = {0};
  bool renewed = false;
  if (token_renew(&cli->log, &c->plan, &c->state, named ? REACH_SSH_PORT : 0,
                  &renewed, &later) < 0)
    log_warn(&cli->log, "%s; a node that joins late may have to wait",
             later.faults[0].msg);
  else if (renewed)
    log_info(&cli->log, "the running cluster takes the seeds' token");
  return 0;
}

int cmd_seed(struct cli *cli, int argc, char **argv, struct error *err) {
  struct seed_options o = {.now = time(NULL)};
  if (read_options(argc, argv, &o, err) < 0)
    return -1;
  if (optind == argc)
    return error_usage(err, "which spec? kubeseed seed SPEC [NODE...]");
  _cleanup_cluster_ struct cluster c;
  _cleanup_free_ size_t *nodes = NULL;
  if (cluster_load(cli, argv[optind], &c, err) < 0 ||
      cluster_select(&c, argv + optind + 1, argc - optind - 1, &nodes,
                     &o.n_nodes, err) < 0 ||
      cluster_open_state(cli, &c, true, true, err) < 0 ||
      access_check(&c.state, err) < 0)
    return -1;
  o.nodes = nodes;
  double start = monotonic_seconds();
  if (seed_make(&c.plan, &c.state, &o, err) < 0 ||
      access_write_ssh_config(&c.plan, &c.state, err) < 0)
    return -1;
  log_info(&cli->log, "%zu seed%s in %s/seeds (%.0f ms)", o.n_nodes,
           o.n_nodes == 1 ? "" : "s", c.state.dir,
           (monotonic_seconds() - start) * 1000);
  /* Nobody has to wait for what the cluster answers. */
  cleanup_close(&c.state.lock_fd);
  c.state.lock_fd = -1;
  return welcome_late(cli, &c, argc - optind > 1);
}
