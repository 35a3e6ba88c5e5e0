/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed plan: what would be made, and why. */
#include "cmd/words.h"

#include "base/json.h"
#include "base/mem.h"
#include "image/lock.h"
#include "image/source.h"
#include "plan/print.h"
#include <getopt.h>

int cmd_plan(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option none[] = {{0}};
  if (cli_getopt(argc, argv, ":", none, err) == '?')
    return -1;
  if (words_take(cli, argc, argv, 0, 0, "one spec", err) < 0)
    return -1;
  _cleanup_cluster_ struct cluster c;
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
