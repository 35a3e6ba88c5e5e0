/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed plan: what would be made, and why. */
#include "cmd/preview.h"
#include "cmd/words.h"

#include "base/json.h"
#include "base/mem.h"
#include "image/lock.h"
#include "image/source.h"
#include "plan/print.h"
#include <getopt.h>

int cmd_plan(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option options[] = {{"diff", no_argument, NULL, 'd'},
                                          {0}};
  bool diff = false;
  for (int o; (o = cli_getopt(argc, argv, ":", options, err)) != -1;) {
    if (o == '?')
      return -1;
    diff = true;
  }
  if (words_take(cli, argc, argv, 0, WORDS_ANY, "a spec", err) < 0)
    return -1;
  if (diff && cli->json)
    return error_usage(err, "plan --diff is for people; --json has no form of "
                            "it");
  _cleanup_cluster_ struct cluster c;
  if (diff || cli->n_names > 0) {
    _cleanup_free_ size_t *nodes = NULL;
    size_t n = 0;
    if (cluster_load(cli, cli->spec, &c, err) < 0 ||
        cluster_select(&c, cli->names, cli->n_names, &nodes, &n, err) < 0)
      return -1;
    return diff ? preview_diff(cli, &c, nodes, n, err)
                : preview_nodes(cli, &c, nodes, n, err);
  }
  _cleanup_json_ json_t *locked = NULL;
  if (cluster_load(cli, cli->spec, &c, err) < 0 ||
      source_locked(&c.spec, &locked, err) < 0)
    return -1;
  if (!cli->json) {
    _cleanup_free_ char *text = locked ? lock_describe(locked) : NULL;
    plan_print(&c.plan, text, stdout);
    return 0;
  }
  _cleanup_json_ json_t *o = plan_json(&c.plan, locked);
  int r = json_dumpf(o, stdout, JSON_INDENT(2));
  putchar('\n');
  return r == 0 ? 0 : error_set(err, 0, "cannot print the plan");
}
