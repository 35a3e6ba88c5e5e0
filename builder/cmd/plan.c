/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed plan: what would be made, and why. */
#include "cmd/preview.h"
#include "cmd/words.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/lock.h"
#include "image/source.h"
#include "plan/picture.h"
#include "plan/print.h"
#include <getopt.h>

#define DOT_SECONDS 120
#define SVG_MAX_BYTES ((size_t)64 << 20)

enum form { TEXT, DIFF, SVG, HTML };

static int parse(struct cli *cli, int argc, char **argv, enum form *ret,
                 struct error *err) {
  static const struct option options[] = {{"diff", no_argument, NULL, DIFF},
                                          {"svg", no_argument, NULL, SVG},
                                          {"html", no_argument, NULL, HTML},
                                          {0}};
  static const char *const names[] = {"", "diff", "svg", "html"};
  for (int o; (o = cli_getopt(argc, argv, "", options, err)) != -1;) {
    if (o == '?')
      return -1;
    if (*ret != TEXT && *ret != (enum form)o)
      return error_usage(err, "only one of --diff, --svg and --html at a time");
    *ret = (enum form)o;
  }
  if (*ret >= SVG && cli->json)
    return error_usage(err, "plan --%s is for people; --json has no form of it",
                       names[*ret]);
  if (words_take(cli, argc, argv, 0, WORDS_ANY, "a spec", err) < 0)
    return -1;
  if (*ret >= SVG && cli->n_names > 0)
    return error_usage(err,
                       "plan --%s is of the whole cluster, without names "
                       "of nodes",
                       names[*ret]);
  return 0;
}

/* What graphviz makes of the plan, as it is or within a page. */
static int draw(const struct plan *p, enum form form, struct error *err) {
  _cleanup_buf_ struct buf dot = {0}, svg = {0}, page = {0};
  _cleanup_strv_ struct strv argv = {0};
  picture_dot(p, &dot);
  strv_push_all(&argv, "dot", "-Tsvg", NULL);
  const struct process run = {.argv = &argv,
                              .package = "graphviz",
                              .input = dot.data,
                              .input_len = dot.len,
                              .output = &svg,
                              .output_max = SVG_MAX_BYTES,
                              .timeout = DOT_SECONDS};
  if (process_run(&run, err) < 0)
    return -1;
  buf_add(&svg, "", 0);
  if (form == HTML)
    picture_html(p, svg.data, &page);
  fputs(form == HTML ? page.data : svg.data, stdout);
  return 0;
}

static int of_seeds(struct cli *cli, struct cluster *c, enum form form,
                    struct error *err) {
  _cleanup_free_ size_t *nodes = NULL;
  size_t n = 0;
  if (cluster_select(c, cli->names, cli->n_names, &nodes, &n, err) < 0)
    return -1;
  return form == DIFF ? preview_diff(cli, c, nodes, n, err)
                      : preview_nodes(cli, c, nodes, n, err);
}

int cmd_plan(struct cli *cli, int argc, char **argv, struct error *err) {
  enum form form = TEXT;
  if (parse(cli, argc, argv, &form, err) < 0)
    return -1;
  _cleanup_cluster_ struct cluster c;
  _cleanup_json_ json_t *locked = NULL;
  if (cluster_load(cli, cli->spec, &c, err) < 0)
    return -1;
  if (form == DIFF || cli->n_names > 0)
    return of_seeds(cli, &c, form, err);
  if (form != TEXT)
    return draw(&c.plan, form, err);
  if (source_locked(&c.spec, &locked, err) < 0)
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
