/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cli.h"

#include <getopt.h>

int cmd_check(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option none[] = {{0}};
  if (cli_getopt(argc, argv, ":", none, err) == '?')
    return -1;
  if (argc - optind != 1)
    return error_usage(err, "check needs one spec: kubeseed check SPEC");
  _cleanup_cluster_ struct cluster c;
  if (cluster_load(cli, argv[optind], &c, err) < 0)
    return -1;
  log_info(&cli->log, "%s: ok: %zu node%s", argv[optind], c.plan.nodes.n,
           c.plan.nodes.n == 1 ? "" : "s");
  return 0;
}
